import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meetsOffLine, sharingOf, type Sharing } from '../../../src/layout/sharing.ts';
import type { LayoutSpec } from '../../../src/layout/spec.ts';
import { place, type Struct } from '../../../src/layout/struct.ts';
import { blockStart, visitsOf } from '../../../src/layout/visits.ts';
import { spec } from './specs.ts';

function sharing({ fields, loops, count }: LayoutSpec, lineBytes = 64, struct = place(fields)): Sharing {
  return sharingOf([{ struct }], loops[0]!, count, lineBytes, 1);
}

const counting = (partition: string, threads = 2) => [
  { name: 'count', reads: ['n'], writes: ['n'], threads, partition },
];

describe('who fights over lines, worked by hand', () => {
  it('interleaved counters of 8 bytes: eight to a line, so every line', () => {
    const found = sharing(spec('n:u64', counting('interleaved'), 1000));
    expect(found.sharedLines).toBe(125);
    expect(found.journeys).toBe(250);
    expect(found.example).toEqual([
      { thread: 0, element: 0, field: 'n', writes: true },
      { thread: 1, element: 1, field: 'n', writes: true },
    ]);
  });

  it('a line each: none; but every pair of lines', () => {
    const apart = place(spec('n:u64', counting('interleaved')).fields, () => 64);
    const one = spec('n:u64', counting('interleaved'), 1000);
    expect(sharing(one, 64, apart)).toMatchObject({ sharedLines: 0, example: null });
    expect(sharing(one, 128, apart).sharedLines).toBe(500);
  });

  it("blocks: the line on the border, unless the border is a line's", () => {
    expect(sharing(spec('n:u64', counting('blocks'), 1000)).sharedLines).toBe(1);
    expect(sharing(spec('n:u64', counting('blocks'), 1024)).sharedLines).toBe(0);
    expect(sharing(spec('n:u64', counting('blocks', 4), 1000)).sharedLines).toBe(3);
    // Two elements a thread: all four threads in one line.
    expect(sharing(spec('n:u64', counting('blocks', 4), 8))).toMatchObject({ sharedLines: 1, journeys: 4 });
  });

  it('reads side by side are no fight', () => {
    const loops = [{ name: 'sum', reads: ['n'], threads: 2, partition: 'interleaved' }];
    expect(sharing(spec('n:u64', loops)).sharedLines).toBe(0);
  });

  it('fields of two roles in one line; what is truly shared is no false sharing by itself', () => {
    const roles = [{ writes: ['head'] }, { writes: ['tail'] }];
    const queue = spec('head:u64 tail:u64', [{ name: 'pass', roles }], 1);
    expect(sharing(queue)).toMatchObject({
      sharedLines: 1,
      example: [
        { field: 'head', thread: 0 },
        { field: 'tail', thread: 1 },
      ],
    });
    const apart = place(queue.fields, () => 64);
    expect(sharing(queue, 64, apart).sharedLines).toBe(0);
    const seen = spec('head:u64', [{ name: 'pass', roles: [{ writes: ['head'] }, { reads: ['head'] }] }], 1);
    expect(sharing(seen).sharedLines).toBe(0);
    // Eight elements to a line: one thread writes element 0 while the other one reads element 1.
    const many = spec('head:u64', [{ name: 'pass', roles: [{ writes: ['head'] }, { reads: ['head'] }] }], 80);
    expect(sharing(many).sharedLines).toBe(10);
  });
});

/** Every byte of every element, with nothing folded. */
function counted({ loops, count }: LayoutSpec, struct: Struct, lineBytes: number): number {
  const [loop] = loops;
  const lines = new Map<number, { thread: number; at: string; writes: boolean }[]>();
  loop!.roles.forEach(({ reads, writes }, thread) => {
    const visits = visitsOf(loop!, thread, count);
    for (let k = 0; k < visits.count; k++) {
      const element = visits.first + k * visits.step;
      for (const { field, offsetBytes } of struct.members) {
        if (!reads.includes(field.name) && !writes.includes(field.name)) continue;
        const start = element * struct.sizeBytes + offsetBytes;
        const first = Math.floor(start / lineBytes);
        for (let line = first; line * lineBytes < start + field.sizeBytes; line++) {
          const touch = { thread, at: `${element} ${field.name}`, writes: writes.includes(field.name) };
          lines.set(line, [...(lines.get(line) ?? []), touch]);
        }
      }
    }
  });
  return [...lines.values()].filter((touches) =>
    touches.some((one) =>
      touches.some((other) => one.writes && one.thread !== other.thread && one.at !== other.at),
    ),
  ).length;
}

describe('any loop', () => {
  const words = fc.constantFrom('u8', 'u16', 'u32', 'u64', 'bytes[5]', 'bytes[70]', 'f64[3]');
  const cases = fc.record({
    types: fc.array(words, { minLength: 1, maxLength: 4 }),
    count: fc.integer({ min: 1, max: 150 }),
    threads: fc.integer({ min: 2, max: 5 }),
    partition: fc.constantFrom('blocks', 'interleaved', 'roles'),
    lineBytes: fc.constantFrom(64, 128),
    written: fc.nat(),
  });

  it('has the fights that laying out every touch finds', () => {
    fc.assert(
      fc.property(cases, ({ types, count, threads, partition, lineBytes, written }) => {
        const names = types.map((_, i) => `f${i}`);
        const mine = names[written % names.length]!;
        const roles = Array.from({ length: threads }, (_, thread) =>
          thread === 0 ? { writes: [mine] } : { reads: names },
        );
        const shared = { reads: names, writes: [mine], threads, partition };
        const loop = { name: 'l', ...(partition === 'roles' ? { roles } : shared) };
        const made = spec(types.map((type, i) => `f${i}:${type}`).join(' '), [loop], count);
        const struct = place(made.fields);
        expect(sharing(made, lineBytes, struct).sharedLines).toBe(counted(made, struct, lineBytes));
      }),
      { seed: 20, numRuns: 300 },
    );
  });

  it('gives every element to one thread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 100 }), (threads, count) => {
        for (const partition of ['blocks', 'interleaved']) {
          const [loop] = spec('n:u8', counting(threads === 1 ? '' : partition, threads).map(trimmed)).loops;
          const all = loop!.roles.flatMap((_, thread) => {
            const { first, step, count: own } = visitsOf(loop!, thread, count);
            return Array.from({ length: own }, (__, k) => first + k * step);
          });
          expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        }
        expect([blockStart(0, threads, count), blockStart(threads, threads, count)]).toEqual([0, count]);
      }),
      { seed: 20 },
    );
  });
});

/** Without a partition where one thread has nothing to share out. */
function trimmed({ partition, ...loop }: ReturnType<typeof counting>[number]): object {
  return loop.threads === 1 ? loop : { ...loop, partition };
}

describe('an array that does not begin at a line, worked by hand', () => {
  const offLine = ({ fields, loops, count }: LayoutSpec, struct = place(fields)) =>
    meetsOffLine([{ struct }], loops[0]!, count, 64);
  const loops = [{ name: 'l', reads: ['name'], writes: ['head'], threads: 2, partition: 'interleaved' }];

  it('a structure of a line: 16 B on, its end lies in the line of the next one', () => {
    // name 24..64 of element 0 lies at 40..80, head of element 1 at 80..88: both in the line from 64.
    const one = spec('head:u64 tail:u64 rest:u64 name:bytes[40]', loops, 100);
    expect(sharing(one)).toMatchObject({ sharedLines: 0 });
    expect(offLine(one)).toEqual({
      startBytes: 16,
      example: [
        { thread: 1, element: 1, field: 'head', writes: true },
        { thread: 0, element: 0, field: 'name', writes: false },
      ],
    });
  });

  it('fields a line apart meet nowhere, wherever the array begins', () => {
    const count = [{ name: 'l', writes: ['head'], threads: 2, partition: 'interleaved' }];
    expect(offLine(spec('head:u64 rest:bytes[56]', count, 100))).toBeNull();
    // Three threads and 96 bytes: 88 bytes from the end of one to the start of the next.
    const three = [{ name: 'l', writes: ['head'], threads: 3, partition: 'interleaved' }];
    expect(offLine(spec('head:u64 rest:bytes[88]', three, 100))).toBeNull();
  });

  it('what is aligned to a line begins at one', () => {
    const { fields, loops: own, count } = spec('head:u64 name:bytes[56]', loops, 100);
    const aligned = place(fields, ({ name }) => (name === 'head' ? 64 : 1));
    expect(meetsOffLine([{ struct: aligned }], own[0]!, count, 64)).toBeNull();
  });

  it('blocks and a thread alone are no matter of it', () => {
    const blocks = [{ ...loops[0], partition: 'blocks' }];
    expect(offLine(spec('head:u64 name:bytes[56]', blocks, 100))).toBeNull();
    expect(offLine(spec('head:u64 name:bytes[56]', [{ name: 'l', writes: ['head'] }], 100))).toBeNull();
  });
});
