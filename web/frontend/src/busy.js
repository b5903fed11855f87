// A click is answered at once: the button says that it works and cannot be pressed twice; after half a second a bar says what is being done.
export function busy() {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== 'post' || form.target) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'true';
    const button = event.submitter;
    if (button) {
      button.setAttribute('aria-busy', 'true');
      // After this event, so that the pressed button's name still travels with the form.
      setTimeout(() => button.classList.add('disabled'));
    }
    setTimeout(() => bar(button?.dataset.busy ?? button?.textContent.trim() ?? ''), 500);
  });
  // Coming back by the browser's own button finds the page as it was left: sent and locked.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    document.querySelector('.busy-bar')?.remove();
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
    for (const button of document.querySelectorAll('[aria-busy]')) {
      button.removeAttribute('aria-busy');
      button.classList.remove('disabled');
    }
  });
}

export function bar(text) {
  const line = document.createElement('div');
  line.className = 'busy-bar';
  line.setAttribute('role', 'status');
  line.textContent = `${text}…`;
  document.body.append(line);
  return line;
}
