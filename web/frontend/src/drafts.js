// What is typed is kept: on the server while the session lasts, in this tab when it does not (an expired session, a lost network).
const WAIT = 1200;

export function drafts() {
  for (const form of document.querySelectorAll('form[data-draft]')) new Draft(form);
}

class Draft {
  constructor(form) {
    this.form = form;
    this.key = `draft ${form.dataset.draft} ${form.dataset.draftOwner}`;
    this.said = form.querySelector('[data-draft-said]');
    this.last = this.text();
    this.restore();
    form.addEventListener('input', () => this.later());
    form.addEventListener('change', () => this.later());
    form.addEventListener('submit', () => {
      clearTimeout(this.timer);
      this.keep();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.hidden && this.timer) this.save();
    });
  }

  /** The fields as they would be sent, without files and the token of the session. */
  fields() {
    return [...new FormData(this.form)].filter(([name, value]) => typeof value === 'string' && name !== 'csrf_token');
  }

  text() {
    return JSON.stringify(this.fields());
  }

  /** Without the files: those are on the server as soon as they are in the form. */
  typed(fields) {
    const files = new Set([...this.form.querySelectorAll('input[type="file"]')].map((field) => field.name));
    return JSON.stringify(fields.filter(([name]) => !files.has(name)));
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), WAIT);
  }

  async save() {
    clearTimeout(this.timer);
    this.timer = null;
    const text = this.text();
    if (text === this.last) return;
    this.keep();
    const body = new FormData();
    for (const [name, value] of this.fields()) body.append(name, value);
    const token = this.form.querySelector('[name=csrf_token]').value;
    let response;
    try {
      response = await fetch(this.form.dataset.draft, { method: 'POST', body, headers: { 'X-CSRFToken': token, Accept: 'application/json' } });
    } catch {
      this.say(this.form.dataset.saidOffline);
      return;
    }
    if (response.ok) {
      this.last = text;
      this.forget();
      this.say(`${this.form.dataset.saidSaved} ${new Date().toLocaleTimeString('vi-VN', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Ho_Chi_Minh' })}`);
    } else if (response.status === 401 || response.status === 400) {
      this.say(this.form.dataset.saidEnded);
      document.querySelector('[data-session-ended]')?.removeAttribute('hidden');
    } else {
      this.say(this.form.dataset.saidFailed);
    }
  }

  say(text) {
    if (this.said) this.said.textContent = text;
  }

  keep() {
    try {
      sessionStorage.setItem(this.key, this.text());
    } catch {
      // A full or forbidden storage: the server's draft is what there is.
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.key);
    } catch {
      // Nothing was kept there either.
    }
  }

  /** What this tab still holds is newer than the server's draft: it was never received there. */
  restore() {
    let kept;
    try {
      kept = JSON.parse(sessionStorage.getItem(this.key) ?? 'null');
    } catch {
      return;
    }
    if (!kept || this.form.hasAttribute('data-draft-fixed')) {
      this.forget();
      return;
    }
    if (this.typed(kept) === this.typed(this.fields())) {
      this.forget();
      return;
    }
    fill(this.form, kept);
    this.say(this.form.dataset.saidRestored);
    document.querySelector('[data-draft-restored]')?.removeAttribute('hidden');
    this.timer = setTimeout(() => this.save(), WAIT);
  }
}

function fill(form, fields) {
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || field.name === 'csrf_token' || field.type === 'file' || field.type === 'hidden' || field.type === 'submit') continue;
    const wanted = values.get(field.name) ?? [];
    if (field.type === 'checkbox' || field.type === 'radio') field.checked = wanted.includes(field.value);
    else if (field.multiple) for (const option of field.options) option.selected = wanted.includes(option.value);
    else if (wanted.length) field.value = wanted.shift();
  }
}
