// Another saved first. The server has kept both; a person chooses which one goes on under the file's name.
import { forget } from './kept.js';
import { clock, node, words } from './words.js';

export class Conflict {
  constructor(file, answer, content, edits) {
    this.file = file;
    this.answer = answer;
    this.content = content;
    this.edits = edits;
    file.status(words('Chưa lưu: người khác đã sửa tệp này', 'Not saved: somebody else changed this file'), 'late');
    this.draw();
  }

  draw() {
    const who = this.answer.by || words('Người khác', 'Somebody else');
    const when = this.answer.at ? ` ${words('lúc', 'at')} ${clock(this.answer.at)}` : '';
    this.said = node('p', { class: 'text-danger', role: 'alert' });
    this.dialog = node('dialog', { class: 'studio-dialog', 'aria-labelledby': 'conflict-title', 'data-conflict': true },
      node('h2', { id: 'conflict-title' }, words('Hai người cùng sửa tệp này', 'Two people changed this file')),
      node('p', {}, words(
        `${who} đã lưu tệp này${when}, sau khi đồng chí mở nó. Không bản nào mất: bản của đồng chí đã được giữ lại trên máy chủ như một bản phụ. Chọn cách làm tiếp:`,
        `${who} saved this file${when}, after you opened it. Nothing is lost: yours has been kept on the server as a side revision. Choose how to go on:`,
      )),
      this.choice(words('Xem và làm tiếp bản của họ', 'See theirs and go on with it'), words('Trang này chuyển sang bản mới nhất trên máy chủ.', 'This page changes to the newest on the server.'), () => this.theirs(), true),
      this.choice(words('Giữ bản của tôi thành tệp khác', 'Keep mine as another file'), words(`Tên tệp: ${this.copyName()}`, `File name: ${this.copyName()}`), () => this.copy()),
      this.choice(words('Dùng bản của tôi', 'Use mine'), words('Bản của họ vẫn còn trong lịch sử bản nháp và lấy lại được.', 'Theirs stays in the history of the draft and can be brought back.'), () => this.mine()),
      this.said,
    );
    // Esc must not leave a page that looks as if all were well.
    this.dialog.addEventListener('cancel', (event) => event.preventDefault());
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  choice(label, hint, act, primary = false) {
    const button = node('button', { type: 'button', class: `btn ${primary ? 'btn-primary' : 'btn-quiet'}`, onclick: () => this.go(act) }, label);
    return node('p', { class: 'studio-choice' }, button, node('span', { class: 'form-text' }, hint));
  }

  /** Run a choice once; when it fails the dialog stays and says why. */
  async go(act) {
    for (const button of this.dialog.querySelectorAll('button')) button.disabled = true;
    try {
      await act();
      this.dialog.close();
      this.dialog.remove();
    } catch (error) {
      this.said.textContent = words(`Chưa làm được: ${error.message} Hãy thử lại.`, `That did not work: ${error.message} Try again.`);
      for (const button of this.dialog.querySelectorAll('button')) button.disabled = false;
    }
  }

  theirs() {
    return this.file.reload();
  }

  async copy() {
    const name = this.copyName();
    await this.file.server.put(`tep/${name}`, { content: await this.file.editor.read(), base: null });
    await this.file.reload();
    this.file.notices.put('copied', 'done', words(`Bản của đồng chí nằm ở tệp ${name} trong cùng thư mục.`, `Yours is in file ${name} of the same folder.`));
  }

  async mine() {
    this.file.base = this.answer.sha256;
    this.file.conflict = null;
    await forget(this.file.key);
    await this.file.save();
  }

  copyName() {
    const now = new Date().toLocaleString('sv-SE', { timeZone: 'Asia/Ho_Chi_Minh' }).replace(/[^0-9]/g, '').slice(0, 14);
    this.stamp ??= now;
    return this.file.name.replace(/(\.[a-z]+)?$/i, `_${this.file.server.user}_${this.stamp}$1`);
  }
}
