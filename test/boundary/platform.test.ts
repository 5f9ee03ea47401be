/** Regions, pinning and addresses, used wrongly: an error that says what is wrong, never a crash. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Ended, runChild } from './child.ts';

/** What each step that is no refusal must see. */
const seen: Readonly<Record<string, unknown>> = {
  'a region is aligned, zeroed, as long as asked for, and writable': [5000, true, 0],
  'disposing twice does nothing': 2,
  'dispose detaches the buffer': [0, true],
  'a kernel runs over a region': 24,
  'a buffer outlives its region in a kernel that holds it': 1000,
  'regions that nobody disposes are unmapped': true,
  'transfer() moves the memory; dispose leaves it alone': 7,
  'transfer() to another length copies': 64,
  'structuredClone may move it or refuse, never both': true,
  'unpin is harmless': 2,
  'counters that nobody disposes are closed': false,
  'counters of no child count nothing': [true, true, true],
  'usage of no child and the peak of a fork are numbers or null': true,
  'a page has a size': true,
};

describe("hostile use of the platform's calls", () => {
  let ended: Ended;
  const outcomes = new Map<string, Readonly<Record<string, unknown>>>();

  beforeAll(async () => {
    ended = await runChild('platform-child.mjs', [], 55_000);
    ended.lines.forEach((line, at) => {
      if ('step' in line) outcomes.set(String(line['step']), ended.lines[at + 1] ?? { crashed: true });
    });
  });

  it('ends no process', () => {
    const last = ended.lines.findLast((line) => 'step' in line);
    expect({ code: ended.code, signal: ended.signal, last, stderr: ended.stderr }).toEqual({
      code: 0,
      signal: null,
      last,
      stderr: '',
    });
  });

  it('is refused in words', () => {
    const refusals = [...outcomes].filter(([step]) => step.startsWith('refused: '));
    expect(refusals.length).toBeGreaterThan(60);
    for (const [step, outcome] of refusals) {
      expect(outcome, step).toHaveProperty('threw');
      const own = /^(region|childCounters|pin|addressOf|run|sum-indexed|poolAlloc|poolFree): ./;
      // Calling without `new` and with a foreign `this` is refused by Node-API itself.
      const alien = /without new|another object/.test(step) ? /./ : own;
      expect(outcome['threw'], step).toMatch(alien);
    }
  });

  it.each(Object.entries(seen))('%s', (step, expected) => {
    expect(outcomes.get(step)).toEqual({ saw: expected });
  });
});
