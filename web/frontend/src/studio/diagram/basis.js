// The legal basis of an element, the words of a task's page, and what a process says about its cases: the dialect's camunda:properties.
import { Group } from '@bpmn-io/properties-panel';
import { is } from 'bpmn-js/lib/util/ModelUtil';
import { property, subject } from './change.js';
import { choice, h, line, press } from './entries.js';
import { remindersOf } from './dates.js';
import { words } from '../words.js';

export function basisOf(element, { changer, vocabulary }) {
  const found = [];
  if (is(element, 'bpmn:FlowNode') || is(subject(element), 'bpmn:Process')) found.push(basis(changer, vocabulary));
  if (is(element, 'bpmn:UserTask')) found.push(page(changer, vocabulary));
  if (is(subject(element), 'bpmn:Process')) found.push(process(changer));
  return found;
}

function kept(changer, name) {
  return { get: (element) => property(element, name), set: (element, value) => changer.property(element, name, value) };
}

function basis(changer, vocabulary) {
  return {
    id: 'studio-basis', label: words('Căn cứ', 'Legal basis'), component: Group,
    entries: [
      line({ id: 'can_cu', label: words('Căn cứ', 'Legal basis'), hint: words('Ví dụ: Điều 7, Bước 3; hoặc “mô hình hóa” nếu là cách vẽ.', 'For example: Điều 7, Bước 3; or “mô hình hóa” for a modelling choice.'), offer: () => vocabulary.bases(), ...kept(changer, 'can_cu') }),
      line({ id: 'trich_dan', label: words('Những câu của văn bản', 'Sentences of the text'), hint: words('Mã các câu trong van_ban.json, cách nhau bằng dấu phẩy.', 'Ids of sentences in van_ban.json, separated by commas.'), ...kept(changer, 'trich_dan'), under: (entry) => sentences(entry, vocabulary) }),
    ],
  };
}

function sentences({ value, set }, vocabulary) {
  const known = vocabulary.sentences();
  if (!known.length) return null;
  const chosen = value.split(',').map((one) => one.trim()).filter(Boolean);
  return h('div', { class: 'bio-properties-panel-entry studio-facts' },
    chosen.map((id) => h('p', { class: 'bio-properties-panel-description' }, h('code', {}, id), ' ', known.find((one) => one.id === id)?.text ?? words('(không có câu này)', '(no such sentence)'), ' ',
      press('✕', () => set(chosen.filter((one) => one !== id).join(',')), { 'aria-label': words(`Bỏ ${id}`, `Remove ${id}`) }))),
    h('select', { class: 'bio-properties-panel-input', value: '', 'aria-label': words('Thêm một câu', 'Add a sentence'), onChange: (event) => event.target.value && set([...chosen, event.target.value].join(',')) },
      h('option', { value: '' }, words('Thêm một câu…', 'Add a sentence…')), known.filter((one) => !chosen.includes(one.id)).map((one) => h('option', { value: one.id }, `${one.id}: ${one.text.slice(0, 80)}`))));
}

function page(changer, vocabulary) {
  const view = [['', words('Cả hồ sơ (mặc định)', 'The whole case (default)')], ['nhiem_vu', words('Chỉ việc này và những gì được chuyển kèm', 'Only this task and what is handed over with it')], ['ho_so', words('Cả hồ sơ', 'The whole case')]];
  return {
    id: 'studio-page', label: words('Trang làm việc', 'Page of the task'), component: Group,
    entries: [
      choice({ id: 'pham_vi_xem', label: words('Người xử lý được xem', 'Its holder sees'), choices: () => view.map(([value, label]) => ({ value, label })), ...kept(changer, 'pham_vi_xem') }),
      line({ id: 'tai_lieu_kem', label: words('Biến hiện phía trên biểu mẫu', 'Variables shown above the form'), hint: words('Tên biến, cách nhau bằng dấu phẩy.', 'Names of variables, separated by commas.'), ...kept(changer, 'tai_lieu_kem') }),
      line({ id: 'nut_gui', label: words('Chữ trên nút gửi', 'Words on the button'), placeholder: words('Hoàn thành việc này', 'Complete this task'), ...kept(changer, 'nut_gui') }),
    ],
  };
}

function process(changer) {
  return {
    id: 'studio-case', label: words('Hồ sơ', 'Case'), component: Group,
    entries: [
      line({ id: 'ten_ho_so', label: words('Tên hồ sơ trong danh sách', 'Title of the case in lists'), hint: words('Biểu thức ${…}. Không để thông tin mật ở đây.', 'An expression ${…}. Nothing confidential.'), ...kept(changer, 'ten_ho_so') }),
      line({ id: 'ma_ho_so', label: words('Mã hồ sơ', 'Business key'), hint: words('Biểu thức từ biểu mẫu mở hồ sơ. Để trống thì người mở tự gõ.', 'An expression over the start form. Without it whoever starts a case types one.'), ...kept(changer, 'ma_ho_so') }),
      ...remindersOf(changer),
      line({ id: 'historyTimeToLive', label: words('Lưu lịch sử trong', 'History time to live'), placeholder: 'P3650D', get: (element) => subject(element).get('camunda:historyTimeToLive'), set: (element, value) => changer.set(element, { 'camunda:historyTimeToLive': value }) }),
    ],
  };
}
