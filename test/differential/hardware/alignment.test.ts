/** Accesses at any address, and values handed from stores to loads: both languages, on copies of the same bytes. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loadByDataView,
  loadByTypedArray,
  splitLockRefusal,
  unalignedAdd,
  unalignedChase,
  unalignedLoad,
  unalignedStore,
} from '../../../src/experiments/hardware/alignment-kernels.ts';
import {
  besideByTypedArray,
  forms,
  forwardHalves,
  forwardLow,
  forwardSame,
  loadBesideStore,
  storeForward,
} from '../../../src/experiments/hardware/store-forwarding-kernels.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { type Arguments, inOrder, type Signature } from '../../../src/kernel/signature.ts';
import { environment, runNative } from '../../../src/native/binding.ts';

const runs = { seed: 21, numRuns: 150 };
const { features } = environment();
const widths = [4, 8, ...(features.sse2 || features.neon ? [16] : []), ...(features.avx2 ? [32] : [])];

/** Runs both over copies, `calls` times in a row; returns what both answered last. */
function agreed<S extends Signature>(
  kernel: Kernel<S>,
  make: () => Arguments<S>,
  body: (args: Arguments<S>) => bigint = (args) => kernel.reference(args),
  calls = 2,
): bigint {
  const [native, typescript] = [make(), make()];
  const one = runNative(kernel.id, inOrder(kernel.signature, native), { iterations: calls }).checksum;
  let other = 0n;
  for (let i = 0; i < calls; i++) other = body(typescript);
  const found = disagreement(
    kernel as unknown as Kernel,
    { checksum: one, args: native },
    { checksum: other, args: typescript },
  );
  expect(found).toBeNull();
  return one;
}

/** Bytes at an address that is a multiple of nothing. */
function copyOf(bytes: Uint8Array, shift: number): Uint8Array {
  const memory = new Uint8Array(bytes.length + shift).subarray(shift);
  memory.set(bytes);
  return memory;
}

const bytes = fc.uint8Array({ minLength: 512, maxLength: 512 });
const shift = fc.nat({ max: 8 });
const first = fc.nat({ max: 120 });
const stride = fc.nat({ max: 100 });
const passes = fc.nat({ max: 40 });

describe('unaligned-load and unaligned-store', () => {
  it('agree at any address, of any width that there is, places that overlap among them', () => {
    const width = fc.constantFrom(...widths);
    fc.assert(
      fc.property(bytes, shift, first, stride, width, passes, (all, by, at, apart, widthBytes, times) => {
        const make = () => ({
          memory: copyOf(all, by),
          first: at,
          strideBytes: apart,
          widthBytes,
          passes: times,
        });
        agreed(unalignedLoad, make);
        agreed(unalignedStore, make);
      }),
      runs,
    );
  });

  it('agree with the ways of TypeScript where sums are small', () => {
    const small = fc.array(fc.nat({ max: 1023 }), { minLength: 128, maxLength: 128 });
    fc.assert(
      fc.property(small, fc.nat({ max: 20 }), fc.nat({ max: 20 }), passes, (numbers, at, apart, times) => {
        const make = () => ({
          memory: new Uint8Array(Uint32Array.from(numbers).buffer),
          first: 4 * at,
          strideBytes: 4 * apart,
          widthBytes: 4,
          passes: times,
        });
        agreed(unalignedLoad, make, loadByTypedArray);
        agreed(unalignedLoad, make, loadByDataView);
      }),
      runs,
    );
  });

  it('refuse what would leave the memory, and widths that there are not', () => {
    const memory = new Uint8Array(100);
    for (const id of ['unaligned-load', 'unaligned-store']) {
      expect(runNative(id, [memory, 0, 32, 4, 1]).checksum).toBe(0n);
      expect(() => runNative(id, [memory, 1, 32, 4, 1])).toThrow(
        `${id}: "memory" must have at least 101 bytes, which the last place needs, not 100`,
      );
      expect(() => runNative(id, [memory, 2 ** 32 - 1, 2 ** 32 - 1, 8, 1])).toThrow('"memory" must have');
      expect(() => runNative(id, [memory, 0, 0, 12, 1])).toThrow(
        '"widthBytes" must be 4, 8, 16 or 32, not 12',
      );
      expect(() => runNative(id, [new Uint8Array(0), 0, 0, 4, 0])).toThrow('at least 4 bytes');
    }
  });
});

describe('unaligned-chase', () => {
  it('agrees on any table of offsets, wherever its entries lie', () => {
    const table = fc
      .integer({ min: 1, max: 20 })
      .chain((n) =>
        fc.tuple(fc.array(fc.nat({ max: n - 1 }), { minLength: n, maxLength: n }), fc.nat({ max: n - 1 })),
      );
    fc.assert(
      fc.property(
        table,
        fc.nat({ max: 7 }),
        fc.constantFrom(4, 8),
        fc.nat({ max: 60 }),
        (made, by, width, hops) => {
          const [next, from] = made;
          const at = (slot: number): number => by + 17 * slot;
          const make = () => {
            const memory = new Uint8Array(at(next.length) + 8);
            const view = new DataView(memory.buffer);
            next.forEach((slot, i) => view.setUint32(at(i), at(slot), true));
            return { memory, first: at(from), widthBytes: width, hops };
          };
          let slot = from;
          for (let i = 0; i < hops; i++) slot = next[slot]!;
          expect(agreed(unalignedChase, make)).toBe(BigInt(at(slot)));
        },
      ),
      runs,
    );
  });

  it('stops with an error at an offset that leads out of the memory', () => {
    const memory = new Uint8Array(16);
    expect(() => runNative('unaligned-chase', [memory, 13, 4, 1])).toThrow('"first" must leave room');
    expect(() => runNative('unaligned-chase', [memory, 0, 2, 1])).toThrow(
      '"widthBytes" must be 4 or 8, not 2',
    );
    for (const width of [4, 8]) {
      memory.fill(0);
      memory[0] = 16 - width;
      expect(runNative('unaligned-chase', [memory, 0, width, 1]).checksum).toBe(BigInt(16 - width));
      memory[0] = 17 - width;
      expect(() => runNative('unaligned-chase', [memory, 0, width, 1])).toThrow('leaves no room');
      memory[width - 1] = 255;
      expect(() => runNative('unaligned-chase', [memory, 0, width, 5])).toThrow('leaves no room');
    }
  });
});

describe('unaligned-add', () => {
  /** The memory's begin, so many bytes before the begin of a line: a buffer may lie anywhere. */
  function lineOf(memory: Uint8Array): number {
    return Number((64n - (environment().addressOf(memory) % 64n)) % 64n);
  }

  it('agrees inside a line, at any address where the architecture allows it', () => {
    const isFree = process.arch === 'x64' && process.platform !== 'win32';
    const inside = fc.constantFrom(4, 8).chain((width) =>
      fc.tuple(
        fc.constant(width),
        fc.nat({ max: 64 - width }).map((at) => (isFree ? at : at - (at % width))),
      ),
    );
    fc.assert(
      fc.property(bytes, inside, fc.nat({ max: 1 }), passes, (all, [widthBytes, at], apart, times) => {
        const memory = all.slice();
        const start = lineOf(memory) + at;
        const one = { memory, first: start, strideBytes: 64 * apart, widthBytes, passes: times, splits: 0 };
        const other = { ...one, memory: all.slice() };
        const sum = runNative(unalignedAdd.id, inOrder(unalignedAdd.signature, one)).checksum;
        expect(unalignedAdd.reference(other)).toBe(sum);
        expect(other.memory).toEqual(one.memory);
      }),
      runs,
    );
  });

  it('takes no split lock unless it is told to, and says why not where it may not', () => {
    const memory = new Uint8Array(1024);
    const across = lineOf(memory) + 60;
    const call = (splits: number) => () =>
      runNative('unaligned-add', [memory, across, 128, 8, 0, splits]).checksum;
    expect(call(0)).toThrow(
      /^unaligned-add: place 0 (straddles two lines: a split lock|must be at a multiple)/,
    );
    expect(call(2)).toThrow('"splits" must be 0 or 1, not 2');
    const refusal = splitLockRefusal();
    // No pass is made: nothing is locked.
    if (refusal === null) expect(call(1)()).toBe(0n);
    else expect(call(1)).toThrow(`"splits" must be 0 here: ${refusal}`);
  });
});

describe('store-forward', () => {
  const form = fc.nat({ max: forms.length - 1 });
  const hops = fc.nat({ max: 50 });

  it('agrees in every form, width and place', () => {
    fc.assert(
      fc.property(
        bytes,
        shift,
        first,
        fc.constantFrom(4, 8),
        form,
        hops,
        (all, by, at, widthBytes, how, times) => {
          const make = () => ({ memory: copyOf(all, by), first: at, widthBytes, form: how, hops: times });
          agreed(storeForward, make);
        },
      ),
      { ...runs, numRuns: 400 },
    );
  });

  it.each([
    ['same', forwardSame],
    ['low', forwardLow],
    ['halves', forwardHalves],
  ] as const)('agrees with %s on typed arrays', (name, body) => {
    fc.assert(
      fc.property(bytes, fc.nat({ max: 30 }), hops, (all, at, times) => {
        const make = () => ({
          memory: all.slice(),
          first: 4 * at,
          widthBytes: 4,
          form: forms.indexOf(name),
          hops: times,
        });
        agreed(storeForward, make, body);
      }),
      runs,
    );
  });

  it('hands on what the forms say', () => {
    const after = (name: (typeof forms)[number], start: bigint): bigint => {
      const memory = new Uint8Array(new BigUint64Array([start, 7n]).buffer);
      return runNative('store-forward', [memory, 0, 8, forms.indexOf(name), 1]).checksum;
    };
    const start = 0x1111_2222_3333_4444n;
    expect(after('same', start)).toBe(start + 1n);
    expect(after('mirrored', start)).toBe(start + 1n);
    expect(after('low', start)).toBe(0x3333_4445n);
    expect(after('high', start)).toBe(0x1111_2223_0000_0000n);
    expect(after('halves', start)).toBe(start + 1n);
    expect(after('narrow', start)).toBe(start + 1n);
    expect(after('overlapping', start)).toBe(0x7_1111_2223n);
  });

  it('refuses other forms and widths, and what would leave the memory', () => {
    const memory = new Uint8Array(12);
    expect(runNative('store-forward', [memory, 0, 8, 6, 3]).checksum).toBe(1n);
    expect(() => runNative('store-forward', [memory, 1, 8, 0, 1])).toThrow(
      '"memory" must have at least 13 bytes, not 12',
    );
    expect(() => runNative('store-forward', [memory, 0, 8, 7, 1])).toThrow('"form" must be below 7, not 7');
    expect(() => runNative('store-forward', [memory, 0, 2, 0, 1])).toThrow(
      '"widthBytes" must be 4 or 8, not 2',
    );
  });
});

describe('load-beside-store', () => {
  it('agrees wherever the store goes, over the chain itself among that', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.nat({ max: 40 }), fc.nat({ max: 30 }), (at, distance, hops) => {
        const make = () => {
          const memory = new Uint8Array(512);
          new DataView(memory.buffer).setUint32(4 * at, 4 * at, true);
          return { memory, first: 4 * at, distance: 4 * distance, hops };
        };
        agreed(loadBesideStore, make);
        // Over the chain itself, it goes where no typed array can follow.
        if (distance > 0) agreed(loadBesideStore, make, besideByTypedArray);
      }),
      runs,
    );
  });

  it('stops with an error at an offset that leads out of the memory', () => {
    const memory = new Uint8Array(16);
    expect(() => runNative('load-beside-store', [memory, 8, 5, 1])).toThrow('at least 17 bytes, not 16');
    memory[0] = 13;
    expect(() => runNative('load-beside-store', [memory, 0, 8, 1])).toThrow('leaves no room');
  });
});
