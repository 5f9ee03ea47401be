/** The phase change over malloc: both languages take and give the same blocks, and only native code has their memory. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { heapResidency, residentFigures } from '../../../src/experiments/allocation/heap-residency-kernel.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { runNative } from '../../../src/native/binding.ts';

const leastBytes = 2 ** 16;
const readings = 6;

describe.runIf(process.platform === 'linux')('the phase change', () => {
  it.each([leastBytes, 300_001])('of %d B is the same in both languages', (liveBytes) => {
    const room = new GroupRoom();
    try {
      for (const seed of [1, 2]) {
        const place = { prng: new Prng(seed), room, member: 0, members: 1, cpus: [] };
        const args = heapResidency.setup({ point: { liveBytes, waitMs: 0 }, ...place });
        const { checksum } = runNative(heapResidency.id, inOrder(heapResidency.signature, args));
        expect(checksum).toBe(heapResidency.reference(args));
        // More blocks than the small ones alone.
        expect(Number(checksum >> 32n)).toBeGreaterThan(liveBytes / 128);
      }
    } finally {
      room.close();
    }
  });

  it('is read in every phase, and once more after a while', () => {
    const resident = new Float64Array(readings).fill(Number.NaN);
    const args = { liveBytes: 2 ** 24, seed: 1, waitMs: 30, resident };
    const began = performance.now();
    runNative(heapResidency.id, inOrder(heapResidency.signature, args));
    expect(performance.now() - began).toBeGreaterThan(29);
    const figures = residentFigures(null)(args);
    expect([...resident].filter((figure) => !Number.isFinite(figure))).toEqual([]);
    // What this process had free before may hold all of the blocks: then no ratio is told.
    expect(Object.keys(figures)).toEqual(expect.arrayContaining(['drainedBytes', 'waitedBytes']));
    expect(Object.values(figures).filter((figure) => !(figure >= 0))).toEqual([]);
  });

  it('is told only where enough is live', () => {
    const resident = new Float64Array(readings).fill(1);
    const told = (liveBytes: number) => residentFigures(null)({ liveBytes, seed: 1, waitMs: 0, resident });
    expect(told(2 ** 24 - 1)).toEqual({});
    expect(Object.keys(told(2 ** 24))).toHaveLength(readings);
  });

  it('is never less than what is live, nor than nothing', () => {
    const resident = Float64Array.of(0.992, 9, 1.3, 1, -3e6, 5e6);
    const figures = residentFigures(null)({ liveBytes: 2 ** 24, seed: 1, waitMs: 0, resident });
    expect(figures).toEqual({
      freedOverLive: 9,
      refilledOverLive: 1.3,
      meanOverLive: 1,
      drainedBytes: 0,
      waitedBytes: 5e6,
    });
  });

  it('is no figure of a library that was not preloaded', () => {
    const args = { liveBytes: 2 ** 21, seed: 1, waitMs: 0, resident: new Float64Array(readings) };
    expect(() => residentFigures('libnothere.so.1')(args)).toThrow(/libnothere\.so\.1 was not preloaded/);
  });

  it.each([
    [
      'too little',
      [leastBytes - 1, 1, 0, readings],
      /"liveBytes" must be from 65536 to 1073741824, not 65535/,
    ],
    ['too much', [2 ** 30 + 1, 1, 0, readings], /"liveBytes" must be from/],
    ['no seed', [leastBytes, 0, 0, readings], /"seed" must not be 0/],
    ['an hour', [leastBytes, 1, 3_600_000, readings], /"waitMs" must be at most 10000, not 3600000/],
    ['no room for what is read', [leastBytes, 1, 0, 3], /"resident" must have 6 numbers, not 3/],
  ] as const)('is refused with %s', (_, [liveBytes, seed, waitMs, numbers], message) => {
    const args = [liveBytes, seed, waitMs, new Float64Array(numbers)];
    expect(() => runNative(heapResidency.id, args)).toThrow(message);
  });
});
