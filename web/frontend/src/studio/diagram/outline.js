// The list of elements beside the canvas: whoever has no mouse, or does not know where a step is drawn, finds it here by its name.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { node, words } from '../words.js';
import { kind } from './kinds.js';

const PAUSE = 300;

export class Outline {
  constructor(modeler, place, choose) {
    this.modeler = modeler;
    this.choose = choose;
    this.search = place.querySelector('input');
    this.list = place.querySelector('ul');
    this.count = place.querySelector('[data-outline-count]');
    this.search.addEventListener('input', () => this.draw());
    place.addEventListener('keydown', (event) => this.keys(event));
    const later = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.draw(), PAUSE);
    };
    for (const name of ['import.done', 'elements.changed', 'shape.removed', 'connection.removed', 'root.set']) modeler.on(name, later);
    modeler.on('selection.changed', ({ newSelection }) => this.mark(newSelection));
  }

  draw() {
    const wanted = fold(this.search.value);
    const lines = this.elements().filter((one) => fold(`${one.label} ${one.element.id} ${one.kind}`).includes(wanted));
    this.list.replaceChildren(...lines.map((one) => this.line(one)));
    this.count.textContent = lines.length ? words(`${lines.length} phần tử`, `${lines.length} elements`) : words('Không có phần tử nào khớp.', 'No element fits.');
    this.mark(this.modeler.get('selection').get());
  }

  /** Pools and lanes, the steps from left to right, then the flows, each named by its ends. */
  elements() {
    const found = [];
    for (const element of this.modeler.get('elementRegistry').getAll()) {
      if (element.type === 'label' || element.labelTarget || !is(element, 'bpmn:BaseElement') || is(element, 'bpmn:Collaboration')) continue;
      found.push({ element, label: label(element), kind: kind(element) });
    }
    const last = ({ element }) => (element.waypoints ? 3 : is(element, 'bpmn:FlowNode') ? 1 : is(element, 'bpmn:Artifact') ? 2 : 0);
    return found.sort((a, b) => last(a) - last(b) || (a.element.x ?? 0) - (b.element.x ?? 0) || (a.element.y ?? 0) - (b.element.y ?? 0));
  }

  line({ element, label: text, kind: type }) {
    const button = node('button', { type: 'button', 'data-outline': element.id, onclick: () => this.choose(element.id, true) },
      node('span', { class: 'outline-name' }, text), node('span', { class: 'outline-kind' }, type));
    return node('li', {}, button);
  }

  mark(selection) {
    const chosen = new Set(selection.map((one) => (one.labelTarget ?? one).id));
    for (const button of this.list.querySelectorAll('button')) {
      if (chosen.has(button.dataset.outline)) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  }

  keys(event) {
    if (!['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key) || event.altKey || event.ctrlKey) return;
    const buttons = [...this.list.querySelectorAll('button')];
    if (!buttons.length || (event.target === this.search && event.key !== 'ArrowDown')) return;
    const at = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    event.preventDefault();
    if (next < 0) this.search.focus();
    else buttons[Math.min(next, buttons.length - 1)].focus();
  }
}

export function label(element) {
  const object = getBusinessObject(element);
  const name = object.name || object.text || object.processRef?.name;
  if (name) return name;
  if (element.waypoints && element.source && element.target) return `${label(element.source)} → ${label(element.target)}`;
  return element.id;
}

/** Without marks and capitals, so that "tham dinh" finds "Thẩm định". */
function fold(text) {
  return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/đ/gi, 'd').toLowerCase().trim();
}
