/** Experiment: a block from the stack against a block from malloc. */
import { formatBytes, formatInterval, formatNumber } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group, Ratio } from '../../experiment/findings.ts';
import { describeRatio, type Figure, judgeFigure, withoutEffect } from '../../experiment/judging.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { numberAt, type Point } from '../../kernel/kernel.ts';
import { claimedCycles, contradiction, judgeMalloc } from './malloc-price.ts';
import { mallocWork, mimallocWork } from './opaque-kernels.ts';
import { noMimalloc } from './peers.ts';
import { stackFrameWork } from './stack-frame-kernel.ts';

const frames = 200_000;
const blocks = 40_000;
/** Batches of one block, so that the same block is handed out again and again: malloc's best case. */
const pairs: Point = { order: 'pair', blocks: 1, steps: blocks };

function frame(id: string, title: string, isCalled: number, language: Language): ThreadVariant {
  return { form: 'thread', id, title, kernel: stackFrameWork, language, fixed: { frames, isCalled } };
}

/** A frame costs one or two cycles. */
const claimedOfFrame = { low: 1, high: 2, unit: 'cycles' } as const;

/** The cycles of each at one size, and what to know beside them. */
function judgeCycles(findings: Findings, group: Group): Judgement[] {
  const size = `For a block of ${formatBytes(numberAt(group.point, 'blockBytes'))}`;
  const inCycles = (variant: string): Ratio => findings.ratio(group, { variant }, { variant: 'cycle' });
  const judge = (variant: string, what: string, judgeIt: (cycles: Figure, subject: string) => Judgement) => {
    const ratio = inCycles(variant);
    const subject = `${size} ${what}`;
    if ('missing' in ratio) return withoutEffect('inconclusive', `${subject}: ${ratio.missing}.`);
    return judgeIt({ value: ratio.ratio, low: ratio.low, high: ratio.high }, subject);
  };
  const called = judge('frame-called', "the price of a called function's frame", (cycles, subject) =>
    judgeFigure(cycles, claimedOfFrame, subject),
  );
  const heap = judge('malloc', 'malloc and its free', (cycles, subject) =>
    judgeMalloc(cycles, claimedCycles, subject),
  );
  const own = inCycles('frame');
  const running =
    'missing' in own
      ? ''
      : ` In the frame of the running function it is ${formatCycles(own)}, told and not judged.`;
  return [
    { ...called, sentence: `${called.sentence}${running}` },
    { ...heap, sentence: `${heap.sentence}${besideMalloc(findings, group)}` },
  ];
}

/** `1.00 [0.99, 1.01] cycles`. */
function formatCycles({ ratio, low, high }: Exclude<Ratio, { readonly missing: string }>): string {
  return `${formatNumber(ratio)} ${low === null ? '' : `${formatInterval(low, high)} `}cycles`;
}

/** What malloc takes over a called function's frame, and what another source says of it. */
function besideMalloc(findings: Findings, group: Group): string {
  const over = findings.ratio(group, { variant: 'malloc' }, { variant: 'frame-called' });
  const remark =
    'missing' in over
      ? ''
      : ` Malloc and its free take ${describeRatio(over)} as long as a called function's frame.`;
  const [pair, cycle] = (['malloc', 'cycle'] as const).map((variant) =>
    findings.measurement(group, { variant }),
  );
  if (pair == null || cycle == null) return remark;
  return `${remark} ${contradiction(pair.summary.median, cycle.summary.median)}`;
}

const stackOverHeap: Claim = {
  id: 'stack-over-heap',
  statement: 'Memory from the stack costs one or two cycles, memory from malloc 100 to 1,000.',
  source: '1-2 cycles against 100-1,000',
  judge(findings): Judgement {
    const judged = findings.groups.flatMap((group) => judgeCycles(findings, group));
    if (judged.length === 0) return withoutEffect('inconclusive', 'Nothing was measured.');
    const refuted = judged.find((each) => each.status === 'refuted');
    const open = judged.find((each) => each.status !== 'supported');
    const { status, effect } = refuted ?? open ?? judged[0]!;
    return { status, sentence: judged.map(({ sentence }) => sentence).join(' '), effect };
  },
};

export const stackFrame: Experiment = {
  id: 'stack-frame',
  lab: 'allocation',
  title: 'The stack against the heap',
  question: 'What does a short-lived block cost in a function frame, and what from malloc?',
  sources: [
    {
      title: 'Hennessy and Patterson, Computer Architecture, 6th edition',
      where: 'appendix A, procedure calls',
    },
    {
      title: 'Choi and others, Escape Analysis for Java (1999)',
      where: 'objects that need not be on the heap',
    },
  ],
  parameters: [
    {
      name: 'blockBytes',
      summary: 'size of the block: 64 or 1024',
      unit: 'B',
      values: ({ profile }) => (profile === 'full' ? [64, 1024] : [64]),
      check: (value) => (value === 64 || value === 1024 ? null : 'blockBytes must be 64 or 1024'),
    },
  ],
  variants: [
    frame('frame', 'frame of the running function', 0, 'native'),
    frame('frame-called', 'frame of a function that is called for it', 1, 'native'),
    {
      form: 'thread',
      id: 'malloc',
      title: 'malloc and free',
      kernel: mallocWork,
      language: 'native',
      fixed: pairs,
    },
    {
      form: 'thread',
      id: 'mimalloc',
      title: 'mimalloc',
      kernel: mimallocWork,
      language: 'native',
      fixed: pairs,
      refuses: noMimalloc,
    },
    frame('ts-frame', 'TypeScript, object that no one else sees', 1, 'typescript'),
    {
      form: 'thread',
      id: 'ts-object',
      title: 'TypeScript, object that is stored',
      kernel: mallocWork,
      language: 'typescript',
      fixed: pairs,
    },
    {
      form: 'thread',
      id: 'cycle',
      title: 'one cycle: a dependent addition',
      kernel: dependentAdds,
      language: 'native',
      fixed: { adds: frames },
    },
  ],
  baseline: { variant: 'frame' },
  operation: 'block',
  claims: [stackOverHeap],
  explain: `A local array lies in its function's frame. Making room for it is part of one subtraction from the stack
pointer, and giving it up part of one addition: nothing is searched, and the memory is the warmest there is. malloc has to
find a block of the right size, and free has to put it back where it is found again. Every block gets a tag that is read
back, so that even the frame's costs a store and a load; a frame of a called function adds the call and the return. malloc
is shown at its best: one block, freed before the next is asked for, so that the same memory comes back each time and every
load hits the nearest cache. TypeScript has no arrays in frames, but a compiler that sees that an object never leaves its
function keeps its fields in registers; an object that is stored somewhere must be made. The length of a cycle is
measured beside them, by additions of which each needs the one before. The claim is judged in cycles, of the called
function's frame, and of malloc, whose part of what it takes with its free is between half and all; what one takes over
the other is only told, and so is the frame of a function that runs already. Another textbook gives malloc 20 to 100 ns: in
cycles the two contradict one another, and the verdict says which of them this machine bears out.`,
  drawing: `stack   |caller's frame|return address|block: tag ...|
                              sp: -= 64, and back ^
heap    |..used..|free|..used..|block: tag|..free....|
         search, split, unlink        free: merge, link`,
  chart: {
    kind: 'bars',
    x: 'blockBytes',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time a short-lived block',
  },
  onRequest: true,
  weight: 0.2,
};
