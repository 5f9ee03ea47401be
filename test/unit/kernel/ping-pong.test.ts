/** The references' counting, where words wrap; two threads and native code are in test/differential and test/measure. */
import { describe, expect, it } from 'vitest';
import { pingPong, pingPongPair } from '../../../src/kernel/ping-pong.ts';

function lineFrom(word: number): Uint32Array {
  const line = new Uint32Array(new SharedArrayBuffer(256));
  line[0] = word;
  return line;
}

const pair = (line: Uint32Array, roundTrips: number) =>
  pingPongPair.reference({ line, partnerCpu: 0, roundTrips, elapsedNs: new Float64Array(1) });

describe('the pair', () => {
  it.each([
    [0, 0, 0n],
    [0, 1, 2n],
    [0, 3, 6n],
    [10, 3, 16n],
    [2 ** 32 - 2, 1, 0n],
    [2 ** 32 - 4, 5, 6n],
  ])('from %i, %i round trips end at %s', (from, roundTrips, last) => {
    const line = lineFrom(from);
    expect(pair(line, roundTrips)).toBe(last);
    expect(BigInt(line[0]!)).toBe(last);
  });

  it('notes how long the game took', () => {
    const elapsedNs = new Float64Array(1);
    pingPongPair.reference({ line: lineFrom(0), partnerCpu: 0, roundTrips: 100, elapsedNs });
    expect(elapsedNs[0]).toBeGreaterThan(0);
  });
});

describe('a member', () => {
  it('answers with the number before its first when it plays no round', () => {
    const answer = (role: number, word: number) =>
      pingPong.reference({ line: lineFrom(word), role, roundTrips: 0, swap: 0 });
    expect(answer(1, 0)).toBe(0n);
    expect(answer(1, 8)).toBe(8n);
    // The word before 0 is the last of 32 bits, as in native code.
    expect(answer(0, 0)).toBe(0xffff_ffffn);
    expect(answer(0, 8)).toBe(7n);
  });

  it.each([0, 1])('serves once from whatever even word there is, swap %i', (swap) => {
    for (const word of [0, 6, 2 ** 32 - 2]) {
      const line = lineFrom(word);
      expect(pingPong.reference({ line, role: 0, roundTrips: 1, swap })).toBe(BigInt(word + 1));
      expect(line[0]).toBe(word + 1);
    }
  });

  it.each([0, 1])('returns once, swap %i, across the end of 32 bits', (swap) => {
    const line = lineFrom(2 ** 32 - 1);
    expect(pingPong.reference({ line, role: 1, roundTrips: 1, swap })).toBe(0n);
    expect(line[0]).toBe(0);
  });
});
