/** Space, by the books: both languages replay every trace of the fragmentation experiments to the same figures. */
import { describe, expect, it } from 'vitest';
import { summaryNumbers } from '../../../src/allocators/heap-replay.ts';
import { Prng } from '../../../src/base/prng.ts';
import { heapExamples } from '../../../src/experiments/allocation/heap-examples.ts';
import { allocatorNames } from '../../../src/experiments/allocation/heap-figures.ts';
import { heapFragmentation } from '../../../src/experiments/allocation/heap-fragmentation.ts';
import { exampleNames, workloadNames } from '../../../src/experiments/allocation/heap-traces.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import type { Point } from '../../../src/kernel/kernel.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { runNative } from '../../../src/native/binding.ts';

const kernels = {
  workload: heapFragmentation.variants[0]!.kernel,
  example: heapExamples.variants[0]!.kernel,
};

/** Runs both languages over inputs of their own, which were made alike, so many times over. */
function expectAgreement(kind: keyof typeof kernels, point: Point, iterations: number): void {
  const kernel = kernels[kind];
  const rooms = [new GroupRoom(), new GroupRoom()];
  try {
    const [native, typescript] = rooms.map((room) =>
      kernel.setup({ point, prng: new Prng(4), room, member: 0, members: 1, cpus: [] }),
    );
    const args = inOrder(kernel.signature, native!);
    const checksum = runNative(kernel.id, args, { iterations }).checksum;
    let hash = 0n;
    for (let i = 0; i < iterations; i++) hash = kernel.reference(typescript as never);
    const answers = [
      { checksum, args: native as Record<string, unknown> },
      { checksum: hash, args: typescript as Record<string, unknown> },
    ] as const;
    expect(disagreement(kernel, ...answers), JSON.stringify(point)).toBeNull();
    expect((native as { summary: Float64Array }).summary.some((number) => number > 0)).toBe(true);
  } finally {
    for (const room of rooms) room.close();
  }
}

describe.each(allocatorNames)('%s in both languages', (allocator) => {
  it.each(workloadNames)('%s', (trace) => {
    const point = { trace, allocator, liveBytes: 2 ** 15, tightPercent: 120 };
    expectAgreement('workload', { ...point, room: 'ample' }, 1);
    expectAgreement('workload', { ...point, room: 'tight' }, 2);
  });

  it('the worked examples', () => {
    for (const trace of exampleNames) expectAgreement('example', { trace, allocator }, 1);
  });
});

describe('the native kernel refuses', () => {
  const args = (more: Readonly<Record<string, unknown>> = {}): unknown[] =>
    Object.values({
      allocator: 2,
      parameter: 0,
      heap: new Uint32Array(1024),
      trace: new Uint32Array([1, 0, 8, 8]),
      offsets: new Uint32Array(1),
      sizes: new Uint32Array(1),
      answers: new Int32Array(1),
      summary: new Float64Array(summaryNumbers),
      ...more,
    });
  const run = (more: Readonly<Record<string, unknown>>): unknown => runNative('heap-figures', args(more));

  it.each([
    ['an allocator that is none', { allocator: 9 }, /"allocator" must be below 9, not 9/],
    ['a parameter of another one', { parameter: 4 }, /"parameter" must be a fit below 4, not 4/],
    ['a heap that is none', { heap: new Uint32Array(17) }, /"heap" must have a multiple of 16 words/],
    [
      'tables of two lengths',
      { sizes: new Uint32Array(2) },
      /"sizes" must have as many words as "offsets", 1/,
    ],
    ['too few numbers', { summary: new Float64Array(3) }, /"summary" must have \d+ numbers, not 3/],
    ['a double free', { trace: new Uint32Array([2, 0, 0, 0]) }, /row 0 must name an id that was allocated/],
  ])('%s', (_, more, message) => {
    expect(() => run({})).not.toThrow();
    expect(() => run(more)).toThrow(message);
  });
});
