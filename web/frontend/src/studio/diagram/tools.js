// The row of tools above the canvas, and the keys that do the same.
import { words } from '../words.js';
import { png, print, save, svg } from './exports.js';

export class Tools {
  constructor(root, modeler, file) {
    this.root = root;
    this.modeler = modeler;
    this.file = file;
    this.name = file.name.replace(/^.*\//, '').replace(/\.bpmn$/, '');
    for (const button of root.querySelectorAll('[data-tool]')) button.addEventListener('click', () => this.use(button.dataset.tool));
    modeler.on('commandStack.changed', () => this.undoable());
    root.addEventListener('keydown', (event) => this.keys(event));
    this.undoable();
  }

  async use(name) {
    const trigger = (action, options) => this.modeler.get('editorActions').trigger(action, options);
    const tools = {
      undo: () => trigger('undo'),
      redo: () => trigger('redo'),
      // After the click is over: a click outside the search field closes it.
      search: () => setTimeout(() => trigger('find'), 0),
      in: () => trigger('stepZoom', { value: 1 }),
      out: () => trigger('stepZoom', { value: -1 }),
      fit: () => fit(this.modeler),
      minimap: () => this.modeler.get('minimap').toggle(),
      svg: () => svg(this.modeler, this.name),
      png: () => png(this.modeler, this.name),
      bpmn: async () => save(`${this.name}.bpmn`, await this.file.editor.read(), 'application/xml'),
      print: () => print(this.modeler, document.querySelector('[data-print]')),
      keys: () => this.root.querySelector('dialog[data-studio-keys]').showModal(),
      outline: () => this.fold('outline'),
      panel: () => this.fold('panel'),
      findings: () => this.fold('findings'),
      save: () => this.file.save(),
    };
    this.root.querySelector('details[data-more]')?.removeAttribute('open');
    try {
      await tools[name]?.();
    } catch (error) {
      this.file.notices.put('tool', 'late', words(`Không làm được: ${error.message}`, `That did not work: ${error.message}`));
    }
  }

  /** Fold a part away or show it; what was chosen is remembered in this browser. */
  fold(part) {
    const hidden = this.root.toggleAttribute(`data-no-${part}`);
    this.root.querySelector(`[data-tool="${part}"]`)?.setAttribute('aria-expanded', String(!hidden));
    try {
      localStorage.setItem(`studio ${part}`, hidden ? 'hidden' : 'shown');
    } catch {
      // Not remembered where storage is switched off.
    }
    this.modeler.get('canvas').resized();
  }

  /** As it was left; at narrow widths the canvas comes first. */
  arrange() {
    const narrow = window.matchMedia('(max-width: 900px)').matches;
    for (const part of ['outline', 'panel', 'findings']) {
      let wanted = null;
      try {
        wanted = localStorage.getItem(`studio ${part}`);
      } catch {
        // As it comes.
      }
      if (wanted === 'hidden' || narrow) this.root.setAttribute(`data-no-${part}`, '');
      this.root.querySelector(`[data-tool="${part}"]`)?.setAttribute('aria-expanded', String(!this.root.hasAttribute(`data-no-${part}`)));
    }
  }

  show(part) {
    if (this.root.hasAttribute(`data-no-${part}`)) this.fold(part);
  }

  undoable() {
    const stack = this.modeler.get('commandStack');
    this.root.querySelector('[data-tool="undo"]').disabled = !stack.canUndo();
    this.root.querySelector('[data-tool="redo"]').disabled = !stack.canRedo();
  }

  keys(event) {
    const typing = event.target.matches('input, textarea, select, [contenteditable="true"]');
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (typing || event.defaultPrevented || !control || event.altKey) return;
    // On the canvas the modeler has its own keys; elsewhere on the page the same ones work too.
    if (event.target.closest('[data-canvas]')) return;
    const tool = { f: 'search', z: event.shiftKey ? 'redo' : 'undo', y: 'redo' }[key];
    if (!tool) return;
    event.preventDefault();
    this.use(tool);
  }
}

const PALETTE = 110; // pixels that the palette covers on the left
const MARGIN = 24;

/** The whole diagram beside the palette, never larger than drawn. */
export function fit(modeler) {
  const canvas = modeler.get('canvas');
  const { clientWidth: width, clientHeight: height } = canvas.getContainer();
  const { inner } = canvas.viewbox();
  if (!width || !inner.width) return;
  const left = width > 700 ? PALETTE : MARGIN;
  const scale = Math.min(1, (width - left - MARGIN) / inner.width, (height - 2 * MARGIN) / inner.height);
  canvas.viewbox({ x: inner.x - left / scale, y: inner.y - Math.max(MARGIN / scale, (height / scale - inner.height) / 2), width: width / scale, height: height / scale });
}
