import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import {
  aosoaScalar,
  aosoaVector,
  aosScalar,
  aosVector,
  type LayoutArguments,
  type LayoutKernel,
  soaScalar,
  soaVector,
} from '../../../src/experiments/hardware/data-layout-kernels.ts';
import {
  aosObjects,
  ObjectArguments,
  stepObjects,
} from '../../../src/experiments/hardware/data-layout-objects.ts';
import {
  type ElementName,
  type FieldsName,
  fieldsNames,
  type Layout,
} from '../../../src/experiments/hardware/data-layout-particles.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { runNative } from '../../../src/native/binding.ts';
import { blockOf, type Particle, particlesIn, placesByCounting, stepped } from './oracle.ts';

const kernels: readonly { kernel: LayoutKernel; layout: Layout }[] = [
  { kernel: aosScalar, layout: 'aos' },
  { kernel: soaScalar, layout: 'soa' },
  { kernel: aosoaScalar, layout: 'aosoa' },
  { kernel: aosVector, layout: 'aos' },
  { kernel: soaVector, layout: 'soa' },
  { kernel: aosoaVector, layout: 'aosoa' },
];
const elements: readonly ElementName[] = ['float64', 'float32'];

interface Case {
  readonly particles: readonly Particle[];
  readonly element: ElementName;
  readonly fields: FieldsName;
  readonly dt: number;
  readonly steps: number;
}

function argumentsOf({ particles, element, fields, dt }: Case, layout: Layout): LayoutArguments {
  const block = blockOf(particles, layout, element);
  return {
    float64s: block instanceof Float64Array ? block : new Float64Array(0),
    float32s: block instanceof Float32Array ? block : new Float32Array(0),
    particles: particles.length,
    dt,
    fields: fieldsNames.indexOf(fields),
  };
}

function native(kernel: LayoutKernel, args: LayoutArguments, steps: number): bigint {
  return runNative(kernel.id, inOrder(kernel.signature, { ...args }), { iterations: steps }).checksum;
}

function repeat(steps: number, step: () => bigint): bigint {
  let checksum = step();
  for (let i = 1; i < steps; i++) checksum = step();
  return checksum;
}

function expected({ particles, element, fields, dt, steps }: Case): Particle[] {
  const inElement = particlesIn(blockOf(particles, 'aos', element), 'aos', particles.length);
  let now = inElement as unknown as Particle[];
  for (let i = 0; i < steps; i++) now = now.map((particle) => stepped(particle, dt, fields, element));
  return now;
}

/** Numbers whose products need rounding; zeros of both signs, tiny and huge ones among them. */
const value: fc.Arbitrary<number> = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.double({ min: -1e30, max: 1e30, noNaN: true }),
  fc.constantFrom(0, -0, 1, -1, 1e-40, 2 ** -149, 5e-324),
);
const particle: fc.Arbitrary<Particle> = fc.tuple(value, value, value, value);
/** Around every vector's width and the block of eight, and with more than one round of an unrolled loop. */
const count: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 7, 8, 9),
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 120, max: 300 }),
);
const cases: fc.Arbitrary<Case> = count.chain((length) =>
  fc.record({
    particles: fc.array(particle, { minLength: length, maxLength: length }),
    element: fc.constantFrom(...elements),
    fields: fc.constantFrom(...fieldsNames),
    dt: fc.double({ min: -1, max: 1, noNaN: true }),
    steps: fc.integer({ min: 1, max: 4 }),
  }),
);

describe('one particle, worked by hand', () => {
  // x = 1 + 2 * 0.5, y = 3 + -4 * 0.5, vx = 2 * 0.75 + 0.125, vy = -4 * 0.75 + 0.125
  const before: Particle = [1, 3, 2, -4];
  const after: Readonly<Record<FieldsName, Particle>> = {
    position: [2, 1, 2, -4],
    'x-only': [2, 3, 2, -4],
    all: [2, 1, 1.625, -2.875],
  };
  for (const { kernel, layout } of kernels) {
    for (const element of elements) {
      it.each(fieldsNames)(`${kernel.id}, ${element}, %s`, (fields) => {
        const hand: Case = { particles: [before], element, fields, dt: 0.5, steps: 1 };
        for (const run of [
          (args: LayoutArguments) => native(kernel, args, 1),
          (args: LayoutArguments) => kernel.reference(args),
        ]) {
          const args = argumentsOf(hand, layout);
          run(args);
          const block = element === 'float64' ? args.float64s : args.float32s;
          expect(particlesIn(block, layout, 1)).toEqual([after[fields]]);
        }
      });
    }
  }

  // The words of (2, 1, 2, -4) as float32 are 40000000 3f800000 40000000 c0800000: 31 h + word, modulo 2^32.
  it('folds the particle into the checksum', () => {
    const words = [0x40000000n, 0x3f800000n, 0x40000000n, 0xc0800000n];
    const folded = words.reduce((hash, word) => (31n * hash + word) % 2n ** 32n, 0n);
    const args = argumentsOf(
      { particles: [before], element: 'float32', fields: 'position', dt: 0.5, steps: 1 },
      'aos',
    );
    expect(aosScalar.reference(args)).toBe(folded);
  });
});

describe('any particles', () => {
  it.each(kernels)('$kernel.id: native, reference and oracle agree bit for bit', ({ kernel, layout }) => {
    fc.assert(
      fc.property(cases, (any) => {
        const [one, other] = [argumentsOf(any, layout), argumentsOf(any, layout)];
        const answer = { checksum: native(kernel, one, any.steps), args: { ...one } };
        const reference = { checksum: repeat(any.steps, () => kernel.reference(other)), args: { ...other } };
        expect(disagreement(kernel, answer, reference)).toBeNull();
        const block = any.element === 'float64' ? one.float64s : one.float32s;
        // toEqual tells -0 from 0, as bits do.
        expect(particlesIn(block, layout, any.particles.length)).toEqual(expected(any));
      }),
      { seed: 31, numRuns: 300 },
    );
  });

  it('every layout and unit folds the same checksum', () => {
    fc.assert(
      fc.property(cases, (any) => {
        const folded = kernels.map(({ kernel, layout }) =>
          native(kernel, argumentsOf(any, layout), any.steps),
        );
        expect(new Set(folded).size).toBe(1);
      }),
      { seed: 32, numRuns: 100 },
    );
  });

  it('objects agree with the native AoS kernel', () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const any: Case = { ...drawn, element: 'float64' };
        const plain = argumentsOf(any, 'aos');
        const answer = { checksum: native(aosScalar, plain, any.steps), args: { ...plain } };
        const boxed = new ObjectArguments(argumentsOf(any, 'aos'));
        const checksum = repeat(any.steps, () => stepObjects(boxed));
        expect(
          disagreement(aosObjects, answer, { checksum, args: { ...plain, float64s: boxed.float64s } }),
        ).toBeNull();
      }),
      { seed: 33, numRuns: 100 },
    );
  });

  it('finds a fused multiply-add out', () => {
    // (1 + 2^-30)(1 - 2^-30) = 1 - 2^-60, which rounds to 1: rounded twice the sum is 0, rounded once -2^-60.
    const near: Particle = [-1, 0, 1 + 2 ** -30, 0];
    const dt = 1 - 2 ** -30;
    const any: Case = {
      particles: Array.from({ length: 9 }, () => near),
      element: 'float64',
      fields: 'x-only',
      dt,
      steps: 1,
    };
    for (const { kernel, layout } of kernels) {
      const args = argumentsOf(any, layout);
      native(kernel, args, 1);
      expect(particlesIn(args.float64s, layout, 9).map(([x]) => x)).toEqual(
        Array.from({ length: 9 }, () => 0),
      );
    }
  });
});

describe('the particles that setup makes', () => {
  const room = new GroupRoom();
  afterAll(() => room.close());
  const setUp = (
    kernel: LayoutKernel,
    particles: number,
    element: ElementName,
    fields: FieldsName,
  ): LayoutArguments =>
    kernel.setup({
      point: { particles, element, fields },
      prng: new Prng(5),
      room,
      member: 0,
      members: 1,
      cpus: [],
    });

  it.each(elements)('are the same in every layout (%s)', (element) => {
    for (const particles of [1, 9, 4099, 9001]) {
      const seen = kernels.map(({ kernel, layout }) => {
        const args = setUp(kernel, particles, element, 'position');
        const block = element === 'float64' ? args.float64s : args.float32s;
        expect(block.length).toBe(placesByCounting(layout, particles, block.BYTES_PER_ELEMENT).length);
        expect(room.addressOf(block) % 64n).toBe(0n);
        expect(kernel.footprintBytes({ particles, element, fields: 'position' })).toBe(block.byteLength);
        return particlesIn(block, layout, particles);
      });
      for (const other of seen) expect(other).toEqual(seen[0]);
      const flat = seen[0]!;
      expect(flat.every(([x, y]) => Math.abs(x!) <= 1 && Math.abs(y!) <= 1)).toBe(true);
      expect(
        flat.every(([, , vx, vy]) => [vx!, vy!].every((v) => Math.abs(v) >= 0.5 && Math.abs(v) <= 1)),
      ).toBe(true);
      expect(new Set(flat.slice(0, 4099).map(String)).size).toBe(Math.min(particles, 4099));
    }
  });

  it.each(fieldsNames)('stay ordinary numbers through a million updates (%s)', (fields) => {
    for (const element of elements) {
      const args = setUp(aosScalar, 64, element, fields);
      const smallest = element === 'float64' ? 2 ** -1022 : 2 ** -126;
      const block = element === 'float64' ? args.float64s : args.float32s;
      for (let round = 0; round < 20; round++) {
        native(aosScalar, args, 50_000);
        for (const number of block) {
          expect(Number.isFinite(number) && (number === 0 || Math.abs(number) >= smallest)).toBe(true);
        }
      }
    }
  });
});
