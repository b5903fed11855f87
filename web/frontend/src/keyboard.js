// `/` search, `j k` rows, Enter opens, `g` and a letter goes to a place, `?` shows them all.
let row = -1;
let going = 0;

const rows = () => [...document.querySelectorAll('table.rows tbody tr:not(.group)')].filter((tr) => tr.querySelector('a.main'));

function move(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((tr) => tr.contains(document.activeElement));
  row = Math.max(0, Math.min(all.length - 1, (here < 0 ? row : here) + step));
  for (const tr of all) tr.classList.toggle('here', tr === all[row]);
  all[row].querySelector('a.main').focus();
}

function typing(target) {
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) && target.type !== 'checkbox' && target.type !== 'radio';
}

export function keyboard() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    const help = document.querySelector('dialog.keys');
    if (help?.open) return;
    if (Date.now() - going < 1500) {
      going = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
        return;
      }
    }
    const actions = { '/': () => document.querySelector('[data-search]')?.focus(), j: () => move(1), k: () => move(-1), g: () => (going = Date.now()), '?': () => help?.showModal() };
    if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      actions[event.key]();
    }
  });
  for (const opener of document.querySelectorAll('[data-keys]')) {
    opener.addEventListener('click', () => document.querySelector('dialog.keys')?.showModal());
  }
}
