/**
 * What a call across the boundary costs, by the kind of its arguments. run() also reads the thread's usage twice, and
 * that is most of it: neither ever stands inside a native sample.
 */
import { environment, type Plan, runNative } from '#dist/native/binding.js';
import { ordinaryEffort, overPasses, smokeEffort, type Task, timeTasks } from './passes.ts';
import { sit } from './sitting.ts';

/** Calls of one task: enough for a clock of a microsecond. */
const ordinaryCalls = 1000;
const smokeCalls = 20;

/** A task of so many calls. */
type Repeat = (name: string, call: () => void) => Task;

function repeating(calls: number): Repeat {
  return (name, call) => ({
    name,
    times: calls,
    run: () => {
      for (let i = 0; i < calls; i++) call();
    },
  });
}

/** Kernels that are asked to do nothing: 0 steps, 0 hops, an order of no values. */
function runs(repeated: Repeat): Task[] {
  const [links, values, none] = [new Uint32Array(16), new Int32Array(16), new Uint32Array(0)];
  const counters = new Uint32Array(new SharedArrayBuffer(64));
  const [float64s, float32s] = [new Float64Array(4), new Float32Array(0)];
  const plan: Plan = { warmup: 0, iterations: 1, samples: 1 };
  const of = (what: string, id: string, args: readonly unknown[], how?: Plan): Task =>
    repeated(`run: ${what}`, () => runNative(id, args, how));
  return [
    of('two scalars', 'fixed-work', [1, 0]),
    of('two scalars, with a plan', 'fixed-work', [1, 0], plan),
    of('two spans and a scalar', 'pointer-chase', [links, new Uint32Array(1), 0]),
    of('a shared span and three scalars', 'increment', [counters, 0, 0, 0]),
    of('two spans', 'sum-indexed', [values, none]),
    of('two spans and three scalars', 'layout-aos-scalar', [float64s, float32s, 1, 0.5, 0]),
  ];
}

function others(repeated: Repeat): Task[] {
  const native = environment();
  const view = new Uint8Array(64);
  const region = (bytes: number) => (): void => new native.Region(bytes, { alignment: 4096 }).dispose();
  return [
    repeated('a TypeScript function that does nothing', () => undefined),
    repeated('nowNs', () => native.nowNs()),
    repeated('process.hrtime.bigint', () => process.hrtime.bigint()),
    repeated('addressOf', () => native.addressOf(view)),
    repeated('usage', () => native.usage()),
    repeated('a region of 4 KiB, made and disposed of', region(4096)),
    repeated('a region of 4 MiB, made and disposed of', region(2 ** 22)),
  ];
}

await sit('boundary', 'what does a call across the boundary cost?', {}, ({ smoke }) => {
  const repeated = repeating(smoke ? smokeCalls : ordinaryCalls);
  const found = timeTasks([...others(repeated), ...runs(repeated)], smoke ? smokeEffort : ordinaryEffort);
  const figures = [...found].map(([name, passes]) => ({ name, unit: 'ns', ...overPasses(passes) }) as const);
  return Promise.resolve({ figures, notes: ['medians of a call; brackets: least and most of the passes'] });
});
