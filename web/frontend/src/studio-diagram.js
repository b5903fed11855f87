// The page of the diagram editor (templates/studio/diagram.html).
import { Document } from './studio/document.js';
import { Findings } from './studio/findings.js';
import { words } from './studio/words.js';
import { Actions } from './studio/diagram/actions.js';
import { shown, warned } from './studio/diagram/loss.js';
import { Marks } from './studio/diagram/marks.js';
import { read } from './studio/diagram/moddle.js';
import { freeze, modelerIn } from './studio/diagram/modeler.js';
import { Outline } from './studio/diagram/outline.js';
import { fit, Tools } from './studio/diagram/tools.js';
import { countsIn, titlesIn, untranslated } from './studio/diagram/translate.js';
import { Vocabulary } from './studio/diagram/vocabulary.js';

const READABLE = 0.7; // below, names of steps cannot be read

class Editor {
  constructor(root) {
    this.root = root;
    this.original = '';
    this.touched = false;
    this.file = new Document(root, this);
    this.vocabulary = new Vocabulary(this.file.server);
    this.actions = new Actions(this.file, this.vocabulary);
    this.modeler = modelerIn(root.querySelector('[data-canvas]'), root.querySelector('[data-panel]'), { vocabulary: this.vocabulary, server: this.file.server, actions: this.actions });
    countsIn(this.modeler);
    titlesIn(root.querySelector('[data-panel]'));
    this.tools = new Tools(root, this.modeler, this.file);
    this.marks = new Marks(this.modeler, (id) => this.choose(id));
    this.outline = new Outline(this.modeler, root.querySelector('[data-outline-place]'), (id, edit) => this.choose(id, edit));
    this.findings = new Findings(this.file, { select: (id) => this.choose(id, true), show: (found) => this.marks.show(found) });
    this.modeler.on('commandStack.changed', () => {
      if (this.loading) return;
      this.touched = true;
      this.file.changed();
    });
  }

  async open() {
    this.tools.arrange();
    // Before the diagram: the panel draws what is offered once.
    await this.vocabulary.load();
    try {
      await this.file.open();
    } catch (error) {
      this.file.readOnly(words(`Không mở được sơ đồ. ${error.message}`, `The diagram could not be opened. ${error.message}`));
      this.root.dataset.ready = 'failed';
      return;
    }
    const wanted = new URLSearchParams(location.search).get('chon');
    // The panel listens for selections only once it has been drawn itself.
    if (wanted) requestAnimationFrame(() => setTimeout(() => this.choose(wanted), 100));
    this.root.dataset.ready = 'true';
  }

  /** Called by the document: show this text. */
  async show(text) {
    this.loading = true;
    this.original = text;
    this.touched = false;
    this.marks.shown.clear();
    try {
      const { warnings, missing } = await read(this.modeler, text);
      this.warn(warnings);
      if (missing.length) this.lossy(missing);
      fit(this.modeler);
    } catch (error) {
      this.unreadable(error);
    } finally {
      this.loading = false;
    }
  }

  /** Called by the document: the text as it is to be kept. What nobody touched stays byte for byte. */
  async read() {
    if (!this.touched) return this.original;
    return (await this.modeler.saveXML({ format: true })).xml;
  }

  /** Called by the document: from here on nothing is changed. */
  lock() {
    freeze(this.modeler, this.root);
  }

  warn(warnings) {
    this.file.notices.take('warnings');
    if (!warnings.length) return;
    this.file.notices.put('warnings', 'active', words(`Khi đọc tệp có ${warnings.length} điều cần lưu ý.`, `Reading the file gave ${warnings.length} warnings.`), {
      label: words('Xem từng điều', 'See them'), list: shown(warnings).map(warned) });
  }

  lossy(missing) {
    this.file.readOnly(words(
      `Sơ đồ này chỉ xem được ở đây: nếu lưu lại sẽ mất ${missing.length} chi tiết mà trình soạn thảo không hiểu. Tệp trên máy chủ vẫn nguyên vẹn; hãy sửa bằng công cụ đã tạo ra nó.`,
      `This diagram can only be looked at here: saving it would lose ${missing.length} details that this editor does not know. The file on the server is untouched; edit it with the tool that made it.`),
    { label: words('Xem từng chi tiết', 'See them'), list: shown(missing) });
  }

  unreadable(error) {
    if (/no diagram to display/.test(error.message)) {
      this.file.readOnly(words(
        'Tệp này chưa có hình vẽ: nó có các bước nhưng không ghi chúng nằm ở đâu, nên không mở để sửa được. Tệp trên máy chủ vẫn nguyên vẹn.',
        'This file has no drawing: it has steps, but does not say where they lie, so it cannot be opened for editing. The file on the server is untouched.'));
      return;
    }
    this.file.readOnly(words(
      `Không đọc được sơ đồ, nên không mở để sửa. Tệp trên máy chủ vẫn nguyên vẹn. Chỗ sai: ${error.message}`,
      `The diagram cannot be read, so it is not opened for editing. The file on the server is untouched. What is wrong: ${error.message}`));
  }

  /** Select an element and bring it into view; `edit`: the panel opens and takes the focus. */
  choose(id, edit = false) {
    const canvas = this.modeler.get('canvas');
    const element = this.modeler.get('elementRegistry').get(id);
    if (!element) return;
    const root = canvas.findRoot(element);
    if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
    this.modeler.get('selection').select(element);
    if (element.parent) {
      if (canvas.zoom() < READABLE) canvas.zoom(1);
      canvas.scrollToElement(element, { top: 80, bottom: 80, left: 160, right: 80 });
    }
    if (!edit) return;
    this.tools.show('panel');
    // The panel draws itself after the selection.
    requestAnimationFrame(() => setTimeout(() => this.focusPanel(), 50));
  }

  focusPanel() {
    const panel = this.root.querySelector('[data-panel]');
    const group = panel.querySelector('[data-group-id="group-general"]');
    const closed = group?.querySelector('.bio-properties-panel-group-header:not(.open) .bio-properties-panel-arrow, .bio-properties-panel-group-header:not(.open) button');
    if (group && !group.querySelector('.bio-properties-panel-group-entries.open')) closed?.click();
    setTimeout(() => {
      // Whoever was quicker and is writing in a field already keeps it.
      if (panel.contains(document.activeElement)) return;
      panel.querySelector('.bio-properties-panel-group-entries.open :is(input, textarea, select)')?.focus();
    }, 30);
  }

}

for (const root of document.querySelectorAll('[data-studio-diagram]')) {
  const editor = new Editor(root);
  // For the tests: what no dictionary has, and the modeler itself.
  root.studio = { editor, untranslated, read };
  editor.open();
}
