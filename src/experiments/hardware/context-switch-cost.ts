/**
 * What passes say of a switch. A pass of a ring less a pass of one member alone with the same set is the switch and all
 * that it caused; without a set that is the bare switch; the difference of the two is the hidden cost. Each process
 * gives a figure of its own, and the interval is over processes.
 */
import { formatBytes, formatNs, formatRatio } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses } from '../../experiment/inference.ts';
import { describeRatio, withoutEffect } from '../../experiment/judging.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { median } from '../../stats/index.ts';
import { combine, coreTimes, figure, type PerProcess } from './per-process.ts';
import { cacheBytes } from './sizes.ts';

/** One line: the set of a member that has none. */
export const noSetBytes = 64;

/** A ring, and the ring of one that does the same without a switch. */
interface Pair {
  readonly ring: string;
  readonly alone: string;
}
const threads: Pair = { ring: 'threads', alone: 'alone' };
const processes: Pair = { ring: 'processes', alone: 'alone' };
const chainedProcesses: Pair = { ring: 'processes-chained', alone: 'alone-chained' };
const futexThreads: Pair = { ring: 'threads-futex', alone: 'alone-futex' };

const setOf = ({ point }: Group): number => numberAt(point, 'workingSetBytes');
const membersOf = ({ point }: Group): number => numberAt(point, 'members');

/**
 * Of all rounds: a ring has one CPU, and the way to another is no part of it. The share of the last cache is, where a set
 * is fetched again: how that varies is in the interval over processes.
 */
function passes(findings: Findings, group: Group, variant: string): PerProcess {
  return coreTimes(findings, group, { variant }, median, 'passNs');
}

/** A pass of the ring less a pass alone. */
function extra(findings: Findings, group: Group, { ring, alone }: Pair): PerProcess {
  return combine(passes(findings, group, ring), passes(findings, group, alone), (a, b) => a - b);
}

/** Groups of the smallest ring, which has the fewest sets to fetch again, by the size of a set. */
function smallestRing(findings: Findings): Group[] {
  const fewest = Math.min(...findings.groups.map(membersOf));
  return findings.groups
    .filter((group) => membersOf(group) === fewest)
    .toSorted((a, b) => setOf(a) - setOf(b));
}

interface Costs {
  /** The group without a set. */
  readonly without: Group;
  /** The bare switch, between processes. */
  readonly bare: PerProcess;
  /** Groups with a set. */
  readonly groups: readonly Group[];
}

/** Null where no ring was measured without a set. */
function costsOf(findings: Findings): Costs | null {
  const groups = smallestRing(findings);
  const without = groups.find((group) => setOf(group) === noSetBytes);
  if (without === undefined) return null;
  const bare = extra(findings, without, processes);
  return { without, bare, groups: groups.filter((group) => group !== without) };
}

function hidden(findings: Findings, group: Group, pair: Pair, bare: PerProcess): PerProcess {
  return combine(extra(findings, group, pair), bare, (a, b) => a - b);
}

/** The largest set that leaves room in the second cache: chosen by its size, not by what was measured there. */
function judgedGroup(findings: Findings, groups: readonly Group[]): Group | undefined {
  const second = cacheBytes(findings, 2);
  return groups.findLast((group) => setOf(group) < second);
}

function judge(findings: Findings): Judgement {
  const costs = costsOf(findings);
  if (costs === null) {
    const why = findings.leftOut.find((text) => text.startsWith('processes ('));
    return why === undefined
      ? withoutEffect('inconclusive', 'Switches without a working set were not part of this run.')
      : withoutEffect('not-applicable', `No switch was measured: ${why}.`);
  }
  const group = judgedGroup(findings, costs.groups);
  if (group === undefined) {
    return withoutEffect('inconclusive', 'No working set that fits the second cache was part of this run.');
  }
  const chained = hidden(findings, group, chainedProcesses, costs.bare);
  const ratios = overProcesses([...combine(chained, costs.bare, (cost, bare) => cost / bare).values()]);
  if (ratios.value === null) {
    return withoutEffect('inconclusive', 'Processes that read their sets as a chain were not measured.');
  }
  const size = formatBytes(setOf(group));
  const bareNs = median([...costs.bare.values()]);
  // No ratio to a switch of no time or less says anything.
  if ([...costs.bare.values()].some((ns) => ns <= 0)) {
    return withoutEffect(
      'inconclusive',
      'The bare switch between two processes could not be told apart from nothing in every process of the run.',
    );
  }
  const { value, low, high } = ratios;
  // An interval that there is not is told at the end.
  const times = low === null ? formatRatio(value) : describeRatio({ ratio: value, low, high });
  const inOrder = [...hidden(findings, group, processes, costs.bare).values()];
  const says =
    `The bare switch between two processes takes ${formatNs(bareNs)}; fetching a set of ${size} again costs ` +
    `${times} as much where it is read as a chain` +
    (inOrder.length === 0 ? '' : ` and ${formatNs(median(inOrder))} where it is read in order`);
  if (low === null || high === null) {
    return withoutEffect('inconclusive', `${says}: too few processes for an interval; run a larger profile.`);
  }
  const effect = { value, low, high, unit: 'x' };
  if (low > 1) return { status: 'supported', sentence: `${says}.`, effect };
  if (high < 1) return { status: 'refuted', sentence: `${says}: less than the switch itself.`, effect };
  return { status: 'inconclusive', sentence: `${says}; the interval straddles 1.00x.`, effect };
}

export const contextSwitchCost: Claim = {
  id: 'context-switch-cost',
  statement: 'A context switch costs more in caches and TLB that have to be filled again than in itself.',
  source: 'more than the switch itself',
  judge,
};

function costFigure(id: string, title: string, values: PerProcess): Inferred[] {
  const isNothing = values.size > 0 && median([...values.values()]) <= 0;
  return figure({ id, title, unit: 'ns', note: isNothing ? 'not told apart from nothing' : null }, values);
}

/** The bare switches, and the hidden cost at each set. */
export function inferSwitches(findings: Findings): Inferred[] {
  const costs = costsOf(findings);
  if (costs === null) return [];
  const { without } = costs;
  const bareThreads = extra(findings, without, threads);
  return [
    ...costFigure('thread-switch', 'switch between threads', bareThreads),
    ...costFigure('futex-switch', 'the same by a futex', extra(findings, without, futexThreads)),
    ...costFigure('process-switch', 'switch between processes', costs.bare),
    ...costs.groups.flatMap((group) => {
      const bytes = setOf(group);
      const what = `hidden cost, ${formatBytes(bytes)}`;
      return [
        ...costFigure(
          `hidden-threads-${bytes}`,
          `${what} in order, threads`,
          hidden(findings, group, threads, bareThreads),
        ),
        ...costFigure(`hidden-${bytes}`, `${what} in order`, hidden(findings, group, processes, costs.bare)),
        ...costFigure(
          `hidden-chained-${bytes}`,
          `${what} chained`,
          hidden(findings, group, chainedProcesses, costs.bare),
        ),
      ];
    }),
  ];
}
