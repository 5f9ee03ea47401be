/** @thi.ng/malloc, which is installed for tests, over the traces that all others replay. */
import { expect, it } from 'vitest';
import { noThing, thingPool } from '../../../src/allocators/thing-pool.ts';
import { valueTraceWork } from '../../../src/allocators/trace-work.ts';
import { objects } from '../../../src/allocators/value-stores.ts';
import { Prng } from '../../../src/base/prng.ts';
import { workloads, workloadTrace } from '../../../src/trace/workloads.ts';

const workload = workloads.find(({ id }) => id === 'batch-random')!;

it('gives distinct blocks that keep their contents', () => {
  expect(noThing()).toBeNull();
  const { rows, ids } = workloadTrace(workload, { blocks: 200, rounds: 5 }, new Prng(1));
  const pool = thingPool(2 ** 20);
  const sum = valueTraceWork(pool, rows, ids, null);
  expect(sum).toBe(valueTraceWork(objects, rows, ids, null));
  expect(sum).not.toBe(0n);
});

it('says that it is full', () => {
  const { rows, ids } = workloadTrace(workload, { blocks: 200, rounds: 1 }, new Prng(1));
  expect(() => valueTraceWork(thingPool(2048), rows, ids, null)).toThrow(
    'the pool of @thi.ng/malloc has no room left',
  );
});

it('lives on over traces that reallocate, which its own realloc would fill it by', () => {
  const server = workloads.find(({ id }) => id === 'server')!;
  const { rows, ids } = workloadTrace(server, { steps: 2000, mostSteps: 100 }, new Prng(1));
  const pool = thingPool(2 ** 20);
  const sums = Array.from({ length: 20 }, () => valueTraceWork(pool, rows, ids, null));
  expect(new Set(sums)).toEqual(new Set([valueTraceWork(objects, rows, ids, null)]));
});
