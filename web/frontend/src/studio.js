import { follow } from './studio/scenarios.js';

for (const line of document.querySelectorAll('[data-scenarios-line]')) if (!document.hidden) follow(line);

// A folder's page takes files that are dropped anywhere on it: the same as choosing them in its file field, and nothing is replaced unseen.
const form = document.querySelector('form[data-drop]');

if (form) {
  const field = form.querySelector('input[type="file"]');
  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    form.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) form.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    form.classList.remove('over');
    if (!event.dataTransfer.files.length) return;
    field.files = event.dataTransfer.files;
    form.requestSubmit();
  });
}
