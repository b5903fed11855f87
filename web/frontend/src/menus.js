// A menu is a <details>: it closes on Escape, on a click elsewhere and when the focus leaves it.
export function menus() {
  for (const menu of document.querySelectorAll('details.menu')) {
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return;
      menu.open = false;
      menu.querySelector('summary').focus();
      event.stopPropagation();
    });
    menu.addEventListener('focusout', (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
    });
    document.addEventListener('click', (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  }
  const fold = document.querySelector('details.case-fold');
  if (fold) fold.open = window.matchMedia('(min-width: 901px)').matches;
}
