// What each member of a multi-instance brought, gathered in one list: the standard's loopDataOutputRef and outputDataItem.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { line } from './entries.js';
import { words } from '../words.js';

export function gathered(element, { changer, vocabulary }) {
  const loop = getBusinessObject(element).loopCharacteristics;
  if (!loop || !is(loop, 'bpmn:MultiInstanceLoopCharacteristics')) return [];
  return [
    line({
      id: 'loopDataOutputRef', label: words('Gom kết quả vào danh sách', 'Gather results in list'), hint: words('Tên biến; mỗi người một phần tử, theo thứ tự.', 'Name of a variable; one item per member, in order.'), offer: () => vocabulary.names(),
      get: () => loop.get('loopDataOutputRef')?.name ?? loop.get('loopDataOutputRef')?.id ?? '',
      set: (one, value) => changer.set(one, { loopDataOutputRef: value ? variable(one, value, changer) : undefined }, loop),
    }),
    line({
      id: 'outputDataItem', label: words('Từ biến của mỗi người', 'From each member’s variable'), hint: words('Để trống: gom mọi trường của biểu mẫu.', 'Empty: all fields of the form.'),
      get: () => loop.get('outputDataItem')?.name ?? '',
      set: (one, value) => {
        const item = loop.get('outputDataItem');
        if (item && value) changer.set(one, { name: value }, item);
        else changer.set(one, { outputDataItem: value ? changer.make('bpmn:DataOutput', { name: value }, loop) : undefined }, loop);
      },
    }),
  ];
}

/** The reference needs something to refer to: a property of the process by that name. */
function variable(element, name, changer) {
  let process = getBusinessObject(element);
  while (process.$parent && !is(process, 'bpmn:Process')) process = process.$parent;
  const known = (process.get('properties') ?? []).find((one) => one.id === name || one.name === name);
  if (known) return known;
  const made = changer.make('bpmn:Property', { id: name, name }, process);
  changer.set(element, { properties: [...(process.get('properties') ?? []), made] }, process);
  return made;
}
