// A file goes to the server when it is chosen: a form that is refused, or a session that ends, does not lose it.
export function uploads() {
  document.addEventListener('change', (event) => {
    const field = event.target;
    if (field.type !== 'file' || !field.files.length || !field.form?.hasAttribute('data-draft')) return;
    const button = document.getElementById(field.dataset.attach ?? '');
    if (button) field.form.requestSubmit(button);
  });
  // Enter in a line of a long form must not hand it in.
  document.addEventListener('keydown', (event) => {
    const field = event.target;
    if (event.key === 'Enter' && field.tagName === 'INPUT' && field.type !== 'submit' && field.form?.hasAttribute('data-draft')) event.preventDefault();
  });
}
