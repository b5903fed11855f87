// Editor page of a .form file: what it holds, the properties of what is chosen, and the form as staff will see it.
import { Document } from './studio/document.js';
import { Findings } from './studio/findings.js';
import { Draft } from './studio/form/draft.js';
import { name } from './studio/form/kinds.js';
import { Preview } from './studio/form/preview.js';
import { Properties } from './studio/form/properties.js';
import { read } from './studio/form/text.js';
import { Tree } from './studio/form/tree.js';
import { words } from './studio/words.js';

class FormPage {
  constructor(root) {
    this.root = root;
    this.draft = new Draft({ components: [] });
    this.file = new Document(root, { read: async () => this.text, show: async (text) => this.show(text), lock: () => this.lock() });
    this.tree = new Tree(root, this.draft);
    this.properties = new Properties(root, this.draft);
    this.preview = new Preview(root, this.file, async () => this.text, (path) => this.find(path));
    this.findings = new Findings(this.file, { select: (element) => this.choose(element), show: (found) => this.mark(found) });
    root.querySelector('[data-undo]').addEventListener('click', () => this.draft.undo());
    root.querySelector('[data-redo]').addEventListener('click', () => this.draft.redo());
    root.addEventListener('keydown', (event) => this.key(event));
  }

  async open() {
    await this.file.open();
    const wanted = new URLSearchParams(location.search).get('chon');
    if (wanted) this.choose(wanted);
    this.root.dataset.ready = '';
  }

  /** Byte for byte what came in, until something is edited. */
  get text() {
    return this.write && this.touched ? this.write(this.draft.schema) : this.source;
  }

  show(text) {
    this.source = text;
    this.touched = false;
    this.write = null;
    let form;
    try {
      form = read(text);
      if (!Array.isArray(form.schema?.components)) throw new SyntaxError(words('không có danh sách components', 'there is no list of components'));
    } catch (error) {
      this.refuse(words(`Tệp này không phải biểu mẫu form-js đọc được (${error.message}).`, `This file is no form that can be read (${error.message}).`));
      return;
    }
    this.write = form.write;
    this.take(form.schema);
    if (form.loss !== null) {
      this.refuse(words(
        `Trình soạn không giữ được nguyên “${form.loss}” trong tệp, nên tệp chỉ xem được ở đây; không gì bị mất. Hãy sửa bằng công cụ đã tạo ra nó rồi tải lên lại.`,
        `The editor cannot keep “${form.loss}” in the file as it is, so the file can only be looked at here; nothing is lost. Edit it with the tool that made it and upload it again.`,
      ));
    }
  }

  take(schema) {
    this.draft = new Draft(schema);
    this.draft.addEventListener('change', () => {
      this.touched = true;
      this.file.changed();
    });
    this.tree.show(this.draft);
    this.properties.show(this.draft);
  }

  refuse(reason) {
    this.file.readOnly(reason);
  }

  lock() {
    for (const button of this.root.querySelectorAll('[data-undo], [data-redo]')) button.disabled = true;
    this.tree.lock();
    this.properties.lock();
  }

  mark(found) {
    const marks = new Map();
    for (const one of found) if (one.element && marks.get(one.element) !== 'error') marks.set(one.element, one.severity);
    this.tree.mark(marks);
  }

  /** By the name that findings have for it. */
  choose(element) {
    const row = this.draft.rows.find((one) => name(one.component) === element || one.component.id === element);
    if (row) this.draft.select(row.component);
    this.root.querySelector('[data-tree] [aria-current]')?.focus();
  }

  /** By the path of its data: the last part is its own name, the first that of what it stands in. */
  find(path) {
    const own = path[path.length - 1];
    const rows = this.draft.rows.filter(({ component }) => (component.key ?? component.path)?.split('.').pop() === own);
    const row = rows.find(({ parent }) => !parent.path || path.includes(parent.path.split('.').pop())) ?? rows[0];
    if (row) this.draft.select(row.component);
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const back = event.key.toLowerCase() === 'z';
    if (!back && event.key.toLowerCase() !== 'y') return;
    // In a box the browser's own undo goes letter by letter.
    if (event.target.matches('input:not([type=checkbox]), textarea')) return;
    event.preventDefault();
    if (back && !event.shiftKey) this.draft.undo();
    else this.draft.redo();
  }
}

const root = document.querySelector('[data-form-editor]');
if (root) new FormPage(root).open();
