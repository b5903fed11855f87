// What is typed into a form of a try-out, kept in this browser until it is handed in: a closed or broken browser costs no typing.
const DAY = 86_400_000;

/** One record per person and folder. It is of one form at one state of the try-out (`data-typed`), and of no use at any other. */
export function typed(form) {
  const key = `tryout ${form.dataset.typedOwner}`;
  const fields = () => [...new FormData(form)].filter(([name, value]) => typeof value === 'string' && name !== 'csrf_token');
  const before = JSON.stringify(fields());

  const keep = () => {
    try {
      localStorage.setItem(key, JSON.stringify({ of: form.dataset.typed, at: Date.now(), fields: fields() }));
    } catch {
      // Where a browser keeps nothing, the page is all there is.
    }
  };

  if (!form.hasAttribute('data-typed-shown')) {
    const record = kept(key);
    if (record?.of === form.dataset.typed && Date.now() - record.at < DAY && JSON.stringify(record.fields) !== before) {
      restore(form, record.fields);
      return;
    }
  }
  form.addEventListener('input', keep);
  form.addEventListener('change', keep);
}

function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** The server draws the form anew with what was typed, since rows and parts that were added are not on the page that it first gave. */
function restore(form, fields) {
  const sent = document.createElement('form');
  sent.method = 'post';
  sent.action = form.dataset.typedAgain;
  const token = form.querySelector('[name=csrf_token]').value;
  for (const [name, value] of [...fields, ['csrf_token', token], ['_refresh', '1'], ['_typed', '1']]) {
    // A text area keeps the line breaks that a hidden field would lose.
    const field = document.createElement('textarea');
    field.name = name;
    field.value = value;
    sent.append(field);
  }
  sent.hidden = true;
  document.body.append(sent);
  sent.submit();
}
