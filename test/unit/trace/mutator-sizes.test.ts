/** Live sets and allocation rates that are asked for: measured of the trace that is made, by the exact lifetimes. */
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import type { LifetimeModel } from '../../../src/trace/lifetime-model.ts';
import { liveWords } from '../../../src/trace/lifetimes.ts';
import { amountOf, amountText } from '../../../src/trace/mutator-amount.ts';
import { sizedWithin } from '../../../src/trace/mutator-size.ts';
import {
  type MutatorTrace,
  mutatorOp,
  mutatorRowWords,
  MutatorWriter,
} from '../../../src/trace/mutator-rows.ts';
import { type MutatorProgram, mutators, mutatorTrace, ownSettings } from '../../../src/trace/mutators.ts';
import { modelled } from '../../../src/trace/mutators/modelled.ts';
import { ObjectGraph, plainObjectWords } from '../../../src/trace/object-graph.ts';

type Settings = Readonly<Record<string, number>>;

const seed = 7;

/** Numbers in place of the usual ones: programs that are made and measured in no time. */
const smaller: Readonly<Record<string, Settings>> = {
  rewiring: { nodes: 1000, steps: 20_000, mostBytes: 64 },
  'cache-service': { entries: 512, steps: 2000, mostBytes: 64 },
  'binary-trees': { nodes: 511, steps: 12_282 },
  'growing-list': { nodes: 5000, steps: 15_000, bytes: 16 },
  cycles: { rings: 400, steps: 4000, bytes: 16 },
  'slow-consumer': { queued: 2000, steps: 20_000, mostBytes: 128 },
  strings: { strings: 1000, steps: 20_000 },
};

function programCalled(id: string): MutatorProgram {
  const program = mutators.find((each) => each.id === id)!;
  return { ...program, parameters: { ...program.parameters, ...smaller[id] } };
}

function traceOf(program: MutatorProgram, settings: Settings, from = seed): MutatorTrace {
  return mutatorTrace(program, settings, new Prng(from));
}

/** How far a number is from what was asked for, as a share of that. */
function off(is: number, asked: number): number {
  return Math.abs(is - asked) / asked;
}

/** Bytes that walks from the roots see at most: before and after a row in so many. */
function seenByWalks({ rows, roots }: MutatorTrace, every: number): number {
  const graph = new ObjectGraph(roots);
  let most = 0;
  for (let at = 0; at < rows.length; at += mutatorRowWords) {
    graph.row(rows, at);
    if ((at / mutatorRowWords) % every !== 0) continue;
    let words = 0;
    for (const { slots, bytes } of graph.reachable()) words += plainObjectWords(slots.length, bytes);
    most = Math.max(most, 4 * words);
  }
  return most;
}

/** Bytes of all objects over rows, in thousands of them, from the rows alone. */
function rateOfRows({ rows }: MutatorTrace): number {
  let words = 0;
  for (let at = 0; at < rows.length; at += mutatorRowWords) {
    if (rows[at] === mutatorOp.new) words += plainObjectWords(rows[at + 2]!, rows[at + 3]!);
  }
  return (1000 * 4 * words) / (rows.length / mutatorRowWords);
}

/** Of each mutator: two live sets that a short program has, and a rate well below its own. */
const asked: Readonly<Record<string, { live: readonly [number, number]; rate: number; steps: number }>> = {
  rewiring: { live: [20_000, 40_000], rate: 1000, steps: 4000 },
  'cache-service': { live: [20_000, 16_000], rate: 2000, steps: 600 },
  'binary-trees': { live: [5000, 14_000], rate: 1500, steps: 3000 },
  'growing-list': { live: [5000, 30_000], rate: 3000, steps: 3000 },
  cycles: { live: [20_000, 10_000], rate: 2000, steps: 800 },
  'slow-consumer': { live: [20_000, 60_000], rate: 2000, steps: 4000 },
  strings: { live: [2 ** 17, 2 ** 18], rate: 20_000, steps: 4000 },
};

it('every mutator has both', () => {
  expect(Object.keys(asked).toSorted()).toEqual(mutators.map(({ id }) => id).toSorted());
  for (const { parameters, sizing } of mutators) {
    expect(parameters).toMatchObject({ liveBytes: 0, rateBytes: 0 });
    expect(parameters[sizing!.live]).toBeGreaterThan(0);
    expect(parameters[sizing!.duration]).toBeGreaterThan(0);
  }
});

describe.each(mutators.map(({ id }) => [id, programCalled(id)] as const))('%s', (id, program) => {
  const { live, rate, steps } = asked[id]!;
  const short = { liveBytes: live[0], steps };

  it('can reach as many bytes at most as are asked for', () => {
    for (const liveBytes of live) {
      const trace = traceOf(program, { liveBytes, steps });
      expect(off(4 * liveWords(trace), liveBytes)).toBeLessThan(sizedWithin);
    }
  });

  it('has as much live by walks from its roots, too', () => {
    const trace = traceOf(program, short);
    const seen = seenByWalks(trace, Math.ceil(trace.rows.length / mutatorRowWords / 200));
    // What is live at most may lie between two walks.
    expect(seen).toBeLessThan((1 + sizedWithin) * live[0]);
    expect(seen).toBeGreaterThan(0.6 * live[0]);
  });

  it('allocates as many bytes a thousand operations as are asked for, from beginning to end', () => {
    const own = amountOf(traceOf(program, { steps }));
    const trace = traceOf(program, { steps, rateBytes: rate });
    expect(off(rateOfRows(trace), rate)).toBeLessThan(sizedWithin);
    // Work is all that was added.
    const { operations, allocatedBytes } = amountOf(trace);
    expect(operations).toBeGreaterThan(own.operations);
    expect(off(allocatedBytes, own.allocatedBytes)).toBeLessThan(0.1);
    const half = Math.floor(operations / 2) * mutatorRowWords;
    const later = rateOfRows({ rows: trace.rows.subarray(half), roots: trace.roots });
    expect(off(later, rate)).toBeLessThan(0.1);
  });

  it('has both at once', () => {
    const both = { ...short, rateBytes: rate };
    const trace = traceOf(program, both);
    const { liveBytes, rateBytes } = amountOf(trace);
    expect(off(liveBytes, live[0])).toBeLessThan(sizedWithin);
    expect(off(rateBytes, rate)).toBeLessThan(sizedWithin);
  });

  it('refuses a number that says the same, and a rate that it does not come to', () => {
    const own = program.sizing!.live;
    expect(() => traceOf(program, { liveBytes: 2 ** 16, [own]: 100 })).toThrow(
      `${id}: liveBytes and ${own} both say how much lives`,
    );
    expect(() => traceOf(program, { rateBytes: 1000, reads: 1 })).toThrow('rateBytes and reads both say');
    expect(() => traceOf(program, { rateBytes: 2 ** 20, steps })).toThrow(
      /bytes a thousand operations at most, not/,
    );
    expect(() => traceOf(program, { liveBytes: 1, steps })).toThrow(/can't have 1 B live at most/);
    expect(() => traceOf(program, { liveBytes: -1 })).toThrow(ContractError);
  });
});

describe('what a live set needs', () => {
  it('is a longer program, in which all of it is turned over', () => {
    const { liveBytes, allocatedBytes } = amountOf(
      traceOf(programCalled('growing-list'), { liveBytes: 2 ** 19 }),
    );
    expect(off(liveBytes, 2 ** 19)).toBeLessThan(sizedWithin);
    expect(allocatedBytes).toBeGreaterThan(8 * liveBytes);
  });

  it('is told where it would be too long, or too large for its numbers', () => {
    expect(() => traceOf(programCalled('cycles'), { liveBytes: 2 ** 31 })).toThrow(
      /^cycles would take about [\d,]+ operations with 2 GiB live, more than 33,554,432: give it fewer steps, or larger objects \(bytes\)$/,
    );
    expect(() => traceOf(programCalled('binary-trees'), { liveBytes: 2 ** 31 })).toThrow(
      /^binary-trees can't have 2 GiB live at most: nodes would be [\d,]+, and may be 2,097,151$/,
    );
    expect(() => traceOf(programCalled('strings'), { rateBytes: 1 })).toThrow(
      'strings would take more than 33,554,432 operations at 1 bytes a thousand',
    );
  });

  it('is told where the steps that are given are too few', () => {
    expect(() => traceOf(programCalled('growing-list'), { liveBytes: 2 ** 17, steps: 100 })).toThrow(
      /^growing-list has 128 KiB live only with steps=\d+ or more, not 100$/,
    );
  });

  it('is told where no number makes it', () => {
    expect(() =>
      traceOf(programCalled('slow-consumer'), { liveBytes: 2 ** 17, consumedPercent: 100 }),
    ).toThrow('slow-consumer with these numbers has as much live whatever its queued');
    const nothingKept = { diePercent: 95, laterPercent: 5, liveBytes: 2 ** 17 };
    expect(() => traceOf(programCalled('cache-service'), nothingKept)).toThrow('whatever its entries');
  });

  it('is fewer objects where they are larger, and as many steps as are given', () => {
    const program = programCalled('rewiring');
    const sized = (settings: Settings): Settings =>
      ownSettings(program, { liveBytes: 20_000, steps: 4000, ...settings }, () => new Prng(seed));
    expect(sized({ mostBytes: 500 })['nodes']!).toBeLessThan(0.4 * sized({})['nodes']!);
    expect(sized({ steps: 4321 })).toMatchObject({ steps: 4321 });
  });

  it('may be the one that it has anyway', () => {
    const program = programCalled('growing-list');
    const live = 4 * liveWords(traceOf(program, {}));
    expect(ownSettings(program, { liveBytes: live }, () => new Prng(seed))).toEqual({
      nodes: 5000,
      steps: 15_000,
    });
  });

  it('is its own numbers, which make the same trace', () => {
    const program = programCalled('strings');
    const draw = (): Prng => new Prng(seed);
    const own = ownSettings(program, { liveBytes: 2 ** 17, steps: 4000, joinPercent: 0 }, draw);
    expect(Object.keys(own).toSorted()).toEqual(['joinPercent', 'steps', 'strings']);
    expect(off(4 * liveWords(traceOf(program, own)), 2 ** 17)).toBeLessThan(sizedWithin);
    expect(ownSettings(program, { liveBytes: 2 ** 17, steps: 4000, joinPercent: 0 }, draw)).toEqual(own);
    expect(ownSettings(program, { joinPercent: 0 }, draw)).toEqual({ joinPercent: 0 });
  });
});

describe('a recorded program', () => {
  const survival = [
    [0, 1],
    [1024, 0.5],
    [8192, 0],
  ] as const;
  const model = {
    program: 'node app.js',
    node: '20.20.2',
    recordedAt: '2026-11-21T12:00:00.000Z',
    allocatedBytes: 1e6,
    survival,
    classes: [{ leastBytes: 24, mostBytes: 64, seen: 100, byteShare: 1, sizes: [[32, 1]], survival }],
  } as unknown as LifetimeModel;

  it('has the live set that is asked for', () => {
    for (const liveBytes of [2 ** 14, 2 ** 16]) {
      const trace = traceOf(modelled(model), { liveBytes, allocatedWords: 2 ** 17 });
      expect(off(4 * liveWords(trace), liveBytes)).toBeLessThan(sizedWithin);
    }
    expect(() => traceOf(modelled(model), { liveBytes: 2 ** 14, liveWords: 2 ** 12 })).toThrow(
      'liveBytes and liveWords both say',
    );
  });

  it('says why it has no rate', () => {
    expect(() => traceOf(modelled(model), { rateBytes: 1000 })).toThrow(
      'has no parameter rateBytes: what a program does between its allocations is not recorded',
    );
  });
});

it('a trace amounts to what is counted of it by hand', () => {
  // Objects of 16 bytes: one, two, then the second alone as the third is made.
  const trace = new MutatorWriter().make(0, 0, 0).make(1, 0, 0).clear(0).make(2, 0, 0).finish();
  expect(amountOf(trace)).toEqual({
    operations: 4,
    objects: 3,
    allocatedBytes: 48,
    rateBytes: 12_000,
    liveBytes: 32,
    meanLiveBytes: (16 + 32 + 32) / 3,
  });
  expect(amountText(amountOf(trace))).toBe(
    '4 operations that allocate 48 B, 12,000 B a thousand; 32 B live at most, 27 B on average',
  );
  expect(amountOf(new MutatorWriter().finish())).toMatchObject({ operations: 0, rateBytes: 0, liveBytes: 0 });
});
