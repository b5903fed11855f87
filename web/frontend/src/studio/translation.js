// The words of a bpmn.io editor in the language of the page. What has no translation yet is collected, so that a test can fail on it.
import { vietnamese } from './words.js';

/** A `translate` module over a dictionary. `missing` is a set that fills with the keys that the dictionary lacks. */
export function translation(dictionary, missing) {
  function translate(template, replacements = {}) {
    const text = template ?? '';
    if (vietnamese && text && !Object.hasOwn(dictionary, text) && /[a-z]/i.test(text)) missing.add(text);
    const words = vietnamese && Object.hasOwn(dictionary, text) ? dictionary[text] : text;
    return words.replace(/\{\s*([^}\s]+)\s*\}/g, (whole, key) => replacements[key] ?? whole);
  }
  return { translate: ['value', translate] };
}
