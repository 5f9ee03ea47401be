/** The table of an experiment's numbers: the text alternative to its chart, and all of the summary. */
import { formatCount } from '../../base/units.ts';
import type { Comparison, ComparisonResult, Measurement } from '../../experiment/run.ts';
import type { Arm, ArmGroup, MetricTable } from '../arrange.ts';
import { isExactCount } from '../cells.ts';
import {
  exactText,
  formatConfidence,
  formatQuantity,
  formatRange,
  formatShare,
  formatTimes,
  formatTimesRange,
  notAvailable,
  scaleFor,
} from '../numbers.ts';
import { processorTime } from '../processor-time.ts';
import { drawForest, forestScale } from './forest.ts';
import { capitalised, html, type Markup } from './markup.ts';
import { armInWords, groupInWords, ownNames } from './names.ts';
import { extent, type Scale } from './scales.ts';
import { type ExperimentView, hasTwoRegimes } from './view.ts';

/** How a comparison's result reads, and the sign before it. */
const results: Readonly<Record<ComparisonResult, readonly [string, string]>> = {
  faster: ['▼', 'faster'],
  slower: ['▲', 'slower'],
  'no-difference': ['≈', 'no difference shown'],
  inconclusive: ['?', 'inconclusive'],
};

/** From this many rows on a table scrolls under its own head. */
const tallRows = 30;

/** What all rows of a table share. */
interface Frame {
  readonly view: ExperimentView;
  readonly own: readonly string[];
  /** Of the pictures of ratios; null where the table has no ratios. */
  readonly scale: Scale | null;
  /** Whether processor times stand beside wall times. */
  readonly hasCpu: boolean;
  readonly columns: number;
  /** Whether rows say that they were measured in two regimes: not where all were. */
  readonly tellsRegimes: boolean;
}

/** A number that a program can read as it is in the run file. */
export function data(value: number, words: string): Markup {
  return html`<data value="${value}">${words}</data>`;
}

/** An interval in words, its bounds as they are in the run file. */
export function bounds(low: number | null, high: number | null, words: string): Markup {
  if (low === null || high === null) return html`<span class="none">${words}</span>`;
  return html`<span class="interval" data-low="${low}" data-high="${high}">${words}</span>`;
}

/** The arms of a group, the baseline's twin last. */
export function armsOf({ arms, twin }: ArmGroup): readonly Arm[] {
  return twin === null ? arms : [...arms, twin];
}

function resultWords({ result, regime }: Comparison, of: number): Markup {
  const [sign, word] = results[result];
  // Only where an arm was compared in more than one.
  const note = of > 1 ? html` <span class="note">regime ${regime + 1}</span>` : null;
  return html`<span class="result result--${result}"><span class="sign" aria-hidden="true">${sign}</span> ${word}</span>${note}`;
}

function ratioCells({ view, scale }: Frame, { measurement, isBaseline }: Arm): Markup | null {
  if (scale === null) return null;
  if (isBaseline) return html`<td class="number">1</td><td></td><td></td><td class="result">baseline</td>`;
  const all = view.comparisonsOf(measurement);
  if (all.length === 0) {
    const none = html`<span class="none">${notAvailable}</span>`;
    return html`<td class="number">${none}</td><td></td><td></td><td class="result">${none}</td>`;
  }
  const lines = (of: (one: Comparison) => Markup): Markup[] => all.map((one) => html`<div>${of(one)}</div>`);
  return html`<td class="number">${lines(({ ratio }) => data(ratio, formatTimes(ratio)))}</td><td class="number">${lines(
    ({ low, high }) => bounds(low, high, formatTimesRange(low, high)),
  )}</td><td class="picture">${lines((one) => drawForest(one, scale))}</td><td class="result">${lines((one) =>
    resultWords(one, all.length),
  )}</td>`;
}

/** The median and its interval, in one unit. */
export function medianCells(measurement: Measurement): Markup {
  const { summary, unit } = measurement;
  const { median, low, high } = summary;
  const scale = scaleFor(median, unit);
  return html`<td class="number metric">${data(median, formatQuantity(median, unit, scale))}</td><td class="number">${bounds(
    low,
    high,
    isExactCount(measurement) ? exactText : formatRange(low, high, scale),
  )}</td>`;
}

/** Processor time, in the median's unit. */
function cpuCell(measurement: Measurement): Markup {
  const cpu = processorTime(measurement);
  if (cpu === null) return html`<td></td>`;
  const { summary, unit } = measurement;
  return html`<td class="number">${data(cpu, formatQuantity(cpu, unit, scaleFor(summary.median, unit)))}</td>`;
}

/** The median with its interval below it. */
export function medianCell(measurement: Measurement): Markup {
  const { summary, unit } = measurement;
  const { median, low, high, unstable } = summary;
  const scale = scaleFor(median, unit);
  const range = isExactCount(measurement) ? exactText : formatRange(low, high, scale);
  const mark = unstable && !isExactCount(measurement) ? html`<div class="note">unstable</div>` : null;
  return html`<td class="number metric">${data(median, formatQuantity(median, unit, scale))}<div class="note">${bounds(low, high, range)}</div>${mark}</td>`;
}

/** The error figure of a series, and what else to know of its noise. */
export function noiseCell(measurement: Measurement, tellsRegimes: boolean): Markup {
  if (isExactCount(measurement)) return html`<td class="noise"></td>`;
  const { error, unstable, outliers } = measurement.summary;
  const hasTwo = tellsRegimes && hasTwoRegimes(measurement);
  const plural = outliers === 1 ? '' : 's';
  return html`<td class="noise">${data(error, `±${formatShare(error)}`)}${
    unstable ? html` <span class="badge badge--warn">unstable</span>` : null
  }${hasTwo ? html` <span class="badge badge--warn">two regimes</span>` : null}${
    outliers > 0
      ? html` <span class="note">${data(outliers, formatCount(outliers))} outlier${plural}</span>`
      : null
  }</td>`;
}

/** How many samples, and from how many processes: said once where all arms of a group have as many. */
function sampleWords({ samples, processes }: Measurement['summary']): Markup {
  const [one, many] = [samples === 1 ? 'sample' : 'samples', processes === 1 ? 'process' : 'processes'];
  return html`${data(samples, formatCount(samples))} ${one} in ${data(processes, formatCount(processes))} ${many}`;
}

function haveAlike(arms: readonly Arm[]): boolean {
  return (
    new Set(arms.map(({ measurement: { summary } }) => `${summary.samples}/${summary.processes}`)).size === 1
  );
}

function row(frame: Frame, arm: Arm, name: string, ownSamples: boolean): Markup {
  const { measurement } = arm;
  const twin = measurement.twin
    ? html` <span class="badge" title="the baseline under another name">A/A</span>`
    : null;
  const samples = ownSamples ? html` <span class="note">${sampleWords(measurement.summary)}</span>` : null;
  return html`<tr class="${measurement.twin ? 'twin' : ''}" data-group="${measurement.group}" data-arm="${measurement.arm}"><th
    scope="row">${name}${twin}${samples}</th>${medianCells(measurement)}${frame.hasCpu ? cpuCell(measurement) : null}${ratioCells(frame, arm)}${noiseCell(measurement, frame.tellsRegimes)}</tr>`;
}

/** The smallest difference that the twin lets a group tell apart, over all regimes. */
function floorNote(view: ExperimentView, arms: readonly Arm[]): Markup | null {
  const floors = arms.flatMap((arm) => view.comparisonsOf(arm.measurement).map((one) => one.floor));
  const range = extent(floors.filter((floor) => floor !== null));
  if (range === null) return null;
  return html`; differences below ${formatShare(range[1] - 1)} are not told apart`;
}

function groupBody(frame: Frame, group: ArmGroup): Markup {
  const { view, own, columns } = frame;
  const arms = armsOf(group);
  const alike = haveAlike(arms);
  const samples = alike ? sampleWords(arms[0]!.measurement.summary) : html`samples differ`;
  const rows = arms.map((arm) => row(frame, arm, armInWords(arm.measurement, own, view.text), !alike));
  return html`<tbody><tr class="group"><th scope="rowgroup" colspan="${columns}"><span class="group-name">${groupInWords(
    group,
  )} <span class="note">${samples}${floorNote(view, arms)}</span></span></th></tr>${rows}</tbody>`;
}

/** Groups of one arm need no line of their own: the group's name is the row's. */
function singleBody(frame: Frame, groups: readonly ArmGroup[]): Markup {
  const arms = groups.map((group) => armsOf(group)[0]!);
  const alike = haveAlike(arms);
  const names = arms.map(({ measurement }) => armInWords(measurement, frame.own, frame.view.text));
  const isOneName = new Set(names).size === 1;
  const rows = groups.map((group, i) => {
    const parts = isOneName ? [groupInWords(group)] : [groupInWords(group), names[i]!];
    return row(frame, arms[i]!, parts.filter((part) => part !== '').join(', ') || names[i]!, !alike);
  });
  return html`<tbody>${rows}</tbody>`;
}

/** 'Intervals at 99.4%', or from the lowest to the highest level. */
export function confidenceNote(measurements: readonly Measurement[]): string {
  const range = extent(measurements.map((one) => one.summary.confidence).filter((level) => level !== null));
  if (range === null) return 'Too few processes for an interval.';
  const [low, high] = range.map(formatConfidence);
  return low === high ? `Intervals at ${low}.` : `Intervals at ${low} to ${high}.`;
}

function tableHead(hasRatios: boolean, hasCpu: boolean, first: string): Markup {
  const ratios = html`<th scope="col" class="number">Ratio to baseline</th><th scope="col" class="number">Interval</th><th
    scope="col"><span class="sr">Picture of the ratio</span></th><th scope="col">Result</th>`;
  const cpu = html`<th scope="col" class="number">CPU</th>`;
  return html`<thead><tr><th scope="col">${first}</th><th scope="col" class="number">Median</th><th scope="col" class="number"
    >Interval</th>${hasCpu ? cpu : null}${hasRatios ? ratios : null}<th scope="col">Noise</th></tr></thead>`;
}

/** One metric's table, in a container that scrolls by itself. */
export function drawResults(view: ExperimentView, table: MetricTable): Markup {
  const { groups, title } = table;
  const all = groups.flatMap(armsOf);
  const measurements = all.map(({ measurement }) => measurement);
  const scale = forestScale(measurements.flatMap((one) => view.comparisonsOf(one)));
  const tellsRegimes = !measurements.every(hasTwoRegimes);
  const hasCpu = measurements.some((one) => processorTime(one) !== null);
  const columns = (scale === null ? 4 : 8) + (hasCpu ? 1 : 0);
  const frame: Frame = { view, own: ownNames(table), scale, hasCpu, columns, tellsRegimes };
  const isSingle = groups.length > 1 && groups.every((group) => armsOf(group).length === 1);
  const samples = isSingle && haveAlike(all) ? html` ${sampleWords(measurements[0]!.summary)} each.` : null;
  const tall = all.length >= tallRows ? ' scroll--tall' : '';
  const bodies = isSingle ? singleBody(frame, groups) : groups.map((group) => groupBody(frame, group));
  return html`<div class="scroll${tall}" role="region" tabindex="0" aria-label="Table: ${title}"><table class="results"><caption
    >${capitalised(title)} <span class="note">${confidenceNote(measurements)}${samples}</span></caption>${tableHead(
      scale !== null,
      hasCpu,
      isSingle ? 'Point' : 'Variant',
    )}${bodies}</table></div>`;
}

/** What the columns of the tables say, once a page. */
export function resultsKey(): Markup {
  return html`<details class="how-to"><summary>How to read the numbers</summary><p>A median is that of the processes' medians; an interval
    is made of order statistics over processes; a count that is the same in all samples is exact and needs none. CPU is the
    processor time of the median sample, without waiting for a processor; it is read around the sample, and so may be a little more than its time. A ratio above 1 takes longer than the baseline. Noise is the median distance of a
    sample from the median of all; at 5% and above a series is called unstable. Outliers are counted, never dropped. A/A is the
    baseline measured a second time under another name: what differs no more than that is not told apart.</p></details>`;
}
