import { describe, expect, it } from 'vitest';
import { type Answer, disagreement } from '../../../src/kernel/agree.ts';
import type { Agreement, Kernel } from '../../../src/kernel/kernel.ts';
import type { Signature } from '../../../src/kernel/signature.ts';

/** A kernel of which only what `disagreement` reads is there. */
function kernelOf(signature: Signature, agreement: Agreement): Kernel {
  return {
    id: 'k',
    summary: '',
    signature,
    setup: () => ({}),
    reference: () => 0n,
    agreement,
    work: () => ({ operations: 1, bytes: 0 }),
    footprintBytes: () => 0,
  };
}

const exact = kernelOf({ x: 'float64[]' }, { kind: 'exact' });
const within = (tolerance: number) => kernelOf({ x: 'float64[]' }, { kind: 'relative', tolerance });
const answer = (x: ArrayBufferView, checksum = 7n): Answer => ({ checksum, args: { x } });
const doubles = (...values: number[]) => answer(new Float64Array(values));

/** A NaN with these low bits; JavaScript itself makes only one of them. */
function nanWith(payload: bigint): Float64Array {
  return new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0000n | payload]).buffer);
}

describe('an exact agreement', () => {
  it('holds for equal arrays and checksums', () => {
    expect(disagreement(exact, doubles(1, 2, 3), doubles(1, 2, 3))).toBeNull();
    expect(disagreement(exact, doubles(), doubles())).toBeNull();
  });

  it('names the first element that differs, with both values', () => {
    expect(disagreement(exact, doubles(1, 2, 3, 4), doubles(1, 2, 5, 6))).toBe(
      'k: "x"[2] is 3 in one and 5 in the other',
    );
    const [one, other] = [new Uint8Array([9, 8, 7]), new Uint8Array([9, 1, 7])];
    expect(disagreement(kernelOf({ x: 'uint8[]' }, { kind: 'exact' }), answer(one), answer(other))).toBe(
      'k: "x"[1] is 8 in one and 1 in the other',
    );
  });

  it('names the element, not the byte, in a view that begins inside its buffer', () => {
    const one = new Int32Array(new Int32Array([0, 5, 6, 7]).buffer, 4, 3);
    const other = new Int32Array([5, 6, 8]);
    expect(disagreement(kernelOf({ x: 'int32[]' }, { kind: 'exact' }), answer(one), answer(other))).toBe(
      'k: "x"[2] is 7 in one and 8 in the other',
    );
  });

  it('tells -0 from 0, and says so', () => {
    expect(disagreement(exact, doubles(1, -0), doubles(1, 0))).toBe(
      'k: "x"[1] is -0 in one and 0 in the other',
    );
  });

  it('takes NaN for NaN, whatever its payload', () => {
    expect(disagreement(exact, doubles(Number.NaN), doubles(Number.NaN))).toBeNull();
    const [one, other] = [nanWith(1n), nanWith(2n)];
    expect(new BigUint64Array(one.buffer)[0]).not.toBe(new BigUint64Array(other.buffer)[0]);
    expect(disagreement(exact, answer(one), answer(other))).toBeNull();
    expect(disagreement(exact, doubles(Number.NaN), doubles(0))).toBe(
      'k: "x"[0] is NaN in one and 0 in the other',
    );
  });

  it('says when lengths differ, even where one is the beginning of the other', () => {
    expect(disagreement(exact, doubles(1, 2), doubles(1, 2, 3))).toBe(
      'k: "x" has 2 elements in one and 3 in the other',
    );
  });

  it('compares 64-bit integers as they are', () => {
    const big = kernelOf({ x: 'uint64[]' }, { kind: 'exact' });
    const of = (value: bigint) => answer(new BigUint64Array([0n, value]));
    expect(disagreement(big, of(2n ** 63n), of(2n ** 63n))).toBeNull();
    expect(disagreement(big, of(2n ** 63n), of(2n ** 63n + 1n))).toBe(
      'k: "x"[1] is 9223372036854775808 in one and 9223372036854775809 in the other',
    );
  });

  it('compares checksums too', () => {
    const x = new Float64Array([1]);
    expect(disagreement(exact, answer(x, 1n), answer(x, 2n))).toBe(
      'k: the checksum is 1 in one and 2 in the other',
    );
  });

  it('looks at written and shared arrays, not at inputs and observations', () => {
    const kernel = kernelOf(
      {
        input: 'const float64[]',
        seen: 'observed float64[]',
        n: 'uint32',
        out: 'int32[]',
        line: 'shared int32[]',
      },
      { kind: 'exact' },
    );
    const args = (input: number, seen: number, out: number, line: number): Answer => ({
      checksum: 0n,
      args: {
        input: new Float64Array([input]),
        seen: new Float64Array([seen]),
        n: input,
        out: new Int32Array([out]),
        line: new Int32Array(new SharedArrayBuffer(4)).fill(line),
      },
    });
    expect(disagreement(kernel, args(1, 1, 1, 1), args(2, 2, 1, 1))).toBeNull();
    expect(disagreement(kernel, args(1, 1, 1, 1), args(1, 1, 2, 1))).toContain('"out"[0]');
    expect(disagreement(kernel, args(1, 1, 1, 1), args(1, 1, 1, 2))).toContain('"line"[0]');
  });
});

describe('a relative agreement', () => {
  it('allows the tolerance of the larger magnitude, and no more', () => {
    const kernel = within(0.01);
    expect(disagreement(kernel, doubles(100), doubles(99))).toBeNull();
    expect(disagreement(kernel, doubles(-100), doubles(-99))).toBeNull();
    expect(disagreement(kernel, doubles(100), doubles(98.99))).toBe(
      'k: "x"[0] is 100 in one and 98.99 in the other',
    );
    expect(disagreement(kernel, doubles(1e-300), doubles(-1e-300))).toContain('"x"[0]');
  });

  it('names the first element beyond the tolerance, not the first that differs', () => {
    expect(disagreement(within(0.01), doubles(100, 5, 7), doubles(99.5, 5, 8))).toBe(
      'k: "x"[2] is 7 in one and 8 in the other',
    );
  });

  it('takes NaN and infinity only for themselves', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity, NEGATIVE_INFINITY: minus } = Number;
    expect(disagreement(within(0.1), doubles(nan, 100), doubles(nan, 99))).toBeNull();
    expect(disagreement(within(0.1), doubles(infinity, 100), doubles(infinity, 99))).toBeNull();
    expect(disagreement(within(0.1), doubles(nan), doubles(1))).toContain('"x"[0] is NaN');
    expect(disagreement(within(0.1), doubles(infinity), doubles(minus))).toContain('"x"[0] is Infinity');
    expect(disagreement(within(2), doubles(infinity), doubles(1e308))).toContain('"x"[0] is Infinity');
  });

  it('takes -0 for 0: nothing is nearer', () => {
    expect(disagreement(within(0), doubles(-0, 1), doubles(0, 1))).toBeNull();
  });

  it('does not compare checksums of rounded values', () => {
    const x = new Float64Array([1]);
    expect(disagreement(within(0.1), answer(x, 1n), answer(x, 2n))).toBeNull();
  });

  it('gives integers of 64 bits no tolerance', () => {
    const kernel = kernelOf({ x: 'int64[]' }, { kind: 'relative', tolerance: 0.5 });
    const [one, other] = [new BigInt64Array([100n]), new BigInt64Array([99n])];
    expect(disagreement(kernel, answer(one), answer(other))).toContain('"x"[0] is 100');
  });
});
