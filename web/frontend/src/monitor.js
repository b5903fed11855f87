// The diagram is the filter: a click on a step goes where the link of that step in the table goes. Without scripts the table does it.
const NEAR = 5;

for (const part of document.querySelectorAll('[data-steps]')) {
  let from = null;
  part.addEventListener('pointerdown', (event) => (from = [event.clientX, event.clientY]), true);
  part.addEventListener('click', (event) => {
    // A drag moves the picture, and a badge that is a link leads by itself.
    if (event.target.closest('a, button')) return;
    if (from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > NEAR) return;
    const holder = event.target.closest('[data-element-id], [data-container-id]');
    const id = holder?.dataset.elementId ?? holder?.dataset.containerId;
    const link = id && document.getElementById(part.dataset.steps + id.replace(/_label$/, ''));
    if (link) location.assign(link.href);
  }, true);
}
