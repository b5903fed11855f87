// The diagram of a case that is moved by hand: a click on a place where it stands ticks its box, a click on another step chooses it as the
// target. The boxes and the select field are what is sent; the diagram only shows them.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

const NEAR = 5;

class Steering {
  constructor(form) {
    this.form = form;
    this.box = form.querySelector('.canvas');
    this.said = form.querySelector('[data-picking]');
    this.target = form.querySelector('select[name=target]');
    this.places = [...form.querySelectorAll('input[name=place]')];
    this.marks = new Map();
  }

  async show() {
    this.form.addEventListener('change', () => this.paint());
    this.paint();
    const said = this.box.querySelector('.said');
    const viewer = new NavigatedViewer({ container: this.box.querySelector('.board'), zoomScroll: { enabled: false } });
    try {
      const response = await fetch(this.box.dataset.source);
      // Without session the log-in page comes instead.
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      await viewer.importXML(await response.text());
    } catch {
      said.textContent = this.box.dataset.failed;
      return;
    }
    said.hidden = true;
    this.registry = viewer.get('elementRegistry');
    this.canvas = viewer.get('canvas');
    this.fit();
    new ResizeObserver(() => this.fit()).observe(this.box);
    this.box.addEventListener('wheel', (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      viewer.get('zoomScroll').stepZoom(event.deltaY < 0 ? 1 : -1);
    }, { passive: false });
    this.listen(viewer);
    this.paint();
    this.form.dataset.ready = 'true';
  }

  fit() {
    // A box without room (folded, or the page is being left) has no scale.
    if (!this.box.clientWidth || !this.box.clientHeight) return;
    this.canvas.resized();
    this.canvas.zoom('fit-viewport', 'auto');
    const zoom = Math.min(1, this.canvas.zoom() * 0.92);
    if (Number.isFinite(zoom) && zoom > 0) this.canvas.zoom(zoom, 'auto');
  }

  /** Clicks that were no drags. */
  listen(viewer) {
    let from = null;
    this.box.addEventListener('pointerdown', (event) => { from = [event.clientX, event.clientY]; }, true);
    viewer.get('eventBus').on('element.click', ({ element, originalEvent: event }) => {
      if (from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > NEAR) return;
      const shape = element.labelTarget ?? element;
      if (!shape.waypoints && shape.businessObject.$instanceOf('bpmn:FlowNode')) this.choose(shape.id);
    });
  }

  choose(id) {
    const boxes = this.places.filter((box) => box.dataset.element === id);
    if (boxes.length) {
      const on = !boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = on;
    } else if ([...this.target.options].some((option) => option.value === id)) {
      this.target.value = id;
      const move = this.form.querySelector('input[name=way][value=chuyen]');
      if (move) move.checked = true;
    } else {
      this.said.textContent = this.said.dataset.unfit;
      return;
    }
    this.paint();
  }

  paint() {
    const skip = this.form.querySelector('input[name=way]:checked')?.value === 'bo_qua';
    this.form.querySelector('[data-target]').hidden = skip;
    this.said.textContent = this.target.value && !skip ? `${this.said.dataset.to}: ${this.target.selectedOptions[0].textContent}` : this.said.dataset.none;
    if (!this.registry) return;
    const wanted = new Map();
    for (const box of this.places) wanted.set(box.dataset.element, box.checked ? 'gone' : 'here');
    if (this.target.value && !skip) wanted.set(this.target.value, 'added');
    for (const [id, mark] of this.marks) if (wanted.get(id) !== mark) this.canvas.removeMarker(id, mark);
    for (const [id, mark] of wanted) if (this.registry.get(id) && this.marks.get(id) !== mark) this.canvas.addMarker(id, mark);
    this.marks = new Map([...wanted].filter(([id]) => this.registry.get(id)));
  }
}

for (const form of document.querySelectorAll('[data-steering]')) new Steering(form).show();
