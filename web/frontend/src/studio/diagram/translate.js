// Every word of the modeler and its parts goes through here. In Vietnamese, what is missing is remembered, and a test fails on it.
import { vietnamese } from '../words.js';
import dictionary from './vietnamese.js';

// The head of the panel writes kinds of elements with other capitals than the menus.
const fold = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, ' ').trim();
const folded = new Map(Object.entries(dictionary).map(([english, said]) => [fold(english), said]));

export const untranslated = new Set();

export function translate(template, replacements = {}) {
  let text = template;
  if (vietnamese && template) {
    text = dictionary[template] ?? folded.get(fold(template));
    if (text === undefined) {
      if (/[a-z]{2}/i.test(template)) untranslated.add(template);
      text = template;
    }
  }
  return text.replace(/{([^{}]+)}/g, (whole, key) => replacements[key] ?? whole);
}

/** A few titles never come to translate(): they are replaced where they appear. */
export function titlesIn(place) {
  const mend = () => {
    for (const one of place.querySelectorAll('[title]')) if (dictionary[one.title] && vietnamese) one.title = dictionary[one.title];
  };
  new MutationObserver(mend).observe(place, { childList: true, subtree: true });
}

export default { translate: ['value', translate] };
