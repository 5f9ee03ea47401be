import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  interleaved,
  inTurn,
  listed,
  machineModel,
  type MachineNumbers,
  nsOfChains,
  predict,
  streamer,
} from '../../../src/model/index.ts';
import { ascending, lines, roomy, tiny } from './tiny.ts';

describe('by hand', () => {
  it('levels: misses, and the time of a chain and of a crowd', () => {
    // line     0     1     2     0
    // level 1  0     1 0   2 1   0 2     newest first
    // served   100   100   100   4       = 304
    const prediction = predict(machineModel(tiny), lines(0, 1, 2, 0));
    expect(prediction.levels).toEqual([
      { requests: 4, misses: 4, readMisses: 4, writeMisses: 0 },
      { requests: 4, misses: 3, readMisses: 3, writeMisses: 0 },
    ]);
    expect(prediction.dependentNs).toBe(304 / 4);
    // Ten at once miss the first level: 304 / 10. Sixteen the second: 300 / 16. Issue: 4 x 1 / 10.
    expect(prediction.independentNs).toBeCloseTo(30.4 / 4, 12);
    expect(prediction.limit).toEqual({ kind: 'misses', level: 1 });
    expect(prediction.prefetches).toEqual({ issued: 0, useful: 0, useless: 0 });
    expect(prediction.tlb).toBeNull();
    // Chains share the wait until the queue is full.
    expect(nsOfChains(prediction, 1)).toBe(76);
    expect(nsOfChains(prediction, 4)).toBe(19);
    expect(nsOfChains(prediction, 16)).toBe(prediction.independentNs);
  });

  it('what stays in the first level is bound by issue alone', () => {
    const model = machineModel({ ...tiny, issueNs: 0.2 });
    const prediction = predict(model, lines(0, 1, 0, 1), { before: lines(0, 1) });
    expect(prediction.levels.map(({ misses }) => misses)).toEqual([0, 0]);
    expect(prediction).toMatchObject({ accesses: 4, dependentNs: 1, limit: { kind: 'issue' } });
    expect(prediction.independentNs).toBeCloseTo(0.2, 12);
  });

  it('a second level’s short queue holds back a crowd', () => {
    const [first, second] = tiny.levels as [MachineNumbers['levels'][0], MachineNumbers['levels'][0]];
    const model = machineModel({ ...tiny, levels: [first, { ...second, missesInFlight: 1 }] });
    const prediction = predict(model, lines(0, 1, 2, 0));
    expect(prediction.independentNs).toBe(75);
    expect(prediction.limit).toEqual({ kind: 'misses', level: 2 });
  });

  it('what misses a level goes on as a whole', () => {
    // line     0    2     0+1     3       0
    // level 1  0    2 0   1 0     3 1             newest first
    // level 2  0    2 0   1 0 2   3 1 0           line 1 alone was missing, and 0 was asked for with it
    const [first] = tiny.levels as [MachineNumbers['levels'][0]];
    const second = { sizeBytes: 192, ways: 3, lineBytes: 64, latencyNs: 4 };
    const model = machineModel({ ...tiny, levels: [first, second] });
    const stream = listed({ base: 0, offsets: [0, 128, 60, 192, 0], bytes: 8 });
    expect(predict(model, stream).levels.map(({ requests, misses }) => [requests, misses])).toEqual([
      [5, 5],
      [5, 4],
    ]);
  });

  it('reads and writes are counted apart, by level', () => {
    const writes = listed({ base: 0, offsets: [0, 128, 0], bytes: 8, write: true });
    const { levels } = predict(machineModel(tiny), inTurn([writes, lines(0, 1)]));
    expect(levels[0]).toEqual({ requests: 5, misses: 3, readMisses: 1, writeMisses: 2 });
  });

  it('a TLB of two entries', () => {
    const tlb = { pageBytes: 4096, levels: [{ entries: 2, ways: null }], walkNs: 30 };
    const pages = listed({ base: 0, offsets: [0, 1, 0, 2, 1].map((page) => 4096 * page), bytes: 8 });
    const prediction = predict(machineModel({ ...roomy, tlb }), pages);
    expect(prediction.tlb).toEqual({ misses: [4], walks: 4 });
    // Three pages' lines come from memory; page 0's again from the first level, page 1's again from the second.
    expect(prediction.dependentNs).toBe((300 + 1 + 4 + 4 * 30) / 5);
    // 4 walks of 30 ns, one at a time, take longer than 304 / 10 and 300 / 16.
    expect(prediction.limit).toEqual({ kind: 'walks' });
    expect(prediction.independentNs).toBe(120 / 5);
    // An access that straddles pages asks for both.
    const straddling = listed({ base: 4090, offsets: [0], bytes: 8 });
    expect(predict(machineModel({ ...roomy, tlb }), straddling).tlb).toEqual({ misses: [2], walks: 2 });
  });

  it('a second level of the TLB costs what it is said to', () => {
    const levels = [
      { entries: 1, ways: null },
      { entries: 8, ways: null },
    ];
    const tlb = { pageBytes: 4096, levels, walkNs: 30, secondLevelNs: 7 };
    const pages = listed({ base: 0, offsets: [0, 4096, 0], bytes: 8 });
    const prediction = predict(machineModel({ ...roomy, tlb }), pages);
    expect(prediction.tlb).toEqual({ misses: [3, 2], walks: 2 });
    expect(prediction.dependentNs).toBeCloseTo((200 + 1 + 60 + 7) / 3, 12);
  });
});

describe('prefetching, by hand', () => {
  const prefetchers = [streamer(2, { distanceLines: 4 })];
  const model = machineModel({ ...roomy, prefetchers });

  it('a page in order: the lines that train miss, the others were fetched', () => {
    const prediction = predict(model, ascending(64));
    expect(prediction.levels[1]).toMatchObject({ requests: 64, misses: 3 });
    expect(prediction.prefetches).toEqual({ issued: 61, useful: 61, useless: 0 });
    // The next page is learnt anew.
    expect(predict(model, ascending(128)).levels[1]!.misses).toBe(6);
  });

  it('what is fetched takes its place in the queue', () => {
    // 64 lines of 100 ns pass the second level's queue of 16, three of them asked for.
    const prediction = predict(model, ascending(64));
    expect(prediction.independentNs).toBeCloseTo((64 * 100) / 16 / 64, 12);
    expect(prediction.limit).toEqual({ kind: 'misses', level: 2 });
    // A queue of one lets nothing run ahead, of a chain neither.
    const [first, second] = roomy.levels as [MachineNumbers['levels'][0], MachineNumbers['levels'][0]];
    const narrow = machineModel({ ...roomy, levels: [first, { ...second, missesInFlight: 1 }], prefetchers });
    expect(predict(narrow, ascending(64))).toMatchObject({ dependentNs: 100, independentNs: 100 });
  });

  it('a line that is still on its way costs the rest of it', () => {
    // Four lines ahead, 100 ns away: after the start, four lines a 100 ns.
    // line    0    1    2    3    4    5    6    7    8    9    10
    // begins  0    100  200  300  304  308  400  404  408  412  416
    // fetches           3 4  5 6  7 8  9    10   11   12   13   14
    // there                  300  300  400  400  404  404  408  500
    // takes   100  100  100  4    4    92   4    4    4    4    84
    expect(predict(model, ascending(11)).dependentNs).toBeCloseTo(500 / 11, 12);
  });

  it('what nobody asks for is useless', () => {
    expect(predict(model, lines(0, 1, 2)).prefetches).toEqual({ issued: 2, useful: 0, useless: 2 });
    expect(predict(model, lines(0, 1, 2, 4)).prefetches).toEqual({ issued: 4, useful: 1, useless: 3 });
    // Fetched into a level of four lines, and pushed out before it is asked for. By then it goes on with the stream.
    const small = machineModel({ ...tiny, prefetchers });
    const late = predict(small, lines(0, 1, 2, 100, 200, 300, 400, 3));
    expect(late.levels[1]!.misses).toBe(8);
    expect(late.prefetches).toEqual({ issued: 4, useful: 0, useless: 4 });
  });

  it('a line is useful once, and whoever takes its place is not', () => {
    // 3 is fetched, asked for, pushed out of the first level, and asked for again.
    expect(predict(model, lines(0, 1, 2, 3, 100, 200, 3)).prefetches).toEqual({
      issued: 4,
      useful: 1,
      useless: 3,
    });
    // 300 and 400 take the places of 3 and 4 in a level of four lines; 300 is then found there.
    const small = machineModel({ ...tiny, prefetchers });
    const prediction = predict(small, lines(0, 1, 2, 100, 200, 300, 400, 500, 600, 300));
    expect(prediction.levels[1]).toMatchObject({ requests: 10, misses: 9 });
    expect(prediction.prefetches).toEqual({ issued: 2, useful: 0, useless: 2 });
  });

  it('what is there is not fetched again, and what came before is not counted', () => {
    const prediction = predict(model, ascending(64), { before: ascending(64) });
    expect(prediction.prefetches).toEqual({ issued: 0, useful: 0, useless: 0 });
    expect(prediction.levels[1]!.misses).toBe(0);
    const after = predict(model, lines(3, 4), { before: lines(0, 1, 2) });
    expect(after.levels[1]!.misses).toBe(0);
    expect(after.prefetches).toMatchObject({ useful: 0 });
  });

  it('a level in between is passed through, and the source decides how long it takes', () => {
    const levels = [
      ...tiny.levels,
      { sizeBytes: 2 ** 20, ways: 16, lineBytes: 128, latencyNs: 20 },
    ] as MachineNumbers['levels'];
    const three = machineModel({ ...tiny, levels, prefetchers });
    const prediction = predict(three, lines(0, 1, 2, 3), { before: ascending(32) });
    // All stand in the third level: 20 each for 0, 1, 2, and 3 is asked for 20 ns after it was sent for.
    expect(prediction.levels.map(({ misses }) => misses)).toEqual([4, 3, 0]);
    expect(prediction.dependentNs).toBe((20 + 20 + 20 + 4) / 4);
  });

  it('the adjacent line', () => {
    const adjacent = machineModel({ ...roomy, prefetchers: [{ kind: 'adjacent', level: 2 }] });
    const prediction = predict(adjacent, lines(0, 1, 9, 8, 20));
    expect(prediction.levels[1]).toMatchObject({ requests: 5, misses: 3 });
    expect(prediction.prefetches).toEqual({ issued: 3, useful: 2, useless: 1 });
  });

  it('the adjacent line, on a miss alone', () => {
    // line     0     2       1
    // level 1  0     2 0     1 2         newest first
    // level 2  1 0   3 2 1   1 3 2       1 is found without 0, which is not fetched again
    const [first] = tiny.levels as [MachineNumbers['levels'][0]];
    const levels = [first, { sizeBytes: 192, ways: 3, lineBytes: 64, latencyNs: 4 }];
    const adjacent = machineModel({ ...tiny, levels, prefetchers: [{ kind: 'adjacent', level: 2 }] });
    expect(predict(adjacent, lines(0, 2, 1)).prefetches).toEqual({ issued: 2, useful: 1, useless: 1 });
  });

  it('to fetch a line is to use it where it comes from', () => {
    // line     0     8         0         16           1
    // level 2  1 0   9 8       1 0       17 16
    // level 3  1 0   9 8 1 0   1 0 9 8   17 16 1 0    newest first: so 1 is still there
    const levels = [1, 2, 4].map((ways) => ({ sizeBytes: 64 * ways, ways, lineBytes: 64, latencyNs: ways }));
    const adjacent = machineModel({ ...tiny, levels, prefetchers: [{ kind: 'adjacent', level: 2 }] });
    const prediction = predict(adjacent, lines(0, 8, 0, 16, 1));
    expect(prediction.levels.map(({ misses }) => misses)).toEqual([5, 5, 3]);
    // 1, 9, 1, 17 and 0; a level on the way is not fetched into.
    expect(prediction.prefetches).toEqual({ issued: 5, useful: 0, useless: 5 });
  });

  it('into the first level', () => {
    const nearest = machineModel({ ...roomy, prefetchers: [{ kind: 'adjacent', level: 1 }] });
    const prediction = predict(nearest, lines(0, 1));
    expect(prediction.levels.map(({ requests, misses }) => [requests, misses])).toEqual([
      [2, 1],
      [1, 1],
    ]);
    // Sent for when line 0 was asked for, it is there at the same time.
    expect(prediction.dependentNs).toBe(101 / 2);
  });
});

describe('properties', () => {
  const streams = fc
    .array(fc.nat({ max: 3000 }), { minLength: 1, maxLength: 300 })
    .map((numbers) => lines(...numbers));
  const tlb = {
    pageBytes: 4096,
    levels: [
      { entries: 4, ways: 2 },
      { entries: 16, ways: null },
    ],
    walkNs: 30,
    secondLevelNs: 5,
  };
  const machines = fc
    .record({
      withTlb: fc.boolean(),
      withStreams: fc.boolean(),
      withAdjacent: fc.boolean(),
      level: fc.constantFrom(1, 2),
    })
    .map(({ withTlb, withStreams, withAdjacent, level }) =>
      machineModel({
        levels: [
          { sizeBytes: 1024, ways: 2, lineBytes: 64, latencyNs: 1 },
          { sizeBytes: 2 ** 14, ways: 4, lineBytes: 64, latencyNs: 5 },
        ],
        memoryLatencyNs: 90,
        tlb: withTlb ? tlb : null,
        prefetchers: [
          ...(withStreams ? [streamer(level)] : []),
          ...(withAdjacent ? [{ kind: 'adjacent', level } as const] : []),
        ],
      }),
    );
  const runs = { seed: 35, numRuns: 200 };

  it('what misses a level reaches the next; a crowd is no slower than a chain; times are within bounds', () => {
    fc.assert(
      fc.property(streams, machines, (stream, model) => {
        const prediction = predict(model, stream);
        const { accesses, levels, prefetches, dependentNs, independentNs } = prediction;
        expect(levels[0]!.requests).toBe(accesses);
        expect(levels[1]!.requests).toBe(levels[0]!.misses);
        expect(prefetches.useful).toBeLessThanOrEqual(prefetches.issued);
        expect(prefetches.useful + prefetches.useless).toBe(prefetches.issued);
        expect(independentNs).toBeLessThanOrEqual(dependentNs);
        expect(independentNs).toBeGreaterThanOrEqual(model.issueNs * (1 - 1e-12));
        expect(dependentNs).toBeGreaterThanOrEqual(1);
        if (model.prefetchers.length === 0) expect(dependentNs).toBeLessThanOrEqual(90 + 30);
        expect(predict(model, stream)).toEqual(prediction);
      }),
      runs,
    );
  });

  it('without prefetchers, a chain takes what its levels and walks sum to', () => {
    fc.assert(
      fc.property(streams, (stream) => {
        const model = machineModel({ ...roomy, tlb });
        const { accesses, levels, tlb: pages, dependentNs } = predict(model, stream);
        const [first, second] = levels.map(({ misses }) => misses) as [number, number];
        const [missed, walks] = pages!.misses as [number, number];
        const sum =
          (accesses - first) * 1 + (first - second) * 4 + second * 100 + (missed - walks) * 5 + walks * 30;
        expect(dependentNs).toBeCloseTo(sum / accesses, 9);
      }),
      runs,
    );
  });

  it('a prefetcher ends no page in order later than none does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 20 }),
        (count, distanceLines) => {
          const ahead = machineModel({ ...roomy, prefetchers: [streamer(2, { distanceLines })] });
          const [helped, alone] = [ahead, machineModel(roomy)].map((model) =>
            predict(model, ascending(count)),
          );
          expect(helped!.dependentNs).toBeLessThanOrEqual(alone!.dependentNs + 1e-9);
        },
      ),
      runs,
    );
  });

  it('streams that take turns miss no less than the lines that they touch', () => {
    fc.assert(
      fc.property(fc.array(streams, { minLength: 1, maxLength: 4 }), (list) => {
        const touched = new Set<number>();
        for (const block of interleaved(list)) {
          for (let i = 0; i < block.length; i++) touched.add(Math.floor(block.addresses[i]! / 64));
        }
        const { levels } = predict(machineModel(roomy), interleaved(list));
        expect(levels[1]!.misses).toBeGreaterThanOrEqual(touched.size);
      }),
      runs,
    );
  });
});
