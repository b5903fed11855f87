// Due dates and timers, each with the dates that come out of it, worked out by the server.
import { useEffect, useState } from '@bpmn-io/properties-panel/preact/hooks';
import { Group } from '@bpmn-io/properties-panel';
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { property } from './change.js';
import { choice, h, line, shown } from './entries.js';
import { attribute } from './people.js';
import { words } from '../words.js';

const PAUSE = 500;
/** An expression that counts working days and reads no variable of a case can be worked out here. */
const WORKING = /^\s*\$\{\s*sau_(ngay|gio)_lam_viec\(\s*-?[\d.]+\s*\)\s*\}\s*$/;
const DAYS = () => [['P1D', words('1 ngày làm việc', '1 working day')], ['P2D', words('2 ngày làm việc', '2 working days')], ['P5D', words('5 ngày làm việc', '5 working days')]];
const DURATIONS = () => [['P5D', words('5 ngày', '5 days')], ['P10D', words('10 ngày', '10 days')], ['P15D', words('15 ngày', '15 days')], ['P1M', words('1 tháng', '1 month')], ['PT4H', words('4 giờ', '4 hours')]];

export function datesOf(element, { changer, vocabulary, server }) {
  if (!is(element, 'bpmn:UserTask')) return [];
  const offer = () => [...DURATIONS().map(([value, label]) => ({ value, label })), ...vocabulary.variables()];
  const hint = words('P10D là 10 ngày kể từ khi giao việc; hoặc ngày 2026-12-31; hoặc ${han_tra_loi}.', 'P10D is 10 days from when the task is created; or a date 2026-12-31; or ${han_tra_loi}.');
  const under = ({ value }) => h(Dates, { kind: 'due', value, calendar: property(element, 'lich'), server });
  return [{
    id: 'studio-deadline', label: words('Thời hạn', 'Deadline'), component: Group, shouldOpen: true,
    entries: [
      line({ id: 'dueDate', label: words('Hạn hoàn thành', 'Due date'), hint, offer, under, ...attribute(changer, 'camunda:dueDate') }),
      line({ id: 'followUpDate', label: words('Ngày nhắc', 'Follow-up date'), offer, under, ...attribute(changer, 'camunda:followUpDate') }),
      calendarOf(changer),
      ...remindersOf(changer),
      line({ id: 'priority', label: words('Mức ưu tiên', 'Priority'), hint: words('Số nguyên; 50 là bình thường.', 'A whole number; 50 is normal.'), ...attribute(changer, 'camunda:priority') }),
    ],
  }];
}

/** Below the library's own timer entries: when it would fire if it started now. */
export function timerDates(element, { changer, server }) {
  const timer = getBusinessObject(element).eventDefinitions?.find((one) => is(one, 'bpmn:TimerEventDefinition'));
  if (!timer) return [];
  return [calendarOf(changer), shown('studio-timer-dates', () => {
    const kind = ['timeDate', 'timeDuration', 'timeCycle'].find((name) => timer.get(name));
    return h(Dates, { kind: { timeDate: 'date', timeDuration: 'duration', timeCycle: 'cycle' }[kind], value: kind ? timer.get(kind).get('body') ?? '' : '', calendar: property(element, 'lich'), server });
  })];
}

/** When its holder is reminded, and who is told once it is late: of a task, or of all tasks of a process. */
export function remindersOf(changer) {
  const kept = (name) => ({ get: (element) => property(element, name), set: (element, value) => changer.property(element, name, value) });
  const none = { value: 'khong', label: words('không nhắc', 'nobody') };
  return [
    line({ id: 'nhac_truoc', label: words('Nhắc trước hạn', 'Remind before it is due'), placeholder: 'P2D', hint: words('Ngày làm việc hoặc giờ trước hạn: P2D, PT4H; khong là không nhắc.', 'Working days or hours before: P2D, PT4H; khong: nobody.'), offer: () => [...DAYS().map(([value, label]) => ({ value, label })), none], ...kept('nhac_truoc') }),
    line({ id: 'bao_tre', label: words('Báo khi trễ', 'Tell when it is late'), placeholder: 'P0D, P2D, P5D', hint: words('Sau hạn bao lâu thì nhắc lại người giữ việc, báo người đứng đầu cơ quan, báo người giám sát; khong là không báo.', 'How long after it the holder, the head of the body and the supervisors are told; khong: nobody.'), offer: () => [{ value: 'P0D, P2D, P5D', label: words('ngay, sau 2 ngày, sau 5 ngày', 'at once, after 2 days, after 5 days') }, { value: 'P0D, P1D, P1D', label: words('việc gấp: ngay, sau 1 ngày', 'urgent: at once, after 1 day') }, none], ...kept('bao_tre') }),
  ];
}

/** Whether days are working days: property lich. One that names a body, or is an expression, stays and is shown. */
function calendarOf(changer) {
  const choices = [['', words('ngày thường', 'plain days')], ['ngay_lam_viec', words('ngày làm việc', 'working days')]];
  return choice({
    id: 'lich', label: words('Tính theo', 'Counted in'), choices: () => choices.map(([value, label]) => ({ value, label })),
    get: (element) => property(element, 'lich'), set: (element, value) => changer.property(element, 'lich', value),
  });
}

function Dates({ kind, value, calendar, server }) {
  const [said, setSaid] = useState(null);
  useEffect(() => {
    setSaid(null);
    if (!kind || !value?.trim() || (value.includes('${') && !WORKING.test(value)) || calendar.includes('${')) return undefined;
    let current = true;
    const timer = setTimeout(async () => {
      try {
        const answer = await server.post('hen-gio', { kind, value, lich: calendar, now: new Date().toISOString() });
        if (current) setSaid(answer);
      } catch {
        // Without the server there is no help, and nothing else is wrong.
      }
    }, PAUSE);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [kind, value, calendar]);
  if (!said) return null;
  if (said.error) return h('p', { class: 'bio-properties-panel-entry studio-dates text-danger', role: 'status' }, said.error);
  return h('div', { class: 'bio-properties-panel-entry studio-dates', role: 'status' },
    h('span', {}, words('Nếu bắt đầu từ bây giờ: ', 'If it started now: ')), h('ul', {}, said.dates.map((one) => h('li', { class: 'num' }, one))));
}
