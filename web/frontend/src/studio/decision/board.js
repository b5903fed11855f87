// The table itself: dmn-js in Vietnamese, with what came in compared to what it would write.
import Modeler from 'dmn-js/lib/Modeler';
import Viewer from 'dmn-js/lib/NavigatedViewer';
import dictionary from '../dmn-vi.json';
import { lost } from '../faithful.js';
import { translation } from '../translation.js';

const TYPES = ['string', 'number', 'boolean', 'date', 'dateTime', 'time', 'dayTimeDuration', 'yearMonthDuration', 'Any'];
const LANGUAGES = { options: [{ value: 'feel', label: 'FEEL' }, { value: 'juel', label: 'JUEL' }], defaults: { editor: 'feel', inputCell: 'feel', outputCell: 'feel' } };

export class Board {
  /** `changed` is called after each edit, `turned` when another view is shown or a name has changed. */
  constructor(place, { changed, turned }) {
    this.place = place;
    this.changed = changed;
    this.turned = turned;
    this.missing = new Set();
    // A press on what takes no focus gives it to the page's <main>, and the table's menus close when the focus leaves them, before the click.
    place.addEventListener('mousedown', (event) => {
      if (event.target.closest('.dms-select-options, .context-menu') && !event.target.closest('input, textarea, select, button, a, [contenteditable]')) event.preventDefault();
    }, true);
  }

  /** Show the table. Gives null, or what would be lost when it were saved. Throws what dmn-js throws when it cannot open the text. */
  async show(text, readOnly = false) {
    const view = this.dmn?.getActiveView()?.element.id;
    this.source = text;
    this.touched = false;
    this.make(readOnly);
    const { warnings } = await this.dmn.importXML(text, { open: false });
    const written = (await this.dmn.saveXML({ format: true })).xml;
    const views = this.views;
    const first = views.find((one) => one.element.id === view) ?? views.find((one) => one.type === 'decisionTable') ?? views[0];
    if (first) await this.open(first);
    return lost(text, written) ?? (warnings.length ? { element: '', what: warnings[0].message } : null);
  }

  make(readOnly) {
    this.dmn?.destroy();
    const words = translation(dictionary, this.missing);
    const options = { additionalModules: [words] };
    this.dmn = new (readOnly ? Viewer : Modeler)({
      container: this.place,
      common: { dataTypes: TYPES, expressionLanguages: LANGUAGES },
      drd: options,
      decisionTable: options,
      literalExpression: options,
      boxedExpression: options,
    });
    this.dmn.on('views.changed', () => this.turned());
    this.dmn.on('viewer.created', ({ viewer }) => {
      viewer.on('commandStack.changed', ({ trigger }) => {
        if (trigger === 'clear') return;
        this.touched = true;
        this.changed();
      });
    });
  }

  /** Byte for byte what came in, until something is edited. */
  async read() {
    return this.touched ? (await this.dmn.saveXML({ format: true })).xml : this.source;
  }

  get views() {
    return this.dmn.getViews();
  }

  get view() {
    return this.dmn.getActiveView();
  }

  async open(view) {
    await this.dmn.open(view);
    // The diagram begins where its file was last looked at, which may be under the panel with its name.
    if (view.type === 'drd') this.dmn.getActiveViewer().get('canvas').zoom('fit-viewport', 'auto');
  }

  /** The decision that is looked at; the diagram shows none in particular. */
  get decision() {
    const element = this.view?.element;
    return element?.$type === 'dmn:Decision' ? element.id : null;
  }

  undo() {
    this.dmn.getActiveViewer()?.get('commandStack').undo();
  }

  redo() {
    this.dmn.getActiveViewer()?.get('commandStack').redo();
  }

  /** Show the decision with this id and, in it, a cell or column. */
  async reveal(decision, cell) {
    const view = this.views.find((one) => one.element.id === decision);
    if (view && view !== this.view) await this.open(view);
    const found = cell && this.place.querySelector(`[data-element-id="${CSS.escape(cell)}"]`);
    found?.scrollIntoView({ block: 'center', inline: 'center' });
    (found?.querySelector('[contenteditable]') ?? found)?.focus();
  }
}
