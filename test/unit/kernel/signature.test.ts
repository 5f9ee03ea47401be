import { describe, expect, it } from 'vitest';
import { defineKernel, numberAt, textAt } from '../../../src/kernel/kernel.ts';
import { answerArrays, inOrder, type Signature } from '../../../src/kernel/signature.ts';
import { environment, nativeKernels } from '../../../src/native/binding.ts';

const signature = {
  input: 'const int32[]',
  out: 'float64[]',
  hops: 'uint32',
  line: 'shared uint32[]',
  seen: 'observed float64[]',
  bytes: 'size',
  room: 'scratch uint8[]',
} as const satisfies Signature;

describe('a signature', () => {
  it('puts arguments into its order, whatever theirs is', () => {
    const args = { room: 7, bytes: 6, seen: 5, line: 4, hops: 3, out: 2, input: 1, other: 0 };
    expect(inOrder(signature, args)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('leaves a hole where an argument is missing, for the boundary to name', () => {
    expect(inOrder({ a: 'uint32', b: 'uint32' }, { b: 1 })).toEqual([undefined, 1]);
  });

  it('knows which arrays are answers: written ones, not inputs, scalars, observations or room to work in', () => {
    expect(answerArrays(signature)).toEqual(['out', 'line']);
    expect(answerArrays({ n: 'uint32' })).toEqual([]);
  });
});

describe('coordinates', () => {
  it('are read by name, and missed by name', () => {
    expect(numberAt({ a: 1, b: 'x' }, 'a')).toBe(1);
    expect(textAt({ a: 1, b: 'x' }, 'b')).toBe('x');
    expect(() => numberAt({ b: 'x' }, 'b')).toThrow('the point has no number called b');
    expect(() => numberAt({}, 'constructor')).toThrow('no number called constructor');
    expect(() => textAt({ a: 1 }, 'a')).toThrow('the point has no text called a');
  });
});

describe('declaring a kernel', () => {
  const rest = {
    summary: '',
    reference: () => 0n,
    agreement: { kind: 'exact' },
    work: () => ({ operations: 1, bytes: 0 }),
    footprintBytes: () => 0,
  } as const;

  it('accepts the addon’s own table', () => {
    const native = nativeKernels().find(({ id }) => id === 'fixed-work')!;
    expect(native.arguments).toEqual([
      { name: 'seed', type: 'uint32' },
      { name: 'steps', type: 'uint32' },
    ]);
    const declared = defineKernel({
      ...rest,
      id: 'fixed-work',
      signature: { seed: 'uint32', steps: 'uint32' },
      setup: () => ({ seed: 0, steps: 0 }),
    });
    expect(declared.id).toBe('fixed-work');
  });

  it('refuses a drift at once when the addon is there, showing both sides', () => {
    // Loads it.
    expect(environment().columns.length).toBeGreaterThan(0);
    const swapped = () =>
      defineKernel({
        ...rest,
        id: 'fixed-work',
        signature: { steps: 'uint32', seed: 'uint32' },
        setup: () => ({ seed: 0, steps: 0 }),
      });
    expect(swapped).toThrow('fixed-work: the signatures differ');
    expect(swapped).toThrow('(steps: uint32, seed: uint32)');
    expect(swapped).toThrow('(seed: uint32, steps: uint32)');
    expect(() => defineKernel({ ...rest, id: 'no-such-kernel', signature: {}, setup: () => ({}) })).toThrow(
      'no-such-kernel: the addon has no kernel of this id',
    );
  });
});
