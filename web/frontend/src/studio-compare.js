// Two states of a diagram side by side: they pan and zoom together, and say what the table under them says.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

const FLAGS = { added: '+', removed: '−', changed: '~', moved: '↔' };
const LARGE = ['bpmn:Participant', 'bpmn:Lane', 'bpmn:SubProcess', 'bpmn:Group'];

class Half {
  constructor(box, failed) {
    this.box = box;
    this.failed = failed;
    this.said = box.querySelector('.said');
    this.viewer = null;
  }

  async show() {
    if (!this.box.dataset.source) return;
    const viewer = new NavigatedViewer({ container: this.box.querySelector('.board'), zoomScroll: { enabled: false } });
    try {
      const response = await fetch(this.box.dataset.source);
      // Without session the log-in page comes instead.
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      await viewer.importXML(await response.text());
    } catch {
      this.said.textContent = this.failed;
      return;
    }
    this.said.hidden = true;
    this.viewer = viewer;
    this.canvas = viewer.get('canvas');
  }

  get(id) {
    return this.viewer?.get('elementRegistry').get(id);
  }

  mark(id, kind) {
    const element = this.get(id);
    if (!element || !element.parent) return;
    this.canvas.addMarker(id, kind);
    if (LARGE.includes(element.type)) this.canvas.addMarker(id, 'large');
    const flag = document.createElement('span');
    flag.className = `flag ${kind}`;
    flag.textContent = FLAGS[kind];
    if (!element.waypoints) this.viewer.get('overlays').add(id, { position: { top: -10, left: -8 }, html: flag, scale: { min: 0.7, max: 1.2 } });
  }

  fit() {
    if (!this.viewer || !this.canvas.getContainer().clientWidth) return;
    this.canvas.resized();
    this.canvas.zoom('fit-viewport', 'auto');
    if (this.canvas.zoom() > 1) this.canvas.zoom(1, 'auto');
  }
}

class Pair {
  constructor(node) {
    this.node = node;
    this.halves = [...node.querySelectorAll('.canvas')].map((box) => new Half(box, node.dataset.failed));
    this.rows = [...node.querySelectorAll('[data-element]')];
    this.following = false;
    this.found = null;
  }

  async show() {
    await Promise.all(this.halves.map((half) => half.show()));
    const shown = this.halves.filter((half) => half.viewer);
    for (const row of this.rows) for (const half of shown) half.mark(row.dataset.element, row.dataset.kind);
    for (const half of shown) {
      half.fit();
      this.buttons(half);
    }
    this.begin(shown);
    for (const half of shown) half.viewer.get('eventBus').on('canvas.viewbox.changed', () => this.follow(half));
    if (shown.length) this.follow(shown[shown.length - 1]);
    for (const row of this.rows) row.querySelector('.find').addEventListener('click', () => this.find(row));
    this.node.dataset.ready = 'true';
  }

  /** A large drawing is of no use in a small frame: begin where something differs. */
  begin(shown) {
    const half = shown[shown.length - 1];
    if (!half || half.canvas.zoom() > 0.5) return;
    const ids = this.rows.filter((row) => row.dataset.kind !== 'moved').map((row) => row.dataset.element);
    const boxes = shown.flatMap((one) => ids.map((id) => one.get(id))).filter((element) => element?.parent && element.width && !LARGE.includes(element.type));
    if (!boxes.length) return;
    const left = Math.min(...boxes.map((box) => box.x)) - 80;
    const top = Math.min(...boxes.map((box) => box.y)) - 80;
    const right = Math.max(...boxes.map((box) => box.x + box.width)) + 80;
    const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + 80;
    const { clientWidth, clientHeight } = half.canvas.getContainer();
    const scale = Math.min(clientWidth / (right - left), clientHeight / (bottom - top), 1);
    const [width, height] = [clientWidth / scale, clientHeight / scale];
    half.canvas.viewbox({ x: (left + right - width) / 2, y: (top + bottom - height) / 2, width, height });
  }

  /** The other half shows the same part in the same size. */
  follow(half) {
    if (this.following) return;
    this.following = true;
    const { x, y, width, height } = half.canvas.viewbox();
    for (const other of this.halves) if (other !== half && other.viewer) other.canvas.viewbox({ x, y, width, height });
    this.following = false;
  }

  buttons(half) {
    const zoom = half.viewer.get('zoomScroll');
    half.box.querySelector('[data-zoom="in"]').addEventListener('click', () => zoom.stepZoom(1));
    half.box.querySelector('[data-zoom="out"]').addEventListener('click', () => zoom.stepZoom(-1));
    half.box.querySelector('[data-zoom="fit"]').addEventListener('click', () => half.fit());
    // The wheel scrolls the page, as everywhere; with Ctrl it zooms.
    half.box.addEventListener('wheel', (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom.stepZoom(event.deltaY < 0 ? 1 : -1);
    }, { passive: false });
    half.viewer.get('eventBus').on('element.click', ({ element }) => {
      const row = this.rows.find((one) => one.dataset.element === element.id);
      if (row) this.find(row, false);
    });
  }

  /** Bring an element to the middle of both halves, and its row into sight. */
  find(row, centre = true) {
    const id = row.dataset.element;
    for (const half of this.halves) {
      if (!half.viewer) continue;
      if (this.found && half.get(this.found)) half.canvas.removeMarker(this.found, 'found-here');
      if (half.get(id)) half.canvas.addMarker(id, 'found-here');
    }
    this.found = id;
    for (const one of this.rows) one.classList.toggle('found', one === row);
    if (!centre) {
      row.closest('details')?.setAttribute('open', '');
      row.scrollIntoView({ block: 'nearest' });
      row.querySelector('.find').focus({ preventScroll: true });
      return;
    }
    const half = [...this.halves].reverse().find((one) => one.get(id)?.parent);
    if (!half) return;
    const element = half.get(id);
    const middle = element.waypoints ? element.waypoints[Math.floor(element.waypoints.length / 2)] : { x: element.x + element.width / 2, y: element.y + element.height / 2 };
    const container = half.canvas.getContainer();
    const scale = Math.max(half.canvas.zoom(), 0.8);
    const width = container.clientWidth / scale;
    const height = container.clientHeight / scale;
    half.canvas.viewbox({ x: middle.x - width / 2, y: middle.y - height / 2, width, height });
    this.node.scrollIntoView({ block: 'start' });
  }
}

// A diagram is loaded when it comes into sight: a folder may have many.
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    new Pair(entry.target).show();
  }
}, { rootMargin: '300px' });
for (const node of document.querySelectorAll('[data-pair]')) watcher.observe(node);
