// The list of what the form holds: choose, add, move, remove; all of it by keyboard too.
import { kind, offered, title } from './kinds.js';
import { node, words } from '../words.js';

export class Tree {
  constructor(root, draft) {
    this.place = root.querySelector('[data-tree]');
    this.root = root;
    this.marks = new Map();
    this.locked = false;
    this.type = root.querySelector('[data-add-type]');
    this.type.replaceChildren(...offered().map(([type, label]) => node('option', { value: type }, label)));
    root.querySelector('[data-add]').addEventListener('click', () => {
      this.draft.add(this.type.value);
      root.querySelector('[data-properties] input, [data-properties] textarea')?.select();
    });
    const acts = { up: () => this.draft.move(-1), down: () => this.draft.move(1), copy: () => this.draft.copy(), remove: () => this.draft.remove() };
    for (const [act, run] of Object.entries(acts)) root.querySelector(`[data-act=${act}]`).addEventListener('click', () => run());
    this.place.addEventListener('keydown', (event) => this.key(event));
    this.show(draft);
  }

  show(draft) {
    this.draft = draft;
    draft.addEventListener('change', () => this.draw());
    draft.addEventListener('select', () => this.draw(true));
    this.draw();
  }

  /** Findings by name of the component: name -> severity. */
  mark(marks) {
    this.marks = marks;
    this.draw();
  }

  draw(keep = false) {
    const focused = this.place.contains(document.activeElement);
    this.place.replaceChildren(...this.draft.rows.map((row) => this.line(row)));
    if (!this.draft.rows.length) this.place.append(node('li', { class: 'text-secondary' }, words('Biểu mẫu chưa có gì. Hãy thêm trường đầu tiên.', 'The form is empty. Add its first field.')));
    for (const button of this.root.querySelectorAll('[data-act]')) button.disabled = this.locked || !this.draft.selected;
    const current = this.place.querySelector('[aria-current]');
    if (focused) current?.focus();
    if (keep) current?.scrollIntoView({ block: 'nearest' });
  }

  line({ component, depth }) {
    const selected = component === this.draft.selected;
    const name = component.key || component.path;
    const mark = this.marks.get(component.key || component.path || component.id);
    const button = node('button', {
      type: 'button', class: 'tree-line', 'aria-current': selected ? 'true' : null, 'data-depth': String(Math.min(depth, 6)), onclick: () => this.draft.select(component),
    }, node('span', { class: 'tree-title' }, title(component), component.validate?.required && node('span', { class: 'required' }, words(' (bắt buộc)', ' (required)'))),
    node('span', { class: 'tree-kind' }, kind(component.type), name && node('code', {}, ` ${name}`), component.conditional?.hide && words(' · ẩn theo điều kiện', ' · hidden on a condition')),
    mark && node('span', { class: `tree-mark state-${mark === 'error' ? 'failed' : 'active'}` }, mark === 'error' ? words('! có lỗi', '! error') : words('! cảnh báo', '! warning')));
    return node('li', {}, button);
  }

  key(event) {
    const line = event.target.closest('.tree-line');
    if (!line) return;
    const lines = [...this.place.querySelectorAll('.tree-line')];
    const go = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (go && event.altKey && !this.locked) this.draft.move(go);
    else if (go) lines[lines.indexOf(line) + go]?.click();
    else if (event.key === 'Delete' && !this.locked) this.draft.remove();
    else return;
    event.preventDefault();
    this.place.querySelector('[aria-current]')?.focus();
  }

  lock() {
    this.locked = true;
    for (const control of this.root.querySelectorAll('[data-add], [data-add-type], [data-act]')) control.disabled = true;
  }
}
