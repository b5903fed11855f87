// A diagram that is looked at and clicked on, not changed: fitted into its box, marked, and asked which flow node was meant.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

// How far a click may slip before it is a drag.
const NEAR = 5;

export class Drawing {
  /** `box`: the figure, with the address of the diagram in data-source. `failed`: what it says when that cannot be had. */
  constructor(box, failed) {
    this.box = box;
    this.failed = failed;
    this.marks = new Map();
  }

  /** Whether the diagram is there. */
  async show() {
    const said = this.box.querySelector('.said');
    const viewer = new NavigatedViewer({ container: this.box.querySelector('.board'), zoomScroll: { enabled: false } });
    try {
      const response = await fetch(this.box.dataset.source);
      // Without session the log-in page comes instead.
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      await viewer.importXML(await response.text());
    } catch {
      said.textContent = this.failed;
      return false;
    }
    said.hidden = true;
    this.viewer = viewer;
    this.registry = viewer.get('elementRegistry');
    this.canvas = viewer.get('canvas');
    this.fit();
    new ResizeObserver(() => this.fit()).observe(this.box);
    this.box.addEventListener('wheel', (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      viewer.get('zoomScroll').stepZoom(event.deltaY < 0 ? 1 : -1);
    }, { passive: false });
    return true;
  }

  fit() {
    // A box without room (folded, or the page is being left) has no scale.
    if (!this.box.clientWidth || !this.box.clientHeight) return;
    this.canvas.resized();
    this.canvas.zoom('fit-viewport', 'auto');
    // A little air, or the outermost shapes lie on the frame.
    const zoom = Math.min(1, this.canvas.zoom() * 0.92);
    if (Number.isFinite(zoom) && zoom > 0) this.canvas.zoom(zoom, 'auto');
  }

  /** `wanted`: class by id of the element, and no other mark. */
  paint(wanted) {
    if (!this.viewer) return;
    for (const [id, mark] of this.marks) if (wanted.get(id) !== mark && this.registry.get(id)) this.canvas.removeMarker(id, mark);
    for (const [id, mark] of wanted) if (this.marks.get(id) !== mark && this.registry.get(id)) this.canvas.addMarker(id, mark);
    this.marks = new Map([...wanted].filter(([id]) => this.registry.get(id)));
  }

  name(id) {
    return this.registry?.get(id)?.businessObject.name || id;
  }

  /** Bring an element into view where it is outside. */
  reveal(id) {
    const element = this.registry?.get(id);
    if (element) this.canvas.scrollToElement(element, 40);
  }

  /** Clicks that were no drags; `told` gets the id of a flow node. */
  clicks(told) {
    let from = null;
    this.box.addEventListener('pointerdown', (event) => { from = [event.clientX, event.clientY]; }, true);
    this.viewer?.get('eventBus').on('element.click', ({ element, originalEvent: event }) => {
      if (from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > NEAR) return;
      const shape = element.labelTarget ?? element;
      if (shape.businessObject.$instanceOf('bpmn:FlowNode')) told(shape.id);
    });
  }
}
