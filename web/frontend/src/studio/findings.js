// What the server's rules say about the file as it stands in the editor: in a list, errors, to-dos and warnings apart.
//
//   const findings = new Findings(file, { select: (elementId, finding) => {}, show: (findings of this file) => {} });
//   findings.later();   after an edit: asks the server when the edits pause. Never in the way of saving.
//
// The list stands in the root's [data-findings]. A finding of this file is a button, one of another file a link to its editor.
import { ServerError } from './server.js';
import { node, words } from './words.js';

const PAUSE = 900;
const KINDS = [
  ['error', 'exclamation-octagon-fill', 'late', () => words('Lỗi, phải sửa trước khi phát hành', 'Errors, to be mended before release')],
  ['todo', 'hourglass-split', 'waiting', () => words('Còn phải làm', 'To do')],
  ['warning', 'exclamation-triangle-fill', 'active', () => words('Cảnh báo', 'Warnings')],
];

export class Findings {
  constructor(file, { select, show } = {}) {
    this.file = file;
    this.select = select ?? (() => {});
    this.show = show ?? (() => {});
    this.place = file.root.querySelector('[data-findings]');
    this.asked = 0;
    this.found = [];
    file.addEventListener('change', () => this.later());
    file.addEventListener('shown', () => this.later(0));
  }

  later(wait = PAUSE) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), wait);
  }

  async check() {
    clearTimeout(this.timer);
    const asked = ++this.asked;
    this.place?.setAttribute('aria-busy', 'true');
    try {
      const content = await this.file.editor.read();
      const answer = await this.file.server.post('kiem-tra', { name: this.file.name, content });
      // An answer about an older state must not replace that about a newer one.
      if (asked !== this.asked) return;
      this.found = answer.findings;
      this.draw();
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      if (asked === this.asked) this.unknown(error);
    } finally {
      if (asked === this.asked) this.place?.removeAttribute('aria-busy');
    }
  }

  unknown(error) {
    const said = words('Chưa kiểm tra được bản đang sửa; danh sách dưới đây là của lần kiểm tra trước.', 'What is being edited could not be checked; the list below is from before.');
    this.place?.querySelector('[data-unknown]')?.remove();
    this.place?.prepend(node('p', { class: 'text-secondary', 'data-unknown': true }, `${said} ${error.message}`));
  }

  draw() {
    this.show(this.found.filter((one) => one.file === this.file.name));
    if (!this.place) return;
    const parts = KINDS.map((kind) => this.group(kind)).filter(Boolean);
    this.place.replaceChildren(this.summary(), ...parts);
    this.place.dataset.checked = String(this.asked);
  }

  summary() {
    const count = (kind) => this.found.filter((one) => one.severity === kind).length;
    const text = this.found.length
      ? words(
        `${count('error')} lỗi, ${count('todo')} việc còn phải làm, ${count('warning')} cảnh báo`,
        `${count('error')} errors, ${count('todo')} to-dos, ${count('warning')} warnings`,
      )
      : words('Không có lỗi. Quy trình phát hành được.', 'No findings. The process can be released.');
    return node('p', { class: 'findings-sum', role: 'status', 'data-findings-sum': true }, text);
  }

  group([severity, sign, state, title]) {
    const found = this.found.filter((one) => one.severity === severity);
    if (!found.length) return null;
    // First what belongs to the file on the screen.
    const here = (one) => (one.file === this.file.name ? 0 : 1);
    const lines = found.sort((a, b) => here(a) - here(b)).map((one) => this.line(one));
    const heading = node('h3', { class: `state-${state}` }, icon(sign), ` ${title()} (${found.length})`);
    return node('section', { 'data-severity': severity }, heading, node('ul', {}, ...lines));
  }

  line(one) {
    const where = one.file === this.file.name ? (one.element ?? words('cả tệp', 'whole file')) : `${one.file}${one.element ? ` · ${one.element}` : ''}`;
    const words_ = [node('span', { class: 'findings-where' }, where), ' ', node('span', {}, one.sentence)];
    const line = node('li', { 'data-finding': one.rule, 'data-element': one.element });
    if (one.file !== this.file.name) line.append(node('a', { href: this.address(one) }, ...words_));
    else line.append(node('button', { type: 'button', class: 'findings-go', onclick: () => this.select(one.element, one) }, ...words_));
    if (one.page) line.append(' ', node('a', { href: one.page, target: '_blank', rel: 'noopener', class: 'findings-page' }, words('giải thích', 'explained')));
    return line;
  }

  /** The editor page of another file of the folder; the API's address is that of the folder with /api behind it. */
  address(one) {
    const folder = this.file.server.api.replace(/\/api$/, '');
    const file = one.file.split('/').map(encodeURIComponent).join('/');
    return `${folder}/tep/${file}${one.element ? `?chon=${encodeURIComponent(one.element)}` : ''}`;
  }
}

/** An icon of the sprite whose address the page's other icons have. */
export function icon(name) {
  const sprite = document.querySelector('svg.icon use')?.getAttribute('href')?.split('#')[0] ?? '';
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
