/**
 * A bump allocator: the next block starts where the last one ended, and all are given back at once, by reset(). free()
 * does nothing: a block stays in use until then.
 * Cost: O(1), no word a block; padding where a block is aligned.
 * Source: Hanson, "Fast allocation and deallocation of memory based on object lifetimes", Software: Practice and
 * Experience 20, 1990. Native twin: native/allocators/linear.h.
 */
import { allocationError } from './allocation.ts';
import {
  alignmentWords,
  alignUp,
  checkGeneral,
  headerWords,
  type HeapAllocator,
  payloadWords,
  requireHeapWords,
  requireNoParameter,
  sizeLog,
  sizeLogs,
  type Statistics,
  Tally,
  wholeWords,
} from './heap.ts';

/** Words of the header. */
const wordsWord = 0;
const topWord = 1;
const lastWord = 2;
/** Blocks by size, since none has a size of its own. */
const countsWord = 3;
const ownWords: number = 2 * headerWords;

export class Linear implements HeapAllocator {
  readonly heap: Uint32Array;

  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): Linear {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, ownWords + headerWords);
    heap[wordsWord] = heap.length;
    const made = new Linear(heap);
    made.reset();
    return made;
  }

  private constructor(heap: Uint32Array) {
    this.heap = heap;
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    const heapWords = heap[wordsWord]!;
    const wrong = checkGeneral(bytes, alignmentBytes, heapWords);
    if (wrong !== 0) return wrong;
    // 1. The next aligned word, 2. if the block ends within the heap.
    const offset = alignUp(heap[topWord]!, alignmentWords(alignmentBytes));
    const words = payloadWords(bytes);
    if (offset + words > heapWords) return -allocationError.exhausted;
    // 3. It is the last one now.
    heap[topWord] = offset + words;
    heap[lastWord] = offset;
    heap[countsWord + sizeLog(words)]! += 1;
    return offset;
  }

  free(_offset: number): number {
    return 0;
  }

  /** Gives all blocks back. */
  reset(): void {
    const { heap } = this;
    heap[topWord] = ownWords;
    for (let word = lastWord; word < ownWords; word++) heap[word] = 0;
  }

  /** Only the last block's size is known. */
  freeSized(offset: number, bytes: number): number {
    const { heap } = this;
    const isWrong = offset === heap[lastWord] && heap[topWord]! - offset !== payloadWords(bytes);
    return isWrong ? -allocationError.wrongSize : 0;
  }

  /** The last block can grow and shrink; another can only be as large as it is, which nobody remembers. */
  resize(offset: number, bytes: number): boolean {
    const { heap } = this;
    const heapWords = heap[wordsWord]!;
    if (offset !== heap[lastWord] || wholeWords(bytes) >= heapWords) return false;
    const words = payloadWords(bytes);
    if (offset + words > heapWords) return false;
    heap[countsWord + sizeLog(heap[topWord]! - offset)]! -= 1;
    heap[countsWord + sizeLog(words)]! += 1;
    heap[topWord] = offset + words;
    return true;
  }

  get usedWords(): number {
    return this.heap[topWord]! - ownWords;
  }

  statistics(): Statistics {
    const { heap } = this;
    const found = new Tally(ownWords);
    for (let i = 0; i < sizeLogs; i++) {
      found.liveBySize[i] = heap[countsWord + i]!;
      found.liveBlocks += heap[countsWord + i]!;
    }
    found.usedWords = this.usedWords;
    const rest = heap[wordsWord]! - heap[topWord]!;
    found.addFree(rest > 0 ? 1 : 0, rest);
    return found;
  }
}
