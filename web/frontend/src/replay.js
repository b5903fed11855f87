// The slider under the diagram of a case: how it stood at every moment, and what happened then. web/replay.py says what comes from the server.

const MAPS = ['active', 'passed', 'calls', 'failed'];

export class Replay {
  /** `box`: the fold with the slider. `open(address)` puts a diagram on the canvas; `diagram`: the address of the present one. */
  constructor(box, picture, open, diagram) {
    Object.assign(this, { box, picture, open, diagram, at: null, etag: null, data: null, version: null });
    this.slider = box.querySelector('input[type=range]');
    this.told = box.querySelector('[data-told]');
    box.addEventListener('toggle', () => (box.open ? this.begin() : this.leave()));
    this.slider.addEventListener('input', () => this.go(Number(this.slider.value)));
    for (const button of box.querySelectorAll('[data-by]')) button.addEventListener('click', () => this.go(Number(this.slider.value) + Number(button.dataset.by)));
    box.querySelector('[data-now]').addEventListener('click', () => this.go(this.last));
    // The case went on: the slider grows, and whoever looks at an earlier moment goes on looking at it.
    picture.changed = () => { if (box.open && this.data) this.load().then(() => this.go(this.at === null ? this.last : this.at)); };
    box.hidden = false;
    const asked = Number(new URLSearchParams(location.search).get('luc'));
    if (asked) {
      this.asked = asked;
      box.open = true;
    }
  }

  get last() {
    return this.data.moments.length - 1;
  }

  async begin() {
    if (!this.data && !(await this.load())) return;
    let number = this.at ?? this.last;
    if (this.asked) number = Math.max(0, this.data.moments.findLastIndex((one) => one.at <= this.asked));
    this.asked = null;
    await this.go(number);
  }

  /** Folded in: the diagram shows the case as it is. */
  async leave() {
    if (this.data) await this.go(this.last);
  }

  async load() {
    try {
      const response = await fetch(this.box.dataset.replay, { headers: { Accept: 'application/json', ...(this.etag && { 'If-None-Match': this.etag }) } });
      if (response.status === 401) document.querySelector('[data-session-ended]')?.removeAttribute('hidden');
      if (response.status === 304) return true;
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      this.etag = response.headers.get('ETag');
      this.data = await response.json();
    } catch {
      // What was loaded before is still true of the time that it is about.
      if (!this.data) this.told.textContent = this.box.dataset.lost;
      return Boolean(this.data);
    }
    this.version ??= this.data.version;
    this.slider.max = this.last;
    this.slider.disabled = this.last < 1;
    return true;
  }

  async go(number) {
    const place = Math.min(Math.max(number, 0), this.last);
    this.at = place === this.last ? null : place;
    this.slider.value = place;
    const state = this.state(place);
    this.slider.setAttribute('aria-valuetext', `${this.data.moments[place].shown}, ${this.nth(place)}`);
    for (const button of this.box.querySelectorAll('[data-by]')) button.disabled = Number(button.dataset.by) < 0 ? place === 0 : place === this.last;
    this.tell(place, state);
    await this.show(state, place);
    this.box.dataset.place = place;
  }

  /** Everything that the moments up to this one have changed, put together. */
  state(place) {
    const { names, moments } = this.data;
    const found = { active: {}, passed: {}, calls: {}, failed: {}, flows: [], state: '', version: 0 };
    for (const moment of moments.slice(0, place + 1)) {
      for (const key of MAPS) {
        for (const [id, value] of Object.entries(moment[key] ?? {})) {
          if (value) found[key][names[id]] = value;
          else delete found[key][names[id]];
        }
      }
      for (const id of moment.flows ?? []) found.flows.push(names[id]);
      found.state = moment.state ?? found.state;
      found.version = moment.version ?? found.version;
    }
    return found;
  }

  async show(state, place) {
    if (state.version !== this.version) {
      const now = state.version === this.data.version;
      try {
        await this.open(now ? this.diagram : `${this.diagram}?ban=${state.version}`);
      } catch {
        this.told.textContent = this.box.dataset.lost;
        return;
      }
      this.version = state.version;
      this.picture.forget();
    }
    // A faster hand may have gone on meanwhile.
    if (place !== (this.at ?? this.last)) return;
    const at = this.data.moments[place].at;
    const calls = Object.entries(state.calls).map(([id, [label, address]]) => [id, { label, address: address ? `${address}?luc=${at}` : '#ho-so-con' }]);
    this.picture.hold(this.at === null ? null : { ...state, failed: Object.keys(state.failed), calls: Object.fromEntries(calls) });
  }

  nth(place) {
    return this.box.dataset.nth.replace('{number}', place + 1).replace('{count}', this.last + 1);
  }

  /** The same in words, for who cannot see the picture. */
  tell(place, state) {
    const { words, people, moments } = this.data;
    const moment = moments[place];
    const head = line('p', '', line('strong', moment.shown), ` · ${this.nth(place)} · ${state.state}`);
    if (state.version !== this.data.version) head.append(` · ${this.box.dataset.version.replace('{version}', state.version)}`);
    const list = line('ul', '');
    for (const [word, person] of moment.said) list.append(line('li', `${words[word]} · ${person < 0 ? this.box.dataset.system : people[person]}`));
    const parts = [head, list, line('p', `${this.box.dataset.here} ${this.named(state.active) || this.box.dataset.nowhere}`)];
    if (Object.keys(state.failed).length) parts.push(line('p', `${this.box.dataset.failing} ${this.named(state.failed)}`, 'state-failed'));
    this.told.replaceChildren(...parts);
  }

  named(elements) {
    const { names, labels } = this.data;
    return Object.entries(elements).map(([id, count]) => (labels[names.indexOf(id)] || id) + (count > 1 ? ` (${count})` : '')).join(', ');
  }
}

function line(tag, text, ...more) {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const one of more) {
    if (typeof one === 'string' && one.startsWith('state-')) node.className = one;
    else node.append(one);
  }
  return node;
}
