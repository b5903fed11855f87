// Which properties each kind of component has, what they are called, and how they stand in the file.
import { words } from '../words.js';
import { CHOICES, FIELDS } from './kinds.js';

const TEXTS = ['textfield', 'textarea'];
const LABELLED = [...FIELDS, 'group', 'dynamiclist', 'table'];

/** A property at a path of the component: `validate.required`. Empty values are taken out of the file, and holders that are left empty too. */
export function at(path) {
  const way = path.split('.');
  return {
    get: (component) => way.reduce((holder, part) => (holder === null || typeof holder !== 'object' ? undefined : holder[part]), component),
    set: (component, value) => put(component, way, value),
  };
}

function put(holder, [part, ...rest], value) {
  if (rest.length) {
    if (holder[part] === null || typeof holder[part] !== 'object') {
      if (value === undefined) return;
      holder[part] = {};
    }
    put(holder[part], rest, value);
    if (value === undefined && !Object.keys(holder[part]).length) delete holder[part];
  } else if (value === undefined) delete holder[part];
  else holder[part] = value;
}

const label = (component) => (component.type !== 'datetime' ? 'label' : component.subtype === 'time' ? 'timeLabel' : 'dateLabel');
const property = (path, types, kind, name, hint, more = {}) => ({ path, types, kind, name, hint, ...at(path), ...more });

export const PROPERTIES = [
  property('label', LABELLED, 'line', () => words('Nhãn', 'Label'), () => words('Người xử lý đọc thấy. Có thể chèn {{biến}}.', 'What staff read. {{variable}} may stand in it.'), {
    get: (one) => one[label(one)] ?? one.label, set: (one, value) => put(one, [label(one)], value),
  }),
  property('text', ['text'], 'area', () => words('Nội dung', 'Text'), () => words('# tiêu đề, - gạch đầu dòng, **đậm**, {{biến}}', '# heading, - list, **bold**, {{variable}}')),
  property('content', ['html'], 'area', () => words('Nội dung HTML', 'HTML'), () => words('Máy chủ chỉ vẽ phần chữ.', 'The server draws the words only.')),
  property('key', FIELDS, 'key', () => words('Tên biến', 'Variable'), () => words('Chữ không dấu, số, gạch dưới; dấu chấm dẫn vào bản ghi.', 'Letters without marks, digits, underscores; a dot leads into a record.')),
  property('path', ['dynamiclist'], 'key', () => words('Tên biến của danh sách', 'Variable of the list')),
  property('path', ['group'], 'key', () => words('Ghi vào bản ghi', 'Kept in a record'), () => words('Để trống: các trường trong nhóm đứng riêng trong hồ sơ.', 'Empty: its fields stand in the case themselves.')),
  property('description', [...FIELDS, 'dynamiclist'], 'line', () => words('Giải thích dưới nhãn', 'Explanation under the label')),
  property('validate.required', FIELDS, 'yes', () => words('Bắt buộc', 'Required')),
  property('subtype', ['datetime'], 'choice', () => words('Hỏi', 'Asks for'), null, {
    choices: () => [['date', words('ngày', 'date')], ['datetime', words('ngày và giờ', 'date and time')], ['time', words('giờ', 'time')]],
    set: (one, value) => {
      const said = one[label(one)];
      one.subtype = value;
      if (said && !one[label(one)]) one[label(one)] = said;
    },
  }),
  property('disallowPassedDates', ['datetime'], 'yes', () => words('Không nhận ngày đã qua', 'No days in the past')),
  property('validate.minLength', TEXTS, 'limit', () => words('Ít nhất bao nhiêu ký tự', 'At least so many characters')),
  property('validate.maxLength', TEXTS, 'limit', () => words('Nhiều nhất bao nhiêu ký tự', 'At most so many characters')),
  property('validate.validationType', ['textfield'], 'choice', () => words('Phải là', 'Must be'), null, {
    choices: () => [['', words('chữ bất kỳ', 'any text')], ['email', words('địa chỉ thư điện tử', 'e-mail address')], ['phone', words('số điện thoại', 'telephone number')]],
  }),
  property('validate.pattern', ['textfield'], 'code', () => words('Mẫu (biểu thức chính quy)', 'Pattern (regular expression)'), () => words('Người xử lý đọc ở phần giải thích mẫu nghĩa là gì.', 'Say in the explanation what the pattern means.')),
  property('validate.min', ['number'], 'limit', () => words('Nhỏ nhất', 'Least')),
  property('validate.max', ['number'], 'limit', () => words('Lớn nhất', 'Most')),
  property('decimalDigits', ['number'], 'number', () => words('Số chữ số sau dấu phẩy', 'Digits after the comma')),
  property('serializeToString', ['number'], 'yes', () => words('Lưu thành chữ, giữ đúng từng chữ số', 'Kept as text, digit by digit')),
  property('appearance.prefixAdorner', ['number', 'textfield'], 'line', () => words('Chữ đứng trước ô', 'Words before the box')),
  property('appearance.suffixAdorner', ['number', 'textfield'], 'line', () => words('Chữ đứng sau ô (đơn vị)', 'Words after the box (unit)')),
  property('multiple', ['filepicker'], 'yes', () => words('Nhận nhiều tệp', 'More than one file')),
  property('accept', ['filepicker'], 'line', () => words('Loại tệp', 'Kinds of files'), () => '.pdf,.docx'),
  property('values', CHOICES, 'options', () => words('Các lựa chọn', 'Choices')),
  property('allowAddRemove', ['dynamiclist'], 'yes', () => words('Thêm, bớt dòng được', 'Rows can be added and removed'), null, { get: (one) => one.allowAddRemove !== false, set: (one, value) => put(one, ['allowAddRemove'], value === true) }),
  property('defaultRepetitions', ['dynamiclist'], 'number', () => words('Số dòng trống lúc mở', 'Empty rows at first')),
  property('properties.so_dong_toi_thieu', ['dynamiclist'], 'count', () => words('Ít nhất bao nhiêu dòng', 'At least so many rows')),
  property('properties.so_dong_toi_da', ['dynamiclist'], 'count', () => words('Nhiều nhất bao nhiêu dòng', 'At most so many rows')),
  property('dataSource', ['table'], 'feel', () => words('Lấy dòng từ (FEEL)', 'Rows from (FEEL)'), () => words('tên biến có danh sách', 'a variable that holds a list')),
  property('columns', ['table'], 'columns', () => words('Các cột', 'Columns')),
  property('defaultValue', ['textfield', 'textarea', 'number', 'datetime', 'select', 'radio', 'checkbox'], 'value', () => words('Giá trị ban đầu', 'Value at first'), () => words('Khi hồ sơ chưa có gì. Bắt đầu bằng = là biểu thức.', 'Where the case has none. With = it is an expression.')),
  property('readonly', [...FIELDS, 'dynamiclist'], 'flag', () => words('Chỉ xem', 'Read only'), () => words('có, không, hoặc = biểu thức', 'yes, no, or = an expression')),
  property('conditional.hide', null, 'feel', () => words('Ẩn khi (FEEL)', 'Hidden when (FEEL)'), () => words('ví dụ: ket_luan != "dong_y"', 'such as: ket_luan != "dong_y"')),
];

export function propertiesOf(component) {
  return PROPERTIES.filter((one) => one.types === null || one.types.includes(component.type));
}

const SHOWN = new Set(['type', 'id', 'components', 'label', 'dateLabel', 'timeLabel', 'valuesKey', 'valuesExpression', ...PROPERTIES.map((one) => one.path.split('.')[0])]);

/** What else stands in the file: kept as it is, and named so that nobody misses it. */
export function others(component) {
  return Object.fromEntries(Object.entries(component).filter(([key]) => !SHOWN.has(key)));
}
