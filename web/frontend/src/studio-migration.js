// Which element stands for which, on two diagrams: a click on a step of the old one, then on its counterpart in the new one, sets the
// select field of the table, which is what is sent. And the page of a batch, shown anew when its work has ended.
import { Drawing } from './drawing.js';

const NONE = '-';

class Mapping {
  constructor(node) {
    this.node = node;
    this.said = node.querySelector('[data-picking]');
    [this.old, this.new] = [...node.querySelectorAll('.canvas')].map((box) => new Drawing(box, node.dataset.failed));
    this.selects = new Map([...document.querySelectorAll('.mapping [data-element]')].map((row) => [row.dataset.element, row.querySelector('select')]));
    this.picked = null;
  }

  async show() {
    await Promise.all([this.old.show(), this.new.show()]);
    this.old.clicks((id) => this.pick(id));
    this.new.clicks((id) => this.set(id));
    for (const [id, select] of this.selects) {
      select.addEventListener('change', () => this.paint());
      select.addEventListener('focus', () => {
        this.old.reveal(id);
        this.new.reveal(select.value);
        this.picked = id;
        this.paint();
      });
      select.addEventListener('blur', () => this.stop());
    }
    document.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.stop(); });
    this.paint();
    this.node.dataset.ready = 'true';
  }

  tell(text, words = {}) {
    this.said.textContent = Object.entries(words).reduce((whole, [name, word]) => whole.replace(`{${name}}`, word), text);
  }

  stop() {
    this.picked = null;
    this.tell('');
    this.paint();
  }

  pick(id) {
    const select = this.selects.get(id);
    if (!select) return;
    this.picked = id;
    this.tell(this.node.dataset.pick, { step: this.old.name(id) });
    this.new.reveal(select.value);
    this.paint();
  }

  set(id) {
    if (!this.picked) {
      // Without a step in hand a click on the right shows what it stands for on the left.
      const source = [...this.selects].find(([, select]) => select.value === id)?.[0];
      if (source) this.pick(source);
      else if (this.new.registry.get(id)?.businessObject.$instanceOf('bpmn:FlowNode')) this.tell(this.node.dataset.new, { step: this.new.name(id) });
      return;
    }
    const select = this.selects.get(this.picked);
    const words = { old: this.old.name(this.picked), step: this.new.name(id) };
    if (![...select.options].some((option) => option.value === id)) {
      this.tell(this.node.dataset.kind, words);
      return;
    }
    select.value = id;
    const fold = select.closest('details');
    if (fold) fold.open = true;
    this.picked = null;
    this.paint();
    this.tell(this.node.dataset.set, words);
  }

  paint() {
    const left = new Map();
    const right = new Map();
    const taken = new Set([...this.selects.values()].map((select) => select.value));
    for (const element of this.new.registry?.getAll() ?? []) {
      const plain = element.businessObject?.$instanceOf('bpmn:FlowNode') && !element.labelTarget;
      if (plain && !taken.has(element.id)) right.set(element.id, 'added');
    }
    for (const [id, select] of this.selects) {
      if (select.value === NONE) left.set(id, 'gone');
      else if (select.value !== id) {
        left.set(id, 'other');
        right.set(select.value, 'other');
      }
    }
    if (this.picked) {
      left.set(this.picked, 'picked');
      const now = this.selects.get(this.picked)?.value;
      if (now && now !== NONE) right.set(now, 'picked');
    }
    this.old.paint(left);
    this.new.paint(right);
  }
}

for (const node of document.querySelectorAll('[data-moving]')) new Mapping(node).show();
for (const select of document.querySelectorAll('[data-submits]')) {
  select.addEventListener('change', () => {
    for (const field of select.form.querySelectorAll('[type=radio]')) field.disabled = true;
    select.form.submit();
  });
}
if (document.querySelector('#batch-progress[data-poll]')) {
  document.addEventListener('htmx:after:swap', () => {
    // The results below are those of before: the whole page has them now.
    if (document.querySelector('#batch-progress[data-ended]')) location.reload();
  });
}
