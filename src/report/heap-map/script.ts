/**
 * The heap map's script, inlined as it is. It asks a worker a map for pictures and for the blocks at the cursor, one
 * question at a time and always the latest, and puts the answers where they belong. It makes elements and sets their
 * text; it never parses text as markup.
 */

const state = `
const data = JSON.parse(document.getElementById('map-data').textContent);
const root = document.documentElement;
const find = (selector, within = document) => within.querySelector(selector);
const whole = { fromRow: 0, toRow: data.rows, fromWord: 0, toWord: data.reachWords };
let view = whole;
let at = data.at;
let by = data.by;
const lanes = 4;
const noun = data.noun[0].toUpperCase() + data.noun.slice(1);

const count = (value) => Math.round(value).toLocaleString('en-US');
const bytes = (value) => {
  const names = ['B', 'KiB', 'MiB', 'GiB'];
  let [scaled, i] = [value, 0];
  const rounded = () => (Number.isInteger(scaled) ? scaled : Number(scaled.toPrecision(scaled >= 1000 ? 4 : 3)));
  for (; rounded() >= 1024 && i < 3; i++) scaled /= 1024;
  return rounded() + ' ' + names[i];
};
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function colourOf(name) {
  const hex = getComputedStyle(root).getPropertyValue(name).trim();
  const [r, g, b] = [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16));
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
const paletteOf = () =>
  Uint32Array.from([...data.names[by].map((_, i) => colourOf('--' + by + '-' + i)), colourOf('--sunken')]);
const viewFor = (columns, lines) => ({ ...view, columns, lines, by, bounds: data.bounds[by] });
`;

const maps = `
// One question at a time: what is asked meanwhile is asked when the answer is there, and only the last of it.
function asker(worker, kind) {
  let [isBusy, next] = [false, null];
  const send = () => {
    if (isBusy || next === null) return;
    isBusy = true;
    worker.postMessage({ kind, ...next() });
    next = null;
  };
  return {
    ask(question) {
      next = question;
      send();
    },
    answered() {
      isBusy = false;
      send();
    },
  };
}

function put(canvas, width, height, pixels) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  canvas.getContext('2d').putImageData(image, 0, 0);
}

const sharp = (length, most) => Math.max(1, Math.min(most, Math.round(length * Math.min(2, devicePixelRatio))));

function fail(figure, text) {
  const busy = find('.map-busy', figure);
  busy.textContent = 'The picture could not be drawn: ' + text;
  busy.hidden = false;
}

function startMap(figure, i, worker) {
  const field = find('.map-field', figure);
  const strip = find('.strip-field', figure);
  const said = find('.strip-said', figure);
  const mark = find('.strip-mark', figure);
  const grids = asker(worker, 'grid');
  const snapshots = asker(worker, 'snapshot');
  let held = null;
  let chosen = -1;
  find('.map-busy', field).textContent = 'Drawing';

  const map = {
    drawGrid: () => grids.ask(() => ({
      view: viewFor(sharp(field.clientWidth, 1600), sharp(field.clientHeight, 800)),
      palette: paletteOf(),
    })),
    drawSnapshot: () => snapshots.ask(() => {
      const cells = lanes * sharp(strip.clientWidth, 1600);
      return { row: at, view: viewFor(1, cells), palette: paletteOf() };
    }),
  };

  const showGrid = ({ view: shown, columns, lines, pixels }) => {
    put(find('canvas', field), columns, lines, pixels);
    find('.map-busy', field).hidden = true;
    field.dataset.drawn = [shown.fromRow, shown.toRow, shown.by].join(' ');
  };
  // The strip is one line of cells, broken into lanes.
  const showSnapshot = (answer) => {
    const { cells, pixels } = answer;
    const width = Math.ceil(cells / lanes);
    const filled = new Uint32Array(width * lanes).fill(colourOf('--paper'));
    filled.set(pixels);
    put(find('canvas', strip), width, lanes, filled);
    held = { ...answer, width };
    strip.dataset.row = answer.row;
    choose(-1);
    showFigures(i, answer);
  };
  worker.addEventListener('message', ({ data: answer }) => {
    if (answer.kind === 'grid') {
      showGrid(answer);
      grids.answered();
    } else if (answer.kind === 'snapshot') {
      showSnapshot(answer);
      snapshots.answered();
    } else if (answer.kind === 'failed') {
      fail(figure, answer.text);
    } else {
      map.drawGrid();
      map.drawSnapshot();
    }
  });
  worker.addEventListener('error', ({ message }) => fail(figure, message));

  const wordsOf = (block) => Math.max(1, Math.ceil(held.bytes[block] / 4));
  const choose = (block) => {
    chosen = block;
    mark.hidden = block < 0;
    if (block < 0) {
      said.textContent = held && held.offsets.length === 0 ? 'No ' + data.noun + ' is in use here.' : data.hint;
      return;
    }
    const [offset, birth] = [held.offsets[block], held.births[block]];
    const cell = Math.max(0, Math.floor((offset - held.view.fromWord) / held.wordsPerCell));
    const last = Math.floor((offset + wordsOf(block) - 1 - held.view.fromWord) / held.wordsPerCell);
    const lane = Math.floor(cell / held.width);
    const left = cell % held.width;
    const right = Math.min(last - lane * held.width, held.width - 1);
    mark.style.left = (100 * left) / held.width + '%';
    mark.style.width = (100 * (right - left + 1)) / held.width + '%';
    mark.style.top = (100 * lane) / lanes + '%';
    mark.style.height = 100 / lanes + '%';
    const space = data.spaces.length > 1 ? ' in ' + data.spaces[held.spaces[block]] : '';
    said.textContent = noun + ' at ' + bytes(4 * offset) + ' (byte ' + count(4 * offset) + ')' + space + ': ' +
      count(held.bytes[block]) + ' B, ' + data.verb + ' by row ' + count(birth) + ', ' + count(held.row - birth) + ' rows old.';
  };
  // The last block that starts at or before a word, or the next one where that is nearer.
  const blockNear = (word) => {
    const { offsets } = held;
    let [low, high] = [0, offsets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offsets[middle] <= word) low = middle + 1;
      else high = middle;
    }
    const before = low - 1;
    if (before < 0) return low < offsets.length ? low : -1;
    const gap = word - (offsets[before] + wordsOf(before));
    return low < offsets.length && gap > offsets[low] - word ? low : before;
  };
  strip.addEventListener('pointermove', (event) => {
    if (!held || held.offsets.length === 0) return;
    const box = strip.getBoundingClientRect();
    const lane = clamp(Math.floor(((event.clientY - box.top) / box.height) * lanes), 0, lanes - 1);
    const cell = lane * held.width + ((event.clientX - box.left) / box.width) * held.width;
    choose(blockNear(held.view.fromWord + cell * held.wordsPerCell));
  });
  strip.addEventListener('pointerleave', () => choose(-1));
  strip.addEventListener('blur', () => choose(-1));
  strip.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') return choose(-1);
    if (!held || held.offsets.length === 0 || step === undefined) return;
    event.preventDefault();
    choose(chosen < 0 ? blockNear(held.view.fromWord) : clamp(chosen + step, 0, held.offsets.length - 1));
  });
  followField(field);
  return map;
}
`;

const steering = `
// A drag zooms into what it covers; a click moves the cursor.
function followField(field) {
  const drag = find('.map-drag', field);
  let from = null;
  const placeOf = (event) => {
    const box = field.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
  };
  const spans = (event) => {
    const [x, y] = placeOf(event);
    const [left, right] = [Math.min(x, from[0]), Math.max(x, from[0])];
    // A drag along time keeps all addresses.
    const isFlat = Math.abs(y - from[1]) * field.clientHeight < 12;
    const [top, bottom] = isFlat ? [0, 1] : [Math.min(y, from[1]), Math.max(y, from[1])];
    return { left, right, top, bottom, isClick: (right - left) * field.clientWidth < 5 };
  };
  field.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = placeOf(event);
    field.setPointerCapture(event.pointerId);
  });
  field.addEventListener('pointermove', (event) => {
    if (!from) return;
    const { left, right, top, bottom, isClick } = spans(event);
    drag.hidden = isClick;
    Object.assign(drag.style, { left: 100 * left + '%', width: 100 * (right - left) + '%', top: 100 * top + '%', height: 100 * (bottom - top) + '%' });
  });
  field.addEventListener('pointercancel', () => {
    from = null;
    drag.hidden = true;
  });
  field.addEventListener('pointerup', (event) => {
    if (!from) return;
    const { left, right, top, bottom, isClick } = spans(event);
    from = null;
    drag.hidden = true;
    const [rows, words] = [view.toRow - view.fromRow, view.toWord - view.fromWord];
    if (isClick) return moveTo(view.fromRow + Math.floor(right * rows));
    look(view.fromRow + left * rows, view.fromRow + right * rows, view.toWord - bottom * words, view.toWord - top * words);
  });
  field.addEventListener('keydown', (event) => {
    const rows = view.toRow - view.fromRow;
    const step = Math.max(1, Math.round(rows / 200));
    const moves = {
      ArrowRight: () => moveTo(at + step),
      ArrowLeft: () => moveTo(at - step),
      Home: () => moveTo(view.fromRow),
      End: () => moveTo(view.toRow - 1),
      '+': () => zoom(0.5),
      '=': () => zoom(0.5),
      '-': () => zoom(2),
      0: () => lookAt(whole),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  });
}

const fewestRows = 8;
const fewestWords = 64;
function look(fromRow, toRow, fromWord, toWord) {
  const rows = clamp(Math.round(toRow - fromRow), Math.min(fewestRows, data.rows), data.rows);
  const words = clamp(Math.round(toWord - fromWord), Math.min(fewestWords, data.reachWords), data.reachWords);
  const row = clamp(Math.round(fromRow), 0, data.rows - rows);
  const word = clamp(Math.round(fromWord), 0, data.reachWords - words);
  lookAt({ fromRow: row, toRow: row + rows, fromWord: word, toWord: word + words });
}
function lookAt(wanted) {
  view = wanted;
  at = clamp(at, view.fromRow, view.toRow - 1);
  drawAll();
}
// Of time; the cursor stays where it is.
function zoom(factor) {
  const rows = (view.toRow - view.fromRow) * factor;
  const before = ((at - view.fromRow) / (view.toRow - view.fromRow)) * rows;
  const isWhole = rows >= data.rows;
  look(isWhole ? 0 : at - before, isWhole ? data.rows : at - before + rows, ...(isWhole ? [0, data.reachWords] : [view.fromWord, view.toWord]));
}
function moveTo(row) {
  at = clamp(Math.round(row), view.fromRow, view.toRow - 1);
  showCursor();
  for (const map of all) map.drawSnapshot();
}

const slider = find('#scrub');
const figures = find('.map-figures');
function showCursor() {
  const place = (100 * (at - view.fromRow + 0.5)) / (view.toRow - view.fromRow);
  for (const cursor of document.querySelectorAll('.map-cursor')) cursor.style.left = place + '%';
  slider.min = view.fromRow;
  slider.max = view.toRow - 1;
  slider.value = at;
  slider.setAttribute('aria-valuetext', 'row ' + count(at) + ' of ' + count(data.rows));
  find('.scrub output').textContent = 'row ' + count(at) + ' of ' + count(data.rows);
}
function showFigures(i, { row, offsets, liveBytes }) {
  const { moments, figures: texts } = data.maps[i];
  let last = -1;
  while (last + 1 < moments.length && moments[last + 1] <= row) last++;
  const show = (name, text) => {
    find('[data-figure="' + name + '"] td:nth-of-type(' + (i + 1) + ')', figures).textContent = text;
  };
  show('blocks', count(offsets.length));
  show('live', bytes(liveBytes));
  for (const [name, all] of Object.entries(texts)) show(name, last < 0 ? 'n/a' : all[last]);
}
function showScales() {
  const middle = (from, to) => from + (to - from) / 2;
  for (const y of document.querySelectorAll('.map-y')) {
    const words = [view.toWord, middle(view.fromWord, view.toWord), view.fromWord];
    y.replaceChildren(...words.map((word) => Object.assign(document.createElement('span'), { textContent: bytes(4 * Math.round(word)) })));
  }
  for (const x of document.querySelectorAll('.map-x')) {
    const rows = ['row ' + count(view.fromRow), count(middle(view.fromRow, view.toRow)), count(view.toRow)];
    x.replaceChildren(...rows.map((text) => Object.assign(document.createElement('span'), { textContent: text })));
  }
  const isWhole = view.toRow - view.fromRow === data.rows && view.toWord - view.fromWord === data.reachWords;
  find('[data-zoom=out]').disabled = find('[data-zoom=all]').disabled = isWhole;
}
function showKey() {
  for (const key of document.querySelectorAll('.map-key')) key.hidden = key.dataset.by !== by;
}
function drawAll() {
  showScales();
  showCursor();
  showKey();
  for (const map of all) {
    map.drawGrid();
    map.drawSnapshot();
  }
}
`;

const beginning = `
const url = URL.createObjectURL(new Blob([data.worker], { type: 'text/javascript' }));
const workers = data.maps.map(() => new Worker(url));
const all = workers.map((worker, i) => startMap(document.querySelectorAll('.map')[i], i, worker));
showScales();
showCursor();
showKey();
// A task a part: handing over all of a large map's at once takes a while.
const handOver = (worker, parts) => setTimeout(() => {
  const part = parts.shift();
  if (part === undefined) return worker.postMessage({ kind: 'open' });
  worker.postMessage({ kind: 'part', text: part.textContent });
  part.remove();
  handOver(worker, parts);
});
workers.forEach((worker, i) => handOver(worker, [...document.querySelectorAll('[data-map="' + i + '"]')]));

find('.map-tools').hidden = false;
slider.addEventListener('input', () => moveTo(Number(slider.value)));
const colours = find('#map-by');
colours.value = by;
colours.addEventListener('change', () => {
  by = colours.value;
  drawAll();
});
const presses = { in: () => zoom(0.5), out: () => zoom(2), all: () => lookAt(whole) };
for (const button of document.querySelectorAll('[data-zoom]'))
  button.addEventListener('click', presses[button.dataset.zoom]);
let waiting = 0;
const redraw = () => {
  clearTimeout(waiting);
  waiting = setTimeout(drawAll, 120);
};
addEventListener('resize', redraw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
`;

/** The whole script, to stand in one script element. */
export const heapMapScript: string = `(() => {
'use strict';
${state}${maps}${steering}${beginning}})();
`;
