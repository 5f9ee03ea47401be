/**
 * The walks of both languages over random plans: the same sum and the same memory. And over forms: whatever the form,
 * a loop reads the same values of the same fields.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import { fieldWalk, fieldWalkShared, type WalkedArray } from '../../../src/kernel/field-walk.ts';
import type { Kernel, Place } from '../../../src/kernel/kernel.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { formsOf } from '../../../src/layout/forms.ts';
import { type Field, type LayoutSpec, type Loop, touchedFields } from '../../../src/layout/spec.ts';
import { placeArrays, walkedArray } from '../../../src/layout/walks.ts';
import { visitsOf } from '../../../src/layout/visits.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { environment, runNative } from '../../../src/native/binding.ts';
import { spec } from '../../unit/layout/specs.ts';

const runs = { seed: 20, numRuns: 250 };
const nothing: WalkedArray = {
  memoryBytes: 64,
  visits: 1,
  touchedBytes: 0,
  walkOf: () => ({
    streams: [],
    widthBytes: 1,
    sumsReads: true,
    elements: { first: 0, step: 1, count: 1, isShuffled: false, repeats: 1 },
  }),
};
const kernel = fieldWalk(nothing);
const sharedKernel = fieldWalkShared(nothing);

interface Plan {
  readonly bytes: number;
  readonly width: 1 | 4 | 8;
  readonly rows: readonly (readonly [offset: number, stride: number, mode: number])[];
  readonly order: readonly number[];
  readonly first: number;
  readonly step: number;
  readonly visits: number;
  readonly sumsReads: number;
}

function memoryOf(bytes: number, isShared: boolean): Uint8Array {
  const memory = new Uint8Array(isShared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  const prng = new Prng(bytes);
  for (let i = 0; i < bytes; i++) memory[i] = prng.next();
  return memory;
}

function argumentsOf({ bytes, rows, order, width, sumsReads, ...rest }: Plan, isShared: boolean) {
  return {
    memory: memoryOf(bytes, isShared),
    plan: BigUint64Array.from(rows.flat(), BigInt),
    order: Uint32Array.from(order),
    first: rest.first,
    step: rest.step,
    visits: rest.visits,
    width,
    sumsReads,
  };
}

/** Runs both, `calls` times; returns the native sum. */
function agreed(plan: Plan, isShared: boolean, calls: number): bigint {
  const one = isShared ? sharedKernel : kernel;
  const [native, typescript] = [argumentsOf(plan, isShared), argumentsOf(plan, isShared)];
  const { checksum } = runNative(one.id, inOrder(one.signature, native), { iterations: calls });
  let other = 0n;
  for (let i = 0; i < calls; i++) other = kernel.reference(typescript);
  const found = disagreement(
    one as unknown as Kernel,
    { checksum, args: native },
    { checksum: other, args: typescript },
  );
  expect(found).toBeNull();
  return checksum;
}

const row = fc.record({ offset: fc.nat({ max: 12 }), stride: fc.nat({ max: 9 }), mode: fc.nat({ max: 2 }) });

/** Rows in the order of their modes, in memory that just holds the last element. */
const plans = fc
  .record({
    width: fc.constantFrom(1 as const, 4 as const, 8 as const),
    rows: fc.array(row, { minLength: 1, maxLength: 14 }),
    order: fc.option(fc.array(fc.nat({ max: 150 }), { minLength: 1, maxLength: 200 }), { nil: [] }),
    first: fc.nat({ max: 20 }),
    step: fc.nat({ max: 3 }),
    visits: fc.nat({ max: 200 }),
    sumsReads: fc.nat({ max: 1 }),
  })
  .map(({ rows, width, order, ...rest }): Plan => {
    const visits = order.length > 0 ? Math.min(rest.visits, order.length) : rest.visits;
    const last = order.length > 0 ? Math.max(...order) : rest.first + Math.max(0, visits - 1) * rest.step;
    const aligned = rows
      .map(({ offset, stride, mode }) => [offset * width, stride * width, mode] as const)
      .toSorted((a, b) => a[2] - b[2]);
    const bytes = Math.max(...aligned.map(([offset, stride]) => offset + last * stride + width));
    return { ...rest, width, rows: aligned, order, visits, bytes };
  });

describe('field-walk', () => {
  it('agrees on any plan, of rows that overlap among them', () => {
    fc.assert(
      fc.property(plans, fc.boolean(), fc.integer({ min: 1, max: 3 }), (plan, isShared, calls) => {
        agreed(plan, isShared, calls);
      }),
      runs,
    );
  });

  it('agrees where sums and elements leave 32 bits', () => {
    const all = { bytes: 8, order: [], sumsReads: 1 } as const;
    const rows = [[0, 0, 0]] as const;
    const memory = memoryOf(8, false).fill(255);
    const args = { ...argumentsOf({ ...all, width: 8, rows, first: 0, step: 1, visits: 3 }, false), memory };
    // 2^64 - 1, then 0, then 1.
    expect(runNative('field-walk', inOrder(kernel.signature, args)).checksum).toBe(0n);
    expect(new BigUint64Array(memory.buffer)[0]).toBe(2n);
    const far = { ...all, width: 8, rows: [[0, 0, 2]], first: 2 ** 40 + 5, step: 1, visits: 2 } as const;
    agreed(far, false, 1);
    const long = {
      ...all,
      width: 4,
      rows: [
        [0, 0, 0],
        [4, 0, 1],
      ],
      first: 0,
      step: 0,
      visits: 140_000,
    } as const;
    agreed(long, false, 1);
  });

  it('does as its modes say', () => {
    const plan = {
      bytes: 24,
      width: 4,
      rows: [
        [0, 8, 0],
        [5, 8, 1],
      ],
      order: [],
      first: 0,
      step: 1,
      visits: 3,
      sumsReads: 1,
    } as const;
    const args = { ...argumentsOf(plan, false), memory: new Uint8Array(24) };
    new Uint32Array(args.memory.buffer).set([10, 0x0700, 20, 0x0800, 30, 0x0900]);
    expect(runNative('field-walk', inOrder(kernel.signature, args)).checksum).toBe(
      10n + 20n + 30n + 7n + 8n + 9n,
    );
    expect([...new Uint32Array(args.memory.buffer)]).toEqual([11, 0x0700, 21, 0x0800, 31, 0x0900]);
    const unsummed = { ...args, sumsReads: 0 };
    expect(runNative('field-walk', inOrder(kernel.signature, unsummed)).checksum).toBe(11n + 21n + 31n);
  });

  it.each<[string, Partial<Record<string, unknown>>, string]>([
    ['a width', { width: 2 }, '"width" must be 1, 4 or 8, not 2'],
    ['a torn row', { plan: new BigUint64Array(4) }, '"plan" must have rows of 3'],
    ['a mode', { plan: BigUint64Array.of(0n, 8n, 3n) }, '"plan"[2] must be a mode'],
    ['an order of modes', { plan: BigUint64Array.of(0n, 8n, 1n, 0n, 8n, 0n) }, '"plan"[5] must be a mode'],
    ['an offset', { plan: BigUint64Array.of(57n, 0n, 1n, 61n, 0n, 2n) }, '"plan"[3] must be an offset'],
    [
      'an offset of 2^64 - 1',
      { plan: BigUint64Array.of(2n ** 64n - 1n, 0n, 1n) },
      '"plan"[0] must be an offset',
    ],
    [
      'an unaligned store',
      { plan: BigUint64Array.of(2n, 8n, 2n) },
      '"plan"[0] must be an offset whose address',
    ],
    ['an unaligned stride', { plan: BigUint64Array.of(0n, 6n, 2n) }, '"plan"[1] must be a multiple of 4'],
    [
      'a stride too far',
      { plan: BigUint64Array.of(0n, 8n, 1n), visits: 9 },
      '"plan"[1] must be a stride that keeps element 8',
    ],
    [
      'a stride of 2^64 - 8',
      { plan: BigUint64Array.of(0n, 2n ** 64n - 8n, 1n), visits: 2 },
      '"plan"[1] must be a stride',
    ],
    ['an element beyond', { order: Uint32Array.of(0, 8), visits: 2 }, 'keeps element 8 inside the 64 bytes'],
    [
      'visits beyond the order',
      { order: Uint32Array.of(0, 1), visits: 3 },
      '"visits" must be at most the length of "order" (2)',
    ],
    [
      'visits without end',
      { step: 2 ** 52, visits: 4, plan: BigUint64Array.of(0n, 0n, 1n) },
      '"visits" must end before element 2^53',
    ],
    ['a flag', { sumsReads: 2 }, '"sumsReads" must be 0 or 1, not 2'],
  ])('refuses %s', (_, wrong, fault) => {
    const good = argumentsOf(
      { bytes: 64, width: 4, rows: [[0, 8, 0]], order: [], first: 0, step: 1, visits: 8, sumsReads: 1 },
      false,
    );
    expect(() => runNative('field-walk', inOrder(kernel.signature, good))).not.toThrow();
    expect(() => runNative('field-walk', inOrder(kernel.signature, { ...good, ...wrong }))).toThrow(fault);
  });
});

/** A value for a byte of a field of an element, whatever the form. */
function byteOf(element: number, field: number, byte: number): number {
  return (element * 37 + field * 101 + byte * 59 + 11) % 251;
}

function place(room: GroupRoom, member = 0, members = 1): Place {
  return { point: {}, prng: new Prng(5), room, member, members, cpus: [0, 1] };
}

function fillForm(
  memory: Uint8Array,
  form: ReturnType<typeof formsOf>['forms'][number],
  { fields, count }: LayoutSpec,
): void {
  const { starts } = placeArrays(form, count, 64);
  form.arrays.forEach(({ struct }, at) => {
    for (const { field, offsetBytes } of struct.members) {
      for (let element = 0; element < count; element++) {
        for (let byte = 0; byte < field.sizeBytes; byte++) {
          memory[starts[at]! + element * struct.sizeBytes + offsetBytes + byte] = byteOf(
            element,
            fields.indexOf(field),
            byte,
          );
        }
      }
    }
  });
}

function sumOfField(field: Field, index: number, element: number, isWritten: boolean, width: number): bigint {
  const touched =
    field.type === 'bytes'
      ? [
          ...new Set([
            ...Array.from({ length: Math.ceil(field.length / 16) }, (_, i) => 16 * i),
            field.length - 1,
          ]),
        ]
      : Array.from({ length: field.length }, (_, i) => i * field.itemBytes);
  return touched.reduce((sum, start) => {
    const bytes = Array.from({ length: isWritten ? width : 1 }, (_, i) =>
      BigInt(byteOf(element, index, start + i)),
    );
    return sum + bytes.reduce((value, byte, i) => value + (byte << BigInt(8 * i)), 0n);
  }, 0n);
}

/** What one pass of a loop's thread reads and updates, from the fields alone. */
function expectedSum({ fields, count }: LayoutSpec, loop: Loop, thread: number, width: number): bigint {
  const { first, step, count: visits } = visitsOf(loop, thread, count);
  const role = loop.roles[thread]!;
  let sum = 0n;
  for (let k = 0; k < visits; k++) {
    for (const field of touchedFields(role, fields)) {
      const isWritten = role.writes.includes(field.name);
      if (isWritten && !role.reads.includes(field.name)) continue;
      sum += sumOfField(field, fields.indexOf(field), first + k * step, isWritten, width);
    }
  }
  return BigInt.asUintN(64, sum);
}

describe('every form', () => {
  const fields = 'alive:bool x:f64 kind:u16 y:f32[3] id:u64 name:bytes[40] z:f64';
  const cases: readonly (readonly [string, object, number])[] = [
    ['reads', { reads: ['x', 'kind', 'name', 'y'] }, 8],
    ['reads at random', { reads: ['alive', 'name'], order: 'random' }, 8],
    ['updates eight bytes', { reads: ['x', 'alive'], writes: ['x', 'id'] }, 8],
    ['updates four', { reads: ['x', 'y'], writes: ['x', 'y'] }, 4],
    ['updates what is small', { reads: ['kind', 'z'], writes: ['kind', 'name'], order: 'random' }, 1],
    ['many fields', { reads: ['alive', 'x', 'kind', 'y', 'id', 'name', 'z'], writes: ['z', 'id'] }, 8],
    ['shared out in blocks', { reads: ['x'], writes: ['x'], threads: 3 }, 8],
    [
      'shared out one by one',
      { reads: ['kind', 'id'], writes: ['id'], threads: 2, partition: 'interleaved' },
      8,
    ],
  ];

  it.each(cases)('touches the same values: %s', (_, loop, width) => {
    const made = spec(fields, [{ name: 'l', ...loop }], 5000);
    const { forms } = formsOf(made, 64);
    expect(forms.length).toBeGreaterThan(3);
    for (const form of forms) {
      const room = new GroupRoom();
      try {
        const array = walkedArray(form, made.loops[0]!, made, 64);
        const own = made.loops[0]!.roles.length === 1 ? fieldWalk(array) : fieldWalkShared(array);
        made.loops[0]!.roles.forEach((__, thread) => {
          const args = own.setup(place(room, thread, made.loops[0]!.roles.length));
          if (thread === 0) fillForm(args.memory, form, made);
          const { checksum } = runNative(own.id, inOrder(own.signature, args));
          expect(checksum, `${form.id}, thread ${thread}`).toBe(
            expectedSum(made, made.loops[0]!, thread, width),
          );
        });
      } finally {
        room.close();
      }
    }
  });

  it('visits few elements over and over, each as often', () => {
    const made = spec('n:u64', [{ name: 'l', reads: ['n'], writes: ['n'], order: 'random' }], 3);
    const room = new GroupRoom();
    const array = walkedArray(formsOf(made, 64).forms[0]!, made.loops[0]!, made, 64);
    const walk = fieldWalk(array);
    const args = walk.setup(place(room));
    expect(array.visits).toBe(args.visits);
    expect(array.visits).toBeGreaterThanOrEqual(4096);
    args.memory.fill(0);
    runNative(walk.id, inOrder(walk.signature, args));
    const counts = new BigUint64Array(args.memory.buffer, args.memory.byteOffset, 3);
    expect([...counts]).toEqual([1, 1, 1].map(() => BigInt(array.visits / 3)));
    room.close();
  });

  it('begins its arrays at lines, apart within the page', () => {
    const made = spec(fields, [{ name: 'l', reads: ['x'] }], 4096);
    const soa = formsOf(made, 64).forms.find(({ id }) => id === 'soa')!;
    const { starts, bytes } = placeArrays(soa, 4096, 64);
    expect(starts.every((start) => start % 128 === 0)).toBe(true);
    expect(new Set(starts.map((start) => start % 4096)).size).toBe(starts.length);
    soa.arrays.forEach(({ struct }, i) => {
      const end = starts[i]! + struct.sizeBytes * 4096;
      expect(end).toBeLessThanOrEqual(starts[i + 1] ?? bytes);
    });
  });

  it('makes its memory where the room says, aligned to a page', () => {
    const made = spec('n:u64', [{ name: 'l', reads: ['n'] }], 100);
    const room = new GroupRoom();
    const walk = fieldWalk(walkedArray(formsOf(made, 64).forms[0]!, made.loops[0]!, made, 64));
    const { memory } = walk.setup(place(room));
    expect(environment().addressOf(memory) % 4096n).toBe(0n);
    room.close();
  });
});
