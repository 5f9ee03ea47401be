/** The table of an experiment's numbers: the text alternative to its chart, and all of the summary. */
import type { Comparison, ComparisonResult, Measurement } from '../../experiment/run.ts';
import { type Arm, type ArmGroup, type Arrangement, metricTitle, timeMetric } from './coordinates.ts';
import { drawForest, forestScale } from './forest.ts';
import { html, type Markup } from './markup.ts';
import { count, intervalIn, multiple, notAvailable, percent, quantity } from './quantity.ts';
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
  /** Of the pictures of ratios; null where the table has no ratios. */
  readonly scale: Scale | null;
  readonly columns: number;
}

/** A number that a program can read as it is in the run file. */
function data(value: number, words: string): Markup {
  return html`<data value="${value}">${words}</data>`;
}

function interval(low: number | null, high: number | null, of: number, unit: string): Markup {
  const words = intervalIn(low, high, of, unit);
  if (low === null || high === null) return html`<span class="none">${words}</span>`;
  return html`<span class="interval" data-low="${low}" data-high="${high}">${words}</span>`;
}

function resultWords({ result, regime }: Comparison, of: number): Markup {
  const [sign, word] = results[result];
  // Only where an arm was compared in more than one.
  const note = of > 1 ? html` <span class="note">regime ${regime + 1}</span>` : null;
  return html`<span class="result result--${result}"><span class="sign" aria-hidden="true">${sign}</span> ${word}</span>${note}`;
}

function ratioCells({ view, scale }: Frame, measurement: Measurement): Markup | null {
  if (scale === null) return null;
  if (view.isBaseline(measurement)) {
    return html`<td class="number">1</td><td></td><td></td><td class="result">baseline</td>`;
  }
  const all = view.comparisonsOf(measurement);
  if (all.length === 0) {
    const none = html`<span class="none">${notAvailable}</span>`;
    return html`<td class="number">${none}</td><td></td><td></td><td class="result">${none}</td>`;
  }
  const lines = (of: (one: Comparison) => Markup): Markup[] => all.map((one) => html`<div>${of(one)}</div>`);
  return html`<td class="number">${lines((one) => data(one.ratio, multiple(one.ratio)))}</td><td class="number">${lines(
    (one) => interval(one.low, one.high, one.ratio, ''),
  )}</td><td class="picture">${lines((one) => drawForest(one, scale))}</td><td class="result">${lines((one) =>
    resultWords(one, all.length),
  )}</td>`;
}

function noiseCell(measurement: Measurement): Markup {
  const { error, unstable, outliers } = measurement.summary;
  const plural = outliers === 1 ? '' : 's';
  return html`<td class="noise"><data value="${error}">±${percent(error)}</data>${
    unstable ? html` <span class="badge badge--warn">unstable</span>` : null
  }${hasTwoRegimes(measurement) ? html` <span class="badge badge--warn">two regimes</span>` : null}${
    outliers > 0 ? html` <span class="note">${data(outliers, count(outliers))} outlier${plural}</span>` : null
  }</td>`;
}

/** How many samples, and from how many processes: said once where all arms of a group have as many. */
function sampleWords({ samples, processes }: Measurement['summary']): Markup {
  return html`${data(samples, count(samples))} samples in ${data(processes, count(processes))} process${processes === 1 ? '' : 'es'}`;
}

function haveAlike(arms: readonly Arm[]): boolean {
  return (
    new Set(arms.map(({ measurement: { summary } }) => `${summary.samples}/${summary.processes}`)).size === 1
  );
}

function row(frame: Frame, arm: Arm, name: string, ownSamples: boolean): Markup {
  const { measurement } = arm;
  const { median, low, high } = measurement.summary;
  const twin = measurement.twin
    ? html` <span class="badge" title="the baseline under another name">A/A</span>`
    : null;
  const samples = ownSamples ? html` <span class="note">${sampleWords(measurement.summary)}</span>` : null;
  return html`<tr class="${measurement.twin ? 'twin' : ''}" data-group="${measurement.group}" data-arm="${measurement.arm}"><th
    scope="row">${name}${twin}${samples}</th><td class="number">${data(median, quantity(median, measurement.unit))}</td><td
    class="number">${interval(low, high, median, measurement.unit)}</td>${ratioCells(frame, measurement)}${noiseCell(measurement)}</tr>`;
}

/** The smallest difference that the twin lets a group tell apart. */
function floorNote(view: ExperimentView, arms: readonly Arm[]): Markup | null {
  const floors = arms.flatMap((arm) => view.comparisonsOf(arm.measurement).map((one) => one.floor));
  const range = extent(floors.filter((floor) => floor !== null));
  if (range === null) return null;
  return html`; differences below ${percent(range[1] - 1)} are not told apart`;
}

/** The name of an arm in a table that has a column of its own for the twin's badge. */
function armName({ label }: Arm): string {
  return label.replace(/ \(twin\)$/, '');
}

function groupBody(frame: Frame, group: ArmGroup): Markup {
  const alike = haveAlike(group.arms);
  const samples = alike ? sampleWords(group.arms[0]!.measurement.summary) : html`samples differ`;
  return html`<tbody><tr class="group"><th scope="rowgroup" colspan="${frame.columns}"><span class="group-name">${group.label} <span
    class="note">${samples}${floorNote(frame.view, group.arms)}</span></span></th></tr>${group.arms.map(
      (arm) => row(frame, arm, armName(arm), !alike),
    )}</tbody>`;
}

/** Groups of one arm need no line of their own: the group's name is the row's. */
function singleBody(frame: Frame, groups: readonly ArmGroup[]): Markup {
  const arms = groups.map((group) => group.arms[0]!);
  const alike = haveAlike(arms);
  const variants = new Set(arms.map((arm) => arm.label)).size;
  const rows = groups.map((group, i) => {
    const name = armName(arms[i]!);
    const label =
      variants > 1 || group.label === ''
        ? [group.label, name].filter((part) => part !== '').join(', ')
        : group.label;
    return row(frame, arms[i]!, label, !alike);
  });
  return html`<tbody>${rows}</tbody>`;
}

/** 'Intervals at 99.4%', or from the lowest to the highest level. */
function confidenceNote(measurements: readonly Measurement[]): string {
  const range = extent(measurements.map((one) => one.summary.confidence).filter((level) => level !== null));
  if (range === null) return 'Too few processes for an interval.';
  const [low, high] = range.map(percent);
  return low === high ? `Intervals at ${low}.` : `Intervals at ${low} to ${high}.`;
}

function tableHead(hasRatios: boolean, first: string): Markup {
  const ratios = html`<th scope="col" class="number">Ratio to baseline</th><th scope="col" class="number">Interval</th><th
    scope="col"><span class="sr">Picture of the ratio</span></th><th scope="col">Result</th>`;
  return html`<thead><tr><th scope="col">${first}</th><th scope="col" class="number">Median</th><th scope="col" class="number"
    >Interval</th>${hasRatios ? ratios : null}<th scope="col">Noise</th></tr></thead>`;
}

/** One metric's table, in a container that scrolls by itself. */
export function drawResults(view: ExperimentView, arrangement: Arrangement): Markup {
  const { groups, metric } = arrangement;
  const measurements = groups.flatMap((group) => group.arms.map((arm) => arm.measurement));
  const scale = forestScale(measurements.flatMap((one) => view.comparisonsOf(one)));
  const frame: Frame = { view, scale, columns: scale === null ? 4 : 8 };
  const title = metricTitle(metric, view.text);
  const per = view.text === null || metric !== timeMetric ? '' : ` per ${view.text.operation}`;
  const caption = `${title.charAt(0).toUpperCase()}${title.slice(1)}${per}`;
  const isSingle = groups.length > 1 && groups.every((group) => group.arms.length === 1);
  const alike = isSingle && haveAlike(groups.map((group) => group.arms[0]!));
  const samples = alike ? html` ${sampleWords(measurements[0]!.summary)} each.` : null;
  const tall = measurements.length >= tallRows ? ' scroll--tall' : '';
  return html`<div class="scroll${tall}" role="region" tabindex="0" aria-label="Table: ${caption}"><table class="results"><caption
    >${caption} <span class="note">${confidenceNote(measurements)}${samples}</span></caption>${tableHead(
      scale !== null,
      isSingle ? 'Point' : 'Variant',
    )}${isSingle ? singleBody(frame, groups) : groups.map((group) => groupBody(frame, group))}</table></div>`;
}

/** The table of further metrics, which nothing is compared by: a row an arm, three columns a metric. */
export function drawMetrics(view: ExperimentView, arrangements: readonly Arrangement[]): Markup {
  const titles = arrangements.map(({ metric }) => metricTitle(metric, view.text));
  const heads = titles.map((title) => html`<th scope="colgroup" colspan="3" class="metric">${title}</th>`);
  const columns = titles.map(
    () =>
      html`<th scope="col" class="number metric">Median</th><th scope="col" class="number">Interval</th><th scope="col">Noise</th>`,
  );
  const keys = [...new Set(arrangements.flatMap(({ groups }) => groups.map(({ key }) => key)))];
  const bodies = keys.map((key) => {
    const groups = arrangements.map((one) => one.groups.find((group) => group.key === key));
    const arms = new Map(
      groups.flatMap((group) => (group?.arms ?? []).map((arm) => [arm.measurement.arm, arm])),
    );
    const rows = [...arms].map(([id, arm]) => {
      const cells = groups.map((group) => metricCells(group?.arms.find((one) => one.measurement.arm === id)));
      return html`<tr data-group="${key}" data-arm="${id}"><th scope="row">${arm.label}</th>${cells}</tr>`;
    });
    const name = groups.find((group) => group !== undefined)?.label ?? '';
    const head = html`<tr class="group"><th scope="rowgroup" colspan="${1 + 3 * titles.length}"><span class="group-name">${name}</span></th></tr>`;
    return html`<tbody>${name === '' ? null : head}${rows}</tbody>`;
  });
  const measurements = arrangements.flatMap(({ groups }) =>
    groups.flatMap(({ arms }) => arms.map((arm) => arm.measurement)),
  );
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: further metrics"><table class="results metrics"><caption
    >Further metrics <span class="note">${confidenceNote(measurements)}</span></caption><thead><tr><th scope="col" rowspan="2"
    >Variant</th>${heads}</tr><tr>${columns}</tr></thead>${bodies}</table></div>`;
}

function metricCells(arm: Arm | undefined): Markup {
  if (arm === undefined) return html`<td colspan="3" class="none metric">${notAvailable}</td>`;
  const { summary, unit } = arm.measurement;
  const { median, low, high } = summary;
  return html`<td class="number metric">${data(median, quantity(median, unit))}</td><td class="number">${interval(
    low,
    high,
    median,
    unit,
  )}</td>${noiseCell(arm.measurement)}`;
}

/** What the columns of the tables say, once a page. */
export function resultsKey(): Markup {
  return html`<details class="how-to"><summary>How to read the numbers</summary><p>A median is that of the processes' medians; an interval
    is made of order statistics over processes. A ratio above 1× takes longer than the baseline. Noise is the median distance of a
    sample from the median of all; at 5% and above a series is called unstable. Outliers are counted, never dropped. A/A is the
    baseline measured a second time under another name: what differs no more than that is not told apart.</p></details>`;
}
