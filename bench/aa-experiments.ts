/**
 * Experiments whose answer is known beforehand: a kernel against itself, and against itself with a few per cent more
 * to do. The kernel is cheap: it sums 64 KiB of integers in the order of an index array.
 */
import type { Experiment, Language, ThreadVariant } from '#dist/experiment/experiment.js';
import { defineKernel, type Kernel, numberAt } from '#dist/kernel/kernel.js';

const elements = 16_384;

/** By how much the candidate has more to do, in per cent. */
export const slowdowns: readonly number[] = [0, 3, 5];
export const languages: readonly Language[] = ['typescript', 'native'];

const signature = { values: 'const int32[]', order: 'const uint32[]' } as const;

/** A call counts as one operation however many elements it sums, so that more of them show as time. */
const sum: Kernel<typeof signature> = defineKernel({
  id: 'sum-indexed',
  summary: 'sums 64 KiB of integers, and a few of them twice',
  signature,
  setup({ point, room }) {
    const values = room.array('int32', elements, 4096);
    for (let i = 0; i < elements; i++) values[i] = Math.imul(i, 0x9e3779b1) >> 8;
    const order = room.array('uint32', Math.round(elements * (1 + numberAt(point, 'slowdown') / 100)), 4096);
    for (let i = 0; i < order.length; i++) order[i] = i % elements;
    return { values, order };
  },
  reference({ values, order }) {
    let total = 0;
    const n = order.length;
    for (let i = 0; i < n; i++) total += values[order[i]!]!;
    return BigInt.asUintN(64, BigInt(total));
  },
  agreement: { kind: 'exact' },
  work: () => ({ operations: 1, bytes: 8 * elements }),
  footprintBytes: () => 9 * elements,
});

function variant(id: string, language: Language, slowdown: number): ThreadVariant {
  return { form: 'thread', id, title: id, kernel: sum, language, fixed: { slowdown } };
}

/** The name of the experiment that compares the kernel with itself slowed down. */
export function idOf(language: Language, slowdown: number): string {
  return `${language}-${slowdown}`;
}

function experiment(language: Language, slowdown: number): Experiment {
  return {
    id: idOf(language, slowdown),
    lab: 'hardware',
    title: `${language}, ${slowdown}% more to do`,
    question: 'Is a difference found where there is one, and none where there is none?',
    sources: [],
    parameters: [],
    variants: [variant('baseline', language, 0), variant('candidate', language, slowdown)],
    baseline: { variant: 'baseline' },
    operation: 'call',
    claims: [],
    explain: '',
    drawing: '',
    chart: { kind: 'bars', x: 'variant', logX: false, logY: false, cacheLines: false, title: '' },
  };
}

export const experiments: readonly Experiment[] = languages.flatMap((language) =>
  slowdowns.map((slowdown) => experiment(language, slowdown)),
);
