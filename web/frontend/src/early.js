// Runs before the first paint, so that neither the dark theme nor the row height jumps.
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;
const paint = () => root.setAttribute('data-bs-theme', dark.matches ? 'dark' : 'light');
paint();
dark.addEventListener('change', paint);
try {
  if (localStorage.getItem('rows') === 'compact') root.setAttribute('data-rows', 'compact');
} catch {
  // Storage may be switched off: then rows have their usual height.
}
