// Who does a step, who may start a process, who supervises it: roles and bodies that exist, or expressions.
import { useState } from '@bpmn-io/properties-panel/preact/hooks';
import { Group } from '@bpmn-io/properties-panel';
import { is } from 'bpmn-js/lib/util/ModelUtil';
import { property, subject } from './change.js';
import { h, line, press } from './entries.js';
import { words } from '../words.js';

const HINT = () => words(
  'Cách nhau bằng dấu phẩy: vai_tro, vai_tro@to_chuc hoặc @to_chuc. Chỗ nào cũng viết được ${…}, ví dụ tham_muu@${to_chuc_tham_muu}.',
  'Separated by commas: role, role@organisation or @organisation. ${…} may stand anywhere, as in tham_muu@${to_chuc_tham_muu}.',
);

export function peopleOf(element, { changer, vocabulary }) {
  if (is(element, 'bpmn:UserTask')) return [task(changer, vocabulary)];
  if (is(subject(element), 'bpmn:Process')) return [starters(changer, vocabulary)];
  return [];
}

function task(changer, vocabulary) {
  return {
    id: 'studio-people', label: words('Người thực hiện', 'Who does it'), component: Group, shouldOpen: true,
    entries: [
      groups('candidateGroups', words('Vai trò, cơ quan được nhận việc', 'Candidate groups'), vocabulary, attribute(changer, 'camunda:candidateGroups')),
      line({ id: 'assignee', label: words('Giao đích danh cho', 'Assignee'), hint: words('Tên đăng nhập, hoặc ${…}.', 'A username, or ${…}.'), offer: () => vocabulary.users(), ...attribute(changer, 'camunda:assignee') }),
      line({ id: 'candidateUsers', label: words('Những người được nhận việc', 'Candidate users'), hint: words('Tên đăng nhập, cách nhau bằng dấu phẩy.', 'Usernames, separated by commas.'), ...attribute(changer, 'camunda:candidateUsers') }),
    ],
  };
}

function starters(changer, vocabulary) {
  return {
    id: 'studio-starters', label: words('Ai được mở, ai giám sát', 'Who starts, who supervises'), component: Group,
    entries: [
      groups('candidateStarterGroups', words('Vai trò, cơ quan được mở hồ sơ', 'Candidate starter groups'), vocabulary, attribute(changer, 'camunda:candidateStarterGroups')),
      line({ id: 'candidateStarterUsers', label: words('Những người được mở hồ sơ', 'Candidate starter users'), hint: words('Tên đăng nhập, cách nhau bằng dấu phẩy.', 'Usernames, separated by commas.'), ...attribute(changer, 'camunda:candidateStarterUsers') }),
      groups('giam_sat', words('Vai trò, cơ quan giám sát mọi hồ sơ', 'Groups that supervise all cases'), vocabulary, {
        get: (element) => property(element, 'giam_sat'), set: (element, value) => changer.property(element, 'giam_sat', value),
      }),
    ],
  };
}

export function attribute(changer, name) {
  return { get: (element) => subject(element).get(name), set: (element, value) => changer.set(element, { [name]: value }) };
}

function groups(id, label, vocabulary, access) {
  return line({ id, label, hint: HINT(), ...access, under: ({ value, set }) => h(Picker, { id, value, set, vocabulary }) });
}

/** The groups one by one, each to be removed, and two lists to add another from. */
function Picker({ id, value, set, vocabulary }) {
  const [role, setRole] = useState('');
  const [body, setBody] = useState('');
  const chosen = split(value);
  const add = () => {
    const group = body ? `${role}@${body}` : role;
    if (group && !chosen.includes(group)) set([...chosen, group].join(','));
    setRole('');
    setBody('');
  };
  return h('div', { class: 'studio-picker' },
    chosen.length ? h('ul', { class: 'studio-chosen' }, chosen.map((one, at) => h('li', {}, h('span', {}, h('code', {}, one), ' ', vocabulary.group(one)),
      press('✕', () => set(chosen.filter((_, index) => index !== at).join(',')), { 'aria-label': words(`Bỏ ${one}`, `Remove ${one}`) })))) : null,
    h('div', { class: 'studio-add' },
      list(`${id}-role`, words('Vai trò', 'Role'), role, setRole, vocabulary.roles()),
      list(`${id}-body`, words('Cơ quan', 'Organisation'), body, setBody, vocabulary.bodies()),
      press(words('Thêm', 'Add'), add, { disabled: !role && !body, 'data-add': id })));
}

function list(id, label, value, choose, options) {
  return h('label', {}, h('span', {}, label), h('select', { id, class: 'bio-properties-panel-input', value, onChange: (event) => choose(event.target.value) },
    h('option', { value: '' }, words('— bất kỳ —', '— any —')), options.map((one) => h('option', { value: one.value }, one.label))));
}

/** At commas, but not at those inside ${...}. */
export function split(text) {
  const parts = [''];
  let depth = 0;
  for (const letter of text ?? '') {
    if (letter === '{') depth += 1;
    if (letter === '}') depth = Math.max(0, depth - 1);
    if (letter === ',' && !depth) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}
