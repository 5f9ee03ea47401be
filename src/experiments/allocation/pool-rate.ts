/** Experiment: at what rate of allocations a pool pays off, in a program that has other work to do as well. */
import { formatCount, formatNumber } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collections, pacedMalloc, pacedPool, watchedBy } from './paced-kernels.ts';
import { blockBytesParameter, blocksParameter } from './parameters.ts';

function variant(id: string, title: string, kernel: Kernel, language: Language): ThreadVariant {
  return { form: 'thread', id, title, kernel, language };
}

function watchedVariant(
  id: string,
  title: string,
  kernel: Kernel,
  implementation: (args: never) => bigint,
): ThreadVariant {
  return { ...variant(id, title, kernel, 'typescript'), implementation, observe: collections };
}

/** What the source gives, in allocations a second. */
const paysAbove = 100_000;
const notBelow = 10_000;

interface Found {
  readonly group: Group;
  /** Allocations a second of the program with objects. */
  readonly rate: number;
  readonly judged: Judgement;
}

function atRates(findings: Findings): Found[] {
  return findings.groups.flatMap((group) => {
    const ns = findings.measurement(group, { variant: 'ts-objects' })?.summary.median;
    if (ns === undefined) return [];
    const rate = 1e9 / ns;
    const what = `At ${formatCount(Math.round(rate))} allocations a second a program with objects, against one with a pool,`;
    const ratio = findings.ratio(group, { variant: 'ts-objects' }, { variant: 'ts-pool' });
    return [{ group, rate, judged: judgeSlower(ratio, what) }];
  });
}

/** Collections of the busiest group, with objects and with a pool, in words; and whether they fall to a tenth. */
function pressure(findings: Findings, { group }: Found): { says: string; falls: boolean | null } {
  const [objects, pool] = ['ts-objects', 'ts-pool'].map(
    (id) => findings.measurement(group, { variant: id }, 'collections')?.summary.median,
  );
  if (objects === undefined || pool === undefined) return { says: '', falls: null };
  const says = ` Collections in a million allocations: ${formatNumber(objects)} with objects, ${formatNumber(pool)} with a pool.`;
  return { says, falls: objects === 0 ? null : pool <= objects / 10 };
}

const poolPaysOffLate: Claim = {
  id: 'pool-pays-off-late',
  statement:
    'A pool pays off above 100,000 allocations a second and not below 10,000; the collector has ten times less to do.',
  source: 'above 100,000/s, not below 10,000/s; GC pressure 10x less',
  judge(findings): Judgement {
    const found = atRates(findings).toSorted((a, b) => a.rate - b.rate);
    const high = found.filter(({ rate }) => rate >= paysAbove);
    const low = found.filter(({ rate }) => rate <= notBelow);
    if (high.length === 0 || low.length === 0) {
      return withoutEffect(
        'inconclusive',
        `It takes a rate above ${formatCount(paysAbove)} and one below ${formatCount(notBelow)}: --set addsBetween=0,400000.`,
      );
    }
    const { says, falls } = pressure(findings, found.at(-1)!);
    const sentence = `${found.map(({ judged }) => judged.sentence).join(' ')}${says}`;
    const against =
      high.find(({ judged }) => judged.status === 'refuted') ??
      low.find(({ judged }) => judged.status === 'supported');
    const { effect } = (against ?? high[0]!).judged;
    if (against !== undefined || falls === false) return { status: 'refuted', sentence, effect };
    const holds =
      high.every(({ judged }) => judged.status === 'supported') &&
      low.every(({ judged }) => judged.status === 'refuted') &&
      falls === true;
    return { status: holds ? 'supported' : 'inconclusive', sentence, effect };
  },
};

export const poolRate: Experiment = {
  id: 'pool-rate',
  lab: 'allocation',
  title: 'When a pool pays off',
  question: 'At what rate of allocations does a pool make a whole program faster?',
  sources: [
    { title: 'Berger, Zorn and McKinley, Reconsidering Custom Memory Allocation (2002)', where: 'section 6' },
    { title: 'Node.js documentation', where: 'v8.GCProfiler' },
  ],
  parameters: [
    {
      name: 'addsBetween',
      summary: 'additions between one allocation and the next, a cycle each: the more, the lower the rate',
      unit: 'items',
      values: ({ profile }) =>
        ({
          smoke: [0, 400_000],
          quick: [0, 2000, 400_000],
          full: [0, 20, 200, 2000, 10_000, 20_000, 100_000, 400_000],
        })[profile],
      check: (value) => checkWhole(value, 'addsBetween', 0, 4_000_000),
    },
    blocksParameter(({ profile }) => [profile === 'full' ? 1000 : 250], 60_000),
    blockBytesParameter,
  ],
  variants: [
    watchedVariant('ts-pool', 'TypeScript, pool', pacedPool, watchedBy(pacedPool.reference)),
    watchedVariant('ts-objects', 'TypeScript, new objects', pacedMalloc, watchedBy(pacedMalloc.reference)),
    variant('pool', 'pool', pacedPool, 'native'),
    variant('malloc', 'malloc', pacedMalloc, 'native'),
  ],
  // The claim is about objects: native code is left to the full profile.
  skips: (_, { profile }, settings, id) =>
    profile === 'quick' && settings['addsBetween'] === undefined && (id === 'pool' || id === 'malloc'),
  baseline: { variant: 'ts-pool' },
  operation: 'allocation with its work',
  metrics: [
    { id: 'collections', title: 'collections in a million allocations', unit: 'collections', better: 'less' },
  ],
  claims: [poolPaysOffLate],
  explain: `A benchmark of an allocator does nothing but allocate. A program does something with its blocks: here it
makes so many additions between one allocation and the next, each a cycle, because each needs the one before. The more
of them, the lower the rate, and the smaller the part of the time that an allocator could save. A block lives until all
slots have been filled once more. The rate in a claim's sentence is the one measured for the whole program. What the
collector takes is in the time, and how often it ran is counted by the runtime itself, for the whole sample.`,
  drawing: `alloc |additions ................| alloc |additions ...
<---------- one allocation with its work ---->
rate = 1 / that time; what a pool can save is a part of
      ^^^^^ this alone`,
  chart: {
    kind: 'lines',
    x: 'addsBetween',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an allocation with its work',
  },
  onRequest: true,
  weight: 0.35,
};
