// Whether what an editor would write still holds everything that came in: elements, attributes, text. Comments, order of attributes and
// whitespace between elements do not count. What is new counts neither: an editor may add.

const DEFAULTS = new Set(['hitPolicy=UNIQUE', 'textFormat=text/plain', 'isCollection=false', 'preferredOrientation=Rule-as-Row']);
const XMLNS = 'http://www.w3.org/2000/xmlns/';

/** The first thing that would be lost, as { element, what }; null when nothing would. Both are XML texts. */
export function lost(before, after) {
  const [old, now] = [before, after].map((text) => new DOMParser().parseFromString(text, 'application/xml'));
  if (now.querySelector('parsererror')) return { element: '', what: 'xml' };
  return old.querySelector('parsererror') ? null : compare(old.documentElement, now.documentElement);
}

function compare(old, now) {
  if (name(old) !== name(now)) return { element: title(old), what: old.nodeName };
  for (const attribute of old.attributes) {
    if (attribute.namespaceURI === XMLNS || DEFAULTS.has(`${attribute.localName}=${attribute.value}`)) continue;
    if (now.getAttributeNS(attribute.namespaceURI, attribute.localName) !== attribute.value) return { element: title(old), what: attribute.name };
  }
  if (text(old) !== text(now)) return { element: title(old), what: text(old).slice(0, 60) };
  return children(old, now);
}

/** Children of one name keep their order; those of different names may be sorted otherwise. */
function children(old, now) {
  const there = new Map();
  for (const child of now.children) there.set(name(child), [...(there.get(name(child)) ?? []), child]);
  const seen = new Map();
  for (const child of old.children) {
    const at = seen.get(name(child)) ?? 0;
    seen.set(name(child), at + 1);
    const other = there.get(name(child))?.[at];
    // An empty holder that says nothing may go.
    if (!other && !child.attributes.length && !child.textContent.trim() && !child.children.length) continue;
    const found = other ? compare(child, other) : { element: title(old), what: child.nodeName };
    if (found) return found;
  }
  return null;
}

function name(element) {
  return `{${element.namespaceURI}}${element.localName}`;
}

function title(element) {
  return element.closest('[id]')?.getAttribute('id') ?? element.nodeName;
}

function text(element) {
  const own = [...element.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE || one.nodeType === Node.CDATA_SECTION_NODE);
  const said = own.map((one) => one.data).join('');
  return element.children.length ? said.trim() : said;
}
