
'use strict';
// Column heads become buttons that sort by raw value, or by text where there is none.
document.querySelectorAll('table').forEach(table => table.querySelectorAll('thead th').forEach((head, column) => {
  const button = document.createElement('button');
  button.type = 'button';
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
const controls = document.getElementById('controls');
if (controls) {
  controls.hidden = false;
  const boxes = [...controls.querySelectorAll('input[data-arm]')];
  const root = document.documentElement;
  // Arms beyond the tenth share colours: a colour goes when all of its arms have gone.
  const show = () => {
    const colours = new Map();
    boxes.forEach(box => {
      document.querySelectorAll('[data-arm="' + box.dataset.arm + '"]:not(input)').forEach(part => { part.hidden = !box.checked; });
      colours.set(box.dataset.colour, colours.get(box.dataset.colour) || box.checked);
    });
    colours.forEach((shown, colour) => root.classList.toggle('hide-a' + colour, !shown));
  };
  boxes.forEach(box => box.addEventListener('change', show));
  document.getElementById('all-arms')?.addEventListener('click', () => { boxes.forEach(box => { box.checked = true; }); show(); });
  // A browser that comes back to the page may have kept the boxes as they were.
  show();
  const theme = document.getElementById('theme');
  const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const name = () => { theme.textContent = isDark() ? 'Light page' : 'Dark page'; };
  theme.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; name(); });
  name();
}
// What is folded away is printed as well, and folded away again afterwards. A button is not printed at the head of every page, its words are.
let unfolded = [];
addEventListener('beforeprint', () => {
  unfolded = [...document.querySelectorAll('details:not([open])')];
  unfolded.forEach(part => { part.open = true; });
  document.querySelectorAll('th button').forEach(button => button.before(...button.childNodes));
});
addEventListener('afterprint', () => {
  unfolded.forEach(part => { part.open = false; });
  document.querySelectorAll('th button').forEach(button => { while (button.previousSibling) button.prepend(button.previousSibling); });
});
