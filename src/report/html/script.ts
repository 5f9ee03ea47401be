/**
 * The page's script, inlined as it is. It only adds to what the markup shows: tooltips by pointer and by keyboard,
 * legends that switch series, the raw samples, and where we are in the contents. It makes elements and sets their
 * text; it never parses text as markup. Its hash stands in the page's content policy, so no other script runs.
 */

const figures = `
const svgNs = 'http://www.w3.org/2000/svg';
const make = (name, props, ...children) => {
  const element = document.createElement(name);
  Object.assign(element, props);
  element.append(...children);
  return element;
};
const draw = (name, attributes, text) => {
  const element = document.createElementNS(svgNs, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  return element;
};

// The mark's own rectangle: in a chart of lines its shape, without the whisker.
const boxOf = (mark) => (mark.querySelector('.shape, .bar, .dot') || mark).getBoundingClientRect();
const centre = (box) => [box.left + box.width / 2, box.top + box.height / 2];
const outside = (value, low, high) => Math.max(low - value, 0, value - high);
const isShown = (mark) => mark.closest('.off') === null && mark.getClientRects().length > 0;

function enhanceFigure(figure) {
  const tip = figure.querySelector('.tip');
  const tips = new Map();
  let active = null;
  for (const mark of figure.querySelectorAll('.mark')) {
    const title = mark.querySelector('title');
    tips.set(mark, title ? title.textContent : mark.dataset.tip);
    if (title) title.remove();
  }
  // A title element would show as a second tooltip: the same name as an attribute.
  for (const svg of figure.querySelectorAll('svg[role=img]')) {
    const title = svg.querySelector(':scope > title');
    svg.setAttribute('aria-label', title.textContent);
    svg.removeAttribute('aria-labelledby');
    title.remove();
  }
  const marksOf = (plot) => [...plot.querySelectorAll('.mark')].filter(isShown);

  const hide = () => {
    if (active) active.classList.remove('active');
    active = null;
    tip.hidden = true;
  };
  const show = (mark) => {
    if (mark === active) return;
    hide();
    active = mark;
    mark.classList.add('active');
    const [first, ...rest] = tips.get(mark).split('\\n');
    tip.replaceChildren(make('strong', { textContent: first }), rest.join('\\n'));
    tip.hidden = false;
    const box = boxOf(mark);
    const frame = figure.getBoundingClientRect();
    const [x] = centre(box);
    const left = Math.min(Math.max(x - frame.left - tip.offsetWidth / 2, 0), frame.width - tip.offsetWidth);
    const above = box.top - frame.top - tip.offsetHeight - 12;
    const hasRoom = above + frame.top > 0;
    tip.style.left = left + 'px';
    tip.style.top = (hasRoom ? above : box.bottom - frame.top + 12) + 'px';
  };

  const nearest = (plot, x, y) => {
    let best = null;
    let least = 40;
    for (const mark of marksOf(plot)) {
      const box = mark.matches('.bar-row') ? mark.getBoundingClientRect() : boxOf(mark);
      const distance = Math.hypot(outside(x, box.left, box.right), outside(y, box.top, box.bottom));
      if (distance < least) [best, least] = [mark, distance];
    }
    return best;
  };
  const point = (event) => {
    const plot = event.target.closest('.plot');
    const mark = plot && nearest(plot, event.clientX, event.clientY);
    if (mark) show(mark);
    else hide();
  };
  figure.addEventListener('pointermove', point);
  figure.addEventListener('pointerdown', point);
  figure.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse') hide();
  });

  // Left and right stay in a series or row; up and down go to the mark above or below, the nearest across first.
  const rowOf = (mark) => mark.closest('.series, tr') || mark;
  const beside = (plot, mark, step) => {
    const row = marksOf(plot).filter((other) => rowOf(other) === rowOf(mark));
    return row.length > 1 ? row[row.indexOf(mark) + step] : across(plot, mark, step);
  };
  const across = (plot, mark, step) => {
    const all = marksOf(plot);
    if (mark.matches('.bar-row')) return all[all.indexOf(mark) + step];
    const [x, y] = centre(boxOf(mark));
    let best = null;
    let least = Infinity;
    for (const other of all) {
      const [otherX, otherY] = centre(boxOf(other));
      const dy = (otherY - y) * step;
      if (rowOf(other) === rowOf(mark) || dy <= 0) continue;
      const cost = Math.abs(otherX - x) * 1000 + dy;
      if (cost < least) [best, least] = [other, cost];
    }
    return best;
  };
  const moves = {
    ArrowRight: (plot, mark) => beside(plot, mark, 1),
    ArrowLeft: (plot, mark) => beside(plot, mark, -1),
    ArrowDown: (plot, mark) => across(plot, mark, 1),
    ArrowUp: (plot, mark) => across(plot, mark, -1),
    Home: (plot) => marksOf(plot)[0],
    End: (plot) => marksOf(plot).at(-1),
  };
  const press = (plot) => (event) => {
    if (event.key === 'Escape') return hide();
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const from = active && plot.contains(active) ? active : null;
    const to = from ? move(plot, from) : marksOf(plot)[0];
    if (!to) return;
    to.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    show(to);
  };
  for (const plot of figure.querySelectorAll('.plot')) {
    const svg = plot.querySelector('svg[role=img]');
    if (svg) {
      plot.tabIndex = 0;
      plot.setAttribute('role', 'group');
      plot.setAttribute('aria-label', svg.getAttribute('aria-label') + '. Arrow keys go through the values.');
    }
    plot.addEventListener('keydown', press(plot));
    plot.addEventListener('focusin', (event) => {
      const first = event.target.matches(':focus-visible') && marksOf(plot)[0];
      if (first && !(active && plot.contains(active))) show(first);
    });
    plot.addEventListener('focusout', hide);
  }

  const switches = [...figure.querySelectorAll('.legend li[data-series]')].map((item) => {
    const button = make('button', { type: 'button' }, ...item.childNodes);
    const turn = (isOn) => {
      button.setAttribute('aria-pressed', String(isOn));
      const parts = figure.querySelectorAll('.plots [data-series="' + item.dataset.series + '"]');
      for (const part of parts) part.classList.toggle('off', !isOn);
      hide();
    };
    button.setAttribute('aria-pressed', 'true');
    button.addEventListener('click', () => turn(button.getAttribute('aria-pressed') !== 'true'));
    item.append(button);
    return turn;
  });
  if (switches.length > 4) {
    const both = [['All', true], ['None', false]].map(([textContent, isOn]) => {
      const button = make('button', { type: 'button', textContent });
      button.addEventListener('click', () => switches.forEach((turn) => turn(isOn)));
      return button;
    });
    figure.querySelector('.legend').prepend(make('li', { className: 'all-none' }, ...both));
  }
}
for (const figure of document.querySelectorAll('[data-figure]')) enhanceFigure(figure);
`;

const samples = `
const show6 = (value) => String(Number(value.toPrecision(6)));
const median = (values) => {
  const sorted = values.slice().sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

function tableOf(arm) {
  const places = new Map();
  arm.processes.forEach(([, raw, regimes, rounds], column) => {
    raw.forEach((value, i) => {
      const round = rounds ? rounds[i] : i;
      if (!places.has(round)) places.set(round, []);
      places.get(round)[column] = [value, regimes ? regimes[i] : 0];
    });
  });
  const head = make('tr', {}, make('th', { scope: 'col', textContent: 'Round' }));
  for (const [process] of arm.processes) {
    head.append(make('th', { scope: 'col', className: 'number', textContent: 'Process ' + process }));
  }
  const body = make('tbody');
  for (const [round, row] of [...places].sort((a, b) => a[0] - b[0])) {
    const line = make('tr', {}, make('th', { scope: 'row', textContent: String(round) }));
    for (let column = 0; column < arm.processes.length; column++) {
      const cell = make('td', { className: 'number' });
      if (row[column]) {
        const [value, regime] = row[column];
        cell.append(make('data', { value: String(value), textContent: show6(value / arm.per) }));
        if (regime) cell.append(' (regime ' + (regime + 1) + ')');
      }
      line.append(cell);
    }
    body.append(line);
  }
  const table = make('table', {}, make('caption', { textContent: arm.label + ', ' + arm.unit }), make('thead', {}, head), body);
  const scroll = make('div', { className: 'scroll', tabIndex: 0 }, table);
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', 'Samples: ' + arm.label);
  return scroll;
}

// A lane a process, a dot a sample; a tick at the median of each regime.
function stripOf(arm, width) {
  const all = arm.processes.flatMap(([, raw]) => raw.map((value) => value / arm.per));
  if (all.length === 0) return null;
  let [low, high] = [Infinity, -Infinity];
  for (const value of all) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const left = 34;
  const lane = 13;
  const height = arm.processes.length * lane + 26;
  const at = (value) => (high > low ? left + 6 + ((value - low) / (high - low)) * (width - left - 14) : (left + width) / 2);
  const svg = draw('svg', { viewBox: '0 0 ' + width + ' ' + height, role: 'img' });
  const words = arm.label + ': ' + all.length + ' samples, ' + show6(low) + ' to ' + show6(high) + ' ' + arm.unit;
  svg.setAttribute('aria-label', words);
  arm.processes.forEach(([process, raw, regimes], row) => {
    const y = row * lane + lane / 2 + 2;
    const inRegime = (second) => raw.filter((_, i) => Boolean(regimes && regimes[i]) === second);
    const [first, second] = [inRegime(false), inRegime(true)];
    const place = (value) => at(value / arm.per);
    const dots = first.map((value) => 'M' + place(value).toFixed(1) + ',' + y + 'h0');
    const crosses = second.map((value) => 'M' + (place(value) - 2.5).toFixed(1) + ',' + (y - 2.5) + 'l5,5m0,-5l-5,5');
    const ticks = [first, second]
      .filter((values) => values.length > 0)
      .map((values) => 'M' + place(median(values)).toFixed(1) + ',' + (y - 5) + 'v10');
    svg.append(draw('path', { class: 'lane', d: 'M' + left + ',' + y + 'H' + width }));
    svg.append(draw('path', { class: 'first', d: dots.join('') }), draw('path', { class: 'second', d: crosses.join('') }));
    svg.append(draw('path', { class: 'middle', d: ticks.join('') }));
    svg.append(draw('text', { x: left - 8, y: y + 4, 'text-anchor': 'end' }, String(process)));
  });
  svg.append(draw('text', { x: left, y: height - 5 }, show6(low) + ' ' + arm.unit));
  svg.append(draw('text', { x: width, y: height - 5, 'text-anchor': 'end' }, show6(high) + ' ' + arm.unit));
  const table = make('details', {}, make('summary', { textContent: 'As a table' }));
  table.addEventListener('toggle', () => {
    if (table.open && table.children.length === 1) table.append(tableOf(arm));
  });
  return make('figure', { className: 'strip' }, make('figcaption', { textContent: arm.label }), svg, table);
}

function enhanceRaw(details) {
  const body = details.querySelector('.raw-body');
  const open = () => {
    const groups = JSON.parse(document.getElementById(details.dataset.raw).textContent);
    const strips = make('div', { className: 'strips' });
    const select = make('select');
    groups.forEach((group, i) => select.append(make('option', { value: String(i), textContent: group.label || 'all' })));
    const hasRegimes = groups.some((group) => group.arms.some((arm) => arm.processes.some((process) => process[2])));
    const words = 'A lane a process, a dot a sample, a tick at their median.';
    const note = make('p', { className: 'note', textContent: hasRegimes ? words + ' Crosses are samples of the second regime.' : words });
    const fill = () => {
      const whole = Math.max(260, body.clientWidth);
      const width = Math.round(whole > 820 ? (whole - 40) / 2 : whole);
      const drawn = groups[Number(select.value)].arms.map((arm) => stripOf(arm, width));
      strips.replaceChildren(...drawn.filter((strip) => strip !== null));
    };
    select.addEventListener('change', fill);
    body.replaceChildren(note, ...(groups.length > 1 ? [make('label', {}, 'Samples of ', select)] : []), strips);
    fill();
  };
  details.addEventListener('toggle', () => {
    if (details.open) open();
  }, { once: true });
}
for (const details of document.querySelectorAll('[data-raw]')) enhanceRaw(details);
`;

const contents = `
const links = new Map();
for (const link of document.querySelectorAll('.contents a')) {
  const section = document.getElementById(link.hash.slice(1));
  if (section) links.set(section, link);
}
const inView = new Set();
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) inView.add(target);
    else inView.delete(target);
  }
  const first = [...links.keys()].find((section) => inView.has(section));
  for (const [section, link] of links) {
    if (section === first) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}, { rootMargin: '-20% 0px -60% 0px' });
for (const section of links.keys()) observer.observe(section);
`;

/** The whole script, to stand in one script element of type module. */
export const pageScript: string = `(() => {
'use strict';
${figures}${samples}${contents}})();
`;
