/**
 * How fast is the native pool, against other allocators and against the same pool in TypeScript? The work is that of
 * the experiment pool-allocation: batches of 10,000 blocks, tagged, read back and freed in a given order.
 */
import { noBoostPool, noMimalloc } from '#dist/experiments/allocation/peers.js';
import { poolAllocation } from '#dist/experiments/allocation/pool-allocation.js';
import { inOrder } from '#dist/kernel/signature.js';
import type { ThreadVariant } from '#dist/experiment/experiment.js';
import { GroupRoom } from '#dist/measure/room.js';
import { implementationOf, setUp } from '#dist/measure/thread-arm.js';
import { environment, runNative } from '#dist/native/binding.js';
import { ordinaryEffort, overPasses, smokeEffort, type Task, timeTasks } from './passes.ts';
import { type Figure, sit } from './sitting.ts';

const chosen = new Set([
  'pool',
  'pool-checked',
  'boost-pool',
  'mimalloc',
  'malloc',
  'ts-pool',
  'ts-objects',
  'crossing',
]);
const wantedOrders = ['pair', 'lifo', 'fifo', 'random'];
/** Orders in which the native pool is to be at or under Boost.Pool and mimalloc. */
const judgedOrders = new Set(['lifo', 'random']);
const mostOfNative = 3;

function isHere({ id }: ThreadVariant): boolean {
  return !(id === 'boost-pool' && noBoostPool() !== null) && !(id === 'mimalloc' && noMimalloc() !== null);
}

/** A variant as a task: one call does the variant's own number of batches. */
function taskOf(variant: ThreadVariant, order: string, blocks: number, room: GroupRoom): Task {
  const point = { order, blocks, blockBytes: 64, ...variant.fixed };
  const args = setUp(variant.kernel, point, { room, seed: 1, cpus: [0] });
  const values = inOrder(variant.kernel.signature, args);
  const implementation = implementationOf(variant);
  const run =
    variant.language === 'native' ? () => runNative(variant.kernel.id, values) : () => implementation(args);
  return { name: variant.id, times: variant.kernel.work(point).operations, run: () => void run() };
}

/** Times of one over times of another, pass by pass. */
function ratio(times: ReadonlyMap<string, number[]>, of: string, over: string): number[] | null {
  const [a, b] = [times.get(of), times.get(over)];
  return a === undefined || b === undefined ? null : a.map((each, pass) => each / b[pass]!);
}

function figuresOf(order: string, times: ReadonlyMap<string, number[]>): Figure[] {
  const figures: Figure[] = [...times].map(([id, passes]) => ({
    name: `${order}: ${id}`,
    unit: 'ns',
    ...overPasses(passes),
  }));
  const add = (of: string, over: string, most: number | null): void => {
    const found = ratio(times, of, over);
    if (found === null) return;
    const target = most === null ? {} : { target: { most } };
    figures.push({ name: `${order}: ${of} over ${over}`, unit: 'x', ...overPasses(found), ...target });
  };
  const judged = judgedOrders.has(order);
  for (const other of ['boost-pool', 'mimalloc']) add('pool', other, judged ? 1 : null);
  add('ts-pool', 'pool', mostOfNative);
  return figures;
}

await sit('pool', 'what do an allocation and its free cost?', {}, ({ smoke }) => {
  const variants = poolAllocation.variants
    .filter((variant) => variant.form === 'thread')
    .filter(({ id }) => chosen.has(id));
  const here = variants.filter(isHere);
  const [cpu] = environment().allowedCpus.slice(-1);
  if (cpu !== undefined) environment().pin(cpu);
  const figures: Figure[] = [];
  for (const order of wantedOrders) {
    const room = new GroupRoom();
    const tasks = here.map((variant) => taskOf(variant, order, smoke ? 256 : 10_000, room));
    figures.push(...figuresOf(order, timeTasks(tasks, smoke ? smokeEffort : ordinaryEffort)));
    room.close();
  }
  const missing = variants.filter((variant) => !isHere(variant)).map(({ id }) => `${id} is not installed`);
  return Promise.resolve({ figures, notes: [...missing, 'brackets: least and most of the passes'] });
});
