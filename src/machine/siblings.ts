/**
 * Which CPUs are near each other, from how long a cache line takes between them. A machine's distances come in
 * steps (threads of a core, cores that share a cache, packages), and between two steps there is a gap; below the
 * gap CPUs are neighbours. That finds what a guest's topology hides. One measurement can't say what the step is
 * made of: the nearest groups are hyperthreads where there are any, else the CPUs around a shared cache.
 *
 *   one-way ns, sorted:   8 9 9 | 27 28 30 31 | 118 120      two gaps: pairs, then quads
 *
 * A neighbour is found late now and then, so up to a tenth of the pairs inside a group may look far; more is
 * a contradiction, and that step is not believed.
 */
import { ContractError } from '../base/errors.ts';
import { measured, missing, type Fact } from './fact.ts';
import type { CpuDistance } from './types.ts';

/** A step to the next distance is at least this; the spread within one step stays well below. */
const gapRatio = 1.5;
const toleratedShare = 0.1;

/** One way to divide the CPUs: those within a group reach each other in less than `withinNs`. */
export interface CpuGrouping {
  readonly withinNs: number;
  /** Ascending, each group too; every CPU is in one, alone where it has no neighbour. */
  readonly groups: readonly (readonly number[])[];
}

interface Pair {
  readonly a: number;
  readonly b: number;
  readonly oneWayNs: number;
}

/**
 * The groupings, nearest first; empty where no gap divides the CPUs. Pairs may come in either direction or both
 * and more than once (the median counts).
 * @throws ContractError for a pair of a CPU with itself, or a time that is not positive and finite
 */
export function inferGroupings(distances: readonly CpuDistance[]): readonly CpuGrouping[] {
  const pairs = toPairs(distances);
  const groupings: CpuGrouping[] = [];
  for (let i = 1; i < pairs.length; i++) {
    const below = pairs[i - 1]!.oneWayNs;
    const above = pairs[i]!.oneWayNs;
    if (above < below * gapRatio) continue;
    const near = pairs.slice(0, i);
    const groups = connect(pairs, near);
    if (groups.length > 1 && isTight(groups, pairs, near)) {
      groupings.push({ withinNs: Math.sqrt(below * above), groups });
    }
  }
  return groupings;
}

/**
 * The nearest groups, to be read beside the reported siblings. Missing where there is nothing to tell apart: no
 * pair, one pair, or distances without a gap that divides the CPUs.
 * @throws ContractError as inferGroupings
 */
export function inferSiblings(distances: readonly CpuDistance[]): Fact<readonly (readonly number[])[]> {
  const pairs = toPairs(distances);
  if (pairs.length === 0) return missing('no pair of CPUs was measured');
  if (pairs.length === 1) return missing('one pair: nothing to compare with');
  const nearest = inferGroupings(distances)[0];
  if (nearest !== undefined)
    return measured(nearest.groups, `ping-pong: below ${nearest.withinNs.toFixed(0)} ns one way`);
  const [least, most] = [pairs[0]!.oneWayNs, pairs.at(-1)!.oneWayNs].map((ns) => ns.toFixed(0));
  return missing(`no gap divides the CPUs (${least} to ${most} ns one way)`);
}

/**
 * The CPUs that reach one another within a time; every CPU of a pair is in a group, alone where it has no neighbour.
 * Null where more pairs inside the groups are farther than is tolerated: then the time divides nothing.
 * @throws ContractError as inferGroupings
 */
export function groupsWithin(
  distances: readonly CpuDistance[],
  withinNs: number,
): readonly (readonly number[])[] | null {
  const pairs = toPairs(distances);
  const near = pairs.filter(({ oneWayNs }) => oneWayNs <= withinNs);
  const groups = connect(pairs, near);
  return isTight(groups, pairs, near) ? groups : null;
}

/** One entry a pair, nearest first. */
function toPairs(distances: readonly CpuDistance[]): readonly Pair[] {
  const times = new Map<string, { a: number; b: number; ns: number[] }>();
  for (const { from, to, oneWayNs } of distances) {
    if (from === to) throw new ContractError(`CPU distances: CPU ${from} with itself`);
    if (!(Number.isFinite(oneWayNs) && oneWayNs > 0)) {
      throw new ContractError(`CPU distances: ${from} to ${to}: ${oneWayNs} ns must be positive`);
    }
    const [a, b] = from < to ? [from, to] : [to, from];
    const entry = times.get(`${a} ${b}`);
    if (entry === undefined) times.set(`${a} ${b}`, { a, b, ns: [oneWayNs] });
    else entry.ns.push(oneWayNs);
  }
  return [...times.values()]
    .map(({ a, b, ns }) => ({ a, b, oneWayNs: middleOf(ns) }))
    .toSorted((left, right) => left.oneWayNs - right.oneWayNs);
}

/** The median; of an even number, the lower of the two in the middle: a ping-pong errs upward. */
function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!;
}

/** The connected components of the near pairs, by union-find; every CPU of `pairs` is in one. */
function connect(pairs: readonly Pair[], near: readonly Pair[]): readonly (readonly number[])[] {
  const parents = new Map<number, number>();
  for (const { a, b } of pairs) parents.set(a, a).set(b, b);
  const rootOf = (cpu: number): number => {
    let root = cpu;
    while (parents.get(root) !== root) root = parents.get(root)!;
    return root;
  };
  for (const { a, b } of near) {
    const [low, high] = [rootOf(a), rootOf(b)].toSorted((x, y) => x - y);
    parents.set(high!, low!);
  }
  const groups = new Map<number, number[]>();
  for (const cpu of [...parents.keys()].toSorted((x, y) => x - y)) {
    const root = rootOf(cpu);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [cpu]);
    else group.push(cpu);
  }
  return [...groups.values()];
}

/** Whether the pairs within the groups are near too, a few apart: neighbours of neighbours are neighbours. */
function isTight(
  groups: readonly (readonly number[])[],
  pairs: readonly Pair[],
  near: readonly Pair[],
): boolean {
  const groupOf = new Map(groups.flatMap((group, i) => group.map((cpu) => [cpu, i] as const)));
  const inside = pairs.filter(({ a, b }) => groupOf.get(a) === groupOf.get(b)).length;
  return inside - near.length <= inside * toleratedShare;
}
