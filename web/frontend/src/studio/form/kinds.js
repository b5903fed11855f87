// What a form can be made of: exactly what the server draws and checks (docs/forms.md), in the words of this product.
import { words } from '../words.js';

export const KINDS = {
  textfield: () => words('Chữ, một dòng', 'Text, one line'),
  textarea: () => words('Chữ, nhiều dòng', 'Text, many lines'),
  number: () => words('Số', 'Number'),
  datetime: () => words('Ngày, giờ', 'Date, time'),
  select: () => words('Chọn một (danh sách thả)', 'Choose one (drop-down)'),
  radio: () => words('Chọn một (nút tròn)', 'Choose one (buttons)'),
  checklist: () => words('Chọn nhiều (ô đánh dấu)', 'Choose many (boxes)'),
  taglist: () => words('Chọn nhiều (danh sách)', 'Choose many (list)'),
  checkbox: () => words('Có/không (một ô đánh dấu)', 'Yes or no (one box)'),
  filepicker: () => words('Tệp đính kèm', 'Files'),
  group: () => words('Nhóm', 'Group'),
  dynamiclist: () => words('Danh sách nhiều dòng', 'List of rows'),
  text: () => words('Đoạn chữ hướng dẫn', 'Text to read'),
  table: () => words('Bảng chỉ xem', 'Table to read'),
  separator: () => words('Đường kẻ', 'Line'),
  html: () => words('Đoạn HTML', 'HTML'),
  spacer: () => words('Khoảng trống', 'Space'),
  button: () => words('Nút (không được vẽ)', 'Button (not drawn)'),
};
const OFFERED = Object.keys(KINDS).filter((type) => !['html', 'spacer', 'button'].includes(type));
export const CHOICES = ['select', 'radio', 'checklist', 'taglist'];
export const CONTAINERS = ['group', 'dynamiclist'];
export const FIELDS = ['textfield', 'textarea', 'number', 'datetime', ...CHOICES, 'checkbox', 'filepicker'];

export function offered() {
  return OFFERED.map((type) => [type, KINDS[type]()]);
}

export function kind(type) {
  return KINDS[type]?.() ?? words(`${type} (máy chủ không hiểu loại này)`, `${type} (not known to the server)`);
}

export function holds(component) {
  return Array.isArray(component.components);
}

/** What people call it in the list. */
export function title(component) {
  const label = component.label || component.dateLabel || component.timeLabel || component.text || component.key || component.path;
  return String(label || kind(component.type)).replace(/^=?[#*\s]+/, '').slice(0, 80);
}

/** The name that the server's findings use for it: engine/forms/component.py, `key`. */
export function name(component) {
  return component.key || component.path || component.id || component.type;
}

export function make(type, schema) {
  const taken = new Set();
  const visit = (one) => {
    for (const id of [one.id, one.key, one.path]) if (id) taken.add(id);
    for (const child of one.components ?? []) visit(child);
  };
  visit(schema);
  const free = (stem) => {
    let at = 1;
    while (taken.has(`${stem}_${at}`)) at += 1;
    return `${stem}_${at}`;
  };
  const made = { type, id: free(`Field_${schema.id ?? 'form'}`) };
  const label = kind(type);
  if (type === 'datetime') Object.assign(made, { subtype: 'date', dateLabel: words('Ngày', 'Date') });
  else if (['text', 'html', 'separator', 'spacer'].includes(type)) Object.assign(made, type === 'text' ? { text: words('Hướng dẫn cho người xử lý', 'What staff should know') } : {});
  else made.label = label;
  if (FIELDS.includes(type)) made.key = free('truong');
  if (CHOICES.includes(type)) made.values = [{ label: words('Lựa chọn 1', 'Choice 1'), value: 'lua_chon_1' }, { label: words('Lựa chọn 2', 'Choice 2'), value: 'lua_chon_2' }];
  if (type === 'filepicker') made.multiple = true;
  if (type === 'group') Object.assign(made, { showOutline: true, components: [] });
  if (type === 'dynamiclist') Object.assign(made, { path: free('danh_sach'), isRepeating: true, allowAddRemove: true, defaultRepetitions: 1, showOutline: true, components: [] });
  if (type === 'table') Object.assign(made, { dataSource: '=danh_sach', columns: [{ label: words('Tên', 'Name'), key: 'ten' }] });
  return made;
}

/** "Ngày họp lần 2" as ngay_hop_lan_2: letters without marks, as names of variables are written. */
export function slug(label) {
  const plain = label.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/[đĐ]/g, 'd').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').replace(/^(\d)/, '_$1').slice(0, 40);
}
