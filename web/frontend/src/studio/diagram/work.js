// What a step works with: form, decision table, topic, called process; and what may be tried again.
import { useState } from '@bpmn-io/properties-panel/preact/hooks';
import { Group } from '@bpmn-io/properties-panel';
import { is } from 'bpmn-js/lib/util/ModelUtil';
import { body, subject } from './change.js';
import { choice, h, line, press, shown } from './entries.js';
import { attribute } from './people.js';
import { translate } from './translate.js';
import { words } from '../words.js';

const NONE = () => ({ value: '', label: words('— chưa chọn —', '— none —') });

export function workOf(element, context) {
  const found = [];
  if (is(element, 'bpmn:UserTask') || is(element, 'bpmn:StartEvent')) found.push(form(context));
  if (is(element, 'bpmn:BusinessRuleTask')) found.push(decision(context));
  if (is(element, 'bpmn:ServiceTask') || is(element, 'bpmn:SendTask')) found.push(topic(element, context));
  if (is(element, 'bpmn:CallActivity')) found.push(called(element, context));
  return found;
}

function form({ changer, vocabulary, actions }) {
  return {
    id: 'studio-form', label: words('Biểu mẫu', 'Form'), component: Group, shouldOpen: true,
    entries: [choice({
      id: 'formRef', label: words('Biểu mẫu của bước', 'Form of the step'), choices: () => [NONE(), ...vocabulary.forms()], ...attribute(changer, 'camunda:formRef'),
      under: ({ value, set }) => h(FormTools, { value, set, vocabulary, actions }),
    })],
  };
}

function FormTools({ value, set, vocabulary, actions }) {
  const [making, setMaking] = useState(null);
  const [said, setSaid] = useState('');
  const known = vocabulary.form(value);
  const make = async () => {
    setSaid(words('Đang tạo…', 'Creating…'));
    try {
      const id = await actions.makeForm(making);
      set(id);
      setMaking(null);
      setSaid('');
    } catch (error) {
      setSaid(error.message);
    }
  };
  return h('div', { class: 'bio-properties-panel-entry studio-tools' },
    known ? h('a', { class: 'btn btn-sm btn-quiet', href: actions.address(known.file), target: '_blank' }, words('Sửa biểu mẫu', 'Edit the form')) : null,
    known ? press(words('Xem như cán bộ thấy', 'See it as staff do'), () => actions.previewForm(known)) : null,
    making === null ? press(words('Biểu mẫu mới', 'New form'), () => setMaking('')) : h('div', { class: 'studio-add' },
      h('label', {}, h('span', {}, words('Mã biểu mẫu mới', 'Id of the new form')), h('input', {
        class: 'bio-properties-panel-input', value: making, 'data-new-form': true, placeholder: 'y_kien_tham_dinh', onInput: (event) => setMaking(event.target.value),
      })),
      press(words('Tạo', 'Create'), make, { disabled: !/^[A-Za-z_][\w-]*$/.test(making) }), press(words('Thôi', 'Cancel'), () => setMaking(null))),
    said ? h('p', { class: 'text-danger', role: 'alert' }, said) : null,
    known?.fields?.length ? h('p', { class: 'bio-properties-panel-description' }, words('Biến của biểu mẫu: ', 'Variables of the form: '), known.fields.join(', ')) : null);
}

function decision({ changer, vocabulary, actions }) {
  const mapping = [['', words('— mặc định (resultList) —', '— default (resultList) —')], ['singleEntry', words('Một giá trị (singleEntry)', 'One value (singleEntry)')],
    ['singleResult', words('Một dòng kết quả (singleResult)', 'One row (singleResult)')], ['collectEntries', words('Danh sách giá trị (collectEntries)', 'List of values (collectEntries)')],
    ['resultList', words('Danh sách dòng kết quả (resultList)', 'List of rows (resultList)')]];
  return {
    id: 'studio-decision', label: words('Bảng quyết định', 'Decision table'), component: Group, shouldOpen: true,
    entries: [
      choice({
        id: 'decisionRef', label: words('Bảng quyết định', 'Decision'), choices: () => [NONE(), ...vocabulary.decisions()], ...attribute(changer, 'camunda:decisionRef'),
        under: ({ value }) => facts(vocabulary.decision(value), actions),
      }),
      line({ id: 'resultVariable', label: words('Kết quả ghi vào biến', 'Result variable'), offer: () => vocabulary.names(), ...attribute(changer, 'camunda:resultVariable') }),
      choice({ id: 'mapDecisionResult', label: words('Cách lấy kết quả', 'Map decision result'), choices: () => mapping.map(([value, label]) => ({ value, label })), ...attribute(changer, 'camunda:mapDecisionResult') }),
    ],
  };
}

function facts(known, actions) {
  if (!known) return null;
  return h('div', { class: 'bio-properties-panel-entry studio-tools' },
    h('a', { class: 'btn btn-sm btn-quiet', href: actions.address(known.file), target: '_blank' }, words('Sửa bảng', 'Edit the table')),
    h('p', { class: 'bio-properties-panel-description' }, words('Đọc: ', 'Reads: '), (known.inputs ?? []).join(', ') || '—', h('br'), words('Cho ra: ', 'Gives: '), (known.outputs ?? []).join(', ') || '—'));
}

function topic(element, { changer, vocabulary }) {
  return {
    id: 'studio-topic', label: words('Việc máy làm', 'What the machine does'), component: Group, shouldOpen: true,
    entries: [
      choice({
        id: 'topic', label: words('Chương trình xử lý (topic)', 'Topic'), choices: () => [NONE(), ...vocabulary.topics()],
        get: (one) => subject(one).get('camunda:topic'),
        set: (one, value) => changer.set(one, { 'camunda:topic': value, 'camunda:type': value ? 'external' : '' }),
        under: ({ value }) => h(Topic, { known: vocabulary.topic(value) }),
      }),
      line({
        id: 'retry', label: words('Thử lại khi lỗi', 'Retry cycle'), hint: words('Ví dụ R3/PT10M: thử ba lần, cách nhau 10 phút.', 'For example R3/PT10M: three times, 10 minutes apart.'),
        get: (one) => body(one, 'camunda:FailedJobRetryTimeCycle'), set: (one, value) => changer.body(one, 'camunda:FailedJobRetryTimeCycle', value),
      }),
    ],
  };
}

function Topic({ known }) {
  if (!known) return null;
  return h('div', { class: 'bio-properties-panel-entry bio-properties-panel-description studio-facts' },
    known.about ? h('p', {}, known.about) : null,
    h('p', {}, words('Cần các biến: ', 'Takes: '), known.takes.length ? known.takes.map((one) => (one.required ? one.name : words(`${one.name} (không bắt buộc)`, `${one.name} (optional)`))).join(', ') : '—'),
    h('p', {}, words('Ghi các biến: ', 'Gives: '), known.gives.join(', ') || '—'));
}

function called(element, { changer, vocabulary }) {
  const binding = [['', words('Mới nhất khi gọi', 'Latest when called')], ['latest', words('Mới nhất khi gọi (latest)', 'Latest when called (latest)')], ['deployment', words('Cùng phiên bản với thư mục này', 'The version of this folder')], ['version', words('Một phiên bản nhất định', 'One certain version')]];
  return {
    id: 'studio-called', label: words('Quy trình được gọi', 'Called process'), component: Group, shouldOpen: true,
    entries: [
      line({
        id: 'calledElement', label: words('Mã quy trình', 'Process id'), hint: words('Chọn trong danh sách hoặc viết ${…}.', 'Choose from the list or write ${…}.'), offer: () => vocabulary.processes(),
        get: (one) => subject(one).get('calledElement'), set: (one, value) => changer.set(one, { calledElement: value }),
      }),
      choice({ id: 'calledElementBinding', label: words('Phiên bản', 'Version'), choices: () => binding.map(([value, label]) => ({ value, label })), ...attribute(changer, 'camunda:calledElementBinding') }),
      ...(subject(element).get('camunda:calledElementBinding') === 'version'
        ? [line({ id: 'calledElementVersion', label: words('Số phiên bản', 'Version number'), ...attribute(changer, 'camunda:calledElementVersion') })] : []),
      shown('studio-called-note', () => h('p', { class: 'bio-properties-panel-description studio-note' }, words(
        `Không có dòng nào ở mục “${translate('In mappings')}” thì không biến nào được chuyển sang.`, `Without any line under “${translate('In mappings')}” no variable is handed over.`))),
    ],
  };
}
