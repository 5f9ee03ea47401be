import { describe, expect, it } from 'vitest';
import { listed, machineModel, PageFrames, predict } from '../../../src/model/index.ts';
import { ascending, roomy } from './tiny.ts';

describe('page frames', () => {
  it('are one a page, each its own, and keep the place within the page', () => {
    const frames = new PageFrames(4096, 5);
    const pages = Array.from({ length: 3000 }, (_, page) => page);
    const first = pages.map((page) => frames.physical(4096 * page + 123));
    expect(pages.map((page) => frames.physical(4096 * page + 123))).toEqual(first);
    expect(new Set(first).size).toBe(pages.length);
    for (const address of first) {
      expect(address % 4096).toBe(123);
      expect(Number.isSafeInteger(address)).toBe(true);
    }
    expect(frames.physical(4096 * 7 + 4095) - frames.physical(4096 * 7)).toBe(4095);
    const huge = new PageFrames(2 ** 30, 5);
    for (const page of pages) expect(huge.physical(2 ** 30 * page + 1)).toBeLessThan(2 ** 53);
  });

  it('overflow sets of a level larger than a page times its ways, long before it is full', () => {
    const levels = [{ sizeBytes: 2 ** 18, ways: 8, lineBytes: 64, latencyNs: 1 }];
    const numbers = { levels, memoryLatencyNs: 100 };
    const stream = ascending((0.75 * 2 ** 18) / 64);
    const straight = predict(machineModel(numbers), stream, { before: stream });
    expect(straight.levels[0]!.misses).toBe(0);
    const small = machineModel({ ...numbers, frames: { pageBytes: 4096, seed: 1 } });
    const scattered = predict(small, stream, { before: stream });
    expect(scattered.levels[0]!.misses).toBeGreaterThan(0.1 * scattered.accesses);
    expect(predict(small, stream, { before: stream })).toEqual(scattered);
    // A huge page lies in one piece.
    const huge = machineModel({ ...numbers, frames: { pageBytes: 2 ** 21, seed: 1 } });
    expect(predict(huge, stream, { before: stream }).levels[0]!.misses).toBe(0);
    // A way no larger than a page does not notice: its sets are chosen within the page.
    const narrow = { levels: [{ ...levels[0]!, ways: 64 }], memoryLatencyNs: 100 };
    const inPage = machineModel({ ...narrow, frames: { pageBytes: 4096, seed: 1 } });
    expect(predict(inPage, stream, { before: stream }).levels[0]!.misses).toBe(0);
  });

  it('an access that straddles pages finds both', () => {
    const model = machineModel({ ...roomy, frames: { pageBytes: 4096, seed: 1 } });
    const straddling = listed({ base: 4090, offsets: [0, 0], bytes: 12 });
    const ends = listed({ base: 0, offsets: [4088, 4096], bytes: 8 });
    expect(predict(model, straddling, { before: ends }).levels[0]!.misses).toBe(0);
    const prediction = predict(model, straddling);
    expect(prediction.accesses).toBe(2);
    // Both halves come at once.
    expect(prediction.dependentNs).toBe(101 / 2);
  });
});
