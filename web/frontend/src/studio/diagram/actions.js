// What the panel can do beside changing the diagram: make a form, show it as staff will see it, lead to another editor.
import { node, words } from '../words.js';

export class Actions {
  constructor(file, vocabulary) {
    this.file = file;
    this.vocabulary = vocabulary;
  }

  /** The editor page of another file of the folder. */
  address(name) {
    return `${this.file.server.api.replace(/\/api$/, '')}/tep/${name.split('/').map(encodeURIComponent).join('/')}`;
  }

  /** An empty form with this id. Throws ServerError, or an Error when there is such a form. */
  async makeForm(id) {
    const name = `forms/${id}.form`;
    if (this.vocabulary.form(id)) throw new Error(words(`Đã có biểu mẫu ${id}.`, `There is a form ${id} already.`));
    const content = JSON.stringify({ type: 'default', id, schemaVersion: 18, components: [] }, null, 2);
    await this.file.server.put(`tep/${name}`, { content: `${content}\n`, base: null });
    await this.vocabulary.load();
    return id;
  }

  async previewForm(known) {
    const place = node('div', { class: 'studio-preview', tabindex: '0', role: 'region', 'aria-label': words('Bản xem trước', 'Preview') }, words('Đang tải…', 'Loading…'));
    const close = node('button', { type: 'button', class: 'btn btn-quiet', onclick: () => dialog.close() }, words('Đóng', 'Close'));
    const dialog = node('dialog', { class: 'studio-dialog studio-wide', 'aria-label': known.name ?? known.id }, node('h2', {}, known.name ?? known.id), place, node('p', { class: 'mt-3 mb-0' }, close));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    try {
      const { content } = await this.file.server.get(`tep/${known.file}`);
      const { html } = await this.file.server.post('xem-form', { content, variables: {} });
      // The server's own markup of the form; sanitised there as on the page of a task, and scripts do not run from it.
      const sheet = node('div', { inert: true });
      sheet.innerHTML = html;
      place.replaceChildren(sheet);
    } catch (error) {
      place.textContent = words(`Không xem trước được: ${error.message}`, `No preview: ${error.message}`);
    }
  }
}
