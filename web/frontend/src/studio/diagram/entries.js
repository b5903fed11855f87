// The kinds of entries that the studio adds to the properties panel. An entry is data: what it is called, how it is read and written.
import { h } from '@bpmn-io/properties-panel/preact';
import { useEffect, useRef, useState } from '@bpmn-io/properties-panel/preact/hooks';
import { SelectEntry, TextAreaEntry, isSelectEntryEdited, isTextAreaEntryEdited } from '@bpmn-io/properties-panel';
import { useService } from 'bpmn-js-properties-panel';

/** A line of text, with suggestions: [{ value, label }]. { id, label, hint, get, set, offer, under } */
export function line(entry) {
  return { ...entry, component: Line, isEdited: (node) => Boolean(node?.value) };
}

export function area(entry) {
  return { ...entry, component: Area, isEdited: isTextAreaEntryEdited };
}

/** One of a list: `choices` gives [{ value, label }]. A value that is not in the list stays and is shown. */
export function choice(entry) {
  return { ...entry, component: Choice, isEdited: isSelectEntryEdited };
}

/** Anything that only shows: `draw(element, useService)` gives virtual nodes. */
export function shown(id, draw) {
  return { id, component: Shown, draw };
}

/** An input that hands over when typing pauses and when it is left; what is typed is never overwritten by an older value. */
function Line({ element, id, label, hint, get, set, offer, under, placeholder, disabled }) {
  const value = get(element) ?? '';
  const [typed, setTyped] = useState(value);
  const timer = useRef();
  const pending = useRef(null);
  const place = `bio-properties-panel-${id}`;
  useEffect(() => {
    if (pending.current === null) setTyped(value);
  }, [value, element]);
  const hand = () => {
    clearTimeout(timer.current);
    const next = pending.current;
    pending.current = null;
    if (next !== null && next !== (get(element) ?? '')) set(element, next);
  };
  // Another element is chosen while a pause is not over: it still belongs to this one.
  useEffect(() => hand, [element]);
  const oninput = (event) => {
    pending.current = event.target.value;
    setTyped(event.target.value);
    clearTimeout(timer.current);
    timer.current = setTimeout(hand, 400);
  };
  const offered = offer?.(element) ?? [];
  return h('div', { class: 'bio-properties-panel-entry', 'data-entry-id': id },
    h('div', { class: 'bio-properties-panel-textfield' },
      h('label', { for: place, class: 'bio-properties-panel-label' }, label),
      h('input', {
        id: place, name: id, type: 'text', class: 'bio-properties-panel-input', spellcheck: false, autocomplete: 'off', value: typed, placeholder,
        disabled, onInput: oninput, onChange: hand, onBlur: hand, list: offered.length ? `${place}-list` : undefined, 'aria-describedby': hint ? `${place}-hint` : undefined,
      }),
      offered.length ? h('datalist', { id: `${place}-list` }, offered.map((one) => h('option', { value: one.value }, one.label))) : null),
    hint ? h('div', { class: 'bio-properties-panel-description', id: `${place}-hint` }, hint) : null,
    under ? under({ element, value: typed, set: (next) => set(element, next), useService }) : null);
}

function Area({ element, id, label, hint, get, set }) {
  const debounce = useService('debounceInput');
  return TextAreaEntry({ element, id, label, description: hint, getValue: () => get(element) ?? '', setValue: (value) => set(element, value ?? ''), debounce, autoResize: true });
}

function Choice({ element, id, label, hint, get, set, choices, under }) {
  const value = get(element) ?? '';
  const offered = choices(element);
  const all = offered.some((one) => one.value === value) ? offered : [...offered, { value, label: value }];
  const entry = SelectEntry({ element, id, label, description: hint, getValue: () => get(element) ?? '', setValue: (next) => set(element, next ?? ''), getOptions: () => all });
  return under ? h('div', {}, entry, under({ element, value, set: (next) => set(element, next), useService })) : entry;
}

function Shown({ element, draw }) {
  return draw(element, useService);
}

/** A button inside the panel. */
export function press(label, onClick, attributes = {}) {
  return h('button', { type: 'button', class: 'btn btn-sm btn-quiet', onClick, ...attributes }, label);
}

export { h };
