// Builds what browsers load: src/ and node_modules/ into ../static/dist, hashed by content, with a manifest and the licences of what went in.
// The same input gives the same bytes, so the committed build can be checked against the sources.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, '../static/dist');

/** What pages ask for by name: web/assets.py. */
const ENTRIES = [
  'early.js', 'app.js', 'app.css', 'diagram.js', 'diagram.css', 'monitor.js', 'monitor.css', 'charts.js',
  'studio.js', 'studio.css', 'studio-diagram.js', 'studio-diagram.css', 'studio-decision.js', 'studio-decision.css',
  'studio-form.js', 'studio-form.css', 'studio-text.js', 'studio-tryout.js', 'studio-tryout.css', 'studio-compare.js', 'studio-compare.css',
  'studio-migration.js', 'studio-migration.css', 'steering.js', 'steering.css',
];

const ICONS = [
  'arrows-move', 'bell', 'dash-lg', 'pencil',
  'arrow-clockwise', 'arrow-counterclockwise', 'arrow-down', 'arrow-left', 'arrow-right', 'arrow-up', 'box-arrow-up-right', 'calendar-event', 'check-circle-fill', 'check-lg',
  'chevron-down', 'chevron-right', 'clock', 'download', 'exclamation-octagon-fill', 'exclamation-triangle-fill', 'file-earmark-text',
  'fullscreen', 'hourglass-split', 'info-circle', 'keyboard', 'list', 'paperclip', 'person', 'play-fill', 'plus-lg', 'search', 'slash-circle',
  'trash', 'x-lg', 'zoom-in', 'zoom-out',
];

mkdirSync(out, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ENTRIES.map((name) => `src/${name}`),
  outdir: out,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['es2022'],
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  // CodeMirror writes <style> tags, which the content policy forbids; the stand-in uses constructed style sheets.
  alias: { 'style-mod': join(here, 'src/studio/style-mod.js') },
  loader: { '.woff2': 'file', '.woff': 'empty', '.ttf': 'empty', '.eot': 'empty', '.svg': 'empty' },
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  metafile: true,
});

const manifest = {};
for (const [file, meta] of Object.entries(result.metafile.outputs)) {
  if (meta.entryPoint) manifest[basename(meta.entryPoint)] = basename(file);
}
manifest['icons.svg'] = sprite();
writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest, Object.keys(manifest).sort(), 2) + '\n');
notices(Object.keys(result.metafile.inputs));
// What is no longer made goes last: a server that runs here keeps finding what it serves.
const made = new Set([...Object.keys(result.metafile.outputs).map((file) => basename(file)), manifest['icons.svg'], 'manifest.json', 'THIRD-PARTY.txt']);
for (const file of readdirSync(out)) if (!made.has(file)) rmSync(join(out, file));

/** One SVG file with a <symbol> per icon. */
function sprite() {
  const symbols = ICONS.map((name) => {
    const svg = readFileSync(join(here, 'node_modules/bootstrap-icons/icons', `${name}.svg`), 'utf8');
    const body = svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>')).trim();
    return `<symbol id="${name}" viewBox="0 0 16 16">${body}</symbol>`;
  });
  const text = `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
  const file = `icons-${createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase()}.svg`;
  writeFileSync(join(out, file), text);
  return file;
}

/** THIRD-PARTY.txt: name, version and licence text of every package of which a byte was taken. */
function notices(inputs) {
  const folders = new Set([join(here, 'node_modules/bootstrap-icons')]);
  for (const input of inputs) {
    const match = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (match) folders.add(resolve(here, match[1]));
  }
  const parts = [...folders].sort().map((folder) => {
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).sort().find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(join(folder, file), 'utf8').replace(/\r/g, '').trim() : '(the package brings no licence text)';
    return `${about.name} ${about.version}\nLicence: ${about.license ?? 'see text'}\n\n${text}\n`;
  });
  const head = 'What the files in this folder are made of, besides this project itself.\n';
  writeFileSync(join(out, 'THIRD-PARTY.txt'), [head, ...parts].join('\n' + '-'.repeat(80) + '\n\n'));
}
