// Editor page of a .dmn file: the tables, their findings, and a line to try them out.
import { Board } from './studio/decision/board.js';
import { Marks } from './studio/decision/marks.js';
import { Trial } from './studio/decision/trial.js';
import { Document } from './studio/document.js';
import { Findings } from './studio/findings.js';
import { node, words } from './studio/words.js';

class DecisionPage {
  constructor(root) {
    this.root = root;
    this.place = root.querySelector('[data-board]');
    this.tabs = root.querySelector('[data-views]');
    this.board = new Board(this.place, { changed: () => this.file.changed(), turned: () => this.turned() });
    this.marks = new Marks();
    this.file = new Document(root, { read: () => this.board.read(), show: (text) => this.show(text), lock: () => this.lock() });
    this.findings = new Findings(this.file, { select: (id, finding) => this.board.reveal(id, finding.cell), show: (found) => this.mark(found) });
    this.trial = new Trial(root, this.file, this.board, this.marks);
    root.querySelector('[data-undo]').addEventListener('click', () => this.board.undo());
    root.querySelector('[data-redo]').addEventListener('click', () => this.board.redo());
  }

  async open() {
    await this.file.open();
    const wanted = new URLSearchParams(location.search).get('chon');
    if (wanted) await this.board.reveal(wanted);
    this.root.dataset.ready = '';
  }

  async show(text) {
    try {
      const loss = await this.board.show(text);
      if (loss) this.refuse(loss);
    } catch (error) {
      this.unreadable(text, error);
    }
    this.root.untranslated = this.board.missing;
  }

  refuse({ element, what }) {
    const where = element ? words(`ở phần tử ${element}`, `at element ${element}`) : words('trong tệp', 'in the file');
    this.file.readOnly(words(
      `Trình soạn bảng không giữ được “${what}” ${where}, nên tệp này chỉ xem được ở đây; không gì bị mất. Hãy sửa bằng công cụ đã tạo ra nó rồi tải lên lại.`,
      `The table editor cannot keep “${what}” ${where}, so this file can only be looked at here; nothing is lost. Edit it with the tool that made it and upload it again.`,
    ));
  }

  unreadable(text, error) {
    this.place.replaceChildren(node('pre', { class: 'studio-source', tabindex: '0' }, text));
    this.file.readOnly(words(
      `Trình soạn bảng chỉ mở được DMN 1.3, nhưng tệp này không phải, hoặc có chỗ không đọc được (${error.message}). Dưới đây là nội dung của tệp.`,
      `The table editor opens DMN 1.3 only, but this file is not, or it cannot be read somewhere (${error.message}). Below is what it says.`,
    ));
  }

  /** From now on looked at only. */
  async lock() {
    this.root.dataset.locked = '';
    for (const button of this.root.querySelectorAll('[data-undo], [data-redo]')) button.disabled = true;
    if (this.place.querySelector('.studio-source')) return;
    await this.board.show(await this.board.read(), true);
  }

  turned() {
    const names = { drd: words('Sơ đồ quyết định', 'Diagram of decisions') };
    const shown = this.board.view;
    this.tabs.replaceChildren(...this.board.views.map((view) => node('button', {
      type: 'button', class: 'btn btn-sm btn-quiet', 'aria-pressed': String(view === shown), onclick: () => this.board.open(view),
    }, names[view.type] ?? view.element.name ?? view.element.id)));
    this.trial.later(0);
  }

  mark(found) {
    const cells = new Map();
    for (const one of found) if (one.cell && cells.get(one.cell) !== 'error') cells.set(one.cell, one.severity);
    this.marks.found(cells);
  }
}

const root = document.querySelector('[data-decision-editor]');
if (root) new DecisionPage(root).open();
