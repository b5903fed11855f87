// Editor page of the texts of a process folder: its legal basis as a table, any other text as it is.
import { Document } from './studio/document.js';
import { Law } from './studio/law.js';
import { Plain } from './studio/plain.js';

const root = document.querySelector('[data-text-editor]');
if (root) {
  const place = root.querySelector('[data-sheet]');
  const options = { changed: () => file.changed(), refuse: (reason) => file.readOnly(reason), label: root.dataset.name };
  const sheet = place.dataset.kind === 'law' ? new Law(place, options) : new Plain(place, options);
  const file = new Document(root, {
    read: async () => sheet.text,
    show: async (text) => sheet.show(text),
    lock: () => {
      for (const box of place.querySelectorAll('input, textarea, button')) box.disabled = true;
    },
  });
  file.open().then(() => {
    root.dataset.ready = '';
  });
}
