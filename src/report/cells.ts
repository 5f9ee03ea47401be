/** The words and figures of a table's row: the same in the terminal and in Markdown. */
import { isCounted } from '../base/units.ts';
import type { Effect, Verdict } from '../experiment/claim.ts';
import type { Comparison, Conduct, Measurement, Run } from '../experiment/run.ts';
import { own, type Point, type Scalar } from '../kernel/kernel.ts';
import { formatCpuList } from '../machine/cpu-list.ts';
import type { Arm, ExperimentResult, MetricTable } from './arrange.ts';
import { oneLine } from './lines.ts';
import {
  exactText,
  formatConfidence,
  formatCoordinate,
  formatDuration,
  formatFigure,
  formatFigureRange,
  formatQuantity,
  formatRange,
  formatShare,
  formatTimes,
  formatTimesRange,
  notAvailable,
  scaleFor,
} from './numbers.ts';
import { processorTime } from './processor-time.ts';

export interface ArmCells {
  readonly median: string;
  readonly medianRange: string;
  /** Processor time; '' where there is none. */
  readonly cpu: string;
  readonly ratio: string;
  readonly ratioRange: string;
  /** What the comparison has shown, as a word that completes 'shown: ...'. */
  readonly shown: string;
  readonly noise: string;
}

/** The mark of a series whose samples lie 5% or more from their median. */
export const unstableMark = '~';

const results: Readonly<Record<Comparison['result'], string>> = {
  faster: 'faster',
  slower: 'slower',
  'no-difference': 'nothing',
  inconclusive: 'unclear',
};

/** Whether it is a count that all samples agree on: it has neither an interval nor noise. */
export function isExactCount({ unit, processes }: Pick<Measurement, 'unit' | 'processes'>): boolean {
  if (!isCounted(unit)) return false;
  const [first, ...others] = processes.flatMap(({ raw }) => raw);
  return others.length > 0 && others.every((value) => value === first);
}

/** An arm as text: its median and how sure, its ratio to the baseline and how sure, its noise. */
export function armCells({ measurement, comparison, isBaseline }: Arm): ArmCells {
  const { median, low, high, error, unstable } = measurement.summary;
  const scale = scaleFor(median, measurement.unit);
  const isExact = isExactCount(measurement);
  const cpu = processorTime(measurement);
  return {
    // The mark has a place of its own, so that the figures stand below one another.
    median: `${formatQuantity(median, measurement.unit, scale)}${unstable ? unstableMark : ' '}`,
    medianRange: isExact ? exactText : formatRange(low, high, scale),
    cpu: cpu === null ? '' : formatQuantity(cpu, measurement.unit, scale),
    ratio: isBaseline ? 'baseline' : formatTimes(comparison?.ratio ?? null),
    ratioRange: isBaseline ? '' : formatTimesRange(comparison?.low ?? null, comparison?.high ?? null),
    shown: isBaseline ? '' : comparison === null ? notAvailable : results[comparison.result],
    noise: isExact ? '' : formatShare(error),
  };
}

/** What takes the place of a variant in the row of its other regime. */
export const elsewhereText = 'other regime';

/** The arm in its other regime, where it has one: only the comparison was made there. */
export function elsewhereCells(arm: Arm): ArmCells | null {
  if (arm.elsewhere === null) return null;
  const { ratio, ratioRange, shown } = armCells({ ...arm, comparison: arm.elsewhere });
  return { median: '', medianRange: '', cpu: '', ratio, ratioRange, shown, noise: '' };
}

/** 'workingSetBytes 16 KiB, threads 2'; '' for no coordinates. */
export function pointText(point: Point): string {
  return Object.entries(point)
    .filter(([, value]) => value !== own)
    .map(([name, value]) => `${name} ${formatCoordinate(name, value)}`)
    .join(', ');
}

/** What a table is about: 'time per load; count 10,000'. */
export function tableTitle({ title, constant }: MetricTable): string {
  const fixed = pointText(constant);
  return fixed === '' ? title : `${title}; ${fixed}`;
}

/** What can't be told in the table's groups, in a sentence; null where nothing was compared, or no floor is known. */
export function floorText({ groups }: MetricTable): string | null {
  const floors = groups.flatMap(({ floor }) => (floor === null ? [] : [floor - 1])).toSorted((a, b) => a - b);
  if (floors.length === 0) return null;
  const [least, most] = [formatShare(floors[0]!), formatShare(floors.at(-1)!)];
  const range = least === most ? least : `${least} to ${most}, by group,`;
  return `Differences under ${range} can't be told apart here (the baseline against itself).`;
}

/**
 * Coordinates that stand in columns of their own: all where groups are single arms; else those that the variant does
 * not tell.
 */
export function coordinateColumns({ groups }: MetricTable): readonly string[] {
  if (groups.every(({ arms }) => arms.length === 1)) {
    return [...new Set(groups.flatMap(({ point }) => Object.keys(point)))];
  }
  const untold = groups.flatMap(({ inside, arms }) =>
    inside.filter(
      (name) =>
        !isTold(
          name,
          arms.map(({ measurement }) => measurement),
        ),
    ),
  );
  return [...new Set(untold)];
}

/** Whether a variant's name is enough to know a coordinate. */
export function isTold(name: string, arms: readonly Measurement[]): boolean {
  const values = new Map(arms.map(({ variant, point }) => [variant, point[name]]));
  return arms.every(({ variant, point }) => point[name] === values.get(variant));
}

/**
 * What tells the curve that an arm is a point of from others of its variant, where `along` says which coordinates run
 * along the curve: the other coordinates in which this variant's arms differ.
 */
export function curvePoint(
  all: readonly Measurement[],
  along: readonly string[],
): (measurement: Measurement) => Point {
  const values = new Map<string, Set<Scalar>>();
  const key = (variant: string, name: string): string => `${variant} ${name}`;
  for (const { variant, point } of all) {
    for (const [name, value] of Object.entries(point)) {
      values.set(key(variant, name), (values.get(key(variant, name)) ?? new Set()).add(value));
    }
  }
  const isOwn = (variant: string, name: string): boolean =>
    !along.includes(name) && values.get(key(variant, name))!.size > 1;
  return ({ variant, point }) =>
    Object.fromEntries(Object.entries(point).filter(([name]) => isOwn(variant, name)));
}

/** The curve's name: the variant, and what tells it from others of the variant. */
export function curveNamer(
  all: readonly Measurement[],
  along: readonly string[],
): (measurement: Measurement) => string {
  const pointOf = curvePoint(all, along);
  return (measurement) =>
    [measurement.variant, pointText(pointOf(measurement))].filter((part) => part !== '').join(' ');
}

/** Whether anything in the table was compared with a baseline. */
export function hasComparisons({ groups }: MetricTable): boolean {
  return groups.some(({ arms }) => arms.some(({ comparison }) => comparison !== null));
}

/** How sure every interval of the table is, in a sentence; null where there is no interval. */
export function confidenceText(table: MetricTable, conduct: Conduct | null): string | null {
  const all = table.groups.flatMap(({ arms }) =>
    arms.flatMap(({ measurement, comparison }) => [
      measurement.summary.confidence,
      comparison?.confidence ?? null,
    ]),
  );
  const known = all.filter((confidence) => confidence !== null);
  if (known.length === 0) return null;
  const together = conduct !== null && hasComparisons(table) ? conduct.comparisons : 0;
  const why = together > 1 ? `, all ${together} comparisons together with 95%` : '';
  return `Each interval holds with ${formatConfidence(Math.min(...known))} or more${why}.`;
}

const stops: Readonly<Record<Conduct['stopped'], string>> = {
  narrow: 'ended when the intervals were narrow enough',
  budget: 'ended when its time was spent',
  processes: 'ended when all planned processes were done',
  interrupted: 'interrupted',
  failed: 'failed',
};

/** How an experiment was run, in a sentence without its full stop. */
export function conductText(conduct: Conduct): string {
  const { processes, cpus, elapsedMs, samplingMs, crossChecked } = conduct;
  if (processes === 0)
    return `Nothing was measured${conduct.stopped === 'processes' ? '' : `: ${stops[conduct.stopped]}`}`;
  const where = cpus.length === 0 ? '' : ` on CPU${cpus.length > 1 ? 's' : ''} ${formatCpuList(cpus)}`;
  const took = `${formatDuration(elapsedMs)}, ${formatDuration(samplingMs)} of it in samples`;
  const checked = `${crossChecked} ${crossChecked === 1 ? 'answer' : 'answers'} cross-checked`;
  return `${processes} fresh ${processes === 1 ? 'process' : 'processes'}${where}; ${took}; ${checked}; ${stops[conduct.stopped]}`;
}

/** 'supported', 'refuted', 'inconclusive', 'not applicable'. */
export function statusText(status: Verdict['status']): string {
  return status === 'not-applicable' ? 'not applicable' : status;
}

/** '4 supported, 1 refuted'; null where nothing was judged. */
export function verdictCount(verdicts: readonly Verdict[]): string | null {
  const counts = (['supported', 'refuted', 'inconclusive', 'not-applicable'] as const).flatMap((status) => {
    const count = verdicts.filter((verdict) => verdict.status === status).length;
    return count === 0 ? [] : [`${count} ${statusText(status)}`];
  });
  return counts.length === 0 ? null : counts.join(', ');
}

/** The measured effect, or the words in its place, beside which the source's number is read. */
export function effectText(verdict: Verdict): string {
  if (verdict.measured !== undefined) return oneLine(verdict.measured);
  if (verdict.effect === null) return notAvailable;
  return effectInWords(verdict.effect);
}

/** '3.52x [3.41, 3.60]', '1.02 ns [1.01, 1.03]'. */
export function effectInWords({ value, low, high, unit }: Effect): string {
  return `${formatFigure(value, unit)} ${formatFigureRange({ value, low, high }, unit)}`;
}

/** The machine in a line: model, CPUs, caches, system, engine. */
export function machineText({ machine }: Pick<Run, 'machine'>): string {
  const caches = new Map(
    (machine.caches.value ?? [])
      .filter(({ kind }) => kind !== 'instruction')
      .map(({ level, sizeBytes }) => [level, `L${level} ${formatCoordinate('sizeBytes', sizeBytes)}`]),
  );
  const share = machine.lastLevelBytes.value;
  return [
    machine.cpuModel.value ?? `${machine.architecture}, model unknown`,
    machine.cpus.value === null ? 'CPUs unknown' : `${machine.cpus.value.length} CPUs`,
    ...caches.values(),
    ...(share === null ? [] : [`last level as measured ${formatCoordinate('sizeBytes', share)}`]),
    `${machine.platform} ${machine.osRelease}`,
    `Node.js ${machine.node.replace(/^v/, '')}`,
  ].join(', ');
}

/** Title and id of an experiment; the id alone where this version does not know it. */
export function titleOf({ id, text }: ExperimentResult): string {
  return text === null ? id : text.title;
}
