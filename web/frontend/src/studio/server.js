// The studio's server as its editors see it: JSON in, JSON out. What can go wrong has a kind, so that nobody guesses from a status.
import { words } from './words.js';

const TIMEOUT = 30_000;

/** `kind`: offline (not reached, or out of order), ended (log in again), conflict (another was faster), refused (will not do it). */
export class ServerError extends Error {
  constructor(kind, sentence, answer = {}, status = 0) {
    super(sentence);
    this.kind = kind;
    this.answer = answer;
    this.status = status;
  }
}

export class Server {
  /** `root` carries data-api (address of the folder's API), data-csrf and data-user. */
  constructor(root) {
    this.api = root.dataset.api.replace(/\/$/, '');
    this.token = root.dataset.csrf;
    this.user = root.dataset.user;
  }

  get(path) {
    return this.call('GET', path);
  }

  put(path, body) {
    return this.call('PUT', path, body);
  }

  post(path, body = {}) {
    return this.call('POST', path, body);
  }

  /** The answer's JSON. Throws ServerError. A stale token is renewed once: after a new log-in in another tab work goes on here. */
  async call(method, path, body, again = true) {
    const response = await this.send(method, path, body);
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null && !response.redirected) return answer;
    const sentence = answer?.error ?? answer?.sentence ?? '';
    if (response.status === 401 || response.redirected) throw new ServerError('ended', sentence, answer ?? {}, 401);
    // The forms' token belongs to a session: with a new session the old token is refused with 400, and nothing was done.
    if (response.status === 400 && again && (await this.renew())) return this.call(method, path, body, false);
    if (response.status === 409) throw new ServerError('conflict', sentence, answer ?? {}, 409);
    const offline = response.status >= 500 || response.status === 429 || response.ok;
    throw new ServerError(offline ? 'offline' : 'refused', sentence || words(`Máy chủ trả lời ${response.status}.`, `The server answered ${response.status}.`), answer ?? {}, response.status);
  }

  async send(method, path, body) {
    const address = `${this.api}/${path.split('/').map(encodeURIComponent).join('/')}`;
    const headers = { Accept: 'application/json', 'X-CSRFToken': this.token };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    try {
      return await fetch(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(TIMEOUT) });
    } catch {
      throw new ServerError('offline', words('Không kết nối được máy chủ.', 'The server cannot be reached.'));
    }
  }

  /** Take the token of the session that this browser has now. True when the same person is logged in; throws ServerError when not. */
  async renew() {
    let page;
    try {
      const response = await fetch(location.href, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(TIMEOUT) });
      if (response.redirected || response.status === 401) throw new ServerError('ended', '');
      page = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('[data-csrf]');
    } catch (error) {
      if (error instanceof ServerError) throw error;
      throw new ServerError('offline', words('Không kết nối được máy chủ.', 'The server cannot be reached.'));
    }
    if (!page) return false;
    if (page.dataset.user !== this.user) {
      throw new ServerError('ended', words(
        'Trình duyệt đang đăng nhập bằng tài khoản khác. Hãy đăng nhập lại bằng tài khoản đã mở trang này.',
        'This browser is logged in as somebody else. Log in again with the account that opened this page.',
      ));
    }
    const changed = page.dataset.csrf !== this.token;
    this.token = page.dataset.csrf;
    return changed;
  }
}
