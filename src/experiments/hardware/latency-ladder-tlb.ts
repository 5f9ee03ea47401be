/**
 * The TLB that the ladder's model translates with: what tlb-reach inferred in the same run, else what the CPU says of
 * itself, else a typical one. Loads on small pages show it where their set has more pages than its first level entries.
 */
import { formatCount } from '../../base/units.ts';
import type { Inferred } from '../../experiment/inference.ts';
import type { Machine } from '../../machine/types.ts';
import type { TlbNumbers } from '../../model/index.ts';
import { median } from '../../stats/index.ts';
import type { Level } from './latency-ladder-levels.ts';

/**
 * Entries and ways of Intel's cores since Skylake, and what a page adds that only the second level knows (Intel,
 * Optimization Reference Manual, "Skylake microarchitecture"; Fog, "The microarchitecture of Intel, AMD and VIA CPUs").
 */
const typical = {
  first: { entries: 64, ways: 4 },
  second: { entries: 1536, ways: 12 },
  secondLevelCycles: 7,
} as const;
/** Of the first cache, where no clock was inferred. */
const typicalLoadCycles = 4;
/** Where a measured or a reported TLB's ways are unknown. */
const usualWays = 4;

type TlbLevel = TlbNumbers['levels'][number];

/** A TLB, and a sentence that says where its numbers are from. */
export interface LadderTlb {
  readonly tlb: TlbNumbers;
  readonly note: string;
}

/** A whole number of sets. */
function levelOf(entries: number, ways: number | null): TlbLevel {
  const width = ways === null || ways < 1 ? usualWays : ways;
  return { entries: width * Math.max(1, Math.round(entries / width)), ways: width };
}

function sentenceOn(levels: readonly TlbLevel[], source: string): string {
  const counts = levels.map(({ entries }) => formatCount(entries)).join(' and ');
  return `Small pages are translated by a TLB of ${counts} entries, ${source}.`;
}

/** What tlb-reach inferred; null where it did not run, or saw no step. */
function inferredTlb(figures: readonly Inferred[], pageBytes: number): LadderTlb | null {
  const valueOf = (id: string): number | null => figures.find((figure) => figure.id === id)?.value ?? null;
  const [first, firstMissNs] = [valueOf('tlb-1-entries'), valueOf('tlb-1-miss-ns')];
  const [second, secondMissNs] = [valueOf('tlb-2-entries'), valueOf('tlb-2-miss-ns')];
  if (first === null || firstMissNs === null) return null;
  const source = 'as tlb-reach infers in this run';
  const nearNs = Math.max(0, firstMissNs);
  if (second === null || secondMissNs === null) {
    const levels = [levelOf(first, null)];
    return { tlb: { pageBytes, levels, walkNs: nearNs }, note: sentenceOn(levels, source) };
  }
  const levels = [levelOf(first, null), levelOf(second, null)];
  const tlb = { pageBytes, levels, secondLevelNs: nearNs, walkNs: Math.max(nearNs, secondMissNs) };
  return { tlb, note: sentenceOn(levels, source) };
}

/** Both levels as the CPU describes them for loads from such pages; null where it does not. */
function reportedLevels({ tlbs }: Machine, pageBytes: number): readonly [TlbLevel, TlbLevel] | null {
  const [first, second] = [1, 2].map((level) =>
    (tlbs.value ?? []).find(
      ({ level: at, kind, pageBytes: sizes }) =>
        at === level && kind !== 'instruction' && kind !== 'store' && sizes.includes(pageBytes),
    ),
  );
  if (first === undefined || second === undefined) return null;
  return [levelOf(first.entries, first.ways), levelOf(second.entries, second.ways)];
}

/**
 * For pages of this size. `levels`: of the ladder's curve, one at least. What is not inferred costs as much as it
 * typically does: a walk loads one entry of a page table, which the second cache has.
 */
export function ladderTlb(
  figures: readonly Inferred[],
  machine: Machine,
  levels: readonly Level[],
  pageBytes: number,
): LadderTlb {
  const inferred = inferredTlb(figures, pageBytes);
  if (inferred !== null) return inferred;
  const clockGHz = figures.find(({ id }) => id === 'core-clock')?.value ?? null;
  const [near, next = near] = levels.map(({ nsOf }) => median(nsOf));
  const cycleNs = clockGHz === null ? near! / typicalLoadCycles : 1 / clockGHz;
  const secondLevelNs = typical.secondLevelCycles * cycleNs;
  const reported = reportedLevels(machine, pageBytes);
  const shape = reported ?? [typical.first, typical.second];
  const source = reported === null ? 'a typical one' : 'as the CPU says, at typical costs';
  return {
    tlb: { pageBytes, levels: shape, secondLevelNs, walkNs: secondLevelNs + next! },
    note: sentenceOn(shape, `${source}: tlb-reach, run together with this, measures it`),
  };
}
