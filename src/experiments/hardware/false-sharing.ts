/** Experiment: what it costs when threads write different variables of one cache line. */
import { formatNs } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, Language, TeamVariant } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import { judgeTimes, withoutEffect } from '../../experiment/judging.ts';
import { numberAt, type Point } from '../../kernel/kernel.ts';
import { increment } from './false-sharing-kernels.ts';
import { checkWhole } from './sizes.ts';

const packedBytes = 4;
const paddedBytes = 128;
/** Increments of one call; the harness repeats calls until a sample is long enough. */
const count = 10_000;

function strides(context: Context): number[] {
  if (context.profile === 'smoke') return [packedBytes, paddedBytes];
  if (context.profile === 'quick') return [packedBytes, 32, 64, paddedBytes, 256];
  return [packedBytes, 8, 16, 32, 64, paddedBytes, 256];
}

function threadCounts(context: Context): number[] {
  const most = context.cpus.length;
  const counts = context.profile === 'full' ? [1, 2, 3, 4, 6, 8, 12, 16, 24, 32] : [1, 2];
  return [
    ...new Set([
      ...counts.filter((threads) => threads <= most),
      ...(context.profile === 'full' ? [most] : []),
    ]),
  ];
}

/**
 * In brief: without the control, unless the machine has one CPU only. In the quick profile native counters, in one line
 * and a pair of lines apart; atomic ones in neighbouring lines, too.
 */
function skipsInBrief(point: Point, { cpus, profile }: Context, id?: string): boolean {
  if (cpus.length > 1 && numberAt(point, 'threads') === 1) return true;
  if (id === undefined || profile === 'full') return false;
  const kept = point['increment'] === 'atomic' ? [packedBytes, 64, paddedBytes] : [packedBytes, paddedBytes];
  return id !== 'native' || !kept.includes(numberAt(point, 'strideBytes'));
}

function variant(id: string, title: string, language: Language): TeamVariant {
  return {
    form: 'team',
    id,
    title,
    kernel: increment,
    language,
    fixed: { count },
    members: (point) => numberAt(point, 'threads'),
  };
}

function distanceSentence(findings: Findings): string {
  const distance = findings.machine.cpuDistances.value?.[0];
  if (distance === undefined) return '';
  return ` A line takes ${formatNs(distance.oneWayNs)} from CPU ${distance.from} to CPU ${distance.to} here.`;
}

const falseSharing: Claim = {
  id: 'false-sharing',
  statement: 'Two threads that count in one cache line take many times as long as in lines of their own.',
  source: '8x (2.5 s -> 0.3 s)',
  judge(findings): Judgement {
    const group = findings.groups.find(
      ({ point }) => point['threads'] === 2 && point['increment'] === 'atomic',
    );
    if (group === undefined) {
      return findings.machine.cpus.value?.length === 1
        ? withoutEffect('not-applicable', 'Needs two CPUs: this machine offers one.')
        : withoutEffect('inconclusive', 'Two threads counting atomically were not part of this run.');
    }
    const at = (strideBytes: number) => ({ variant: 'native', at: { strideBytes } });
    const ratio = findings.ratio(group, at(packedBytes), at(paddedBytes));
    const judged = judgeTimes(
      ratio,
      8,
      'Counting atomically by two threads in one line rather than in a line each',
    );
    return { ...judged, sentence: judged.sentence + distanceSentence(findings) };
  },
};

export const falseSharingExperiment: Experiment = {
  id: 'false-sharing',
  lab: 'hardware',
  title: 'False sharing',
  question: 'What does it cost when threads write different counters that share a cache line?',
  sources: [
    {
      title: 'Intel 64 and IA-32 Architectures Optimization Reference Manual',
      where: 'section on false sharing',
    },
    { title: 'Drepper, What Every Programmer Should Know About Memory (2007)', where: 'section 6.4.1' },
  ],
  parameters: [
    {
      name: 'threads',
      summary: 'worker threads, each on a CPU and with a counter of its own',
      unit: 'threads',
      values: threadCounts,
      check: (value, context) => checkWhole(value, 'threads', 1, Math.max(1, context.cpus.length)),
    },
    {
      name: 'increment',
      summary: 'atomic: fetch_add or Atomics.add; plain: a load and a store, in TypeScript a typed array',
      unit: 'none',
      values: () => ['atomic', 'plain'],
      check: (value) =>
        value === 'atomic' || value === 'plain' ? null : 'increment must be atomic or plain',
    },
    {
      name: 'strideBytes',
      summary: 'distance from one counter to the next',
      unit: 'B',
      compared: true,
      values: strides,
      check: (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= 4 && value <= 256 && value % 4 === 0
          ? null
          : 'strideBytes must be a multiple of 4 from 4 to 256',
    },
  ],
  variants: [variant('native', 'native', 'native'), variant('typescript', 'TypeScript', 'typescript')],
  baseline: { variant: 'native', at: { strideBytes: paddedBytes } },
  operation: 'increment',
  claims: [falseSharing],
  explain: `Each thread increments a counter that no other thread touches. A core can write only a line that it alone
holds, so when two counters lie in one line the line travels at every turn, though no data is shared. At a stride of
a line or more the travelling stops. Some CPUs fetch lines in pairs, so that 64 bytes may not be enough and 128 are;
the sweep shows which padding this one needs. With plain stores a core may gather several increments in its store
buffer before the line arrives, so plain counters suffer less, or more irregularly, than atomic ones.
With one thread every stride must cost the same: that is the control. Offsets are chosen from the buffer's real
address, since a SharedArrayBuffer need not start at a line.`,
  drawing: `stride 4     |A B . . . . . . . . . . . . . .|
              both counters in one 64 B line

stride 64    |A . . . . . . .|B . . . . . . .|
              a line each, fetched as a pair by some

stride 128   |A . . .|. . . .|B . . .|. . . .|
              a pair of lines each`,
  chart: {
    kind: 'lines',
    x: 'strideBytes',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time an increment by distance between counters',
  },
  brief: { weight: { quick: 0.29, full: 0.18 }, skips: skipsInBrief },
};
