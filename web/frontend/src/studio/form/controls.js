// One control per kind of property: from the file to the box, and from the box to the file.
import { node, words } from '../words.js';

const source = (value) => (typeof value === 'string' && value.trimStart().startsWith('=') ? value.trim().slice(1).trim() : null);
const numeric = (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);

/** Kind -> [written in the file -> text, text -> written in the file]. undefined: not in the file. */
const TEXT = {
  line: [(value) => String(value ?? ''), (text) => text || undefined],
  area: [(value) => String(value ?? ''), (text) => text || undefined],
  code: [(value) => String(value ?? ''), (text) => text || undefined],
  key: [(value) => String(value ?? ''), (text) => text.trim() || undefined],
  number: [(value) => String(value ?? ''), (text) => (text.trim() ? numeric(text.trim().replace(',', '.')) : undefined)],
  count: [(value) => String(value ?? ''), (text) => text.trim() || undefined],
  limit: [(value) => String(value ?? ''), (text) => (text.trim() ? (source(text) === null ? numeric(text.trim().replace(',', '.')) : text.trim()) : undefined)],
  feel: [(value) => source(value) ?? String(value ?? ''), (text) => (text.trim() ? `=${text.trim().replace(/^=\s*/, '')}` : undefined)],
  flag: [(value) => (value === true ? words('có', 'yes') : value === false || value === undefined ? '' : String(value)), (text) => flag(text.trim())],
};

function flag(text) {
  if (source(text) !== null) return text;
  return ['có', 'co', 'yes', 'true'].includes(text.toLowerCase()) ? true : undefined;
}

/** A labelled control. `changed(value)` is called with what is to be written. */
export function control(property, component, id, changed) {
  const value = property.get(component);
  const hint = property.hint?.();
  const name = property.name();
  if (property.kind === 'yes') return yes(name, value, id, changed);
  if (property.kind === 'choice') return labelled(name, hint, id, choice(property.choices(), value ?? '', id, (text) => changed(text || undefined)));
  if (property.kind === 'value') return labelled(name, hint, id, initial(component, value, id, changed));
  const [show, write] = TEXT[property.kind];
  const attributes = { class: `form-control${['code', 'feel', 'key'].includes(property.kind) ? ' mono' : ''}`, id, autocomplete: 'off', spellcheck: 'false', 'data-property': property.path, 'aria-describedby': hint ? `${id}-hint` : null };
  const box = property.kind === 'area' ? node('textarea', { ...attributes, rows: '6' }) : node('input', attributes);
  box.value = show(value);
  box.addEventListener('input', () => changed(write(box.value)));
  return labelled(name, hint, id, box);
}

function labelled(name, hint, id, box) {
  return node('div', { class: 'property' }, node('label', { class: 'form-label', for: id }, name), box, hint && node('p', { class: 'form-text', id: `${id}-hint` }, hint));
}

function yes(name, value, id, changed) {
  const box = node('input', { type: 'checkbox', class: 'form-check-input', id, checked: value === true });
  box.addEventListener('change', () => changed(box.checked || undefined));
  return node('div', { class: 'property form-check' }, box, node('label', { class: 'form-check-label', for: id }, name));
}

function choice(choices, value, id, changed) {
  const known = choices.some(([one]) => one === value) ? choices : [...choices, [value, String(value)]];
  const box = node('select', { class: 'form-select', id }, ...known.map(([one, label]) => node('option', { value: one, selected: one === value }, label)));
  box.addEventListener('change', () => changed(box.value));
  return box;
}

/** The value at first, in the kind of the field; an expression stays an expression. */
function initial(component, value, id, changed) {
  if (component.type === 'checkbox' && source(value) === null) {
    return choice([['', words('chưa đánh dấu', 'not ticked')], ['true', words('đánh dấu sẵn', 'ticked')]], value === true ? 'true' : '', id, (text) => changed(text === 'true' || undefined));
  }
  const box = node('input', { class: 'form-control', id, autocomplete: 'off', 'aria-describedby': `${id}-hint` });
  box.value = value ?? '';
  box.addEventListener('input', () => {
    const text = box.value.trim();
    const number = component.type === 'number' && source(text) === null;
    changed(text ? (number ? numeric(text.replace(',', '.')) : text) : undefined);
  });
  return box;
}

/** A small table of records, `columns` being [key, label]. Rows come, go and move by buttons. */
export function records(title, list, columns, fresh, changed) {
  const place = node('fieldset', { class: 'property records' });
  const draw = (focus) => {
    const rows = list.map((record, at) => node('li', {}, ...columns.map(([key, label]) => cell(record, key, label, at)),
      button('arrow-up', words(`Đưa dòng ${at + 1} lên`, `Move row ${at + 1} up`), at > 0 && (() => act(() => list.splice(at - 1, 0, ...list.splice(at, 1)), at - 1))),
      button('trash', words(`Bỏ dòng ${at + 1}`, `Remove row ${at + 1}`), () => act(() => list.splice(at, 1), Math.max(at - 1, 0)))));
    const add = node('button', { type: 'button', class: 'btn btn-sm btn-quiet', onclick: () => act(() => list.push(fresh(list.length + 1)), list.length) }, words('Thêm dòng', 'Add a row'));
    place.replaceChildren(node('legend', { class: 'form-label' }, title), node('div', { class: 'records-head', 'aria-hidden': 'true' }, ...columns.map(([, label]) => node('span', {}, label))), node('ul', {}, ...rows), add);
    if (focus !== undefined) (place.querySelectorAll('li')[focus]?.querySelector('input') ?? add).focus();
  };
  const act = (run, focus) => {
    run();
    changed(true);
    draw(focus);
  };
  const cell = (record, key, label, at) => {
    const box = node('input', { class: 'form-control', 'aria-label': `${label} ${at + 1}`, autocomplete: 'off' });
    box.value = record[key] ?? '';
    const number = typeof record[key] === 'number';
    box.addEventListener('input', () => {
      record[key] = number ? numeric(box.value) : box.value;
      changed(false);
    });
    return box;
  };
  draw();
  return place;
}

function button(sign, label, run) {
  const words_ = { 'arrow-up': '↑', trash: '×' }[sign];
  return node('button', { type: 'button', class: 'btn btn-sm btn-quiet', 'aria-label': label, title: label, disabled: !run, onclick: run || null }, words_);
}
