// What an entry of the panel reads and writes: attributes, camunda:properties and other extension elements. Each write is one step to undo.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

export class Changer {
  constructor(injector) {
    this.commandStack = injector.get('commandStack');
    this.factory = injector.get('bpmnFactory');
  }

  /** Set attributes of `object` (default: the element's own); an empty text takes the attribute away. */
  set(element, properties, object = subject(element)) {
    const kept = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value === '' ? undefined : value]));
    this.commandStack.execute('element.updateModdleProperties', { element, moddleElement: object, properties: kept });
  }

  /** Set a camunda:property; empty takes it away, and what holds it when nothing is left in it. */
  property(element, name, value, object = subject(element)) {
    const holder = holders(object).find((one) => listed(one).some((each) => each.name === name)) ?? holders(object)[0];
    const found = holder && listed(holder).find((each) => each.name === name);
    if (found && value) return this.set(element, { value }, found);
    if (found) return this.list(element, object, holder, listed(holder).filter((one) => one !== found));
    if (!value) return undefined;
    if (holder) return this.list(element, object, holder, [...listed(holder), this.make('camunda:Property', { name, value }, holder)]);
    const made = this.make('camunda:Properties', {}, null);
    made.values = [this.make('camunda:Property', { name, value }, made)];
    return this.extend(element, object, [...extensions(object), made]);
  }

  list(element, object, holder, values) {
    if (values.length) this.set(element, { values }, holder);
    else this.extend(element, object, extensions(object).filter((one) => one !== holder));
  }

  /** Set a text-only extension element such as camunda:failedJobRetryTimeCycle. */
  body(element, type, text, object = subject(element)) {
    const found = extensions(object).find((one) => is(one, type));
    if (found && text) return this.set(element, { body: text }, found);
    if (found) return this.extend(element, object, extensions(object).filter((one) => one !== found));
    return text ? this.extend(element, object, [...extensions(object), this.make(type, { body: text }, null)]) : undefined;
  }

  extend(element, object, values) {
    const holder = object.get('extensionElements');
    if (holder) {
      for (const value of values) value.$parent = holder;
      if (values.length) this.set(element, { values }, holder);
      else this.set(element, { extensionElements: undefined }, object);
      return;
    }
    const made = this.make('bpmn:ExtensionElements', { values }, object);
    for (const value of values) value.$parent = made;
    this.set(element, { extensionElements: made }, object);
  }

  make(type, properties, parent) {
    const made = this.factory.create(type, properties);
    if (parent) made.$parent = parent;
    return made;
  }
}

/** What the panel edits: of a pool the process that it shows. */
export function subject(element) {
  const object = getBusinessObject(element);
  return is(object, 'bpmn:Participant') && object.processRef ? object.processRef : object;
}

export function extensions(object) {
  return object.get('extensionElements')?.get('values') ?? [];
}

function holders(object) {
  return extensions(object).filter((one) => is(one, 'camunda:Properties'));
}

function listed(holder) {
  return holder.get('values') ?? [];
}

export function property(element, name) {
  for (const holder of holders(subject(element))) for (const one of listed(holder)) if (one.name === name) return one.value ?? '';
  return '';
}

export function body(element, type) {
  return extensions(subject(element)).find((one) => is(one, type))?.get('body') ?? '';
}
