
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const plot = document.getElementById('plot');
const root = document.documentElement;
// The library reads tags in whatever it writes: names of a scenario are words and nothing else.
const safe = text => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;

// What can be chosen: the kind of picture, which one of them, and what is shown of it.
const kinds = [...new Set(data.pictures.map(picture => picture.chart))];
const form = document.getElementById('choices');
const field = (words, control) => { const label = document.createElement('label'); label.append(words, control); form.append(label); return control; };
const select = (id, words) => { const control = document.createElement('select'); control.id = id; return field(words, control); };
const [kind, which, measure] = [select('kind', 'Picture'), select('which', 'Cell'), select('measure', 'Shown')];
const log = document.createElement('input');
log.type = 'checkbox'; log.id = 'log';
field('Logarithmic', log);
const theme = document.createElement('button');
theme.type = 'button'; theme.id = 'theme';
form.append(theme);
form.addEventListener('submit', event => event.preventDefault());
const fill = (control, options) => {
  control.replaceChildren(...options.map(([value, words]) => { const option = document.createElement('option'); option.value = value; option.textContent = words; return option; }));
  control.disabled = options.length < 2;
};

const of = column => column.words ? column.at.map(place => column.words[place]) : column.values;
const numbers = picture => picture.columns.map((column, index) => [column, index]).filter(([column]) => !column.words);

// What is far out among percentiles: every nine is as wide as the one before.
const isNines = column => column.name === 'share of calls above';

const keysOf = picture => picture.columns.map((column, index) => [column, index]).filter(([column, index]) => column.words || (picture.second && index === 2));
const keyOf = (column, row) => column.words ? column.words[column.at[row]] : column.name + ' = ' + column.values[row];

// The column that stands below: what is varied, what tells the rows of an arm apart, or the first number; none where every arm has one row.
const below = picture => {
  if (picture.along || picture.chart.startsWith('recovery')) return 1;
  if (picture.chart === 'stability-edge') return 2;
  const nines = picture.columns.findIndex(isNines);
  if (nines >= 0) return nines;
  const rows = of(picture.columns[0]).length;
  const keys = keysOf(picture);
  const seen = new Set();
  for (let row = 0; row < rows; row += 1) seen.add(keys.map(([column]) => keyOf(column, row)).join('\n'));
  const further = keys.filter(([column]) => column.name !== 'arm');
  if (seen.size === rows) return further.length && keys.length > 1 ? further[further.length - 1][1] : -1;
  const first = numbers(picture).find(([column]) => column.name !== 'runs');
  return first ? first[1] : -1;
};

// What can be shown: a line with its band where there are three columns of one measure, or else a column.
const measures = picture => {
  const under = below(picture);
  const columns = numbers(picture).filter(([, index]) => index !== under);
  const at = name => { const found = columns.find(([column]) => column.name === name); return found ? found[1] : -1; };
  const seen = new Set();
  const all = [];
  columns.forEach(([column, index]) => {
    if (/\bmedian\b/.test(column.name)) {
      const band = ['p5', 'p95'].map(edge => at(column.name.replace(/\bmedian\b/, edge)));
      if (band.every(place => place >= 0)) { all.push({ name: column.name.replace(/,? ?\bmedian\b/, ''), line: index, band }); [index, ...band].forEach(place => seen.add(place)); }
    } else if (column.unit === '0..1' && at('at least') === index + 1 && at('at most') === index + 2) {
      all.push({ name: column.name, line: index, band: [index + 1, index + 2] });
      [index, index + 1, index + 2].forEach(place => seen.add(place));
    } else if (/ share$/.test(column.name)) {
      const band = ['95 % from', '95 % to'].map(edge => at(column.name.replace(/share$/, edge)));
      if (band.every(place => place >= 0)) { all.push({ name: column.name.replace(/ share$/, ''), line: index, band }); [index, ...band].forEach(place => seen.add(place)); }
    }
  });
  columns.filter(([column, index]) => !seen.has(index) && (column.name !== 'runs' || columns.length === 1)).forEach(([column, index]) => all.push({ name: column.name, line: index, band: null }));
  return all;
};

// Rows that belong together: all words of a row make its name.
const groups = (picture, under) => {
  const keys = keysOf(picture).filter(([, index]) => index !== under);
  const found = new Map();
  const rows = of(picture.columns[0]).length;
  for (let row = 0; row < rows; row += 1) {
    const words = keys.map(([column]) => keyOf(column, row));
    const name = words.join(', ');
    if (!found.has(name)) found.set(name, { name, arm: data.arms.findIndex(arm => words.includes(arm)), rows: [] });
    found.get(name).rows.push(row);
  }
  return [...found.values()];
};

// Words that are no sequence, such as edges or classes: nothing leads from one to the next.
const isApart = (picture, under) => under >= 0 && Boolean(picture.columns[under].words) && !picture.sequence && picture.chart !== 'stability-edge';

const traces = (picture, shown) => {
  const under = below(picture);
  const colours = data.colours[isDark() ? 1 : 0];
  const values = of(picture.columns[shown.line]);
  const all = groups(picture, under);
  if (under < 0) {
    return [{ type: 'bar', x: all.map(group => safe(group.name)), y: all.map(group => values[group.rows[0]]), marker: { color: all.map((group, index) => colours[(group.arm < 0 ? index : group.arm) % colours.length]) } }];
  }
  if (isApart(picture, under)) {
    const beside = (group, place) => group.rows.map(row => Math.abs(of(picture.columns[place])[row] - values[row]));
    return all.map((group, index) => {
      const number = group.arm < 0 ? index : group.arm;
      const ends = shown.band && { type: 'data', symmetric: false, arrayminus: beside(group, shown.band[0]), array: beside(group, shown.band[1]), thickness: 1 };
      return { type: 'bar', name: safe(group.name), legendgroup: group.name, x: group.rows.map(row => safe(of(picture.columns[under])[row])), y: group.rows.map(row => values[row]), error_y: ends || undefined, marker: { color: colours[number % colours.length] } };
    });
  }
  const scale = unitOf(picture.columns[under]).seconds;
  const x = picture.columns[under].words ? of(picture.columns[under]).map(safe) : of(picture.columns[under]).map(value => value === null ? null : value / scale);
  const shape = picture.chart.startsWith('recovery') && !picture.along ? 'hv' : 'linear';
  return all.flatMap((group, index) => {
    const number = group.arm < 0 ? index : group.arm;
    const colour = colours[number % colours.length];
    // Failures of an arm have its colour and dashes, and are thinner than its successes.
    // Nobody has recovered before the first one has.
    const start = shape === 'hv' ? [0] : [];
    const pick = list => [...start, ...group.rows.map(row => list[row])];
    const line = { type: 'scatter', mode: picture.along || picture.columns[under].words ? 'lines+markers' : 'lines', name: safe(group.name), legendgroup: group.name, x: pick(x), y: pick(values), line: { color: colour, dash: data.dashes[number % data.dashes.length] || 'solid', width: / failure$/.test(group.name) ? 1 : 2, shape } };
    if (!shown.band) return [line];
    const edge = (place, fill) => ({ type: 'scatter', mode: 'lines', name: safe(group.name), legendgroup: group.name, showlegend: false, hoverinfo: 'skip', x: pick(x), y: pick(of(picture.columns[place])), line: { width: 0, shape, color: colour }, fill, fillcolor: colour + '26' });
    return [edge(shown.band[0], 'none'), edge(shown.band[1], 'tonexty'), line];
  });
};

// Seconds in the unit that fits the longest of them, where they stand below.
const unitOf = column => {
  const longest = column.unit === 's' ? Math.max(...of(column).filter(value => value !== null)) : 0;
  const [seconds, name] = [[86400, 'd', 259200], [3600, 'h', 10800], [60, 'min', 600]].find(([, , from]) => longest >= from) || [1, column.unit];
  return { seconds, name };
};

// Of words places, of nines a logarithm from common to rare, of other numbers whatever fits them.
const scaleOf = column => {
  if (!column || column.words) return { type: 'category' };
  return isNines(column) ? { type: 'log', autorange: 'reversed', tickformat: '.4~p' } : { type: '-' };
};

const layout = (picture, shown) => {
  const under = below(picture);
  const [ink, paper, grid] = isDark() ? ['#e6e6e6', '#16191d', '#3a3f46'] : ['#222222', '#ffffff', '#dddddd'];
  const named = column => safe(column.name + (column.unit ? ' [' + column.unit + ']' : ''));
  const isTime = under >= 0 && /( of bin|^from)$/.test(picture.columns[under].name);
  const unit = under < 0 ? { seconds: 1, name: '' } : unitOf(picture.columns[under]);
  const cell = picture.cells[0];
  const windows = isTime ? data.faults[cell] || [] : [];
  const last = isTime ? Math.max(...of(picture.columns[under])) : 0;
  const shapes = windows.map(([, begin, end]) => ({ type: 'rect', xref: 'x', yref: 'paper', x0: begin / unit.seconds, x1: (end === null ? last : end) / unit.seconds, y0: 0, y1: 1, fillcolor: ink, opacity: 0.12, line: { width: 0 }, layer: 'below' }));
  // One window is named where it stands; of many, names would cover each other.
  const annotations = windows.length > 4 ? [] : windows.map(([label, begin], index) => ({ text: safe(label), x: begin / unit.seconds, xref: 'x', y: 1 - 0.05 * index, yref: 'paper', xanchor: 'left', showarrow: false, font: { size: 11, color: ink } }));
  if (isTime && /availability/.test(shown.name)) {
    data.objectives.forEach(share => shapes.push({ type: 'line', xref: 'paper', yref: 'y', x0: 0, x1: 1, y0: share, y1: share, line: { color: ink, dash: 'dash', width: 1.5 } }));
  }
  const axis = words => ({ title: { text: words }, gridcolor: grid, zerolinecolor: grid, linecolor: ink, tickcolor: ink });
  const column = picture.columns[shown.line];
  const isShare = column.unit === '0..1';
  return {
    paper_bgcolor: paper, plot_bgcolor: paper, font: { color: ink, size: 13 }, margin: { l: 70, r: 20, t: 20, b: 60 }, shapes, annotations,
    hovermode: under < 0 ? 'closest' : 'x unified', hoverlabel: { bgcolor: paper, font: { color: ink }, namelength: -1 }, legend: { orientation: 'h', y: groups(picture, under).length > 12 ? -0.3 : -0.18 }, uirevision: kind.value + which.value,
    barmode: 'group',
    xaxis: { ...axis(under < 0 ? '' : named({ ...picture.columns[under], unit: unit.name })), ...scaleOf(picture.columns[under]) },
    yaxis: { ...axis(safe(shown.name) + (isShare ? '' : column.unit ? ' [' + safe(column.unit) + ']' : '')), type: log.checked ? 'log' : 'linear', tickformat: isShare ? '.4~p' : undefined, rangemode: log.checked ? 'normal' : 'tozero' },
  };
};

const chosen = () => data.pictures[Number(which.value)];
const draw = () => {
  const picture = chosen();
  if (!picture) return;
  const shown = measures(picture)[Number(measure.value)] || measures(picture)[0];
  document.getElementById('title').textContent = picture.title;
  theme.textContent = isDark() ? 'Light page' : 'Dark page';
  if (shown) window.drawn = Plotly.react(plot, traces(picture, shown), layout(picture, shown), { responsive: true, displaylogo: false, showLink: false, plotlyServerURL: '' });
};
// What was chosen stays where only the cell is another one; else what the picture in the report is drawn for comes first.
const chooseMeasures = ofSame => {
  const all = measures(chosen());
  const kept = ofSame && measure.selectedOptions[0]?.textContent;
  fill(measure, all.map((one, index) => [index, one.name]));
  const place = all.findIndex(one => one.name === kept);
  measure.value = place >= 0 ? place : Math.max(all.findIndex(one => one.line === chosen().measure), 0);
  draw();
};
const choosePictures = () => {
  const label = which.selectedOptions[0]?.textContent;
  const own = data.pictures.map((picture, index) => [index, picture]).filter(([, picture]) => picture.chart === kind.value);
  const names = own.map(([index, picture]) => [index, picture.label || 'all', picture.title]);
  // Pictures of one cell that differ otherwise are told apart by their titles.
  const twice = name => names.filter(([, other]) => other === name).length > 1;
  fill(which, names.map(([index, name, title]) => [index, twice(name) ? title : name]));
  const kept = [...which.options].find(option => option.textContent === label);
  if (kept) which.value = kept.value;
  chooseMeasures(false);
};
fill(kind, kinds.map(name => [name, data.pictures.find(picture => picture.chart === name).summary]));
kind.addEventListener('change', choosePictures);
which.addEventListener('change', () => chooseMeasures(true));
measure.addEventListener('change', draw);
log.addEventListener('change', draw);
theme.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; draw(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
if (kinds.includes('availability-over-time')) kind.value = 'availability-over-time';
if (kinds.length) choosePictures();
else document.getElementById('title').textContent = 'These results have nothing to draw.';
