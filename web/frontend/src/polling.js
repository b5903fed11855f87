// What polls stops while nobody looks, says so when the session has ended, and is told what it has already (ETag).
let etags = new Map();

document.addEventListener('htmx:before:request', (event) => {
  const context = event.detail.ctx;
  const source = context.sourceElement;
  if (!source?.hasAttribute('data-poll')) return;
  if (document.hidden) {
    event.preventDefault();
    return;
  }
  const known = etags.get(source.id);
  if (known) context.request.headers['If-None-Match'] = known;
});

document.addEventListener('htmx:after:request', (event) => {
  const { sourceElement: source, response } = event.detail.ctx;
  if (!source?.hasAttribute('data-poll') || !response) return;
  if (response.status === 200) etags.set(source.id, response.headers.get('ETag'));
});

// An answer that is no part of the page (a login page, an error) must not be put into it.
document.addEventListener('htmx:before:swap', (event) => {
  const { sourceElement: source, response } = event.detail.ctx;
  if (!source?.hasAttribute('data-poll') || !response) return;
  const status = response.status ?? response.raw?.status;
  if (status !== 200) {
    event.preventDefault();
    if (status === 401) document.querySelector('[data-session-ended]')?.removeAttribute('hidden');
  }
});

document.addEventListener('htmx:after:swap', (event) => {
  const rows = document.querySelector('[data-mine-count]');
  const count = rows?.dataset.mineCount;
  for (const tab of document.querySelectorAll('.tabs [data-count]')) tab.textContent = rows?.dataset[tab.dataset.count] ?? tab.textContent;
  const badge = document.querySelector('.bar .count');
  if (badge && count !== undefined) badge.textContent = count === '0' ? '' : count;
});
