// Stands in for the package style-mod (build.mjs): rules go into constructed style sheets, which the page's content policy allows, and not into <style> tags.
import { StyleModule as Original } from '../../node_modules/style-mod/src/style-mod.js';

const mounted = new WeakMap();

export class StyleModule extends Original {
  static mount(root, modules) {
    const place = root.adoptedStyleSheets ? root : root.ownerDocument;
    const known = mounted.get(place) ?? new Set();
    mounted.set(place, known);
    const sheets = [];
    for (const module of [modules].flat()) {
      if (known.has(module)) continue;
      known.add(module);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(module.getRules());
      // In the order of the list: of two rules the later decides, as in the original.
      sheets.push(sheet);
    }
    if (sheets.length) place.adoptedStyleSheets = [...place.adoptedStyleSheets, ...sheets];
  }
}
