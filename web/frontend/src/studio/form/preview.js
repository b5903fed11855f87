// The form as staff will see it, drawn by the server in a frame of its own: its width decides as on their screens.
import { ServerError } from '../server.js';
import { node, words } from '../words.js';

const PAUSE = 400;

export class Preview {
  /** `select(name)` is called with the path of the field that was clicked. */
  constructor(root, file, read, select) {
    this.file = file;
    this.read = read;
    this.select = select;
    this.frame = root.querySelector('[data-frame]');
    this.said = root.querySelector('[data-preview-said]');
    this.samples = root.querySelector('[data-samples]');
    this.wrong = root.querySelector('[data-wrong]');
    this.typed = {};
    this.entered = null;
    this.asked = 0;
    this.wrong.addEventListener('change', () => this.later(0));
    root.querySelector('[data-narrow]').addEventListener('change', (event) => this.frame.toggleAttribute('data-phone', event.target.checked));
    root.querySelector('[data-afresh]').addEventListener('click', () => {
      this.entered = null;
      this.wrong.checked = false;
      this.later(0);
    });
    this.samples.addEventListener('input', (event) => {
      this.typed[event.target.name] = event.target.value;
      this.later();
    });
    file.addEventListener('change', () => this.later());
    file.addEventListener('shown', () => this.later(0));
    this.frame.addEventListener('load', () => this.arrived());
  }

  later(wait = PAUSE) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), wait);
  }

  async ask(pressed = null) {
    const asked = ++this.asked;
    try {
      const answer = await this.file.server.post('xem-form', { content: await this.read(), variables: this.typed, entered: this.entered, pressed, wrong: this.wrong.checked });
      if (asked === this.asked) this.draw(answer);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      if (asked === this.asked) this.say(`${words('Chưa vẽ được.', 'Could not be drawn.')} ${error.message}`);
    }
  }

  draw(answer) {
    // What cannot be drawn is said; the last form that could be drawn stays.
    this.say(answer.error ?? (this.wrong.checked && !answer.errors ? words('Không có chỗ nào chưa đúng với những gì đang nhập.', 'Nothing is wrong with what is entered.') : ''));
    if (answer.error) return;
    this.ask_for(answer.samples);
    this.scroll = this.frame.contentWindow?.scrollY ?? 0;
    this.frame.srcdoc = answer.html;
  }

  ask_for(samples) {
    const shape = JSON.stringify(samples);
    if (shape === this.shape) return;
    this.shape = shape;
    this.samples.hidden = !samples.length;
    this.samples.querySelector('[data-sample-fields]').replaceChildren(...samples.map(({ name }, at) => node('div', {},
      node('label', { class: 'form-label', for: `sample-${at}` }, node('code', {}, name)),
      node('input', { class: 'form-control', id: `sample-${at}`, name, value: this.typed[name] ?? '', autocomplete: 'off' }))));
  }

  say(text) {
    this.said.textContent = text;
    this.frame.toggleAttribute('data-old', Boolean(text) && !this.wrong.checked);
  }

  arrived() {
    const page = this.frame.contentDocument;
    const form = page?.querySelector('form');
    if (!form) return;
    page.documentElement.setAttribute('data-bs-theme', document.documentElement.getAttribute('data-bs-theme') ?? 'light');
    this.frame.contentWindow.scrollTo(0, this.scroll);
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', (event) => this.enter(form, event.target.type === 'file' ? null : event.target));
    page.addEventListener('click', (event) => this.click(event, form));
    this.frame.dataset.drawn = String(this.asked);
  }

  enter(form) {
    this.entered = [...new (this.frame.contentWindow.FormData)(form)].filter(([, value]) => typeof value === 'string');
    this.ask();
  }

  click(event, form) {
    const press = event.target.closest('button[name]');
    const link = event.target.closest('a');
    if (link && !link.getAttribute('href')?.startsWith('#')) event.preventDefault();
    if (press) {
      event.preventDefault();
      this.entered = [...new (this.frame.contentWindow.FormData)(form)].filter(([, value]) => typeof value === 'string');
      this.ask([press.name, press.value]).then(() => this.keep());
      return;
    }
    const place = event.target.closest('.form-field, .form-row, .form-list, [class^="col-"]');
    const control = event.target.closest('[name]') ?? place?.querySelector('[name]');
    const name = control?.name || place?.id.replace(/^f-/, '').replace(/-/g, '.');
    if (name) this.select(name.split('.').filter((part) => !/^\d+$/.test(part)));
  }

  /** After a button: the rows that are there now are what was entered, not the button pressed again and again. */
  keep() {
    this.frame.addEventListener('load', () => {
      const form = this.frame.contentDocument?.querySelector('form');
      if (form) this.entered = [...new (this.frame.contentWindow.FormData)(form)].filter(([, value]) => typeof value === 'string');
    }, { once: true });
  }
}
