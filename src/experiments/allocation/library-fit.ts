/** Which traces are for some allocators only: one takes nothing back, pools have blocks of one size, alignments. */
import { fitted, type HeapChoice } from '../../allocators/heaps.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { type AllocationTrace, allocationOp, rowWords } from '../../trace/rows.ts';
import { isLibraryPeer, misaligns, type PeerId } from './peers.ts';

/** What a trace asks for, over all of its rows. */
export interface Asked {
  readonly sizes: ReadonlySet<number>;
  readonly bytes: number;
  readonly mostAlignment: number;
}

export function askedOf({ rows }: AllocationTrace): Asked {
  const sizes = new Set<number>();
  let bytes = 0;
  let mostAlignment = 0;
  for (let at = 0; at < rows.length; at += rowWords) {
    if (rows[at] !== allocationOp.alloc && rows[at] !== allocationOp.realloc) continue;
    sizes.add(rows[at + 2]!);
    bytes += rows[at + 2]! + rows[at + 3]!;
    mostAlignment = Math.max(mostAlignment, rows[at + 3]!);
  }
  return { sizes, bytes, mostAlignment };
}

/** Why no pool serves a trace; null: one does. */
function unfitPool({ sizes }: Asked): string | null {
  return sizes.size <= 1
    ? null
    : `not applicable: a pool has blocks of one size, and ${formatCount(sizes.size)} sizes are asked for; a program has a pool for each of its types, which a trace does not know`;
}

/**
 * An allocator of ours with the parameter that a trace needs, or why it can't serve the trace: a pool is for one size.
 * O(rows) for a pool.
 */
export function fittedTo(choice: HeapChoice, trace: AllocationTrace): HeapChoice | string {
  if (choice.kind.parameterFor === undefined) return choice;
  const asked = askedOf(trace);
  const [bytes = 0] = asked.sizes;
  return unfitPool(asked) ?? fitted(choice, bytes, asked.mostAlignment);
}

/** What operator new aligns Boost.Pool's chunks to. */
const chunkAlignment = 16;
/** A buffer's next chunk may be as large as all before it, and half of the memory is the others'. */
const partOfMemory = 4;

/**
 * Why an allocator of others has no part in a replay; null: it has. A monotonic buffer, which takes nothing back, has one
 * only where the user named it. O(rows).
 */
export function unfitPeer(
  id: PeerId,
  trace: AllocationTrace,
  isNamed: boolean,
  availableBytes: number,
): string | null {
  if (id === 'pmr-pool') return null;
  const asked = askedOf(trace);
  if (!isLibraryPeer(id)) return misaligns(id, asked.mostAlignment);
  const { bytes, mostAlignment } = asked;
  if (id === 'pmr-monotonic') {
    if (!isNamed) return 'gives memory back only at its end; name it to have it all the same';
    return bytes > availableBytes / partOfMemory
      ? `takes nothing back, and all that is ever asked for, ${formatBytes(bytes)}, is more than a quarter of the available memory`
      : null;
  }
  const unfit = unfitPool(asked);
  if (unfit !== null) return unfit;
  return mostAlignment > chunkAlignment
    ? `not applicable: a block of it is aligned to ${chunkAlignment} B, and ${mostAlignment} B are asked for`
    : null;
}
