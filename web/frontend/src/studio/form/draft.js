// The form while it is edited: components with a selection, moves, and every step back.
import { holds, make } from './kinds.js';

const MOST_STEPS = 200;

export class Draft extends EventTarget {
  constructor(schema) {
    super();
    this.schema = schema;
    this.schema.components ??= [];
    this.selected = null;
    this.past = [];
    this.future = [];
    this.now = JSON.stringify(schema);
  }

  /** [{ component, parent, depth, at }] from top to bottom. `parent` is the schema at the top. */
  get rows() {
    const rows = [];
    const visit = (parent, depth) => parent.components.forEach((component, at) => {
      rows.push({ component, parent, depth, at });
      if (holds(component)) visit(component, depth + 1);
    });
    visit(this.schema, 0);
    return rows;
  }

  row(component) {
    return this.rows.find((row) => row.component === component);
  }

  select(component) {
    this.selected = component;
    this.dispatchEvent(new Event('select'));
  }

  /** To be called after each change. `shape`: components came, went or moved, so that more than one line is drawn anew. */
  changed(shape = false) {
    const now = JSON.stringify(this.schema);
    if (now === this.now) return;
    this.past.push(this.now);
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
    this.now = now;
    this.dispatchEvent(new CustomEvent('change', { detail: { shape } }));
  }

  undo() {
    this.step(this.past, this.future);
  }

  redo() {
    this.step(this.future, this.past);
  }

  step(from, to) {
    const text = from.pop();
    if (text === undefined) return;
    const at = this.rows.findIndex((row) => row.component === this.selected);
    to.push(this.now);
    this.now = text;
    const there = JSON.parse(text);
    for (const key of Object.keys(this.schema)) delete this.schema[key];
    Object.assign(this.schema, there);
    this.selected = this.rows[Math.min(Math.max(at, 0), this.rows.length - 1)]?.component ?? null;
    this.dispatchEvent(new CustomEvent('change', { detail: { shape: true, step: true } }));
  }

  /** A new component behind the selected one, or inside it where it is an empty holder. */
  add(type) {
    const made = make(type, this.schema);
    const row = this.selected && this.row(this.selected);
    if (row && holds(row.component) && !row.component.components.length) row.component.components.push(made);
    else if (row) row.parent.components.splice(row.at + 1, 0, made);
    else this.schema.components.push(made);
    this.selected = made;
    this.changed(true);
    this.select(made);
    return made;
  }

  remove() {
    const row = this.row(this.selected);
    if (!row) return;
    const at = this.rows.findIndex((one) => one.component === row.component);
    row.parent.components.splice(row.at, 1);
    this.selected = this.rows[Math.min(at, this.rows.length - 1)]?.component ?? null;
    this.changed(true);
    this.select(this.selected);
  }

  copy() {
    const row = this.row(this.selected);
    if (!row) return;
    const twin = structuredClone(row.component);
    const renew = (one) => {
      const fresh = make(one.type, this.schema);
      one.id = fresh.id;
      if (one.key) one.key = fresh.key ?? one.key;
      if (one.path && one.type === 'dynamiclist') one.path = fresh.path;
    };
    row.parent.components.splice(row.at + 1, 0, twin);
    const visit = (one) => {
      renew(one);
      for (const child of one.components ?? []) visit(child);
    };
    visit(twin);
    this.selected = twin;
    this.changed(true);
    this.select(twin);
  }

  /** One place up or down: past a neighbour, into a holder, or out of one, so that every place can be reached. */
  move(way) {
    const row = this.row(this.selected);
    if (!row) return;
    const { component, parent, at } = row;
    const neighbour = parent.components[at + way];
    parent.components.splice(at, 1);
    if (neighbour && holds(neighbour)) neighbour.components.splice(way > 0 ? 0 : neighbour.components.length, 0, component);
    else if (neighbour) parent.components.splice(at + way, 0, component);
    else if (parent === this.schema) parent.components.splice(at, 0, component);
    else {
      const outer = this.row(parent);
      outer.parent.components.splice(outer.at + (way > 0 ? 1 : 0), 0, component);
    }
    this.changed(true);
    this.select(component);
  }
}
