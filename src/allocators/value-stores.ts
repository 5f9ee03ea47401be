/**
 * What JavaScript itself allocates, as the timed work over a trace takes it (trace-work.ts). "Freed" means that nobody
 * holds it any more; when the memory returns is the collector's affair.
 */
import { wordBytes } from './allocation.ts';
import type { ValueStore } from './trace-work.ts';

interface Cell {
  tag: number;
}

/** A new object a block, of one shape: a program's own values have no sizes in bytes. */
export const objects: ValueStore<Cell> = {
  allocate: (_, tag) => ({ tag }),
  release() {},
  reallocate: (_, __, tag) => ({ tag }),
  tagOf: (cell) => cell.tag,
};

function bufferStore(allocate: (bytes: number) => Buffer): ValueStore<Buffer> {
  return {
    allocate(bytes, tag) {
      const buffer = allocate(bytes);
      if (bytes >= wordBytes) buffer.writeUInt32LE(tag, 0);
      return buffer;
    },
    release() {},
    reallocate(buffer, bytes, tag) {
      const next = allocate(bytes);
      buffer.copy(next);
      if (bytes >= wordBytes) next.writeUInt32LE(tag, 0);
      return next;
    },
    tagOf: (buffer) => buffer.readUInt32LE(0),
  };
}

/** Buffer.alloc a block: zeroed. */
export const zeroedBuffers: ValueStore<Buffer> = bufferStore((bytes) => Buffer.alloc(bytes));
/** Buffer.allocUnsafe a block: small ones are cut from a shared slab of 8 KiB. */
export const unsafeBuffers: ValueStore<Buffer> = bufferStore((bytes) => Buffer.allocUnsafe(bytes));

/** An ArrayBuffer a block, with a view of it to reach it by. */
export const arrayBuffers: ValueStore<Uint32Array> = {
  allocate(bytes, tag) {
    const view = new Uint32Array(new ArrayBuffer(Math.ceil(bytes / wordBytes) * wordBytes));
    if (view.length > 0) view[0] = tag;
    return view;
  },
  release() {},
  reallocate(view, bytes, tag) {
    const next = new Uint32Array(new ArrayBuffer(Math.ceil(bytes / wordBytes) * wordBytes));
    next.set(view.subarray(0, next.length));
    if (next.length > 0) next[0] = tag;
    return next;
  },
  tagOf: (view) => view[0]!,
};
