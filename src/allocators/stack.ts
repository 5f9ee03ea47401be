/**
 * A stack of blocks: the last one is given back first, and a marker gives back all that came after it. Each block
 * remembers the block before it and where the stack ended then, padding included, so that what is given back is exactly
 * what was taken, however the blocks were aligned.
 *
 *   | previous block | previous top | payload ... |        two words a block
 *
 * Cost: O(1); release() O(blocks above the marker). Native twin: native/allocators/stack.h.
 */
import { allocationError } from './allocation.ts';
import {
  alignmentWords,
  alignUp,
  checkGeneral,
  headerWords,
  type HeapAllocator,
  type Markers,
  payloadWords,
  requireHeapWords,
  requireNoParameter,
  type Statistics,
  Tally,
  wholeWords,
} from './heap.ts';

/** Words of the header. */
const wordsWord = 0;
const topWord = 1;
const lastWord = 2;
/** The block before, and where the stack ended. */
const ownWords = 2;

export class Stack implements HeapAllocator, Markers {
  readonly heap: Uint32Array;
  /** A block that is not the last can't be given back, so it can't be moved either. */
  readonly staysPut = true;

  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): Stack {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, 2 * headerWords);
    heap.fill(0, 0, headerWords);
    heap[wordsWord] = heap.length;
    heap[topWord] = headerWords;
    return new Stack(heap);
  }

  private constructor(heap: Uint32Array) {
    this.heap = heap;
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    const heapWords = heap[wordsWord]!;
    const wrong = checkGeneral(bytes, alignmentBytes, heapWords);
    if (wrong !== 0) return wrong;
    // 1. The next aligned word behind two of our own, 2. if the block ends within the heap.
    const top = heap[topWord]!;
    const offset = alignUp(top + ownWords, alignmentWords(alignmentBytes));
    const words = payloadWords(bytes);
    if (offset + words > heapWords) return -allocationError.exhausted;
    // 3. It remembers what was the last, and is it now.
    heap[offset - 2] = heap[lastWord]!;
    heap[offset - 1] = top;
    heap[lastWord] = offset;
    heap[topWord] = offset + words;
    return offset;
  }

  /** Of the last block only; another is refused with outOfOrder, and nothing changes. */
  free(offset: number): number {
    const { heap } = this;
    if (offset === 0 || offset !== heap[lastWord]) return -allocationError.outOfOrder;
    heap[topWord] = heap[offset - 1]!;
    heap[lastWord] = heap[offset - 2]!;
    return 0;
  }

  freeSized(offset: number, bytes: number): number {
    const { heap } = this;
    const isWrong = offset === heap[lastWord] && heap[topWord]! - offset !== payloadWords(bytes);
    return isWrong ? -allocationError.wrongSize : this.free(offset);
  }

  resize(offset: number, bytes: number): boolean {
    const { heap } = this;
    const heapWords = heap[wordsWord]!;
    if (offset !== heap[lastWord] || wholeWords(bytes) >= heapWords) return false;
    const words = payloadWords(bytes);
    if (offset + words > heapWords) return false;
    heap[topWord] = offset + words;
    return true;
  }

  /** What release() goes back to: the last block, 0 in an empty stack. */
  mark(): number {
    return this.heap[lastWord]!;
  }

  /** Gives back all blocks after the marker; -foreign, and nothing changes, where it is not among them. */
  release(marker: number): number {
    const { heap } = this;
    let top = heap[topWord]!;
    let last = heap[lastWord]!;
    while (last !== marker) {
      // A block lies above those before it.
      if (last < marker) return -allocationError.foreign;
      top = heap[last - 1]!;
      last = heap[last - 2]!;
    }
    heap[topWord] = top;
    heap[lastWord] = last;
    return 0;
  }

  get usedWords(): number {
    return this.heap[topWord]! - headerWords;
  }

  statistics(): Statistics {
    const { heap } = this;
    const found = new Tally(headerWords);
    let top = heap[topWord]!;
    for (let block = heap[lastWord]!; block !== 0; block = heap[block - 2]!) {
      found.addLive(1, top - heap[block - 1]!);
      top = heap[block - 1]!;
    }
    const rest = heap[wordsWord]! - heap[topWord]!;
    found.addFree(rest > 0 ? 1 : 0, rest);
    return found;
  }
}
