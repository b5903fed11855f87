// What the chosen component says of itself, to be changed.
import { at, others, propertiesOf } from './fields.js';
import { CHOICES, kind, slug } from './kinds.js';
import { control, records } from './controls.js';
import { node, words } from '../words.js';

const FROM_CASE = { _to_chuc: () => words('mọi tổ chức', 'all bodies'), _tai_khoan: () => words('mọi tài khoản', 'all accounts') };

export class Properties {
  constructor(root, draft) {
    this.place = root.querySelector('[data-properties]');
    this.locked = false;
    this.show(draft);
  }

  show(draft) {
    this.draft = draft;
    draft.addEventListener('select', () => this.draw());
    // Steps back change what the boxes show; typing does not need them drawn anew.
    draft.addEventListener('change', (event) => event.detail.step && this.draw());
    this.draw();
  }

  draw() {
    const component = this.draft.selected;
    const parts = component ? this.parts(component) : [node('p', { class: 'text-secondary' }, words('Chọn một thành phần trong danh sách để sửa, hoặc thêm mới.', 'Choose something from the list to change it, or add to it.'))];
    this.place.replaceChildren(...parts.filter(Boolean));
    if (this.locked) for (const box of this.place.querySelectorAll('input, select, textarea, button')) box.disabled = true;
  }

  parts(component) {
    const shown = propertiesOf(component).map((property, number) => this.part(property, component, `p-${number}`));
    const more = others(component);
    const rest = Object.keys(more).length ? node('details', { class: 'fold' },
      node('summary', {}, words('Thuộc tính khác, giữ nguyên trong tệp', 'Other properties, kept in the file')),
      node('pre', { class: 'studio-more', tabindex: '0' }, JSON.stringify(more, null, 2))) : null;
    return [node('p', { class: 'text-secondary' }, kind(component.type)), ...shown, rest];
  }

  part(property, component, id) {
    if (property.kind === 'options') return CHOICES.includes(component.type) ? this.choices(component, id) : null;
    if (property.kind === 'columns') return this.columns(component);
    return control(property, component, id, (value) => {
      property.set(component, value);
      if (property.path === 'label') this.name(component, value);
      if (property.kind === 'key') this.fresh = null;
      this.draft.changed();
    });
  }

  /** A field that still has the name it was made with is called after its label. */
  name(component, label) {
    const property = component.type === 'dynamiclist' ? 'path' : 'key';
    const made = /^(truong|danh_sach)_\d+$/;
    if (!component[property] || !(made.test(component[property]) || this.fresh === component)) return;
    const wanted = slug(label ?? '');
    if (!wanted || this.draft.rows.some((row) => row.component !== component && row.component[property] === wanted)) return;
    component[property] = wanted;
    this.fresh = component;
    const box = this.place.querySelector(`[data-property="${property}"]`);
    if (box) box.value = wanted;
  }

  columns(component) {
    component.columns ??= [];
    return records(words('Các cột', 'Columns'), component.columns, [['label', words('Tên cột', 'Title')], ['key', words('Biến', 'Variable')]], (number) => ({ label: '', key: `cot_${number}` }), () => this.draft.changed());
  }

  /** Where the choices come from, and those written in the form. */
  choices(component, id) {
    const from = component.valuesKey !== undefined ? 'valuesKey' : component.valuesExpression !== undefined ? 'valuesExpression' : 'values';
    const names = [['values', words('viết sẵn trong biểu mẫu', 'written in the form')], ['valuesKey', words('danh sách có trong hồ sơ', 'a list in the case')], ['valuesExpression', words('biểu thức FEEL', 'a FEEL expression')]];
    const box = node('select', { class: 'form-select', id }, ...names.map(([one, label]) => node('option', { value: one, selected: one === from }, label)));
    box.addEventListener('change', () => this.turn(component, box.value, id));
    const place = node('div', {}, node('div', { class: 'property' }, node('label', { class: 'form-label', for: id }, words('Lựa chọn lấy từ', 'Choices from')), box));
    if (from === 'values') {
      component.values ??= [];
      place.append(records(words('Các lựa chọn', 'Choices'), component.values, [['label', words('Nhãn', 'Label')], ['value', words('Giá trị lưu', 'Value kept')]], (number) => ({ label: words(`Lựa chọn ${number}`, `Choice ${number}`), value: `lua_chon_${number}` }), () => this.draft.changed()));
    } else place.append(this.source(component, from, `${id}-from`));
    return place;
  }

  source(component, from, id) {
    const path = at(from);
    const feel = from === 'valuesExpression';
    const hint = () => (feel ? words('một danh sách giá trị', 'a list of values') : `${words('tên biến; có sẵn', 'a variable; always there')}: ${Object.entries(FROM_CASE).map(([name, says]) => `${name} (${says()})`).join(', ')}`);
    return control({ ...path, path: from, kind: feel ? 'feel' : 'key', name: () => (feel ? words('Biểu thức', 'Expression') : words('Biến có danh sách', 'Variable with the list')), hint }, component, id, (value) => {
      path.set(component, value ?? '');
      this.draft.changed();
    });
  }

  turn(component, to, id) {
    const start = { values: [{ label: words('Lựa chọn 1', 'Choice 1'), value: 'lua_chon_1' }], valuesKey: '_to_chuc', valuesExpression: '=' };
    for (const one of Object.keys(start)) if (one !== to) delete component[one];
    component[to] = start[to];
    this.draft.changed();
    this.draw();
    document.getElementById(id)?.focus();
  }

  lock() {
    this.locked = true;
    this.draw();
  }
}
