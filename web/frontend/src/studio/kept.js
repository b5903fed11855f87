// What the server has not received yet, kept in this browser: one record per person and file, gone as soon as the server has it.
const STORE = 'unsaved';

function opened() {
  return new Promise((done, fail) => {
    const request = indexedDB.open('studio', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

async function act(mode, verb) {
  const database = await opened();
  try {
    return await new Promise((done, fail) => {
      const transaction = database.transaction(STORE, mode);
      const request = verb(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = () => fail(transaction.error);
      transaction.onabort = () => fail(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Each returns null or false where the browser keeps nothing (a private window, a full disk): the server's draft is then all there is. */
export async function keep(key, record) {
  return act('readwrite', (store) => store.put(record, key)).then(() => true, () => false);
}

export async function kept(key) {
  return act('readonly', (store) => store.get(key)).then((record) => record ?? null, () => null);
}

export async function forget(key) {
  return act('readwrite', (store) => store.delete(key)).then(() => true, () => false);
}
