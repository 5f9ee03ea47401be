/** Experiment: a block from the stack against a block from malloc. */
import { formatBytes } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { describeRatio, judgeFigure, withoutEffect } from '../../experiment/judging.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { numberAt, type Point } from '../../kernel/kernel.ts';
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

/** Who is claimed to take how many cycles. */
const claimed = [
  { variant: 'frame-called', what: "the price of a called function's frame", low: 1, high: 2 },
  { variant: 'malloc', what: 'the price of malloc and its free', low: 100, high: 1000 },
] as const;

/** The cycles of each at one size, and beside them what the one takes over the other. */
function judgeCycles(findings: Findings, group: Group): Judgement[] {
  const size = `For a block of ${formatBytes(numberAt(group.point, 'blockBytes'))}`;
  const judged = claimed.map(({ variant, what, low, high }) => {
    const ratio = findings.ratio(group, { variant }, { variant: 'cycle' });
    const subject = `${size} ${what}`;
    if ('missing' in ratio) return withoutEffect('inconclusive', `${subject}: ${ratio.missing}.`);
    const figure = { value: ratio.ratio, low: ratio.low, high: ratio.high };
    return judgeFigure(figure, { low, high, unit: 'cycles' }, subject);
  });
  const over = findings.ratio(group, { variant: 'malloc' }, { variant: 'frame-called' });
  if ('missing' in over) return judged;
  const [called, heap] = judged as [Judgement, Judgement];
  const remark = ` Malloc and its free take ${describeRatio(over)} as long as that frame.`;
  return [called, { ...heap, sentence: `${heap.sentence}${remark}` }];
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
function's frame and of malloc with its free; what one takes over the other is only told.`,
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
