/** What sharing costs on this machine, in ratios of arms that took turns, and which padding it needs. */
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';

/** A slowdown below this is none: two runs of one arm differ by nearly as much. */
const tolerated = 1.1;

type Figure = Pick<Inferred, 'value' | 'low' | 'high' | 'processes'>;

/** How many times as long one arm takes as another: pairs of one round, and an interval over processes. */
function timesAsLong(findings: Findings, group: Group, of: string, over: string): Figure | null {
  const ratio = findings.ratio(group, { variant: of }, { variant: over });
  if ('missing' in ratio) return null;
  return { value: ratio.ratio, low: ratio.low, high: ratio.high, processes: ratio.processes };
}

/** The topic's group of two threads, or of the fewest above that. */
function groupOf(findings: Findings, topic: string): Group | undefined {
  return findings.groups
    .filter(({ point }) => point['topic'] === topic && Number(point['threads']) > 1)
    .toSorted((a, b) => Number(a.point['threads']) - Number(b.point['threads']))[0];
}

interface Gain {
  readonly id: string;
  readonly title: string;
  readonly topic: string;
  readonly of: string;
  readonly over: string;
}

const gains: readonly Gain[] = [
  { id: 'shared-add', title: 'Adding to one word over own words', topic: 'word', of: 'add', over: 'own' },
  {
    id: 'compare-exchange-loop',
    title: 'A compare-exchange loop over an add',
    topic: 'word',
    of: 'compare-exchange',
    over: 'add',
  },
  {
    id: 'pair-of-lines',
    title: 'Lines in shared pairs over own pairs',
    topic: 'padding',
    of: 'pairs-shared',
    over: 'pairs-own',
  },
  {
    id: 'ring-apart',
    title: 'A ring: one line over indexes apart',
    topic: 'ring',
    of: 'ring-together',
    over: 'ring-apart',
  },
  {
    id: 'ring-copies',
    title: 'A ring: one line over apart with copies',
    topic: 'ring',
    of: 'ring-together',
    over: 'ring-copies',
  },
  {
    id: 'sharded',
    title: 'One counter over one in shares',
    topic: 'cure',
    of: 'one-counter',
    over: 'sharded',
  },
  { id: 'seqlock', title: 'A lock over a seqlock', topic: 'cure', of: 'lock', over: 'seqlock' },
];

function gainFigure(findings: Findings, { id, title, topic, of, over }: Gain): Inferred[] {
  const group = groupOf(findings, topic);
  const figure = group === undefined ? null : timesAsLong(findings, group, of, over);
  if (figure === null) return [];
  return [{ id, title, unit: 'x', ...figure, reported: null, reportedBy: null, note: null }];
}

/** Distances between counters that are tried as padding. */
export const strides: readonly number[] = [32, 64, 128];
/** What they are measured against: the same counters so far apart that no CPU's lines or pairs of lines join them. */
export const farBytes = 256;
/** From here on neighbours have pairs of lines of their own, too. */
const pairBytes = 128;

/**
 * The least distance in bytes at which threads do not slow each other down: `hot` is what counters that far apart
 * take over those `farBytes` apart, in the order of `strides`, and `pairs` what walking over many lines of shared
 * pairs takes over walking own pairs.
 */
function freeFrom(hot: readonly (number | null)[], pairs: number | null): number {
  const free = strides.find((stride, i) => {
    const slowed = Math.max(hot[i] ?? Number.POSITIVE_INFINITY, stride < pairBytes ? (pairs ?? 1) : 1);
    return slowed <= tolerated;
  });
  return free ?? farBytes;
}

/** By the ratios themselves; the interval is what their lower and their upper ends would say. */
function paddingFigure(findings: Findings): Inferred[] {
  const group = groupOf(findings, 'padding');
  if (group === undefined) return [];
  const hot = strides.map((stride) => timesAsLong(findings, group, `apart-${stride}`, `apart-${farBytes}`));
  const pairs = timesAsLong(findings, group, 'pairs-shared', 'pairs-own');
  if (hot.includes(null) || pairs === null) return [];
  const by = (end: 'value' | 'low' | 'high'): number | null =>
    pairs[end] === null
      ? null
      : freeFrom(
          hot.map((each) => each![end]),
          pairs[end],
        );
  const [value, low, high] = [by('value')!, by('low'), by('high')];
  const { value: reported, from } = findings.machine.lineBytes;
  const { processes } = pairs;
  return [
    {
      id: 'padding-needed',
      title: 'Padding that threads need',
      unit: 'B',
      value,
      low,
      high,
      processes,
      reported,
      reportedBy: reported === null ? null : `line size, ${from}`,
      note: paddingNote(value, low, high, reported),
    },
  ];
}

function paddingNote(
  needed: number,
  low: number | null,
  high: number | null,
  lineBytes: number | null,
): string | null {
  if (low !== high) return `the intervals allow ${low} to ${high} B; a run of more processes may tell`;
  if (lineBytes === null || needed <= lineBytes) return null;
  return `more than a line of ${lineBytes} B: neighbouring lines are fetched together`;
}

/** The padding first, then what each kind of sharing costs over its cure. */
export function inferSharing(findings: Findings): Inferred[] {
  return [...paddingFigure(findings), ...gains.flatMap((gain) => gainFigure(findings, gain))];
}
