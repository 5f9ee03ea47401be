/** Lifetimes by the exact algorithm, against a walk from the roots after every row. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Lifetimes,
  lifetimes,
  liveWords,
  liveWordsOver,
  livesOn,
} from '../../../src/trace/lifetimes.ts';
import {
  type MutatorTrace,
  mutatorOp,
  mutatorRowWords,
  MutatorWriter,
} from '../../../src/trace/mutator-rows.ts';
import { ObjectGraph, plainObjectWords } from '../../../src/trace/object-graph.ts';

const roots = 4;

const anyRow = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant(1), fc.nat(roots - 1), fc.nat(3), fc.nat(40)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant(2), fc.nat(roots - 1), fc.nat(roots - 1), fc.nat(3)) },
  { weight: 5, arbitrary: fc.tuple(fc.constant(3), fc.nat(roots - 1), fc.nat(3), fc.nat(roots - 1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(4), fc.nat(roots - 1), fc.nat(3), fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant(5), fc.nat(roots - 1), fc.nat(roots - 1), fc.constant(0)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(6, 7, 8), fc.nat(roots - 1), fc.constant(0), fc.constant(0)),
  },
);
const anyTrace = fc
  .array(anyRow, { maxLength: 200, size: 'max' })
  .map((rows): MutatorTrace => ({ rows: Uint32Array.from(rows.flat()), roots }));

/** When each object was last seen by a walk: after each row, and before a new object takes a root. */
function seenByWalks({ rows, roots: count }: MutatorTrace): { diedAt: number[]; most: number } {
  const graph = new ObjectGraph(count);
  const diedAt = [0];
  let most = 0;
  const look = (clock: number, asked: number): void => {
    let live = asked;
    for (const { number, slots, bytes } of graph.reachable()) {
      diedAt[number] = clock;
      live += plainObjectWords(slots.length, bytes);
    }
    most = Math.max(most, live);
  };
  for (let at = 0; at < rows.length; at += mutatorRowWords) {
    const isNew = rows[at] === mutatorOp.new;
    if (isNew) look(graph.made + 1, plainObjectWords(rows[at + 2]!, rows[at + 3]!));
    graph.row(rows, at);
    // One that is made is there, whatever becomes of it.
    if (isNew) diedAt[graph.made] = graph.made;
    look(graph.made, 0);
  }
  for (const { number } of graph.reachable()) diedAt[number] = livesOn;
  return { diedAt, most };
}

function oldest({ diedAt, made }: Lifetimes): number {
  return diedAt.subarray(1, made + 1).filter((clock) => clock === livesOn).length;
}

describe('lifetimes', () => {
  it('are what walks after every row see', () => {
    let deaths = 0;
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const found = lifetimes(trace);
        const seen = seenByWalks(trace);
        expect([...found.diedAt]).toEqual(seen.diedAt);
        expect(liveWords(trace)).toBe(seen.most);
        deaths += found.made - oldest(found);
      }),
      { seed: 20_261_121, numRuns: 300 },
    );
    expect(deaths).toBeGreaterThan(1000);
  });

  it('end for a ring as for a chain', () => {
    // 1 names 2 and 2 names 1; both die when the roots let go, after 3 was made and before 4.
    const trace = new MutatorWriter().make(0, 1, 0).make(1, 1, 0).store(0, 0, 1).store(1, 0, 0);
    trace.clear(0).make(2, 0, 0).clear(1).make(3, 0, 0);
    const { diedAt, allocatedWords } = lifetimes(trace.finish());
    expect([...diedAt.subarray(1)]).toEqual([3, 3, livesOn, livesOn]);
    expect([...allocatedWords]).toEqual([0, 4, 8, 12, 16]);
  });

  it('say what a heap must hold at least', () => {
    // Three objects of 4 words; then the first lets go of the others, but what it needed it needed.
    const trace = new MutatorWriter().make(0, 1, 0).make(1, 1, 0).store(0, 0, 1).make(2, 1, 0).store(1, 0, 2);
    trace.clear(1).clear(2).erase(0, 0).make(1, 0, 0);
    expect([...liveWordsOver(lifetimes(trace.finish()))]).toEqual([0, 4, 8, 12, 8]);
    expect(liveWords(trace.finish())).toBe(12);
    // What a root held is in use until its successor is there.
    expect(liveWords(new MutatorWriter().make(0, 0, 0).make(0, 0, 0).finish())).toBe(8);
    expect(liveWords(new MutatorWriter().finish())).toBe(0);
  });
});
