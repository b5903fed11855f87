// What exists in this installation and in this folder, as the panel offers it. Empty where it could not be loaded: everything can still be typed.
export class Vocabulary {
  constructor(server) {
    this.server = server;
    this.known = {};
  }

  async load() {
    try {
      this.known = await this.server.get('tu-vung');
    } catch {
      // The panel works without suggestions.
    }
  }

  list(name) {
    return this.known[name] ?? [];
  }

  users() {
    return this.list('users').map((one) => ({ value: one.username, label: one.name }));
  }

  roles() {
    return this.list('roles').map((one) => ({ value: one.code, label: one.code }));
  }

  /** Bodies by name, then the variables that hold one. */
  bodies() {
    const fixed = this.list('organisations').map((one) => ({ value: one.code, label: one.name }));
    return [...this.list('organisation_variables').map((name) => ({ value: `\${${name}}`, label: `\${${name}}` })), ...fixed];
  }

  /** What a candidate group means: the body's name, and whether somebody is there. */
  group(text) {
    const body = text.split('@')[1];
    return body && !body.includes('$') ? this.list('organisations').find((one) => one.code === body)?.name ?? '' : '';
  }

  forms() {
    return this.list('forms').map((one) => ({ value: one.id, label: one.name && one.name !== one.id ? `${one.name} (${one.id})` : one.id }));
  }

  form(id) {
    return this.list('forms').find((one) => one.id === id);
  }

  decisions() {
    return this.list('decisions').map((one) => ({ value: one.id, label: one.name && one.name !== one.id ? `${one.name} (${one.id})` : one.id }));
  }

  decision(id) {
    return this.list('decisions').find((one) => one.id === id);
  }

  topics() {
    return this.list('topics').map((one) => ({ value: one.topic, label: one.title ? `${one.topic}: ${one.title}` : one.topic }));
  }

  topic(name) {
    return this.list('topics').find((one) => one.topic === name);
  }

  processes() {
    return this.list('processes').map((one) => ({ value: one.id, label: one.name }));
  }

  variables() {
    return this.list('variables').map((name) => ({ value: `\${${name}}`, label: '' }));
  }

  names() {
    return this.list('variables').map((name) => ({ value: name, label: '' }));
  }

  bases() {
    return this.list('legal_basis').map((text) => ({ value: text, label: '' }));
  }

  sentences() {
    return this.list('sentences');
  }
}
