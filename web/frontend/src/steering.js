// The diagram of a case that is moved by hand: a click on a place where it stands ticks its box, a click on another step chooses it as the
// target. The boxes and the select field are what is sent; the diagram only shows them.
import { Drawing } from './drawing.js';

class Steering {
  constructor(form) {
    this.form = form;
    const box = form.querySelector('.canvas');
    this.drawing = new Drawing(box, box.dataset.failed);
    this.said = form.querySelector('[data-picking]');
    this.target = form.querySelector('select[name=target]');
    this.places = [...form.querySelectorAll('input[name=place]')];
  }

  async show() {
    this.form.addEventListener('change', () => this.paint());
    this.paint();
    if (!await this.drawing.show()) return;
    this.drawing.clicks((id) => this.choose(id));
    this.paint();
    this.form.dataset.ready = 'true';
  }

  choose(id) {
    const boxes = this.places.filter((box) => box.dataset.element === id);
    if (boxes.length) {
      const on = !boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = on;
    } else if ([...this.target.options].some((option) => option.value === id)) {
      this.target.value = id;
      const move = this.form.querySelector('input[name=way][value=chuyen]');
      if (move) move.checked = true;
    } else {
      this.said.textContent = this.said.dataset.unfit;
      return;
    }
    this.paint();
  }

  paint() {
    const skip = this.form.querySelector('input[name=way]:checked')?.value === 'bo_qua';
    this.form.querySelector('[data-target]').hidden = skip;
    this.said.textContent = this.target.value && !skip ? `${this.said.dataset.to}: ${this.target.selectedOptions[0].textContent}` : this.said.dataset.none;
    const wanted = new Map();
    for (const box of this.places) wanted.set(box.dataset.element, box.checked ? 'gone' : 'here');
    if (this.target.value && !skip) wanted.set(this.target.value, 'added');
    this.drawing.paint(wanted);
  }
}

for (const form of document.querySelectorAll('[data-steering]')) new Steering(form).show();
