/** Experiment: does a debugging allocator catch what a program does wrong with its blocks, and what does it cost? */
import { formatCount, formatRatio } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { withoutEffect } from '../../experiment/judging.ts';
import { textAt } from '../../kernel/kernel.ts';
import { type FaultKind, faultKinds } from '../../trace/mischief.ts';
import { allocatorIds, catchFigures, debugCost, debugMischief } from './debug-kernels.ts';

function cost(id: string, title: string, language: Language, wrapped: 0 | 1): ThreadVariant {
  return { form: 'thread', id, title, kernel: debugCost, language, fixed: { wrapped } };
}

function mischief(id: string, title: string, language: Language): ThreadVariant {
  return { form: 'thread', id, title, kernel: debugMischief, language, observe: catchFigures };
}

const variants: readonly ThreadVariant[] = [
  cost('plain', 'by itself', 'native', 0),
  cost('debug', 'in the debug wrapper', 'native', 1),
  mischief('faults', 'in the debug wrapper, a program with faults', 'native'),
  cost('ts-plain', 'TypeScript, by itself', 'typescript', 0),
  cost('ts-debug', 'TypeScript, in the debug wrapper', 'typescript', 1),
  mischief('ts-faults', 'TypeScript, in the debug wrapper, a program with faults', 'typescript'),
];
const kindTexts: Readonly<Record<FaultKind, string>> = {
  doubleFree: 'double free',
  useAfterFree: 'use after free',
  overflow: 'overflow',
  underflow: 'underflow',
  foreign: 'foreign free',
  misaligned: 'misaligned free',
};
const languages = { faults: 'C++', 'ts-faults': 'TypeScript' } as const;

/** What all processes saw of a metric; empty where it was not taken. The same in all, unless something is wrong. */
function countsOf(findings: Findings, group: Group, variant: string, metric: string): readonly number[] {
  const row = findings.measurement(group, { variant }, metric);
  return row?.processes.flatMap(({ raw }) => raw) ?? [];
}

interface Count {
  readonly where: string;
  readonly planted: number;
  readonly caught: number;
  readonly falseAlarms: number;
}

function countsIn(findings: Findings): Count[] {
  return findings.groups.flatMap((group) =>
    Object.entries(languages).flatMap(([variant, language]) => {
      const [planted, caught, falseAlarms] = ['planted', 'caught', 'falseAlarms'].map((metric) =>
        countsOf(findings, group, variant, metric),
      ) as [readonly number[], readonly number[], readonly number[]];
      if (planted.length === 0) return [];
      // The worst of them counts.
      const worst = { planted: Math.max(...planted), caught: Math.min(...caught) };
      const where = `${textAt(group.point, 'allocator')} in ${language}`;
      return [{ where, ...worst, falseAlarms: Math.max(...falseAlarms) }];
    }),
  );
}

/** What the wrapper takes, as the least and the most of all allocators. */
function costSentence(findings: Findings): string {
  const costs = findings.groups.flatMap((group) => {
    const ratio = findings.ratio(group, { variant: 'debug' }, { variant: 'plain' });
    return 'missing' in ratio ? [] : [ratio.ratio];
  });
  if (costs.length === 0) return '';
  const [least, most] = [formatRatio(Math.min(...costs)), formatRatio(Math.max(...costs))];
  return ` A program without faults takes ${least === most ? least : `${least} to ${most}`} as long in the wrapper (C++).`;
}

/** What the wrapper takes over the allocator by itself, on the same program. */
function costFigures(findings: Findings): Inferred[] {
  const pairs = { 'C++': ['debug', 'plain'], TypeScript: ['ts-debug', 'ts-plain'] } as const;
  return findings.groups.flatMap((group) =>
    Object.entries(pairs).flatMap(([language, [of, over]]): Inferred[] => {
      const ratio = findings.ratio(group, { variant: of }, { variant: over });
      if ('missing' in ratio) return [];
      const { ratio: value, low, high, processes } = ratio;
      const allocator = textAt(group.point, 'allocator');
      const id = `wrapper-over-${over}-${allocator}`;
      const title = `${allocator} in the wrapper over ${allocator} by itself, ${language}`;
      return [
        { id, title, unit: 'x', value, low, high, processes, reported: null, reportedBy: null, note: null },
      ];
    }),
  );
}

const debugCatches: Claim = {
  id: 'debug-catches',
  statement: 'A debugging allocator catches double free, use after free and overflow.',
  source: 'all of them',
  judge(findings): Judgement {
    const counts = countsIn(findings);
    const planted = counts.reduce((sum, each) => sum + each.planted, 0);
    if (planted === 0) return withoutEffect('inconclusive', 'No program with faults was measured.');
    const caught = counts.reduce((sum, each) => sum + each.caught, 0);
    const bad = counts.filter((each) => each.caught < each.planted || each.falseAlarms > 0);
    const value = (100 * caught) / planted;
    const effect = { value, low: value, high: value, unit: '%' };
    const says =
      `Of ${formatCount(planted)} faults of ${faultKinds.length} kinds, over ${counts.length} pairs of an allocator and a ` +
      `language, ${formatCount(caught)} were caught`;
    if (bad.length === 0) {
      const sentence = `${says}, each by its name and its sites, and nothing else.${costSentence(findings)}`;
      return { status: 'supported', sentence, effect };
    }
    const failed = bad.map(
      (each) =>
        `${each.where} ${formatCount(each.caught)} of ${formatCount(each.planted)} and ${each.falseAlarms} false`,
    );
    return { status: 'refuted', sentence: `${says}: ${failed.join('; ')}.`, effect };
  },
};

const allocators = {
  smoke: ['free-list'],
  quick: ['free-list', 'tlsf', 'small-object'],
  full: allocatorIds,
} as const;

export const debugCatchesExperiment: Experiment = {
  id: 'debug-catches',
  lab: 'allocation',
  title: 'A debugging allocator',
  question:
    'Does a debugging allocator catch what a program does wrong with its blocks, and what does it cost?',
  sources: [
    {
      title: "Zig, lib/std/heap's general purpose allocator",
      where: 'sites of allocation, first and second free',
    },
    { title: 'LLVM, the Scudo hardened allocator', where: 'checksummed headers with a state, quarantine' },
    {
      title: 'Serebryany et al., AddressSanitizer: A Fast Address Sanity Checker (USENIX ATC 2012)',
      where: 'red zones, quarantine',
    },
  ],
  parameters: [
    {
      name: 'allocator',
      summary: `which of our allocators is wrapped: ${allocatorIds.join(', ')}`,
      unit: 'none',
      values: ({ profile }) => allocators[profile],
      check: (value) =>
        allocatorIds.includes(value as string) ? null : `allocator must be one of ${allocatorIds.join(', ')}`,
    },
    {
      name: 'rows',
      summary: 'what the program does: allocations, frees, faults',
      unit: 'items',
      values: ({ profile }) => [{ smoke: 1000, quick: 2000, full: 20_000 }[profile]],
      check: (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 1_000_000
          ? null
          : 'rows must be a whole number from 100 to 1000000',
    },
  ],
  variants,
  baseline: { variant: 'plain' },
  operation: 'row',
  metrics: [
    { id: 'planted', title: 'faults', unit: '', better: null },
    { id: 'caught', title: 'caught', unit: '', better: 'more' },
    { id: 'falseAlarms', title: 'false alarms', unit: '', better: 'less' },
    ...faultKinds.map((kind) => ({
      id: `${kind}Caught`,
      title: `caught: ${kindTexts[kind]}`,
      unit: '',
      better: null,
    })),
  ],
  claims: [debugCatches],
  infer: costFigures,
  // Programs with faults are other programs: no ratio to one without.
  isCurve: true,
  explain: `A program allocates and frees blocks of up to 512 B at random, and one row in sixteen is wrong: it frees twice, frees
what is no block or what lies inside one, writes a byte behind or before a block in use, or writes a block that it has
freed. The allocator is wrapped: each block gets a header with a checksum, words before and behind it whose contents are
known, and a fill that shows whether freed memory was written. A freed block is held back for a while, so that it is not
another's at once.
A double, foreign or misaligned free is found as it happens. A write is found when the block is freed, when it leaves
quarantine, or when all blocks are looked at, as the program does after every six faults. A fault counts as caught when
it is told by its name, on its block, with its sites; a report that belongs to no planted fault is a false alarm.
What the wrapper can't see: a read; a write that leaps over the words around the block; a write to a freed block that
has left quarantine, which is not planted here since it would break the allocator beneath. linefill alloc check does the
same for a real program, and with --guard shows the very access.
The price is a fill of every block, twice, and ten words and more a block: told as the ratio of two replays of one program
without faults. The programs with faults are others, and their times compare with nothing.`,
  drawing: `before the payload, 8 words
  | bytes words state | allocated | freed | seal | ca na |
behind it, 2 words and what rounding leaves
  | payload ............ xx | ry ca | na ry |
                         a byte too far is seen
freed: held, filled with de de de de ...
  free -> | oldest | ... | ... | newest |
            looked at, then given back beneath`,
  chart: {
    kind: 'bars',
    x: 'allocator',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time a row, by itself and in the debug wrapper',
  },
  onRequest: true,
  weight: 0.5,
};
