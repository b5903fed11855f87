// What a diagram would lose if it were read and written by this editor: elements, attributes, extensions and texts, compared as XML means them.
// Comments, whitespace between elements, order of attributes, prefixes and spellings of one number do not count.
import { words } from '../words.js';

const BPMN = 'http://www.omg.org/spec/BPMN/20100524/MODEL';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const LAYOUT = ['http://www.omg.org/spec/DD/20100524/DC', 'http://www.omg.org/spec/DD/20100524/DI', 'http://www.omg.org/spec/BPMN/20100524/DI'];
const QNAMES = new Set(['itemSubjectRef', 'structureRef', 'messageRef', 'errorRef', 'escalationRef', 'signalRef', 'operationRef', 'processRef', 'calledElement', 'dataStoreRef', 'bpmnElement']);
const SHOWN = 20;

/** What stands in `before` and not in `after`. `isDefault(type, attribute, value)`: a default need not be written. Null: `before` is not XML. */
export function lost(before, after, isDefault = () => false) {
  const was = facts(before, isDefault);
  const is = facts(after, isDefault);
  if (!was || !is) return null;
  const missing = [];
  for (const [fact, count] of was) if ((is.get(fact) ?? 0) < count) missing.push(...Array(count - (is.get(fact) ?? 0)).fill(fact));
  return missing;
}

/** The first of a list, and how many more there are. */
export function shown(all) {
  return all.length > SHOWN ? [...all.slice(0, SHOWN), `+${all.length - SHOWN}`] : all;
}

/** What the library said about a file that it read, in the page's language where the sentence is one of the usual. */
export function warned(said) {
  const [, what] = /^unparsable content <([^>]+)> detected/.exec(said) ?? [];
  if (what) return words(`không hiểu phần <${what}>`, said);
  const [, reference] = /^unresolved reference <([^>]+)>/.exec(said) ?? [];
  if (reference) return words(`có nhắc tới <${reference}>, nhưng trong tệp không có`, said);
  const [, shape] = /^no bpmnElement referenced in <(.+?) ?\/?>$/.exec(said) ?? [];
  return shape ? words(`hình <${shape}> không thuộc phần tử nào`, said) : said;
}

function facts(xml, isDefault) {
  const parsed = new DOMParser().parseFromString(xml, 'text/xml');
  if (parsed.getElementsByTagName('parsererror').length) return null;
  const found = new Map();
  const add = (fact) => found.set(fact, (found.get(fact) ?? 0) + 1);
  walk(parsed.documentElement, place(parsed.documentElement, null), add, isDefault);
  return found;
}

/** An element is known by its id, or else by its name below the next element with an id. */
function place(element, above) {
  const name = `${element.namespaceURI === BPMN ? '' : `${short(element.namespaceURI)}:`}${element.localName}`;
  const id = element.getAttribute('id');
  return id ? `${name} #${id}` : `${above ? `${above} > ` : ''}${name}`;
}

function short(uri) {
  return (uri ?? '').replace(/\/+$/, '').split('/').slice(-3).join('/');
}

function walk(element, here, add, isDefault, above = '') {
  // Shapes may move to the drawing of their sub-process; everything else stays where it is.
  add(LAYOUT.includes(element.namespaceURI) ? here : `${here} < ${above}`);
  for (const attribute of element.attributes) {
    if (attribute.namespaceURI === 'http://www.w3.org/2000/xmlns/') continue;
    const name = attribute.namespaceURI ? `${short(attribute.namespaceURI)}:${attribute.localName}` : attribute.name;
    const value = meaning(element, attribute);
    if (value !== null && !isDefault(element, attribute, value)) add(`${here} @${name}="${value}"`);
  }
  const text = [...element.childNodes].filter((one) => one.nodeType === 3 || one.nodeType === 4).map((one) => one.nodeValue).join('').trim();
  if (text) add(`${here} "${element.namespaceURI === BPMN && /Refs?$|^incoming$|^outgoing$/.test(element.localName) ? bare(text, element) : text}"`);
  for (const child of element.children) walk(child, place(child, here), add, isDefault, here);
}

function meaning(element, attribute) {
  const { value } = attribute;
  if (attribute.namespaceURI === XSI) {
    if (attribute.localName === 'schemaLocation') return null;
    // A point is a point without saying so.
    if (attribute.localName === 'type' && LAYOUT.includes(element.namespaceURI)) return null;
    if (attribute.localName === 'type') return bare(value, element).replace(/^t(?=[A-Z])/, '');
  }
  if (LAYOUT.includes(element.namespaceURI) && value.trim() !== '' && Number.isFinite(Number(value))) return String(Number(value));
  if (!attribute.namespaceURI && (QNAMES.has(attribute.name) || /Ref$/.test(attribute.name))) return bare(value, element);
  return value.replace(/[\t\r\n]/g, ' ');
}

/** A qualified name without the prefix when the prefix is one of this document. */
function bare(value, element) {
  const at = value.indexOf(':');
  return at > 0 && element.lookupNamespaceURI(value.slice(0, at)) ? value.slice(at + 1) : value;
}
