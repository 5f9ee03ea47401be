/**
 * Where a C compiler puts a structure's fields: each at the next multiple of its alignment, the whole rounded up to
 * the largest alignment. What is between two fields is a hole, what is after the last one is the tail.
 * Source: System V Application Binary Interface, AMD64 Architecture Processor Supplement, section 3.1.2 (Aggregates
 * and Unions); the AArch64 and Windows x64 ABIs say the same.
 */
import type { Field } from './spec.ts';

export interface Member {
  readonly field: Field;
  readonly offsetBytes: number;
  /** What its offset is a multiple of: its type's alignment, or what it was told to start at. */
  readonly alignment: number;
}

export interface Hole {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface Struct {
  readonly members: readonly Member[];
  /** From one element of an array to the next, the tail included. */
  readonly sizeBytes: number;
  readonly alignment: number;
  /** Between fields; the tail is apart. */
  readonly holes: readonly Hole[];
  readonly tailBytes: number;
}

/** The next multiple of `alignment` that is not below `offset`. */
export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/** Bytes of a structure that hold no field. */
export function wastedBytes({ holes, tailBytes }: Struct): number {
  return holes.reduce((sum, hole) => sum + hole.sizeBytes, tailBytes);
}

/**
 * Places fields in this order.
 * @param startsAt alignment that a field gets beyond its own: what C++ writes as `alignas(64)` before it
 */
export function place(fields: readonly Field[], startsAt: (field: Field) => number = () => 1): Struct {
  const members: Member[] = [];
  const holes: Hole[] = [];
  let [end, alignment] = [0, 1];
  for (const field of fields) {
    const own = Math.max(field.alignment, startsAt(field));
    const offsetBytes = alignUp(end, own);
    if (offsetBytes > end) holes.push({ offsetBytes: end, sizeBytes: offsetBytes - end });
    members.push({ field, offsetBytes, alignment: own });
    end = offsetBytes + field.sizeBytes;
    alignment = Math.max(alignment, own);
  }
  const sizeBytes = alignUp(end, alignment);
  return { members, sizeBytes, alignment, holes, tailBytes: sizeBytes - end };
}

/** Largest alignment first, the given order among equals: no order leaves fewer bytes unused. */
export function byAlignment(fields: readonly Field[]): readonly Field[] {
  return fields.toSorted((a, b) => b.alignment - a.alignment);
}
