// What an editor has to say above the work, one line per kind: the newest replaces the older of its kind.
import { node } from './words.js';

export class Notices {
  constructor(root) {
    this.place = root.querySelector('[data-document-notices]');
  }

  /** `weight`: late (red), active (amber), done. `link`: { href, label }, opened in another tab, or { press, label } for a button. */
  put(kind, weight, text, link) {
    if (!this.place) return;
    const old = this.of(kind);
    if (old?.dataset.text === text) return;
    const line = node('p', { class: `notice notice-${weight}`, role: weight === 'late' ? 'alert' : 'status', 'data-notice': kind, 'data-text': text }, text);
    if (link?.href) line.append(' ', node('a', { href: link.href, target: '_blank', rel: 'noopener' }, link.label));
    if (link?.press) line.append(' ', node('button', { type: 'button', class: 'btn btn-sm btn-quiet', onclick: link.press }, link.label));
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
