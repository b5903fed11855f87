// What the reader of the modeler stumbles over although it is right, made easy for it: the text comes in as letters, whatever encoding the file declares;
// and a prefix that means another namespace here than in this editor (`camunda:` of an older tool) gets another name.

/** `packages`: [{ prefix, uri }] that the reader knows. */
export function tidy(xml, packages) {
  const text = xml.replace(/^(\s*<\?xml\b[^>]*?\bencoding\s*=\s*["'])[A-Za-z][\w.-]*/, '$1UTF-8');
  const taken = new Map(packages.map((one) => [one.prefix, one.uri]));
  const clashes = [...text.matchAll(/\bxmlns:([\w.-]+)\s*=\s*["']([^"']*)["']/g)].some(([, prefix, uri]) => taken.has(prefix) && !same(taken.get(prefix), uri, packages));
  if (!clashes) return text;
  const parsed = new DOMParser().parseFromString(text, 'text/xml');
  if (parsed.getElementsByTagName('parsererror').length) return text;
  rename(parsed, parsed.documentElement, (prefix, uri) => taken.has(prefix) && !same(taken.get(prefix), uri, packages));
  return new XMLSerializer().serializeToString(parsed);
}

/** The reader itself follows other prefixes for what it knows: only a foreign namespace under a known prefix is in its way. */
function same(known, uri, packages) {
  return known === uri || packages.some((one) => one.uri === uri);
}

function rename(parsed, element, clashes) {
  for (const child of [...element.children]) rename(parsed, child, clashes);
  for (const attribute of [...element.attributes]) {
    const { prefix, localName, namespaceURI, value } = attribute;
    if (prefix === 'xmlns' && clashes(localName, value)) {
      element.removeAttributeNode(attribute);
      element.setAttributeNS('http://www.w3.org/2000/xmlns/', `xmlns:${other(localName)}`, value);
    } else if (prefix && clashes(prefix, namespaceURI)) {
      element.removeAttributeNode(attribute);
      element.setAttributeNS(namespaceURI, `${other(prefix)}:${localName}`, value);
    }
  }
  if (element.prefix && clashes(element.prefix, element.namespaceURI)) {
    const made = parsed.createElementNS(element.namespaceURI, `${other(element.prefix)}:${element.localName}`);
    for (const attribute of [...element.attributes]) made.setAttributeNodeNS(element.removeAttributeNode(attribute));
    made.append(...element.childNodes);
    element.replaceWith(made);
  }
}

function other(prefix) {
  return `${prefix}_1`;
}
