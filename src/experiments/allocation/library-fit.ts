/** Which traces a library's allocators can serve: one takes nothing back, one has blocks of one size. */
import { formatBytes, formatCount } from '../../base/units.ts';
import { type AllocationTrace, allocationOp, rowWords } from '../../trace/rows.ts';
import { isLibraryPeer, type PeerId } from './peers.ts';

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
  if (!isLibraryPeer(id) || id === 'pmr-pool') return null;
  const { sizes, bytes, mostAlignment } = askedOf(trace);
  if (id === 'pmr-monotonic') {
    if (!isNamed) return 'gives memory back only at its end; name it to have it all the same';
    return bytes > availableBytes / partOfMemory
      ? `takes nothing back, and all that is ever asked for, ${formatBytes(bytes)}, is more than a quarter of the available memory`
      : null;
  }
  if (sizes.size > 1) {
    return `not applicable: a pool has blocks of one size, and ${formatCount(sizes.size)} sizes are asked for; a program has a pool for each of its types, which a trace does not know`;
  }
  return mostAlignment > chunkAlignment
    ? `not applicable: a block of it is aligned to ${chunkAlignment} B, and ${mostAlignment} B are asked for`
    : null;
}
