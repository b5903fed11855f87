// The list of scenarios: runs them one after another, never two at once, and says how far it is. Without it each is run by its button.
// And the forms of a try-out: what is typed is kept in this browser.
import { run } from './studio/scenarios.js';
import { typed } from './studio/typed.js';

const table = document.querySelector('[data-scenarios]');
const said = document.querySelector('[data-run-said]');
const all = document.querySelector('[data-run-all]');

async function runAll(rows) {
  if (all) all.disabled = true;
  try {
    for (const [number, row] of rows.entries()) {
      said.textContent = `${said.dataset.saidRunning} ${number + 1}/${rows.length}…`;
      row.dataset.verdict = await run(row);
    }
    said.textContent = said.dataset.saidDone;
    ran();
    // The server writes the results and the coverage: one source for both.
    location.reload();
  } catch {
    said.textContent = said.dataset.saidFailed;
    if (all) all.disabled = false;
  }
}

/** Whether this tab did so a moment ago: while somebody else types, the content is never the one that was run. */
function justRan() {
  try {
    return Date.now() - Number(sessionStorage.getItem('scenarios-ran') ?? 0) < 15_000;
  } catch {
    return true;
  }
}

function ran() {
  try {
    sessionStorage.setItem('scenarios-ran', String(Date.now()));
  } catch {
    // Without storage nothing is run by itself.
  }
}

if (table) {
  const rows = [...table.querySelectorAll('[data-run]')];
  all?.addEventListener('click', (event) => {
    event.preventDefault();
    runAll(rows);
  });
  // What was not yet run on this content is run as soon as somebody looks, in a tab that is seen.
  const waiting = rows.filter((row) => row.dataset.verdict === 'waiting');
  if (waiting.length && !document.hidden && !justRan()) runAll(waiting);
}

for (const form of document.querySelectorAll('form[data-typed]')) typed(form);
