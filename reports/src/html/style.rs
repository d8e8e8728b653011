//! How does the page look, and what does its only script do?

/// Light and dark by the reader's setting, and a print style. Charts are recoloured through their classes.
pub const CSS: &str = r"
:root { --paper: #fff; --ink: #222; --muted: #5f5f5f; --line: #ddd; --soft: #f4f5f6; --accent: #0072b2; color-scheme: light dark; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #16191d; --ink: #e6e6e6; --muted: #a5a9ae; --line: #3a3f46; --soft: #20242a; --accent: #6db8ea; }
  .expectations.passed { --tone: #4cc38a } .expectations.failed { --tone: #ff7b6b } .expectations.undecided { --tone: #e0b050 }
  .s-a0 { stroke: #4aa3df } .f-a0 { fill: #4aa3df } .s-a6 { stroke: #eee } .f-a6 { fill: #eee }
  .s-a7 { stroke: #a79cf0 } .f-a7 { fill: #a79cf0 } .s-a8 { stroke: #c98b4b } .f-a8 { fill: #c98b4b }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 'Noto Sans', system-ui, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0 0 1rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .8rem; font-size: 1.3rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1.05rem; }
.expectations { --tone: #1f7a4d; margin: 0 0 1.2rem; padding: .4rem .9rem; border: 2px solid var(--tone); border-radius: 4px; font-weight: 600; }
.expectations.failed { --tone: #b3261e } .expectations.undecided { --tone: #8a6100 }
.kicker { margin: 0; color: var(--muted); font-size: .85rem; letter-spacing: .06em; text-transform: uppercase; }
.doubt { border-left: 4px solid #b7791f; padding-left: .9rem; }
.verdict { font-size: 1.25rem; line-height: 1.4; border-left: 4px solid var(--accent); padding-left: .9rem; }
.question { margin: 0 0 1rem; } .changed { margin: 0 0 1rem; color: var(--muted); font-weight: 600; }
.fates li { margin: .2rem 0; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
.facts dt, dl dt { font-weight: 600; } .facts dd { margin: 0; }
.told { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .35rem 1rem; } .told dt { max-width: 14rem; } .told dd { margin: 0; max-width: 60rem; }
p, .fates li { max-width: 69rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .82rem; margin: .6rem 0; }
th, td { padding: .3rem .4rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { background: var(--soft); vertical-align: bottom; } td code { overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; } td.number { white-space: nowrap; }
abbr { text-decoration: underline dotted; text-underline-offset: .2em; cursor: help; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--accent); }
th[aria-sort=ascending] button::after { content: ' \25B2'; } th[aria-sort=descending] button::after { content: ' \25BC'; }
figure { margin: 1.5rem 0; } figcaption { color: var(--muted); font-size: .86rem; }
svg.chart text { font-family: 'Noto Sans', system-ui, sans-serif; }
svg.chart { display: block; width: 100%; max-width: 960px; min-width: 640px; height: auto; }
.f-paper { fill: var(--paper) } .s-paper { stroke: var(--paper) } .f-ink { fill: var(--ink) } .s-ink { stroke: var(--ink) }
.f-muted { fill: var(--muted) } .s-muted { stroke: var(--muted) } .s-grid { stroke: var(--line) }
code, pre { font-family: ui-monospace, monospace; font-size: .86em; } pre { overflow-x: auto; background: var(--soft); padding: 1rem; }
.commands code { background: var(--soft); padding: .1rem .3rem; overflow-wrap: anywhere; }
details.cell { border-top: 1px solid var(--line); padding: .5rem 0; } details.cell > summary { font-weight: 600; cursor: pointer; }
footer { margin-top: 3rem; color: var(--muted); font-size: .9rem; }
@media print {
  :root { --paper: #fff; --ink: #000; --muted: #444; --line: #bbb; --soft: #fff; }
  main { max-width: none; padding: 0; } figure, tr, .verdict { break-inside: avoid; } h2, h3 { break-after: avoid; }
  figcaption details, script { display: none; } .wide { overflow: visible; } svg.chart { min-width: 0; } table { font-size: .7rem; }
}
";

/// Makes column heads into buttons that sort by raw value, or by text where there is none.
pub const SCRIPT: &str = r"
document.querySelectorAll('table').forEach(table => table.querySelectorAll('th').forEach((head, column) => {
  const button = document.createElement('button');
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') !== 'ascending';
    table.querySelectorAll('th').forEach(other => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const key = row => { const cell = row.cells[column]; return 'value' in cell.dataset ? Number(cell.dataset.value) : cell.textContent; };
    const turn = up ? 1 : -1;
    // What has no value stands last, whichever way.
    const order = (a, b) => typeof a === typeof b ? turn * (typeof a === 'number' ? a - b : a.localeCompare(b, 'en', { numeric: true })) : typeof a === 'number' ? -1 : 1;
    const rows = [...table.tBodies[0].rows].sort((a, b) => order(key(a), key(b)));
    table.tBodies[0].append(...rows);
  });
}));
";
