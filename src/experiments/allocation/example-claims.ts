/** The claims that worked examples decide. Figures are exact: one process is enough, and more must say the same. */
import { formatBytes, formatNumber } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Findings } from '../../experiment/findings.ts';
import { withoutEffect } from '../../experiment/judging.ts';
import { allocatorNames } from './heap-figures.ts';
import { largeHeapBytes } from './heap-traces.ts';

type Metric =
  | 'refusedPercent'
  | 'freePercent'
  | 'freeBytes'
  | 'largestFreeBytes'
  | 'wasteBytes'
  | 'ofPeakPercent';

/** All values of a figure, one a process; none where it was not taken. */
function valuesOf(findings: Findings, trace: string, allocator: string, metric: Metric): readonly number[] {
  const group = findings.groups.find(({ point }) => point['trace'] === trace);
  if (group === undefined) return [];
  const row = findings.measurement(group, { variant: 'replayed', at: { allocator } }, metric);
  return row?.processes.flatMap(({ raw }) => raw) ?? [];
}

/** The value of a figure that is the same in all processes; null where it was not taken, or differs. */
function valueOf(findings: Findings, trace: string, allocator: string, metric: Metric): number | null {
  const values = new Set(valuesOf(findings, trace, allocator, metric));
  return values.size === 1 ? [...values][0]! : null;
}

/** The allocators that were measured on a trace. */
function measuredOn(findings: Findings, trace: string): readonly string[] {
  return allocatorNames.filter((name) => valuesOf(findings, trace, name, 'freeBytes').length > 0);
}

function notMeasured(traces: string): Judgement {
  return withoutEffect('inconclusive', `The examples that this takes (${traces}) were not replayed.`);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function inBytes(bytes: number | null): string {
  return bytes === null ? 'n/a' : formatBytes(bytes);
}

const waste25 = 7;
const waste17 = 15;
/** Those whose classes are the textbook's: after 16 B comes 32. */
const textbookClasses = ['buddy', 'small-object'];

export const internalWaste: Claim = {
  id: 'internal-waste',
  statement: 'Rounding up to size classes wastes memory: 25 B in a class of 32 B waste 7, and 17 B waste 15.',
  source: '25 B in 32: 7; 17 B in 32: 15',
  judge(findings): Judgement {
    const measured = measuredOn(findings, 'round-17');
    const missing = textbookClasses.filter((name) => !measured.includes(name));
    if (measured.length === 0 || missing.length === textbookClasses.length)
      return notMeasured(`round-25, round-17, with ${textbookClasses.join(' and ')}`);
    const wastes = measured.map((name) => ({
      name,
      at25: valueOf(findings, 'round-25', name, 'wasteBytes'),
      at17: valueOf(findings, 'round-17', name, 'wasteBytes'),
    }));
    const asked = wastes.filter(({ name }) => textbookClasses.includes(name));
    const others = wastes.filter((each) => !asked.includes(each));
    const say = (some: typeof wastes): string =>
      list(some.map(({ name, at25, at17 }) => `${name} ${at25 ?? 'n/a'} and ${at17 ?? 'n/a'}`));
    const sentence =
      `Where 32 B is the class after 16, 25 B and 17 B waste (in B): ${say(asked)}` +
      `${missing.length === 0 ? '' : `; ${list(missing)} was not measured`}. With other classes, or with a header that ` +
      `is part of the block: ${say(others)}.`;
    const isOtherwise = asked.some(
      ({ at25, at17 }) => (at25 !== null && at25 !== waste25) || (at17 !== null && at17 !== waste17),
    );
    const told = asked.map(({ at25, at17 }) => `${inBytes(at25)} and ${inBytes(at17)}`);
    const wasted = [...new Set(told)].join('; ');
    const isWhole = missing.length === 0 && asked.every(({ at25, at17 }) => at25 !== null && at17 !== null);
    const status = isOtherwise ? 'refuted' : isWhole ? 'supported' : 'inconclusive';
    return { ...withoutEffect(status, sentence), measured: wasted };
  },
};

const gapsBytes = 192;
const largestGapBytes = 96;

export const externalFailure: Claim = {
  id: 'external-failure',
  statement: 'A request can fail although enough memory is free: gaps of 8, 12 and 4 do not serve 16.',
  source: '8 + 12 + 4 = 24 free, and 16 fails',
  judge(findings): Judgement {
    const measured = measuredOn(findings, 'gaps');
    if (measured.length === 0) return notMeasured('gaps');
    const value = (name: string, metric: Metric): number | null => valueOf(findings, 'gaps', name, metric);
    const refuses = (name: string): boolean => value(name, 'refusedPercent') === 100;
    const exact = measured.filter(
      (name) => value(name, 'freeBytes') === gapsBytes && value(name, 'largestFreeBytes') === largestGapBytes,
    );
    const served = measured.filter((name) => !refuses(name));
    const refusedFar = measured.filter((name) => refuses(name) && !exact.includes(name));
    const further = refusedFar.map(
      (name) => `${name} with ${formatBytes(value(name, 'freeBytes') ?? 0)} free`,
    );
    const sentence =
      `With gaps of 64, 96 and 32 B, 192 B in all, a block of 128 B is refused by ${list(exact.filter(refuses))}` +
      `${further.length === 0 ? '' : `; also by ${list(further)}`}. Served by ${list(served)}` +
      `${served.length === 0 ? '.' : ', where a gap or a block left over has 128 B.'}`;
    const all = exact.length > 0 && exact.every(refuses);
    const serving = exact.filter((name) => !refuses(name));
    const what = serving.length === 0 ? 'refused' : `served by ${list(serving)}`;
    const brief = exact.length === 0 ? {} : { measured: `${formatBytes(gapsBytes)} free, 128 B ${what}` };
    return { ...withoutEffect(all ? 'supported' : 'refuted', sentence), ...brief };
  },
};

export const buddySplit: Claim = {
  id: 'buddy-split',
  statement:
    'A buddy system with 128 B free serves 20 B by halving twice: 32 B are taken, 32 and 64 B stay free.',
  source: '128 -> 64 + 64 -> 32 + 32; 32 and 64 stay free',
  judge(findings): Judgement {
    const [free, largest, waste] = (['freeBytes', 'largestFreeBytes', 'wasteBytes'] as const).map((metric) =>
      valueOf(findings, 'split', 'buddy', metric),
    );
    if (free == null || largest == null || waste == null)
      return notMeasured('split, with the buddy allocator');
    const taken = 20 + waste;
    const sentence =
      `Of ${taken + free} B free, 20 B took a block of ${taken} B; ${free} B stay free, in blocks of ${largest} B ` +
      `and ${free - largest} B.`;
    const isRight = taken === 32 && free === 96 && largest === 64;
    const measured = `${taken} B taken; ${free - largest} and ${largest} B stay free`;
    return { ...withoutEffect(isRight ? 'supported' : 'refuted', sentence), measured };
  },
};

/** `95.9 KiB to 102 KiB`, or the one that all are; values are not empty. */
function rangeOf(values: readonly number[], format: (value: number) => string): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(format) as [string, string];
  return least === most ? least : `${least} to ${most}`;
}

/** "40% free", in whole percent. */
const freeAtLeast = 40;

export const fragmentationInBlocks: Claim = {
  id: 'fragmentation-blocks',
  statement: 'A heap with 40% free can be unable to serve a request of 0.1% of its size.',
  source: '40% free, 0.1% refused',
  judge(findings): Judgement {
    const measured = measuredOn(findings, 'holes');
    if (measured.length === 0) return notMeasured('holes');
    const value = (name: string, metric: Metric): number =>
      valueOf(findings, 'holes', name, metric) ?? Number.NaN;
    const isFull = (name: string): boolean => Math.round(value(name, 'freePercent')) >= freeAtLeast;
    const refuses = measured.filter((name) => isFull(name) && value(name, 'refusedPercent') === 100);
    const others = measured.filter((name) => !refuses.includes(name));
    const asked = formatBytes(Math.floor(largeHeapBytes / 1000));
    const heap = formatBytes(largeHeapBytes);
    const rest = others.length === 0 ? '' : ` Not so, or with less free: ${list(others)}.`;
    if (refuses.length === 0) {
      return withoutEffect(
        'refuted',
        `No heap of ${heap} with 40% of its blocks' memory free refuses ${asked}.${rest}`,
      );
    }
    const range = (metric: Metric, format: (value: number) => string): string =>
      rangeOf(
        refuses.map((name) => value(name, metric)),
        format,
      );
    const largest = Math.max(...refuses.map((name) => value(name, 'largestFreeBytes')));
    const share = formatNumber((100 * largest) / largeHeapBytes);
    // Headers and tables are no block's: of the whole heap a little less is free than of its blocks.
    const sentence =
      `With 40% of all memory in blocks free, ${range('freeBytes', formatBytes)} of a heap of ${heap}, ${asked} are refused by ` +
      `${list(refuses)}: no free block is larger than ${formatBytes(largest)}, ${share}% of the heap.`;
    const percents = range('freePercent', (percent) => `${Math.round(percent)}%`);
    return {
      ...withoutEffect('supported', `${sentence}${rest}`),
      measured: `${percents} free, ${asked} refused`,
    };
  },
};

/** Those that keep blocks of one size together. */
const pools = ['multi-pool', 'slab'];

export const poolNoFragments: Claim = {
  id: 'pool-no-fragments',
  statement: 'Pools and slabs do not fragment externally where all blocks have one size.',
  source: 'zero',
  judge(findings): Judgement {
    const measured = measuredOn(findings, 'refill');
    const asked = pools.filter((name) => measured.includes(name));
    if (asked.length === 0) return notMeasured('refill, with multi-pool or slab');
    const lost = (trace: string, name: string): readonly number[] =>
      valuesOf(findings, trace, name, 'ofPeakPercent').map((percent) => 100 - percent);
    const all = asked.flatMap((name) => lost('refill', name));
    const effect = { value: Math.max(...all), low: Math.min(...all), high: Math.max(...all), unit: '%' };
    const others = measured.filter((name) => lost('refill', name).every((percent) => percent === 0));
    const larger = measuredOn(findings, 'larger').map((name) => {
      const percents = lost('larger', name);
      return `${name} ${formatNumber(Math.max(...percents))}%`;
    });
    const twice =
      larger.length === 0
        ? ''
        : ` Asked for again in twice the size, of what was in use at most is out of reach: ${list(larger)}.`;
    const sentence =
      `Of blocks freed at random in a full heap and asked for again in the same size, ${list(asked)} lose ` +
      `${formatNumber(effect.high)}% in ${all.length} replays. One size fragments none of ${list(others)}.${twice}`;
    return { status: effect.high === 0 ? 'supported' : 'refuted', sentence, effect };
  },
};
