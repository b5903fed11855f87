// Runs a draft's scenarios that were not yet run on its content as it is, one after another.
import { words } from './words.js';

/** "passed" or "failed". Rejects when the server cannot be asked. */
export async function run(place) {
  const token = place.querySelector('[name=csrf_token]').value;
  const response = await fetch(place.dataset.run, { method: 'POST', headers: { 'X-CSRFToken': token, Accept: 'application/json' } });
  if (response.status === 401) document.querySelector('[data-session-ended]')?.removeAttribute('hidden');
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).verdict;
}

/** The line of a page that says how the scenarios end: whoever looks at a changed draft has them run, and the line is written anew. */
export async function follow(line) {
  const look = async () => {
    const response = await fetch(line.dataset.scenariosLine, { headers: { Accept: 'text/html' } });
    if (!response.ok) throw new Error(String(response.status));
    line.innerHTML = await response.text();
  };
  try {
    await look();
    const left = [...line.querySelectorAll('[data-run]')];
    const said = line.querySelector('[data-run-said]');
    for (const [number, place] of left.entries()) {
      said.textContent = words(`Đang chạy kịch bản ${number + 1}/${left.length}…`, `Running scenario ${number + 1} of ${left.length}…`);
      await run(place);
    }
    if (left.length) await look();
  } catch {
    const said = line.querySelector('[data-run-said]');
    if (said) said.textContent = words('Mất kết nối, chưa chạy hết kịch bản. Hãy tải lại trang.', 'Connection lost before all scenarios ran. Load the page again.');
  }
}
