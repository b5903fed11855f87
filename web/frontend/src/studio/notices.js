// What an editor has to say above the work, one line per kind: the newest replaces the older of its kind.
import { node } from './words.js';

export class Notices {
  constructor(root) {
    this.place = root.querySelector('[data-document-notices]');
  }

  /** `weight`: late (red), active (amber), done. `link`: { href, label }, opened in another tab, { press, label } for a button, or { list, label } for what is seen on request. */
  put(kind, weight, text, link) {
    if (!this.place) return;
    const old = this.of(kind);
    if (old?.dataset.text === text) return;
    const line = node(link?.list ? 'div' : 'p', { class: `notice notice-${weight}`, role: weight === 'late' ? 'alert' : 'status', 'data-notice': kind, 'data-text': text }, text);
    if (link?.href) line.append(' ', node('a', { href: link.href, target: '_blank', rel: 'noopener' }, link.label));
    if (link?.press) line.append(' ', node('button', { type: 'button', class: 'btn btn-sm btn-quiet', onclick: link.press }, link.label));
    if (link?.list) line.append(node('details', { class: 'fold' }, node('summary', {}, link.label), node('ul', {}, ...link.list.map((one) => node('li', {}, one)))));
    if (old) old.replaceWith(line);
    else this.place.append(line);
  }

  take(kind) {
    this.of(kind)?.remove();
  }

  of(kind) {
    return this.place?.querySelector(`[data-notice="${kind}"]`);
  }
}
