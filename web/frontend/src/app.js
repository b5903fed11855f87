// Loaded on every page. Each part looks for its own attribute and does nothing where it is absent; every page also works without it.
import 'htmx.org';
import './polling.js';
import { busy } from './busy.js';
import { drafts } from './drafts.js';
import { keyboard } from './keyboard.js';
import { menus } from './menus.js';
import { uploads } from './uploads.js';

menus();
keyboard();
drafts();
uploads();
busy();

document.querySelector('[data-focus-first]')?.focus();
document.querySelector('[data-rows-toggle]')?.addEventListener('click', () => {
  const compact = document.documentElement.toggleAttribute('data-rows');
  if (compact) document.documentElement.setAttribute('data-rows', 'compact');
  try {
    localStorage.setItem('rows', compact ? 'compact' : '');
  } catch {
    // Not remembered where storage is switched off.
  }
});
