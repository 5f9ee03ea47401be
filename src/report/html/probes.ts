/**
 * What the probes between two blocks of rounds saw, in the order of the run: a dot a probe, a band an experiment. A
 * step in the dots is a neighbour or a move of the host's; the second regime has another mark.
 */
import { formatNs } from '../../base/units.ts';
import type { Probe } from '../../experiment/run.ts';
import { type Box, textWidth, yAxis } from './axis.ts';
import type { Size } from './lines.ts';
import { px } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { extent, linearScale, logScale, padded, type Scale } from './scales.ts';

/** One of the three things that a probe measures. */
export interface ProbeKind {
  readonly id: 'pingPongNs' | 'chaseNs' | 'fixedNs';
  readonly title: string;
}

export const probeKinds: readonly ProbeKind[] = [
  { id: 'chaseNs', title: 'A load in 8 MiB: who else uses the cache' },
  { id: 'pingPongNs', title: 'A line between two CPUs, one way: where the CPUs are' },
  { id: 'fixedNs', title: 'A fixed chain of arithmetic: the clock' },
];

const wide: Size = { kind: 'wide', width: 940, height: 170 };
const narrow: Size = { kind: 'narrow', width: 380, height: 170 };

interface Dot {
  readonly index: number;
  readonly value: number;
  readonly regime: number;
}

interface Band {
  readonly experiment: string;
  readonly first: number;
  readonly last: number;
}

function bandsOf(probes: readonly Probe[]): Band[] {
  const bands: { experiment: string; first: number; last: number }[] = [];
  probes.forEach(({ experiment }, i) => {
    const current = bands.at(-1);
    if (current?.experiment === experiment) current.last = i;
    else bands.push({ experiment, first: i, last: i });
  });
  return bands;
}

function drawBands(bands: readonly Band[], x: Scale, box: Box): Markup {
  const drawn = bands.map(({ experiment, first, last }, i) => {
    const [left, right] = [x.at(first - 0.5), x.at(last + 0.5)];
    const name = textWidth(experiment, 12) < right - left - 6 ? experiment : '';
    const fill = i % 2 === 0 ? 'phase' : 'phase phase--other';
    return html`<rect class="${fill}" x="${px(left)}" y="${px(box.top)}" width="${px(right - left)}" height="${px(
      box.bottom - box.top,
    )}"/><text class="phase-name" x="${px((left + right) / 2)}" y="${px(box.bottom + 16)}">${name}</text>`;
  });
  return html`${drawn}`;
}

/** Dots of the first regime are round, of the second crosses: one path each, however many there are. */
function drawDots(dots: readonly Dot[], x: Scale, y: Scale): Markup {
  const round = dots
    .filter((dot) => dot.regime === 0)
    .map((dot) => `M${px(x.at(dot.index))},${px(y.at(dot.value))}h0`);
  const cross = dots
    .filter((dot) => dot.regime !== 0)
    .map((dot) => `M${px(x.at(dot.index) - 3)},${px(y.at(dot.value) - 3)}l6,6m0,-6l-6,6`);
  return html`<path class="probe" d="${round.join('')}"/><path class="probe probe--second" d="${cross.join('')}"/>`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function drawKind(kind: ProbeKind, probes: readonly Probe[], dots: readonly Dot[], size: Size): Markup {
  const range = extent(dots.map((dot) => dot.value))!;
  const isLog = range[0] > 0 && range[1] / range[0] > 4;
  const box: Box = { left: 66, right: size.width - 8, top: 26, bottom: size.height - 26 };
  const x = linearScale([-0.5, probes.length - 0.5], [box.left, box.right]);
  const domain = isLog ? padded(range, true) : padded([Math.min(range[0], range[1] * 0.8), range[1]], false);
  const y = isLog ? logScale(domain, [box.bottom, box.top]) : linearScale(domain, [box.bottom, box.top]);
  const id = `probe-${kind.id}-${size.kind}`;
  const second = dots.filter((dot) => dot.regime !== 0).length;
  const words = `${dots.length} probes in the order of the run: median ${formatNs(median(dots.map((dot) => dot.value)))}, ${formatNs(range[0])} to ${formatNs(range[1])}; ${second} in a second regime.`;
  return html`<svg class="chart chart--${size.kind}" viewBox="0 0 ${size.width} ${size.height}" role="img"
    aria-labelledby="${id}-title" aria-describedby="${id}-desc"><title id="${id}-title">${kind.title}</title><desc
    id="${id}-desc">${words}</desc>${drawBands(bandsOf(probes), x, box)}${yAxis(y, { title: kind.title, binary: false, words: formatNs, discrete: null }, box)}${drawDots(
      dots,
      x,
      y,
    )}</svg>`;
}

/** A small chart for each of the probes' three times that was measured. */
export function drawProbes(probes: readonly Probe[]): Markup {
  const charts = probeKinds.map((kind) => {
    const dots = probes.flatMap((probe, index): Dot[] => {
      const value = probe[kind.id];
      return value === null || !Number.isFinite(value) ? [] : [{ index, value, regime: probe.regime }];
    });
    if (dots.length === 0) return null;
    return html`<div class="plot plot--probe">${drawKind(kind, probes, dots, wide)}${drawKind(kind, probes, dots, narrow)}</div>`;
  });
  const hasSecond = probes.some((probe) => probe.regime !== 0);
  const key = hasSecond ? html`<p class="note">Dots: the first regime. Crosses: the second.</p>` : null;
  return html`${charts}${key}`;
}
