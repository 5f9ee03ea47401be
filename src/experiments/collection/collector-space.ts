/** Experiment: what a larger heap buys: the time of the same program over each collector, from a heap that just fits. */
import type { Experiment, Parameter } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { own } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { figure, type PerProcess, perProcess } from '../hardware/per-process.ts';
import { collectorMetrics } from './collector-metrics.ts';
import {
  isSpared,
  nativeVariants,
  mutatorParameter,
  sizeParameters,
  stepsParameter,
  withoutTimeline,
} from './collector-variants.ts';

const heapPercents = [110, 125, 150, 200, 300, 400] as const;
/** Time over the least that any collector took in any heap. */
const overheads = [0.25, 1] as const;

/** A variant's points, from the smallest heap on. */
function curveOf(
  findings: Findings,
  group: Group,
  variant: string,
): { percent: number; times: PerProcess }[] {
  return findings
    .pointsOf(group, variant)
    .map((point) => point['heapPercent'] as number)
    .toSorted((a, b) => a - b)
    .map((percent) => ({
      percent,
      times: perProcess(findings, group, { variant, at: { heapPercent: percent } }),
    }));
}

/** A heap that is read off a curve. */
interface HeapFound {
  readonly percent: number;
  /** The curve begins there, below the time: a smaller heap may do as well, and none was tried in which it runs. */
  readonly isAtMost: boolean;
}

/**
 * The heap in which a curve comes down to a time, between two that were measured by a straight line; the first one where
 * even that is quick enough; null: none is.
 */
export function heapFor(
  curve: readonly { readonly percent: number; readonly time: number }[],
  time: number,
): HeapFound | null {
  const at = curve.findIndex((point) => point.time <= time);
  const [before, found] = [curve[at - 1], curve[at]];
  if (found === undefined) return null;
  if (before === undefined) return { percent: found.percent, isAtMost: true };
  const share = (before.time - time) / (before.time - found.time);
  return { percent: before.percent + share * (found.percent - before.percent), isAtMost: false };
}

function inferHeaps(findings: Findings): readonly Inferred[] {
  return findings.groups.flatMap((group) => {
    const curves = variants
      .map(({ id }) => ({ id, curve: curveOf(findings, group, id) }))
      .filter(({ curve }) => curve.length > 0);
    const all = curves.flatMap(({ curve }) => curve.map(({ times }) => times));
    const processes = [...new Set(all.flatMap((times) => [...times.keys()]))];
    const bestOf = new Map(
      processes.map((process) => [process, Math.min(...all.map((times) => times.get(process) ?? Infinity))]),
    );
    return curves.flatMap(({ id, curve }) =>
      overheads.flatMap((overhead) => {
        const heaps = processes.flatMap((process) => {
          const points = curve.flatMap(({ percent, times }) => {
            const time = times.get(process);
            return time === undefined ? [] : [{ percent, time }];
          });
          const found = heapFor(points, (1 + overhead) * bestOf.get(process)!);
          return found === null ? [] : [[process, found] as const];
        });
        const bounds = heaps.filter(([, { isAtMost }]) => isAtMost).length;
        const words = {
          id: `${id}-${100 * overhead}${findings.groups.length === 1 ? '' : `-${group.point['mutator']}`}`,
          title: `${id}: ${2 * bounds > heaps.length ? 'at most this ' : ''}heap over live, for an overhead of ${100 * overhead}% (${group.point['mutator']})`,
          unit: 'x',
        };
        return figure(words, new Map(heaps.map(([process, { percent }]) => [process, percent / 100])));
      }),
    );
  });
}

/** So many arms take a small program in a quick run: one that still fills the largest heap some times. */
const briefLive: Parameter['values'] = ({ profile }) => [profile === 'quick' ? 2 ** 17 : own];

const variants = nativeVariants().map(withoutTimeline);

export const collectorSpace: Experiment = {
  id: 'collector-space',
  lab: 'collection',
  title: 'Time against space',
  question:
    'How large a heap does each collector need for a given overhead, and where does it run out of memory?',
  sources: [
    {
      title:
        'Blackburn, Cheng and McKinley, Myths and realities: the performance impact of garbage collection (2004)',
      where: 'time over heap size, by collector',
    },
    {
      title:
        'Hertz and Berger, Quantifying the performance of garbage collection vs. explicit memory management (2005)',
      where: 'the time-space curve',
    },
  ],
  parameters: [
    mutatorParameter(2),
    stepsParameter(500, 6000),
    ...sizeParameters.map((one) => (one.name === 'liveBytes' ? { ...one, values: briefLive } : one)),
    {
      name: 'heapPercent',
      summary: 'the heap, in percent of what the program has live at most',
      unit: 'none',
      compared: true,
      values: ({ profile }) => (profile === 'smoke' ? [300, 400] : heapPercents),
      check: (value) => checkWhole(value, 'heapPercent', 100, 10_000),
    },
  ],
  variants,
  skips: (point, context, _settings, variant) => isSpared(point, context, variant),
  baseline: { variant: 'mark-sweep', at: { heapPercent: 400 } },
  operation: 'operation of the program',
  metrics: collectorMetrics('throughputPercent', 'maxPauseNs', 'collections', 'peakUsedBytes'),
  claims: [],
  infer: inferHeaps,
  explain: `A collector trades memory for time. In a heap that is hardly larger than what lives it collects again and again,
and every collection finds little; with more room it waits longer, and each one frees more for the same walk over what
lives. So the cost falls about as live over (heap - live). The curves show where each collector stands on that road: the
same program, from a heap that just fits to four times what is live at most.

Where a collector runs out of memory its curve begins later, and the report lists the heaps that were too small, with what
was asked for and what was free then. That is a result, too: copying between halves needs twice what lives, free lists some room for
holes, counts and tables a word here and there; sliding together needs next to nothing more.

An overhead is time over the least that any collector took in any heap, less one; the heap that a collector needs for it is
read off its curve, by a straight line between two points; where the first heap in which it ran is enough already, it is at
most that one.`,
  drawing: `time |*                     * mark-compact: from 1.05x
     | *  o                o semi-space: from 2x
     |   *   o
     |      *  * o o * o
     +------------------------  heap over live
      1x   2x   3x   4x`,
  chart: {
    kind: 'lines',
    x: 'heapPercent',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time an operation by heap, in percent of what is live at most',
  },
  isCurve: true,
  comparesNothing: true,
  onRequest: true,
  weight: 0.4,
};
