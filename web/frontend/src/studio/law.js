// The legal basis of a process folder (van_ban.json) as a table: every sentence with its id and place. What else stands in the file is kept.
import { read } from './form/text.js';
import { node, words } from './words.js';

const COLUMNS = [
  ['id', () => words('Mã', 'Id')],
  ['dieu', () => words('Điều', 'Article')],
  ['muc', () => words('Khoản, bước', 'Clause, step')],
  ['van_ban', () => words('Câu trong văn bản', 'Sentence')],
];

export class Law {
  constructor(place, { changed, refuse }) {
    this.place = place;
    this.changed = changed;
    this.refuse = refuse;
  }

  get text() {
    return this.touched ? this.write(this.source) : this.before;
  }

  show(text) {
    this.before = text;
    this.touched = false;
    let found;
    try {
      found = read(text);
      if (!Array.isArray(found.schema?.cau) || found.schema.cau.some((one) => one === null || typeof one !== 'object')) throw new SyntaxError(words('không có danh sách “cau”', 'there is no list “cau”'));
    } catch (error) {
      this.place.replaceChildren(node('pre', { class: 'studio-more', tabindex: '0' }, text));
      this.refuse(words(`Tệp này không phải danh sách căn cứ đọc được (${error.message}). Dưới đây là nội dung của tệp.`, `This file is no list of sentences that can be read (${error.message}). Below is what it says.`));
      return;
    }
    this.source = found.schema;
    this.write = found.write;
    this.draw();
    if (found.loss !== null) this.refuse(words(`Trình soạn không giữ được nguyên “${found.loss}” trong tệp, nên tệp chỉ xem được ở đây.`, `The editor cannot keep “${found.loss}” in the file as it is, so the file can only be looked at here.`));
  }

  edit(redraw, focus) {
    this.touched = true;
    if (redraw) this.draw(focus);
    else this.warn();
    this.changed();
  }

  draw(focus) {
    const title = node('input', { class: 'form-control', id: 'law-title', value: this.source.van_ban ?? '' });
    title.addEventListener('input', () => {
      this.source.van_ban = title.value;
      this.edit();
    });
    const head = node('tr', {}, ...COLUMNS.map(([key, label]) => node('th', { scope: 'col', class: `law-${key}` }, label())), node('th', { scope: 'col' }, node('span', { class: 'visually-hidden' }, words('Thao tác', 'Acts'))));
    this.body = node('tbody', {}, ...this.source.cau.map((one, at) => this.line(one, at)));
    const add = node('button', { type: 'button', class: 'btn btn-sm btn-quiet', onclick: () => this.add() }, words('Thêm câu', 'Add a sentence'));
    this.place.replaceChildren(...[
      node('div', { class: 'property' }, node('label', { class: 'form-label', for: 'law-title' }, words('Tên văn bản', 'Name of the source')), title),
      node('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': words('Các câu của văn bản', 'Sentences of the source') }, node('table', { class: 'rows prose law' }, node('thead', {}, head), this.body)),
      this.source.cau.length ? null : node('p', { class: 'text-secondary' }, words('Chưa có câu nào.', 'No sentence yet.')), add,
    ].filter(Boolean));
    this.warn();
    if (focus !== undefined) (this.body.children[focus]?.querySelector('input') ?? add).focus();
  }

  line(one, at) {
    const cells = COLUMNS.map(([key, label]) => {
      const attributes = { class: 'form-control', 'aria-label': words(`${label()}, dòng ${at + 1}`, `${label()}, row ${at + 1}`), spellcheck: 'false', 'data-key': key };
      const box = key === 'van_ban' ? node('textarea', { ...attributes, rows: '3' }) : node('input', attributes);
      box.value = one[key] ?? '';
      box.addEventListener('input', () => {
        one[key] = box.value;
        this.edit();
      });
      return node('td', {}, box);
    });
    const act = (sign, label, run) => node('button', { type: 'button', class: 'btn btn-sm btn-quiet', 'aria-label': label, title: label, disabled: !run, onclick: run || null }, sign);
    const list = this.source.cau;
    return node('tr', {}, ...cells, node('td', { class: 'law-acts' },
      act('↑', words(`Đưa dòng ${at + 1} lên`, `Move row ${at + 1} up`), at > 0 && (() => {
        list.splice(at - 1, 0, ...list.splice(at, 1));
        this.edit(true, at - 1);
      })),
      act('×', words(`Bỏ dòng ${at + 1}`, `Remove row ${at + 1}`), () => {
        list.splice(at, 1);
        this.edit(true, Math.max(at - 1, 0));
      })));
  }

  add() {
    const last = this.source.cau[this.source.cau.length - 1];
    this.source.cau.push({ id: '', dieu: last?.dieu ?? '', muc: last?.muc ?? '', van_ban: '' });
    this.edit(true, this.source.cau.length - 1);
  }

  /** An id that is missing or stands twice cannot be named by a diagram. */
  warn() {
    const ids = this.source.cau.map((one) => one.id);
    [...this.body.children].forEach((line, at) => {
      const wrong = !ids[at] || ids.indexOf(ids[at]) !== ids.lastIndexOf(ids[at]);
      const box = line.querySelector('[data-key=id]');
      box.classList.toggle('is-invalid', wrong);
      box.setAttribute('aria-invalid', String(wrong));
      box.title = wrong ? words('Mỗi câu cần một mã riêng; sơ đồ gọi câu bằng mã này.', 'Every sentence needs an id of its own; diagrams name it by that.') : '';
    });
  }
}
