// Marks on the cells of a table, as rules of a constructed style sheet: the table is drawn anew at every edit and would forget classes.
export class Marks {
  constructor() {
    this.sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
    this.matched = [];
    this.findings = new Map();
    this.failed = null;
  }

  /** Rules that matched, by id. `failed`: the cell that stopped the trial. */
  trial(matched, failed) {
    this.matched = matched;
    this.failed = failed;
    this.draw();
  }

  /** Cells with findings: id -> severity. */
  found(findings) {
    this.findings = findings;
    this.draw();
  }

  draw() {
    const lines = [];
    for (const id of this.matched) lines.push(`${row(id)} { background: var(--done-tint); color: var(--ink); }`, `${number(id)}::before { content: '✓ '; color: var(--done); font-weight: 600; }`);
    for (const [id, severity] of this.findings) lines.push(`${cell(id)} { box-shadow: inset 0 -3px 0 var(--${severity === 'error' ? 'late' : 'active'}); }`);
    if (this.failed) lines.push(`${cell(this.failed)} { box-shadow: inset 0 0 0 3px var(--late); }`);
    this.sheet.replaceSync(lines.join('\n'));
  }
}

function quoted(id) {
  return `"${CSS.escape(id)}"`;
}

function cell(id) {
  return `.dmn-js-parent [data-element-id=${quoted(id)}]`;
}

function row(id) {
  return `.dmn-js-parent td[data-row-id=${quoted(id)}]`;
}

function number(id) {
  return `.dmn-js-parent td.rule-index[data-element-id=${quoted(id)}]`;
}
