// The line under the table: what is known goes in, the result and the rules that matched come out.
import { ServerError } from '../server.js';
import { node, words } from '../words.js';

const PAUSE = 500;
const HINTS = {
  number: () => words('số, ví dụ 4,5', 'number, such as 4,5'),
  date: () => words('ngày, ví dụ 05/03/2026', 'date, such as 05/03/2026'),
  dateTime: () => words('ngày giờ, ví dụ 05/03/2026 08:30', 'date and time, such as 05/03/2026 08:30'),
  time: () => words('giờ, ví dụ 08:30', 'time, such as 08:30'),
};

export class Trial {
  /** `board` has the table, `marks` shows what matched. */
  constructor(root, file, board, marks) {
    this.file = file;
    this.board = board;
    this.marks = marks;
    this.fields = root.querySelector('[data-trial-fields]');
    this.said = root.querySelector('[data-trial-said]');
    this.key = `trial ${root.dataset.api} ${root.dataset.name}`;
    this.typed = this.remembered();
    this.asked = 0;
    this.fields.addEventListener('input', (event) => this.take(event.target));
    root.querySelector('[data-trial-clear]').addEventListener('click', () => this.clear());
    file.addEventListener('change', () => this.later());
  }

  take(control) {
    this.typed[control.name] = control.value;
    try {
      sessionStorage.setItem(this.key, JSON.stringify(this.typed));
    } catch {
      // Not remembered where storage is switched off.
    }
    this.later();
  }

  remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key)) ?? {};
    } catch {
      return {};
    }
  }

  clear() {
    this.typed = {};
    for (const control of this.fields.querySelectorAll('input, select')) control.value = '';
    this.take(this.fields);
    this.fields.querySelector('input, select')?.focus();
  }

  later(wait = PAUSE) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), wait);
  }

  async ask() {
    const asked = ++this.asked;
    try {
      const content = await this.board.read();
      const answer = await this.file.server.post('thu-bang', { content, decision: this.board.decision, variables: this.typed });
      // An answer about an older table must not replace that about a newer one.
      if (asked === this.asked) this.draw(answer);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      if (asked === this.asked) this.say(node('p', { class: 'text-secondary' }, words('Chưa thử được. ', 'Could not be tried. '), error.message));
    }
  }

  draw(answer) {
    this.ask_for(answer.fields);
    this.marks.trial([...answer.rules, ...answer.required.flatMap((one) => one.rules)], answer.cell);
    for (const control of this.fields.querySelectorAll('input, select')) control.setAttribute('aria-invalid', String(control.name === answer.field));
    if (answer.error) this.say(this.wrong(answer));
    else if (answer.rows === null) this.say(node('p', { class: 'text-secondary' }, this.empty(answer)));
    else this.say(...this.result(answer));
  }

  empty(answer) {
    if (!answer.fields.length) return words('Chưa có cột điều kiện nào để thử.', 'There is no condition to try yet.');
    return words('Nhập ít nhất một giá trị để xem kết quả và các luật khớp.', 'Enter at least one value to see the result and the rules that match.');
  }

  /** The fields, drawn anew only when others are asked for: who is typing keeps his place. */
  ask_for(fields) {
    const shape = JSON.stringify(fields);
    if (shape === this.shape) return;
    this.shape = shape;
    const focused = this.fields.contains(document.activeElement) ? document.activeElement.name : null;
    this.fields.replaceChildren(...fields.map((field, at) => this.field(field, `trial-${at}`)));
    if (focused) this.fields.querySelector(`[name="${CSS.escape(focused)}"]`)?.focus();
  }

  field(field, id) {
    const value = this.typed[field.name] ?? '';
    const hint = HINTS[field.type]?.();
    const label = node('label', { class: 'form-label', for: id, title: field.name }, field.label);
    const control = field.type === 'boolean' ? this.yes_no(field, id, value) : node('input', {
      class: 'form-control', id, name: field.name, value, placeholder: hint, autocomplete: 'off', list: field.options.length ? `${id}-list` : null,
    });
    const options = field.options.length ? node('datalist', { id: `${id}-list` }, ...field.options.map((one) => node('option', { value: one }))) : null;
    return node('div', { class: 'trial-field' }, label, control, options);
  }

  yes_no(field, id, value) {
    const choices = [['', words('— chưa rõ —', '— unknown —')], ['true', words('Có', 'Yes')], ['false', words('Không', 'No')]];
    return node('select', { class: 'form-select', id, name: field.name }, ...choices.map(([one, label]) => node('option', { value: one, selected: one === value }, label)));
  }

  wrong(answer) {
    const line = node('p', { class: 'notice notice-late' }, answer.error);
    if (answer.cell) {
      const go = () => this.board.reveal(answer.decision, answer.cell);
      line.append(' ', node('button', { type: 'button', class: 'btn btn-sm btn-quiet', onclick: go }, words('Tới ô này', 'Go to this cell')));
    }
    return line;
  }

  result(answer) {
    const count = answer.rules.length;
    const sum = count
      ? words(`${count} luật khớp.`, `${count} rules match.`)
      : words(answer.table ? 'Không luật nào khớp.' : 'Kết quả của biểu thức:', answer.table ? 'No rule matches.' : 'Value of the expression:');
    const parts = [node('p', { class: 'trial-sum' }, sum, answer.rows.length ? '' : ` ${words('Kết quả: trống.', 'The result is empty.')}`)];
    if (answer.rows.length) parts.push(this.table(answer.rows));
    if (answer.rows.length && answer.single) parts.push(node('p', {}, words('Giá trị trả về: ', 'Value: '), node('strong', {}, answer.text)));
    for (const below of answer.required) parts.push(node('p', { class: 'text-secondary' }, words(`Trong “${below.title}”: ${below.numbers.length ? `khớp luật ${below.numbers.join(', ')}` : 'không luật nào khớp'}.`, `In “${below.title}”: ${below.numbers.length ? `rules ${below.numbers.join(', ')} match` : 'no rule matches'}.`)));
    return parts;
  }

  table(rows) {
    const numbered = rows.some((row) => row.number !== null);
    const head = node('tr', {}, numbered && node('th', { scope: 'col', class: 'num' }, words('Luật', 'Rule')), ...rows[0].outputs.map((one) => node('th', { scope: 'col' }, one.label)));
    const body = rows.map((row) => node('tr', {}, numbered && node('td', { class: 'num' }, String(row.number ?? '')), ...row.outputs.map((one) => node('td', {}, one.text))));
    return node('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': words('Kết quả thử', 'Result of the trial') }, node('table', { class: 'rows prose' }, node('thead', {}, head), node('tbody', {}, ...body)));
  }

  say(...parts) {
    this.said.replaceChildren(...parts);
    this.said.dataset.asked = String(this.asked);
  }
}
