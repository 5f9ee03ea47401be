import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldTypes, type Field } from '../../../src/layout/spec.ts';
import { byAlignment, place, wastedBytes } from '../../../src/layout/struct.ts';
import { spec } from './specs.ts';

function fields(text: string): readonly Field[] {
  return spec(text, [{ name: 'l', reads: [text.split(':')[0]] }]).fields;
}

describe('placing fields', () => {
  it('leaves holes and a tail as a compiler does', () => {
    // char a; 7 bytes; double b; char c[3]; 1 byte; int d; -- 24 bytes, no tail.
    const packed = place(fields('a:i8 b:f64 c:bytes[3] d:i32'));
    expect(packed.members.map(({ offsetBytes }) => offsetBytes)).toEqual([0, 8, 16, 20]);
    expect(packed.holes).toEqual([
      { offsetBytes: 1, sizeBytes: 7 },
      { offsetBytes: 19, sizeBytes: 1 },
    ]);
    expect([packed.sizeBytes, packed.alignment, packed.tailBytes]).toEqual([24, 8, 0]);
    // void *p; char c; -- 7 bytes of tail.
    expect(place(fields('p:ptr c:i8'))).toMatchObject({ sizeBytes: 16, tailBytes: 7, holes: [] });
    // char text[5]; -- no alignment, no tail.
    expect(place(fields('t:bytes[5]'))).toMatchObject({ sizeBytes: 5, alignment: 1, tailBytes: 0 });
  });

  it("closes the holes of pahole's example by order alone", () => {
    const given = fields('a:i8 b:f64 c:i8 d:i32 e:i16');
    expect(place(given).sizeBytes).toBe(32);
    const better = place(byAlignment(given));
    expect(better.members.map(({ field }) => field.name)).toEqual(['b', 'd', 'e', 'a', 'c']);
    expect([better.sizeBytes, wastedBytes(better)]).toEqual([16, 0]);
  });

  it('starts fields where they are told to', () => {
    const apart = place(fields('head:u64 tail:u64'), () => 64);
    expect(apart.members.map(({ offsetBytes }) => offsetBytes)).toEqual([0, 64]);
    expect([apart.sizeBytes, apart.alignment, wastedBytes(apart)]).toEqual([128, 64, 112]);
  });
});

const field = fc.tuple(fc.constantFrom(...fieldTypes), fc.integer({ min: 1, max: 5 }));
const some = fc
  .array(field, { minLength: 1, maxLength: 6 })
  .map((all) => fields(all.map(([type, length], i) => `f${i}:${type}[${length}]`).join(' ')));

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

describe('any structure', () => {
  it('has aligned fields that do not overlap, and its bytes are fields, holes and tail', () => {
    fc.assert(
      fc.property(some, (all) => {
        const { members, sizeBytes, alignment, holes, tailBytes } = place(all);
        let end = 0;
        for (const { field: one, offsetBytes } of members) {
          expect(offsetBytes % one.alignment).toBe(0);
          expect(offsetBytes).toBeGreaterThanOrEqual(end);
          end = offsetBytes + one.sizeBytes;
        }
        const used = all.reduce((sum, one) => sum + one.sizeBytes, 0);
        const inHoles = holes.reduce((sum, hole) => sum + hole.sizeBytes, 0);
        expect(used + inHoles + tailBytes).toBe(sizeBytes);
        expect(sizeBytes % alignment).toBe(0);
      }),
      { seed: 20, numRuns: 300 },
    );
  });

  it('is smallest by alignment: no order beats it', () => {
    fc.assert(
      fc.property(some, (all) => {
        const least = Math.min(...permutations(all).map((order) => place(order).sizeBytes));
        expect(place(byAlignment(all)).sizeBytes).toBe(least);
      }),
      { seed: 20, numRuns: 60 },
    );
  });
});
