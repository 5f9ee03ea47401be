import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distinctLines,
  linesOf,
  periodOf,
  spansOf,
  touchedLines,
  type Walked,
} from '../../../src/layout/lines.ts';
import { movedLines, workingLines } from '../../../src/layout/moved.ts';
import { place } from '../../../src/layout/struct.ts';
import { spec } from './specs.ts';

const walk = (strideBytes: number, start: number, end: number, count: number): Walked => ({
  spans: [{ start, end }],
  strideBytes,
  visits: { first: 0, step: 1, count },
  lineBytes: 64,
});

describe('lines, worked by hand', () => {
  it('of an element', () => {
    expect(linesOf([{ start: 0, end: 8 }], 56, 64)).toEqual([0]);
    expect(linesOf([{ start: 0, end: 9 }], 56, 64)).toEqual([0, 1]);
    expect(
      linesOf(
        [
          { start: 0, end: 4 },
          { start: 60, end: 64 },
          { start: 64, end: 65 },
        ],
        0,
        64,
      ),
    ).toEqual([0, 1]);
    expect(linesOf([{ start: 0, end: 200 }], 0, 64)).toEqual([0, 1, 2, 3]);
  });

  it('repeat after the least common multiple', () => {
    expect([48, 64, 72, 96, 4, 20].map((stride) => periodOf(stride, 64))).toEqual([4, 1, 8, 2, 16, 16]);
  });

  it('of a column: as many as its bytes fill', () => {
    expect(distinctLines(walk(4, 0, 4, 1000))).toBe(63);
    expect(distinctLines(walk(4, 0, 4, 1024))).toBe(64);
    expect(touchedLines(walk(4, 0, 4, 1000))).toBe(1000);
  });

  it('of 48-byte elements: three lines for four, whatever is touched', () => {
    // Elements begin at 0, 48, 96, 144: lines 0, 0, 1, 2. Their first eight bytes lie in one line each.
    expect(distinctLines(walk(48, 0, 8, 4))).toBe(3);
    expect(distinctLines(walk(48, 0, 8, 400))).toBe(300);
    // Bytes 12 to 20 of the second (60 to 68) straddle.
    expect(touchedLines(walk(48, 12, 20, 4))).toBe(5);
    // The whole of an element: 0-47 in line 0, 48-95 in two, 96-143 in two, 144-191 in one.
    expect(touchedLines(walk(48, 0, 48, 4))).toBe(6);
  });

  it('of 96-byte elements: bytes 40 to 56 lie in one line of the first, in line 2 of the second', () => {
    expect(distinctLines(walk(96, 40, 56, 2))).toBe(2);
    expect(distinctLines(walk(96, 40, 56, 1_000_000))).toBe(1_000_000);
    // 8 to 56: line 0; 104 to 152: lines 1 and 2.
    expect(distinctLines(walk(96, 8, 56, 1_000_000))).toBe(1_500_000);
  });

  it('of every other element', () => {
    const odd = { ...walk(16, 0, 16, 100), visits: { first: 1, step: 2, count: 100 } };
    // 16, 48, 80, ...: two in a line, and every line of 200 elements.
    expect(distinctLines(odd)).toBe(50);
    const far = { ...walk(64, 0, 8, 100), visits: { first: 1, step: 2, count: 100 } };
    expect(distinctLines(far)).toBe(100);
  });
});

/** Line by line, element by element, with nothing folded. */
function counted({ spans, strideBytes, visits, lineBytes }: Walked): { distinct: number; touched: number } {
  const all = new Set<number>();
  let touched = 0;
  for (let k = 0; k < visits.count; k++) {
    const own = new Set<number>();
    const start = (visits.first + k * visits.step) * strideBytes;
    for (const span of spans) {
      for (let byte = span.start; byte < span.end; byte++) own.add(Math.floor((start + byte) / lineBytes));
    }
    touched += own.size;
    for (const line of own) all.add(line);
  }
  return { distinct: all.size, touched };
}

describe('any walk', () => {
  it('has the lines that counting every byte finds', () => {
    const walks = fc
      .record({
        strideBytes: fc.integer({ min: 1, max: 200 }),
        cuts: fc.array(fc.nat({ max: 200 }), { minLength: 2, maxLength: 6 }),
        visits: fc.record({
          first: fc.nat({ max: 70 }),
          step: fc.integer({ min: 1, max: 5 }),
          count: fc.nat({ max: 300 }),
        }),
        lineBytes: fc.constantFrom(32, 64, 128),
      })
      .map(({ strideBytes, cuts, visits, lineBytes }): Walked => {
        const inside = [...new Set(cuts.map((cut) => cut % (strideBytes + 1)))].toSorted((a, b) => a - b);
        const spans = inside.slice(1).flatMap((end, i) => (i % 2 === 0 ? [{ start: inside[i]!, end }] : []));
        return { strideBytes, visits, lineBytes, spans };
      });
    fc.assert(
      fc.property(walks, (walked) => {
        expect({ distinct: distinctLines(walked), touched: touchedLines(walked) }).toEqual(counted(walked));
      }),
      { seed: 20, numRuns: 400 },
    );
  });
});

describe('what a loop moves', () => {
  const loops = (loop: object) =>
    spec('x:f32 y:f32 vx:f32 vy:f32 name:bytes[32]', [{ name: 'l', ...loop }], 1000);

  it('an element: fetched lines, and those written back', () => {
    const { fields, loops: all } = loops({ reads: ['x', 'vx'], writes: ['x'] });
    // 48 bytes an element: three lines for four elements, all of them dirty.
    expect(movedLines([{ struct: place(fields) }], all[0]!, 1000, 64)).toEqual({
      fetched: 0.75,
      written: 0.75,
      moved: 1.5,
    });
    const columns = fields.map((field) => ({ struct: place([field]) }));
    // Two columns of 4,000 bytes (63 lines), one of them dirty.
    expect(movedLines(columns, all[0]!, 1000, 64)).toEqual({ fetched: 0.126, written: 0.063, moved: 0.189 });
    expect(workingLines(columns, all[0]!, 1000, 64)).toBe(126);
  });

  it('in random order: the mean over elements', () => {
    const { fields, loops: all } = loops({ reads: ['name'], order: 'random' });
    // Bytes 16 to 48 of each 48: elements at 0 (line 0), 48 (64-96: line 1), 96 (112-144: two), 144 (160-192: one).
    expect(movedLines([{ struct: place(fields) }], all[0]!, 1000, 64).fetched).toBe(1.25);
  });

  it('by threads: in order a line comes once for all, at random for each element that wants it', () => {
    const shared = (more: object) => loops({ reads: ['x'], threads: 2, ...more });
    const column = (of: ReturnType<typeof loops>) =>
      movedLines([{ struct: place([of.fields[0]!]) }], of.loops[0]!, 1024, 64).fetched * 1024;
    expect(column(shared({ partition: 'interleaved' }))).toBe(64);
    expect(column(shared({ partition: 'blocks' }))).toBe(64);
    expect(column(shared({ partition: 'blocks', order: 'random' }))).toBe(1024);
    const roles = [{ reads: ['x'] }, { reads: ['y'] }];
    const [near, far] = [loops({ roles }), loops({ roles, order: 'random' })];
    const whole = (of: typeof near) =>
      movedLines([{ struct: place(of.fields) }], of.loops[0]!, 1024, 64).fetched * 1024;
    expect(whole(near)).toBe(768);
    expect(whole(far)).toBe(2048);
  });

  it('counts spans that touch as one', () => {
    const { fields } = loops({ reads: ['x'] });
    expect(spansOf(place(fields), new Set(['x', 'y', 'vy']))).toEqual([
      { start: 0, end: 8 },
      { start: 12, end: 16 },
    ]);
  });
});
