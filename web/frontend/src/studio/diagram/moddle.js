// How this editor reads and writes BPMN: with the Camunda 7 extensions, and every other tool's namespace as it stands.
// Registering a descriptor drops what the descriptor does not know, so no other one is registered.
import descriptor from 'camunda-bpmn-moddle/resources/camunda.json';
import { lost } from './loss.js';
import { tidy } from './tidy.js';

export const moddleExtensions = { camunda: descriptor };

/** Read `xml` into `modeler`, and compare what it would write with what came in. Throws when it cannot be read at all. */
export async function read(modeler, xml) {
  const { warnings } = await modeler.importXML(tidy(xml, modeler.get('moddle').registry.packages));
  const written = (await modeler.saveXML({ format: true })).xml;
  const missing = lost(xml, written, defaults(modeler.get('moddle')));
  return { warnings: warnings.map((one) => one.message ?? String(one)), missing: missing ?? [] };
}

/** Whether an attribute says what is meant without it. */
export function defaults(moddle) {
  return (element, attribute, value) => {
    const prefix = attribute.namespaceURI ? moddle.registry.packages.find((one) => one.uri === attribute.namespaceURI)?.prefix : null;
    const owner = moddle.registry.packages.find((one) => one.uri === element.namespaceURI);
    if (!owner) return false;
    const type = `${owner.prefix}:${element.localName[0].toUpperCase()}${element.localName.slice(1)}`;
    let known;
    try {
      known = moddle.getType(type).$descriptor.propertiesByName;
    } catch {
      return false; // A property element such as `incoming` has no type of its own.
    }
    const property = known[prefix ? `${prefix}:${attribute.localName}` : attribute.name];
    return property !== undefined && property.default !== undefined && String(property.default) === value;
  };
}
