/** What a recorded model says, for the terminal: sizes, lifetimes, and the curve of what is made from it. */
import { Prng } from '../../base/prng.ts';
import { formatBytes, formatCount, formatNs, formatNumber } from '../../base/units.ts';
import { oneLine, painter, wrap } from '../../report/lines.ts';
import { renderPlot } from '../../report/plot.ts';
import { renderTable } from '../../report/table.ts';
import {
  largestDistance,
  type LifetimeModel,
  mostOffHeap,
  scaled,
  shareAt,
  spanOf,
  steadyLiveBytes,
  type SurvivalCurve,
} from '../../trace/lifetime-model.ts';
import { type ModelScale, modelScale, scaleText } from '../../trace/lifetime-model-scale.ts';
import { traceSurvival } from '../../trace/lifetime-model-trace.ts';
import { mutatorTrace } from '../../trace/mutator.ts';
import { amountOf, amountText, type MutatorAmount } from '../../trace/mutator-amount.ts';
import { modelled } from '../../trace/mutators/modelled.ts';

interface Frame {
  readonly columns: number;
  readonly unicode: boolean;
}

const widestPlot = 76;
const plotLines = 11;
const labelColumns = 11;
const fewestTextColumns = 24;
const seed = 1;
const plotPoints = 40;
/** A point of the plot below this age says nothing: no object is smaller. */
const leastPlotAge = 64;

/** The trace that is made from a model by its defaults, and its exact curve in the program's own ages. */
interface Made {
  readonly amount: MutatorAmount;
  readonly scale: ModelScale;
  readonly survival: SurvivalCurve;
}

function made(model: LifetimeModel): Made {
  const program = modelled(model);
  const scale = modelScale(model, program.parameters.liveWords);
  const trace = mutatorTrace(program, {}, new Prng(seed));
  const ages = model.survival.map(([age]) => age * scale.age);
  return {
    amount: amountOf(trace),
    scale,
    survival: scaled(traceSurvival(trace, ages), 1 / scale.age),
  };
}

/** All that is known of a model, ending with an end of line. */
export function modelText(model: LifetimeModel, frame: Frame): string {
  const trace = made(model);
  const width = Math.max(fewestTextColumns, frame.columns - labelColumns);
  const lines = figures(model, trace).map(([label, value]) =>
    wrap(value, width, '')
      .split('\n')
      .map((line, i) => `${(i === 0 ? label : '').padEnd(labelColumns)}${line}`)
      .join('\n'),
  );
  const origin = `${oneLine(model.program)}, Node.js ${oneLine(model.node)}, ${model.recordedAt}`;
  return [
    wrap(origin, frame.columns),
    ...lines,
    '',
    classesTable(model, frame),
    '',
    ...drawn(model, trace, frame),
    wrap(
      'The trace draws sizes and ages from the model by a seed. Who names whom is invented: roots and tables hold the ' +
        'objects, each names at most one other, and there are no cycles.',
      frame.columns,
    ),
    '',
  ].join('\n');
}

function percent(share: number): string {
  return `${formatNumber(100 * share, share < 0.01 ? 1 : 3)}%`;
}

function figures(model: LifetimeModel, trace: Made): [string, string][] {
  const { survival, samples, looks, looksNs, elapsedNs, allocatedBytes, classes } = model;
  const seen = classes.reduce((sum, one) => sum + one.seen, 0);
  const rate = (1e9 * allocatedBytes) / elapsedNs;
  const lines: [string, string][] = [
    [
      'allocated',
      `${formatBytes(allocatedBytes)} in ${formatNs(elapsedNs)}, ${formatBytes(rate)} a second${model.isComplete ? '' : '; its end was not seen'}`,
    ],
    [
      'sampled',
      `${formatCount(samples)} objects, one each ${formatBytes(model.intervalBytes)}; ${formatCount(seen)} of them ` +
        `found alive by ${formatCount(looks)} look${looks === 1 ? '' : 's'}, which took ${percent(looksNs / elapsedNs)} of the time`,
    ],
    ['live', liveText(model)],
    ['off heap', offHeapText(model)],
    ['lifetimes', lifetimesText(model)],
    ['pauses', pausesText(model)],
  ];
  if (model.threadsLeftOut > 0)
    lines.push(['left out', `${model.threadsLeftOut} worker thread${model.threadsLeftOut === 1 ? '' : 's'}`]);
  const { distance, ageBytes } = largestDistance(survival, trace.survival);
  lines.push([
    'made of it',
    `${formatCount(trace.amount.objects)} objects; ${amountText(trace.amount)}; ` +
      `${scaleText(trace.scale)}; gc run --live chooses another live set. Its exact curve is at most ` +
      `${percent(distance)} of the bytes from the program's, at ${formatBytes(Math.round(ageBytes))}`,
  ]);
  return lines;
}

/** What lived, by the looks and by the model. */
function liveText({ live, survival }: LifetimeModel): string {
  const most = Math.max(...live.map(([, bytes]) => bytes));
  return (
    `at most ${formatBytes(most)}, in the end ${formatBytes(live.at(-1)![1])} at a look, beside what Node begins with; ` +
    `by the model ${formatBytes(Math.round(steadyLiveBytes(survival)))}`
  );
}

/** What no object of the model stands for. */
function offHeapText({ offHeap }: LifetimeModel): string {
  const most = mostOffHeap(offHeap ?? []);
  if (most === null) return 'not recorded';
  return (
    `at a look at most ${formatBytes(most.arrayBuffersBytes)} in Buffers and other ArrayBuffers, ` +
    `${formatBytes(most.externalBytes)} in all by V8's count, what is dead and not yet freed among it; beside what Node ` +
    'begins with. Not in the model: linefill alloc record sees what is asked of malloc for it'
  );
}

const quoted = [2 ** 10, 2 ** 15, 2 ** 20, 2 ** 25, 2 ** 30];

function lifetimesText({ survival, finestBytes }: LifetimeModel): string {
  const span = spanOf(survival);
  const died = quoted
    .filter((age) => age >= finestBytes && age < span)
    .map((age) => `${percent(1 - shareAt(survival, age))} within ${formatBytes(age)}`);
  const rest = `${percent(survival.at(-1)![1])} outlived the recording`;
  return (
    `of the bytes allocated, dead ${[...died, rest].join(', ')}; below ${formatBytes(Math.round(finestBytes))} the curve ` +
    'is a guess: fewer than 50 samples were looked at so young'
  );
}

function pausesText({ pauses }: LifetimeModel): string {
  const own = pauses.map(
    ({ kind, count, totalNs, p99Ns, maxNs }) =>
      `${formatCount(count)} ${oneLine(kind)}, ${formatNs(totalNs)} (p99 ${formatNs(p99Ns)}, max ${formatNs(maxNs)})`,
  );
  return own.length === 0 ? 'none of its own' : `of its own: ${own.join('; ')}`;
}

/** Sizes that have lifetimes of their own. */
function classesTable({ classes }: LifetimeModel, { columns }: Frame): string {
  const right = 'right' as const;
  return renderTable(
    [
      { header: 'sizes', align: 'left' },
      { header: 'of bytes', align: right },
      { header: 'seen', align: right, spare: 1 },
      { header: 'alive at 32 KiB', align: right },
      { header: 'at 1 MiB', align: right },
      { header: 'at the end', align: right, spare: 2 },
    ],
    classes.map(({ leastBytes, mostBytes, byteShare, seen, survival }) =>
      [
        `${formatBytes(leastBytes)} to ${formatBytes(mostBytes)}`,
        percent(byteShare),
        formatCount(seen),
        percent(shareAt(survival, 2 ** 15)),
        percent(shareAt(survival, 2 ** 20)),
        percent(survival.at(-1)![1]),
      ].map((text) => ({ text })),
    ),
    { width: columns, paint: painter(false) },
  );
}

/** Both curves, by the age's logarithm. */
function drawn(model: LifetimeModel, trace: Made, { columns, unicode }: Frame): string[] {
  const span = Math.min(spanOf(model.survival), spanOf(trace.survival));
  const step = (span / leastPlotAge) ** (1 / (plotPoints - 1));
  const ages = Array.from({ length: plotPoints }, (_, i) => leastPlotAge * step ** i);
  const points = (curve: SurvivalCurve): [number, number][] => ages.map((age) => [age, shareAt(curve, age)]);
  const plot = renderPlot(
    [
      { name: 'the program', points: points(model.survival) },
      { name: 'the trace made of it', points: points(trace.survival) },
    ],
    {
      width: Math.min(columns, widestPlot),
      height: plotLines,
      logX: true,
      logY: false,
      unicode,
      formatX: (age) => formatBytes(2 ** Math.round(Math.log2(age))),
      formatY: (share) => `${Math.round(100 * share)}%`,
      markers: [{ at: model.finestBytes, label: 'finest' }],
    },
  );
  return plot === null
    ? []
    : [wrap('Share of the bytes still alive, by bytes allocated since', columns), '', plot, ''];
}
