/**
 * Address streams: what a kernel reads and writes, byte for byte and in its order, without running it. They are made
 * from the very arrays that the kernel is given, and from where those lie.
 *
 * A stream is iterated as blocks of some thousand accesses, so that a stream of millions needs no memory. Addresses
 * are doubles: exact to 2^53, and the fastest exact form of 48 bits in a typed array.
 */
import { requireWhole } from '../base/checks.ts';
import { ContractError } from '../base/errors.ts';

/** The first `length` of each array count. The next block may reuse the arrays. */
export interface AccessBlock {
  readonly addresses: Float64Array;
  /** How many bytes each access touches. */
  readonly bytes: Uint8Array;
  /** 1: a write, 0: a read. */
  readonly writes: Uint8Array;
  readonly length: number;
}

/** Every iteration begins anew, and gives the same accesses. */
export type AddressStream = Iterable<AccessBlock>;

interface Space {
  readonly addresses: Float64Array;
  readonly bytes: Uint8Array;
  readonly writes: Uint8Array;
  length: number;
}

const blockAccesses = 8192;

function space(accesses: number): Space {
  return {
    addresses: new Float64Array(accesses),
    bytes: new Uint8Array(accesses),
    writes: new Uint8Array(accesses),
    length: accesses,
  };
}

/** Fills `block.length` accesses; `from` of the stream are gone. */
type Fill = (block: Space, from: number) => void;

/** `begin` gives the filler of one iteration. A block holds whole rounds of `round` accesses. */
function streamOf(accesses: number, begin: () => Fill, round = 1): AddressStream {
  return {
    *[Symbol.iterator](): Iterator<AccessBlock> {
      const most = Math.min(accesses, Math.max(1, Math.floor(blockAccesses / round)) * round);
      const block = space(most);
      const fill = begin();
      for (let from = 0; from < accesses; from += most) {
        block.length = Math.min(most, accesses - from);
        fill(block, from);
        yield block;
      }
    },
  };
}

/** What all of a stream's accesses have in common. */
export interface AccessForm {
  /** 1 to 255. */
  readonly bytes: number;
  /** A read by default. */
  readonly write?: boolean;
}

function alike(block: Space, { bytes, write = false }: AccessForm): void {
  block.bytes.fill(bytes);
  block.writes.fill(write ? 1 : 0);
}

function requireForm({ bytes }: AccessForm, who: string): void {
  requireWhole(bytes, 1, who, 'bytes');
  if (bytes > 255) throw new ContractError(`${who}: bytes is ${bytes}, must be at most 255`);
}

/** `count` accesses, each `strideBytes` beyond the one before (negative: descending); the first is at `base`. */
export function strided(
  options: { readonly base: number; readonly count: number; readonly strideBytes: number } & AccessForm,
): AddressStream {
  const { base, count, strideBytes } = options;
  requireForm(options, 'strided');
  requireWhole(count, 0, 'strided', 'count');
  return streamOf(count, () => (block, from) => {
    if (from === 0) alike(block, options);
    for (let i = 0; i < block.length; i++) block.addresses[i] = base + (from + i) * strideBytes;
  });
}

/** An array from its beginning to its end, one element after another. */
export function sequential(
  options: { readonly base: number; readonly elements: number } & AccessForm,
): AddressStream {
  return strided({ ...options, count: options.elements, strideBytes: options.bytes });
}

/** Accesses at `base` and these offsets in bytes, in this order. */
export function listed(
  options: { readonly base: number; readonly offsets: ArrayLike<number> } & AccessForm,
): AddressStream {
  const { base, offsets } = options;
  requireForm(options, 'listed');
  return streamOf(offsets.length, () => (block, from) => {
    if (from === 0) alike(block, options);
    for (let i = 0; i < block.length; i++) block.addresses[i] = base + offsets[from + i]!;
  });
}

/**
 * What sum-indexed reads: for each index, first the index (a uint32), then the value that it names.
 */
export function indexed(options: {
  readonly order: Uint32Array;
  readonly orderBase: number;
  readonly valuesBase: number;
  readonly valueBytes: number;
}): AddressStream {
  const { order, orderBase, valuesBase, valueBytes } = options;
  requireForm({ bytes: valueBytes }, 'indexed');
  const indexBytes = order.BYTES_PER_ELEMENT;
  const begin = (): Fill => (block, from) => {
    for (let i = 0, at = from / 2; i < block.length; i += 2, at++) {
      block.addresses[i] = orderBase + at * indexBytes;
      block.bytes[i] = indexBytes;
      block.addresses[i + 1] = valuesBase + order[at]! * valueBytes;
      block.bytes[i + 1] = valueBytes;
    }
  };
  return streamOf(2 * order.length, begin, 2);
}

/**
 * What pointer-chase reads: `links` holds, at a byte offset, the byte offset of the next slot; each chain begins at its
 * cursor, and the chains take turns, a hop each, `hops` times.
 * @throws ContractError where a link or a cursor names no element
 */
export function chase(options: {
  readonly links: Uint32Array;
  readonly base: number;
  readonly cursors: ArrayLike<number>;
  readonly hops: number;
}): AddressStream {
  const { links, base, cursors, hops } = options;
  const chains = cursors.length;
  const bytes = links.BYTES_PER_ELEMENT;
  requireWhole(hops, 0, 'chase', 'hops');
  requireWhole(chains, 1, 'chase', 'the number of cursors');
  const begin = (): Fill => {
    const at = Float64Array.from(cursors);
    return (block, from) => {
      if (from === 0) alike(block, { bytes });
      for (let i = 0; i < block.length; i++) {
        const chain = i % chains;
        const offset = at[chain]!;
        const next = links[offset / bytes];
        if (next === undefined) {
          throw new ContractError(
            `chase: ${offset} is no element of the links, must be a multiple of ${bytes} below ${links.byteLength}`,
          );
        }
        block.addresses[i] = base + offset;
        at[chain] = next;
      }
    };
  };
  return streamOf(hops * chains, begin, chains);
}

/**
 * Streams that take turns, an access each, as the arrays of a loop do: a[i] = b[i] + c[i] reads b, reads c, writes a.
 * A stream that ends drops out.
 */
export function interleaved(streams: readonly AddressStream[]): AddressStream {
  return {
    *[Symbol.iterator](): Iterator<AccessBlock> {
      let sources = streams.map((stream) => accessesOf(stream));
      const block = space(blockAccesses);
      let length = 0;
      while (sources.length > 0) {
        const going = [];
        for (const source of sources) {
          if (!source.next()) continue;
          going.push(source);
          source.copyTo(block, length++);
          if (length < blockAccesses) continue;
          block.length = length;
          yield block;
          length = 0;
        }
        sources = going;
      }
      block.length = length;
      if (length > 0) yield block;
    },
  };
}

interface Source {
  /** Goes to the next access; false at the end. */
  next(): boolean;
  copyTo(block: Space, at: number): void;
}

function accessesOf(stream: AddressStream): Source {
  const blocks = stream[Symbol.iterator]();
  let block: AccessBlock | null = null;
  let at = 0;
  return {
    next() {
      at++;
      while (block === null || at >= block.length) {
        const { done, value } = blocks.next();
        if (done === true) return false;
        block = value as AccessBlock;
        at = 0;
      }
      return true;
    },
    copyTo(to, index) {
      if (block === null) return;
      to.addresses[index] = block.addresses[at]!;
      to.bytes[index] = block.bytes[at]!;
      to.writes[index] = block.writes[at]!;
    },
  };
}

/** One stream after another. */
export function inTurn(streams: readonly AddressStream[]): AddressStream {
  return {
    *[Symbol.iterator](): Iterator<AccessBlock> {
      for (const stream of streams) yield* stream;
    },
  };
}
