import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumIndexed } from '../../../src/experiments/hardware/access-order-kernels.ts';
import { pointerChase } from '../../../src/kernel/pointer-chase.ts';
import {
  type AddressStream,
  chase,
  indexed,
  interleaved,
  inTurn,
  listed,
  sequential,
  strided,
} from '../../../src/model/index.ts';

/** `r4@100`: a read of 4 bytes at 100. */
function written(stream: AddressStream): string[] {
  const all: string[] = [];
  for (const { addresses, bytes, writes, length } of stream) {
    for (let i = 0; i < length; i++) all.push(`${writes[i] === 1 ? 'w' : 'r'}${bytes[i]}@${addresses[i]}`);
  }
  return all;
}

/** An array that notes which of its bytes are read. */
function watched<T extends Uint32Array | Int32Array>(array: T, base: number, reads: string[]): T {
  return new Proxy(array, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) {
        const bytes = target.BYTES_PER_ELEMENT;
        reads.push(`r${bytes}@${base + bytes * Number(key)}`);
      }
      return Reflect.get(target, key, target) as unknown;
    },
  });
}

describe('by hand', () => {
  it('sequential, strided, listed', () => {
    expect(written(sequential({ base: 1000, elements: 3, bytes: 4 }))).toEqual([
      'r4@1000',
      'r4@1004',
      'r4@1008',
    ]);
    expect(written(strided({ base: 1000, count: 3, strideBytes: -64, bytes: 8, write: true }))).toEqual([
      'w8@1000',
      'w8@936',
      'w8@872',
    ]);
    expect(written(listed({ base: 2 ** 47, offsets: [5, 0, 5], bytes: 1 }))).toEqual(
      [5, 0, 5].map((offset) => `r1@${2 ** 47 + offset}`),
    );
    expect(written(sequential({ base: 0, elements: 0, bytes: 4 }))).toEqual([]);
  });

  it('taking turns, and one after another', () => {
    const [a, b] = [
      sequential({ base: 0, elements: 3, bytes: 8 }),
      sequential({ base: 100, elements: 1, bytes: 4 }),
    ];
    expect(written(interleaved([a, b]))).toEqual(['r8@0', 'r4@100', 'r8@8', 'r8@16']);
    expect(written(inTurn([b, a]))).toEqual(['r4@100', 'r8@0', 'r8@8', 'r8@16']);
    expect(written(interleaved([]))).toEqual([]);
    const triad = interleaved([a, a, strided({ base: 50, count: 3, strideBytes: 8, bytes: 8, write: true })]);
    expect(written(triad).slice(0, 3)).toEqual(['r8@0', 'r8@0', 'w8@50']);
  });

  it('blocks of any stream join without a seam', () => {
    const n = 20_000;
    const lines = (base: number) => Array.from({ length: n }, (_, i) => `r8@${base + 8 * i}`);
    const [a, b] = [0, 2 ** 40].map((base) => sequential({ base, elements: n, bytes: 8 })) as [
      AddressStream,
      AddressStream,
    ];
    expect(written(a)).toEqual(lines(0));
    expect(written(inTurn([a, b]))).toEqual([...lines(0), ...lines(2 ** 40)]);
    const turns = written(interleaved([a, b, a]));
    expect(turns.filter((_, i) => i % 3 === 1)).toEqual(lines(2 ** 40));
    expect(turns.filter((_, i) => i % 3 === 2)).toEqual(lines(0));
  });
});

describe('the kernels’ own reads', () => {
  const runs = { seed: 34, numRuns: 60 };

  it('indexed: what sum-indexed reads', () => {
    const sizes = fc.constantFrom(0, 1, 100, 4096, 5000);
    fc.assert(
      fc.property(sizes, fc.nat(), (n, seed) => {
        const order = Uint32Array.from({ length: n }, (_, i) => (i * 7919 + seed) % 300);
        const reads: string[] = [];
        sumIndexed.reference({
          values: watched(new Int32Array(300), 2 ** 46, reads),
          order: watched(order, 4096, reads),
        });
        const stream = indexed({ order, orderBase: 4096, valuesBase: 2 ** 46, valueBytes: 4 });
        expect(written(stream)).toEqual(reads);
        expect(written(stream)).toEqual(reads);
      }),
      runs,
    );
  });

  it('chase: what pointer-chase reads, chain by chain', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 200 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 16 }),
        fc.constantFrom(0, 1, 50, 600, 3000),
        (slots, chains, hops) => {
          const links = new Uint32Array(201);
          slots.forEach((slot, i) => {
            links[slot] = 4 * slots[(i + 1) % slots.length]!;
          });
          const cursors = Uint32Array.from({ length: chains }, (_, i) => 4 * slots[i % slots.length]!);
          const reads: string[] = [];
          const stream = chase({ links, base: 2 ** 40, cursors: cursors.slice(), hops });
          pointerChase.reference({ links: watched(links, 2 ** 40, reads), cursors, hops });
          expect(written(stream)).toEqual(reads);
          expect(written(stream)).toEqual(reads);
        },
      ),
      runs,
    );
  });
});

it('refuses what no kernel does', () => {
  const links = Uint32Array.of(4, 8, 3);
  const all = (cursors: number[], hops: number) => () => written(chase({ links, base: 0, cursors, hops }));
  expect(all([12], 1)).toThrow('12 is no element of the links, must be a multiple of 4 below 12');
  expect(all([0], 4)).toThrow('3 is no element');
  expect(all([0], 3)).not.toThrow();
  expect(all([], 1)).toThrow('the number of cursors is 0');
  expect(all([0], -1)).toThrow('hops is -1');
  expect(() => sequential({ base: 0, elements: 2, bytes: 0 })).toThrow('bytes is 0');
  expect(() => listed({ base: 0, offsets: [], bytes: 256 })).toThrow('at most 255');
  expect(() => strided({ base: 0, count: 1.5, strideBytes: 8, bytes: 8 })).toThrow('count is 1.5');
});
