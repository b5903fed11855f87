// A file of a draft while it is edited: loaded, saved by itself, kept in this browser while the server has not got it, never lost.
//
//   const file = new Document(root, { read: async () => text, show: async (text) => {}, lock: (reason) => {} });
//   await file.open();      loads and calls show()
//   file.changed();         after each edit; saving follows by itself
//   await file.save();      now (Ctrl+S is bound to it)
//   file.readOnly(reason, more);  nothing is saved from here on; the reason is shown, and more of it on request
//   file.server             get, put, post of the folder's API
//   file.addEventListener('change' | 'saved' | 'shown', ...)
//
// `root` carries data-api, data-name, data-user, data-csrf, data-login and holds [data-document-status] and [data-document-notices].
import { Conflict } from './conflict.js';
import { forget, keep, kept } from './kept.js';
import { Notices } from './notices.js';
import { Server, ServerError } from './server.js';
import { clock, words } from './words.js';

const PAUSE = 1500; // from the last edit to saving
const KEEP = 300; // from the last edit to the copy in this browser
const LONGEST = 10_000; // who never pauses is saved all the same
const BEAT = 30_000;
const RETRIES = [2000, 4000, 8000, 15_000, 30_000];

export class Document extends EventTarget {
  constructor(root, editor) {
    super();
    this.root = root;
    this.editor = editor;
    this.name = root.dataset.name;
    this.server = new Server(root);
    this.notices = new Notices(root);
    this.key = `${root.dataset.user} ${root.dataset.api} ${this.name}`;
    this.edits = 0; // counted, so that an edit made while saving is not taken for saved
    this.safe = 0;
    this.failures = 0;
    this.locked = null;
    this.base = null;
    this.listen();
  }

  get dirty() {
    return this.edits !== this.safe;
  }

  /** Load and show. What this browser still holds unsaved is shown instead of the server's. Throws ServerError. */
  async open() {
    const path = `tep/${this.name}`;
    const answer = await this.server.get(path);
    const mine = await kept(this.key);
    this.base = answer.sha256;
    this.locked = null;
    const restored = mine && mine.content !== answer.content && answer.editable !== false;
    await this.editor.show(restored ? mine.content : answer.content);
    this.dispatchEvent(new Event('shown'));
    if (answer.editable === false) this.readOnly(this.why(answer));
    this.holder(answer.lock);
    if (restored && !this.locked) await this.restore(mine);
    else {
      if (mine && !restored) await forget(this.key);
      if (!this.locked) this.status(words('Mọi thay đổi đã được lưu', 'All changes are saved'));
    }
    clearInterval(this.beat);
    this.beat = setInterval(() => this.heartbeat(), BEAT);
    this.heartbeat();
    return answer;
  }

  why(answer) {
    if (answer.reason) return answer.reason;
    return words('Tệp này chỉ xem được.', 'This file can only be looked at.');
  }

  async restore(mine) {
    // The base of what was kept decides: had somebody saved since, the server says so and keeps both.
    this.base = mine.base;
    this.edits += 1;
    this.notices.put('restored', 'active', words(
      `Phần chưa kịp lưu lúc ${clock(mine.at)} đã được lấy lại từ trình duyệt này.`,
      `What was not saved at ${clock(mine.at)} has been brought back from this browser.`,
    ));
    await this.save();
  }

  changed() {
    if (this.locked) return;
    this.edits += 1;
    this.dispatchEvent(new Event('change'));
    this.status(words('Chưa lưu…', 'Not saved yet…'));
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), KEEP);
    this.first ??= Date.now();
    this.later(Math.max(0, Math.min(PAUSE, this.first + LONGEST - Date.now())));
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async keep(content) {
    if (this.locked || !this.dirty) return;
    const edits = this.edits;
    content ??= await this.editor.read();
    if (edits !== this.safe) await keep(this.key, { content, base: this.base, at: new Date().toISOString() });
  }

  /** Send what there is. One sending at a time; what is edited meanwhile follows. */
  save() {
    clearTimeout(this.timer);
    this.saving ??= this.send().finally(() => {
      this.saving = null;
    });
    return this.saving;
  }

  async send() {
    if (this.locked || this.conflict) return;
    if (!this.dirty) {
      this.status(this.said ?? words('Mọi thay đổi đã được lưu', 'All changes are saved'));
      return;
    }
    const edits = this.edits;
    const content = await this.editor.read();
    await this.keep(content);
    this.status(words('Đang lưu…', 'Saving…'));
    try {
      await this.received(await this.server.put(`tep/${this.name}`, { content, base: this.base }), edits);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      await this.failed(error, content, edits);
    }
  }

  async received(answer, edits) {
    this.base = answer.sha256;
    this.unanswered = undefined;
    this.safe = edits;
    this.failures = 0;
    this.first = null;
    for (const kind of ['offline', 'ended', 'restored', 'refused']) this.notices.take(kind);
    if (this.dirty) {
      this.keep();
      this.later(PAUSE);
    } else {
      clearTimeout(this.keeping);
      await forget(this.key);
    }
    this.said = words(`Đã lưu lúc ${clock(answer.saved_at)}`, `Saved at ${clock(answer.saved_at)}`);
    this.status(this.said);
    this.dispatchEvent(new CustomEvent('saved', { detail: answer }));
  }

  async failed(error, content, edits) {
    if (error.kind === 'conflict') {
      if (await this.arrived()) {
        await this.send();
        return;
      }
      this.conflict = new Conflict(this, error.answer, content, edits);
      return;
    }
    // The answer may have been lost on the way, and not the question.
    if (error.kind === 'offline') this.unanswered = content;
    const wait = RETRIES[Math.min(this.failures, RETRIES.length - 1)];
    this.failures += 1;
    if (error.kind === 'ended') this.ended(error);
    else if (error.kind === 'offline') this.offline(error);
    else this.refused(error);
    if (error.kind !== 'refused') this.later(wait);
  }

  /** Whether the server has what was sent before and never answered; then it is what the next sending stands on. */
  async arrived() {
    if (this.unanswered === undefined) return false;
    const there = await this.server.get(`tep/${this.name}`).catch(() => null);
    if (there?.content !== this.unanswered.normalize('NFC')) return false;
    this.unanswered = undefined;
    this.base = there.sha256;
    return true;
  }

  offline(error) {
    this.status(words('Chưa lưu được lên máy chủ, sẽ tự thử lại', 'Not saved to the server, trying again'), 'late');
    this.notices.put('offline', 'late', words(
      `${error.message} Phần đã sửa được giữ trong trình duyệt này và sẽ tự lưu khi có kết nối. Đồng chí cứ làm tiếp.`,
      `${error.message} Your changes are kept in this browser and will be saved when the connection is back. Just go on.`,
    ));
  }

  ended(error) {
    this.status(words('Chưa lưu: cần đăng nhập lại', 'Not saved: log in again'), 'late');
    const why = error.status ? words('Phiên làm việc đã hết hạn.', 'Your session has ended.') : error.message;
    this.notices.put('ended', 'late', words(
      `${why} Phần đã sửa được giữ trong trình duyệt này. Đăng nhập lại ở thẻ mới rồi quay lại đây, bản nháp sẽ tự lưu.`,
      `${why} Your changes are kept in this browser. Log in again in a new tab and come back: the draft saves itself.`,
    ), { href: this.entrance(), label: words('Đăng nhập ở thẻ mới', 'Log in in a new tab') });
  }

  /** The log-in leads to the folder and not to this file: opened there as well it would be saved there, and this page would come too late. */
  entrance() {
    const address = new URL(this.root.dataset.login, location.href);
    address.searchParams.set('next', this.server.api.replace(/\/api$/, ''));
    return address.href;
  }

  refused(error) {
    this.status(words('Máy chủ không nhận bản này', 'The server did not accept this'), 'late');
    this.notices.put('refused', 'late', words(
      `Chưa lưu được: ${error.message} Phần đã sửa vẫn còn ở đây và trong trình duyệt này.`,
      `Not saved: ${error.message} Your changes are still here and in this browser.`,
    ));
  }

  /** Take another content, as the server has it now: after a conflict, after an earlier draft was brought back. */
  async reload() {
    clearTimeout(this.timer);
    clearTimeout(this.keeping);
    await forget(this.key);
    this.conflict = null;
    this.safe = this.edits;
    await this.open();
  }

  readOnly(reason, more) {
    this.locked = reason;
    clearTimeout(this.timer);
    clearTimeout(this.keeping);
    this.safe = this.edits;
    this.editor.lock?.(reason);
    this.status(words('Chỉ xem', 'Read only'), 'late');
    this.notices.put('readonly', 'active', reason, more);
  }

  status(text, kind = '') {
    const place = this.root.querySelector('[data-document-status]');
    if (!place) return;
    place.textContent = text;
    place.dataset.kind = kind;
  }

  async heartbeat() {
    if (document.hidden || this.locked) return;
    try {
      this.holder((await this.server.post(`khoa/${this.name}`)).lock);
    } catch (error) {
      if (error.kind === 'ended') this.ended(error);
    }
  }

  holder(lock) {
    if (!lock || lock.mine) {
      this.notices.take('holder');
      return;
    }
    this.notices.put('holder', 'active', words(
      `${lock.name} đang sửa tệp này từ ${clock(lock.since)}. Nếu cả hai cùng sửa, không bản nào bị mất, nhưng sau đó phải chọn một.`,
      `${lock.name} has been editing this file since ${clock(lock.since)}. If both edit, nothing is lost, but one has to be chosen afterwards.`,
    ));
  }

  listen() {
    window.addEventListener('beforeunload', (event) => {
      if (this.dirty && !this.locked) event.preventDefault();
    });
    const retry = () => {
      if (this.dirty && this.failures) this.save();
    };
    window.addEventListener('online', retry);
    window.addEventListener('focus', retry);
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) {
        if (this.dirty) this.save();
      } else {
        retry();
        this.heartbeat();
      }
    });
    document.addEventListener('keydown', (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 's') {
        event.preventDefault();
        // A field that saves when it is left has not handed over its last letters yet.
        const field = document.activeElement;
        if (field?.matches('input, textarea, select')) {
          field.blur();
          field.focus();
        }
        setTimeout(() => this.save(), 0);
      }
    }, true);
  }
}
