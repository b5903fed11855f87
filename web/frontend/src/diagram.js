// The diagram of a case: what is done, where it stands, how often it went there. Everything shown here also stands in a table beside it.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { Replay } from './replay.js';

const POLL = 10_000;

/** Show one canvas: `data-xml` (address of the BPMN file), `data-state` (address of the JSON with the state), `data-focus` (element id). */
async function show(canvas) {
  const board = canvas.querySelector('.board');
  const said = canvas.querySelector('.said');
  const viewer = new NavigatedViewer({ container: board, zoomScroll: { enabled: false } });
  try {
    await open(viewer, canvas.dataset.xml);
  } catch {
    said.textContent = canvas.dataset.failed;
    return;
  }
  said.remove();
  const picture = new Picture(viewer, canvas.dataset.focus);
  fit(viewer);
  buttons(canvas, viewer);
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (width !== window.innerWidth) fit(viewer);
    width = window.innerWidth;
  });
  // Inside a fold that was closed there was no room to fit into.
  canvas.closest('details')?.addEventListener('toggle', () => fit(viewer));
  if (canvas.dataset.state) {
    await picture.follow(canvas.dataset.state);
    if (canvas.hasAttribute('data-live')) {
      setInterval(() => { if (!document.hidden) picture.follow(canvas.dataset.state); }, POLL);
    }
  }
  const box = document.querySelector('[data-replay]');
  if (box && canvas.dataset.state) new Replay(box, picture, (address) => open(viewer, address).then(() => fit(viewer)), canvas.dataset.xml);
  canvas.dataset.ready = 'true';
}

async function open(viewer, address) {
  const response = await fetch(address);
  // Without session the log-in page comes instead.
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  await viewer.importXML(await response.text());
}

function fit(viewer) {
  const canvas = viewer.get('canvas');
  if (!canvas.getContainer().clientWidth) return;
  canvas.resized();
  canvas.zoom('fit-viewport', 'auto');
  if (canvas.zoom() > 1) canvas.zoom(1, 'auto');
}

function buttons(canvas, viewer) {
  const zoom = viewer.get('zoomScroll');
  canvas.querySelector('[data-zoom="in"]')?.addEventListener('click', () => zoom.stepZoom(1));
  canvas.querySelector('[data-zoom="out"]')?.addEventListener('click', () => zoom.stepZoom(-1));
  // The wheel scrolls the page, as everywhere; with Ctrl it zooms.
  canvas.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom.stepZoom(event.deltaY < 0 ? 1 : -1);
  }, { passive: false });
  canvas.querySelector('[data-zoom="fit"]')?.addEventListener('click', () => fit(viewer));
}

class Picture {
  constructor(viewer, focus) {
    this.canvas = viewer.get('canvas');
    this.overlays = viewer.get('overlays');
    this.registry = viewer.get('elementRegistry');
    this.marked = new Map();
    this.badges = new Map();
    this.etag = null;
    if (focus && this.registry.get(focus)) this.canvas.addMarker(focus, 'this-one');
  }

  async follow(address) {
    let response;
    try {
      const headers = { Accept: 'application/json' };
      if (this.etag) headers['If-None-Match'] = this.etag;
      response = await fetch(address, { headers });
    } catch {
      return; // The network is away: what is shown stays, the next round tries again.
    }
    if (response.status === 401) document.querySelector('[data-session-ended]')?.removeAttribute('hidden');
    if (response.status !== 200) return;
    // The canvas follows by itself; the page around it says that it is older.
    if (this.etag) document.querySelector('[data-went-on]')?.removeAttribute('hidden');
    this.etag = response.headers.get('ETag');
    this.latest = await response.json();
    if (!this.held) this.draw(this.latest);
    this.changed?.();
  }

  /** Show how it was instead of how it is; null: how it is again. */
  hold(state) {
    this.held = Boolean(state);
    this.draw(state ?? this.latest);
  }

  /** Another diagram is on the canvas: nothing is drawn upon it yet. */
  forget() {
    this.marked = new Map();
    this.badges = new Map();
  }

  draw(state) {
    const wanted = new Map((state.unpassed ?? []).map((id) => [id, 'unpassed']));
    for (const id of [...Object.keys(state.passed), ...state.flows]) wanted.set(id, 'done');
    for (const id of Object.keys(state.active)) wanted.set(id, 'active');
    for (const id of state.failed) wanted.set(id, 'failed');
    for (const [id, [, level]] of Object.entries(state.heat ?? {})) wanted.set(id, `heat-${level}`);
    for (const [id, marker] of this.marked) if (wanted.get(id) !== marker) this.canvas.removeMarker(id, marker);
    for (const [id, marker] of wanted) {
      if (this.registry.get(id) && this.marked.get(id) !== marker) this.canvas.addMarker(id, marker);
    }
    this.marked = wanted;
    const badges = new Map();
    for (const [id, count] of Object.entries(state.passed)) if (count > 1) badges.set(`${id} passed`, [id, String(count)]);
    for (const [id, count] of Object.entries(state.active)) badges.set(`${id} token`, [id, String(count)]);
    for (const [id, call] of Object.entries(state.calls)) badges.set(`${id} inside`, [id, call.label, call.address]);
    for (const [id, [count]] of Object.entries(state.heat ?? {})) badges.set(`${id} taken`, [id, String(count)]);
    for (const [id, count] of Object.entries(state.steps ?? {})) badges.set(`${id} stepped`, [id, String(count)]);
    this.write(badges, state);
  }

  /** Badges keep their place and change their text: removing and adding is slow on large diagrams. */
  write(badges, state) {
    for (const [key, { overlay }] of this.badges) {
      if (!badges.has(key)) {
        this.overlays.remove(overlay);
        this.badges.delete(key);
      }
    }
    for (const [key, [id, text, address]] of badges) {
      const element = this.registry.get(id);
      const known = this.badges.get(key);
      const kind = key.slice(id.length + 1);
      if (!element || (element.waypoints && kind !== 'taken')) continue;
      const node = known?.node ?? document.createElement(address ? 'a' : 'span');
      node.className = kind + (kind === 'token' && state.failed.includes(id) ? ' failed' : '');
      node.textContent = text;
      if (address) node.href = address;
      if (known) continue;
      const overlay = this.overlays.add(id, { position: kind === 'taken' ? middle(element.waypoints) : place(kind), html: node, scale: { min: 0.8, max: 1.2 } });
      this.badges.set(key, { node, overlay });
    }
  }
}

/** Half way along a line, from the corner of the box around it: that is where overlays of lines are counted from. */
function middle(points) {
  const lengths = points.slice(1).map((point, n) => Math.hypot(point.x - points[n].x, point.y - points[n].y));
  let rest = lengths.reduce((all, one) => all + one, 0) / 2;
  let part = 0;
  while (part < lengths.length - 1 && rest > lengths[part]) rest -= lengths[part++];
  const [from, to] = [points[part], points[part + 1]];
  const share = lengths[part] ? rest / lengths[part] : 0;
  const corner = { x: Math.min(...points.map((one) => one.x)), y: Math.min(...points.map((one) => one.y)) };
  return { left: from.x + (to.x - from.x) * share - corner.x - 10, top: from.y + (to.y - from.y) * share - corner.y - 10 };
}

function place(kind) {
  if (kind === 'stepped') return { top: -10, right: 10 };
  if (kind === 'passed') return { top: -10, left: -10 };
  if (kind === 'inside') return { bottom: 10, left: 4 };
  return { top: -10, right: 10 };
}

for (const canvas of document.querySelectorAll('[data-xml]')) show(canvas);
