/** The ring: both languages sum the same, whoever the members are, and children end with their parent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { contextSwitch, passMetrics } from '../../../src/experiments/hardware/context-switch-kernel.ts';
import { linkInOrder, visitingOrder } from '../../../src/kernel/chase-order.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { environment, runNative } from '../../../src/native/binding.ts';

const { allowedCpus } = environment();
const cpu = allowedCpus.at(-1) ?? 0;
const lineElements = 16;

interface Way {
  readonly members?: number;
  readonly chained?: number;
  readonly processes?: number;
  readonly futex?: number;
  readonly passes?: number;
}

function args(sets: Uint32Array, way: Way = {}) {
  const { members = 1, chained = 0, processes = 0, futex = 0, passes = members } = way;
  return { sets, members, chained, processes, futex, passes, cpu, record: new Float64Array(2) };
}

function call(made: ReturnType<typeof args>): bigint {
  return runNative('context-switch', inOrder(contextSwitch.signature, made)).checksum;
}

/** Sets of `members`, each one cycle through its lines. */
function cycles(members: number, lines: number, seed: number): Uint32Array {
  const sets = new Uint32Array(members * lines * lineElements);
  for (let member = 0; member < members; member++) {
    const from = member * lines * lineElements;
    const set = sets.subarray(from, from + lines * lineElements);
    linkInOrder(set, visitingOrder('random', lines, 64, new Prng(seed + member)));
  }
  return sets;
}

const ways = fc.constantFrom<Way>(
  {},
  { processes: 1 },
  { futex: 1 },
  { chained: 1 },
  { chained: 1, processes: 1 },
);

// A ring needs threads that can be bound to a CPU, and fork().
describe.skipIf(process.platform !== 'linux')('context-switch', () => {
  it('sums what all members read, as JavaScript does', () => {
    const rings = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 }), fc.nat());
    fc.assert(
      fc.property(rings, fc.integer({ min: 1, max: 20 }), ways, ([members, lines, seed], laps, way) => {
        const made = args(cycles(members, lines, seed), { ...way, members, passes: laps * members });
        expect(call(made)).toBe(
          contextSwitch.reference(args(made.sets, { ...way, members, passes: laps * members })),
        );
        expect(made.record[0]).toBeGreaterThan(0);
        // Every line is read once a turn, in whichever order: four laps to warm up, and those that are timed.
        const lap = made.sets.reduce((sum, link) => sum + link, 0);
        expect(call(made)).toBe(BigInt.asUintN(32, BigInt(lap) * BigInt(laps + 4)));
      }),
      { seed: 21, numRuns: 60 },
    );
  });

  it('follows links that are no cycle, too', () => {
    const sets = new Uint32Array(4 * lineElements);
    // 0 -> 3 -> 1 -> 1 -> ...
    sets[0] = 192;
    sets[3 * lineElements] = 64;
    sets[lineElements] = 64;
    const made = args(sets, { chained: 1, processes: 1 });
    expect(call(made)).toBe(contextSwitch.reference(made));
    expect(call(made)).toBe(5n * (192n + 64n + 64n + 64n));
  });

  it('counts a switch a pass, and none for one member', () => {
    const sets = cycles(2, 1, 1);
    for (const processes of [0, 1]) {
      const pair = args(sets, { members: 2, processes, passes: 2000 });
      call(pair);
      expect(passMetrics(pair)['switches']).toBeGreaterThan(0.99);
      const alone = args(sets.subarray(0, lineElements), { processes, passes: 2000 });
      call(alone);
      expect(passMetrics(alone)['switches']).toBeLessThan(0.5);
    }
  });

  it('leaves the calling thread where it was', () => {
    const before = readFileSync('/proc/thread-self/status', 'utf8').match(/Cpus_allowed:.*/)?.[0];
    call(args(cycles(2, 1, 1), { members: 2 }));
    expect(readFileSync('/proc/thread-self/status', 'utf8').match(/Cpus_allowed:.*/)?.[0]).toBe(before);
  });

  it('refuses what makes no sense', () => {
    const sets = cycles(2, 2, 1);
    const bad =
      (way: Way, on = sets) =>
      () =>
        call(args(on, way));
    expect(bad({ members: 0 })).toThrow('"members" must be from 1 to 64, not 0');
    expect(bad({ members: 65 })).toThrow('"members" must be from 1 to 64, not 65');
    expect(bad({ members: 3 })).toThrow('"sets" must be of a multiple of 16 elements for each member');
    expect(bad({}, new Uint32Array(0))).toThrow('"sets" must be');
    expect(bad({ members: 2, passes: 3 })).toThrow('"passes" must be a multiple of "members"');
    expect(bad({ members: 2, passes: 0 })).toThrow('"passes" must be');
    expect(bad({ chained: 2 })).toThrow('"chained" must be 0 (in order) or 1 (chained), not 2');
    expect(bad({ processes: 2 })).toThrow('"processes" must be');
    expect(bad({ futex: 2 })).toThrow('"futex" must be');
    expect(bad({ futex: 1, processes: 1 })).toThrow('futexes serve threads only');
    const record = new Float64Array(2);
    expect(() => runNative('context-switch', [sets, 2, 0, 0, 0, 2, 99_999, record])).toThrow(
      'CPU 99999 is not available to this process',
    );
    expect(() => runNative('context-switch', [sets, 2, 0, 0, 0, 2, cpu, new Float64Array(1)])).toThrow(
      '"record" must be of at least 2 elements, not 1',
    );
    for (const wild of [128, 4, 0xffff_ffff]) {
      const broken = sets.slice();
      broken[3 * lineElements] = wild;
      expect(bad({ members: 2 }, broken), String(wild)).toThrow(
        `"sets"[48] must be the byte offset of a line of the set (a multiple of 64 below 128), not ${wild}`,
      );
    }
  });

  const binding = new URL('../../../dist/native/binding.js', import.meta.url);

  function childrenOf(pid: number): number[] {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  }

  /** Gone, or waiting for whoever adopted it to notice. */
  function hasEnded(pid: number): boolean {
    try {
      return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return true;
    }
  }

  // Some kernels do not list a thread's children.
  it.skipIf(
    !existsSync('/proc/self/task') || !existsSync(`/proc/${process.pid}/task/${process.pid}/children`),
  )('takes its children along when it is killed', async () => {
    const script = `import { runNative } from ${JSON.stringify(binding.href)};
        runNative('context-switch', [new Uint32Array(32), 2, 0, 1, 0, 100_000_000, ${cpu}, new Float64Array(2)]);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const until = async (what: () => boolean): Promise<void> => {
      const deadline = performance.now() + 20_000;
      while (!what() && performance.now() < deadline) await sleep(5);
      expect(what()).toBe(true);
    };
    await until(() => childrenOf(parent.pid!).length === 2);
    const children = childrenOf(parent.pid!);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(() => children.every(hasEnded));
  });
});
