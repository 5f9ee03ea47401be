/** An arm of one thread that names its CPU is set up and measured there, and leaves the thread where it was. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixedWork } from '../../../src/kernel/fixed-work.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { ThreadArm } from '../../../src/measure/thread-arm.ts';
import { environment } from '../../../src/native/binding.ts';
import { makeThread } from '../experiment/made.ts';

const { allowedCpus, currentCpu, pin, unpin } = environment();
const [home, away] = allowedCpus as [number, number];
const once = { warmup: 0, iterations: 1 };

// Needs a second CPU to go to.
describe.skipIf(allowedCpus.length < 2)('an arm', () => {
  beforeEach(() => pin(home));
  afterEach(() => unpin());

  /** Notes where it was set up. */
  function armOn(cpu: number | null, language: 'native' | 'typescript') {
    const places: (number | null)[] = [];
    const kernel = {
      ...fixedWork,
      setup: (...place: Parameters<typeof fixedWork.setup>) => {
        places.push(currentCpu());
        return fixedWork.setup(...place);
      },
    } as unknown as Kernel;
    const variant = makeThread('a', { kernel, language, ...(cpu === null ? {} : { cpu: () => cpu }) });
    const seat = { room: new GroupRoom(), seed: 1, cpus: [home, away] };
    return { arm: new ThreadArm({ variant, point: { steps: 100 } }, seat), places };
  }

  it.each(['native', 'typescript'] as const)(
    'that names a CPU is there, and nowhere else (%s)',
    (language) => {
      const { arm, places } = armOn(away, language);
      expect(places).toEqual([away]);
      expect(currentCpu()).toBe(home);
      expect(arm.sampleNow(once).noise.cpu).toBe(away);
      expect(currentCpu()).toBe(home);
    },
  );

  it('that names none stays where it is', () => {
    const { arm, places } = armOn(null, 'native');
    expect([places, arm.sampleNow(once).noise.cpu]).toEqual([[home], home]);
  });

  it('comes home from a CPU that is not ours, or a set-up that fails', () => {
    expect(() => armOn(Math.max(...allowedCpus) + 1, 'native')).toThrow('CPU');
    expect(currentCpu()).toBe(home);
    const failing = { ...fixedWork, setup: () => expect.fail('no inputs') } as unknown as Kernel;
    const variant = makeThread('a', { kernel: failing, cpu: () => away });
    const seat = { room: new GroupRoom(), seed: 1, cpus: [home] };
    expect(() => new ThreadArm({ variant, point: {} }, seat)).toThrow('no inputs');
    expect(currentCpu()).toBe(home);
  });
});
