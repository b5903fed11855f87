// A text file as it is: for the README and the scenarios of a process folder.
import { node, words } from './words.js';

export class Plain {
  constructor(place, { changed, label }) {
    this.box = node('textarea', { class: 'form-control studio-plain', 'aria-label': label, spellcheck: 'false' });
    this.box.addEventListener('input', () => {
      this.touched = true;
      this.complain();
      changed();
    });
    this.said = node('p', { class: 'state-failed', role: 'status' });
    this.json = place.dataset.kind === 'json';
    place.replaceChildren(this.box, this.said);
  }

  /** Boxes of a browser hold line feeds only: those of the file come back when it is written. */
  get text() {
    return this.touched ? this.box.value.replace(/\n/g, this.end) : this.source;
  }

  show(text) {
    this.source = text;
    this.touched = false;
    this.end = text.includes('\r\n') ? '\r\n' : '\n';
    this.box.value = text;
    this.complain();
  }

  complain() {
    this.said.textContent = '';
    if (!this.json) return;
    try {
      JSON.parse(this.box.value);
    } catch (error) {
      this.said.textContent = words(`Chưa phải JSON đọc được: ${error.message}`, `No JSON that can be read: ${error.message}`);
    }
  }
}
