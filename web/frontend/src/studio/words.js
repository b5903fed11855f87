// What the studio's scripts say: in the language of the page. The Vietnamese stands first, the English beside it.
export const vietnamese = document.documentElement.lang !== 'en';

export function words(vi, en) {
  return vietnamese ? vi : en;
}

/** "14:05", or with the day when it is not today's; of an ISO text or now. */
export function clock(at) {
  const moment = at ? new Date(at) : new Date();
  const zone = { timeZone: 'Asia/Ho_Chi_Minh' };
  const hour = moment.toLocaleTimeString('vi-VN', { ...zone, hour: '2-digit', minute: '2-digit' });
  const day = (one) => one.toLocaleDateString('en-GB', { ...zone, day: '2-digit', month: '2-digit', year: 'numeric' });
  return day(moment) === day(new Date()) ? hour : `${hour} ${words('ngày', 'on')} ${day(moment)}`;
}

/** A node: `node('p', { class: 'notice', onclick }, 'text', other)`. Text is text, never markup. */
export function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}
