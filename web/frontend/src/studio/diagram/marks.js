// Findings on the elements they are about: a sign with the number of findings, the sentences on hovering and for screen readers.
import { node } from '../words.js';

const WEIGHT = { error: 3, todo: 2, warning: 1 };
const SIGN = { error: '!', todo: '…', warning: '?' };

export class Marks {
  constructor(modeler, select) {
    this.modeler = modeler;
    this.select = select;
    this.shown = new Map();
  }

  /** One sign per element; a sign that says the same as before stays as it is. */
  show(findings) {
    const wanted = new Map();
    for (const one of findings) if (one.element) wanted.set(one.element, [...(wanted.get(one.element) ?? []), one]);
    const overlays = this.modeler.get('overlays');
    const registry = this.modeler.get('elementRegistry');
    for (const [id, { overlay, text }] of this.shown) {
      if (registry.get(id) && text === JSON.stringify(wanted.get(id))) {
        wanted.delete(id);
        continue;
      }
      overlays.remove(overlay);
      this.shown.delete(id);
    }
    for (const [id, about] of wanted) if (registry.get(id)?.parent) this.shown.set(id, { overlay: overlays.add(id, 'finding', this.sign(id, about)), text: JSON.stringify(about) });
  }

  sign(id, about) {
    const worst = about.reduce((a, b) => (WEIGHT[b.severity] > WEIGHT[a.severity] ? b : a)).severity;
    const sentences = about.map((one) => one.sentence).join('\n');
    const html = node('button', { type: 'button', class: `finding-mark finding-${worst}`, title: sentences, 'aria-label': sentences, 'data-finding-mark': id, tabindex: '-1', onclick: () => this.select(id) }, about.length > 1 ? String(about.length) : SIGN[worst]);
    const element = this.modeler.get('elementRegistry').get(id);
    // On the canvas itself (a process without a pool) there is no corner to put a sign on; the list has it.
    return { position: element.waypoints ? { top: -10, left: -10 } : { top: -11, left: -11 }, html, scale: { min: 0.8, max: 1.2 } };
  }
}
