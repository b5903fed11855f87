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

const COUNT = { result: 'kết quả', results: 'kết quả', found: '' };

/** The number of hits in a menu with a search field is written in English by the menu itself, in pieces of text. */
export function countsIn(modeler) {
  if (!vietnamese) return;
  const observer = new MutationObserver(() => {
    for (const place of document.querySelectorAll('.djs-popup-search-count')) {
      for (const piece of place.childNodes) if (Object.hasOwn(COUNT, piece.data?.trim())) piece.data = ` ${COUNT[piece.data.trim()]}`;
    }
  });
  modeler.on('popupMenu.opened', () => observer.observe(document.body, { childList: true, subtree: true, characterData: true }));
  modeler.on('popupMenu.closed', () => observer.disconnect());
}

export default { translate: ['value', translate] };
