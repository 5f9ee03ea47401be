/**
 * Any general allocator (heap.ts), wrapped so that what a program does wrong with its blocks is found and told with the
 * sites where the block was allocated and first freed. It finds
 *
 *   double free      of a block that was freed, also after it was given back, until another lies over it
 *   use after free   a write: found when the block leaves the quarantine, or by checkAll()
 *   overflow         a write behind the block, by one byte or more: found when it is freed, or by checkAll()
 *   underflow        a write before the block
 *   foreign          a free of what is no block and lies in none
 *   misaligned       a free of what lies inside a block
 *
 * A block is requested larger than asked for, with a sealed header and canaries around it (debug-layout.ts). Fresh
 * memory and freed memory are filled. A freed block is held back until so many others were freed after it, a quarter of
 * the heap is held, or memory runs out. free() answers with what it finds and takes the block back all the same; at once
 * where its header was written, since its size is lost then. A free that is wrong in itself, or of another size, changes
 * nothing. A site is a number of the caller's, set before a call, or asked of `siteOf` in it. An allocator that moves
 * nothing takes blocks back at once; what they hold is looked at before the next one is handed out. Reads are not seen:
 * guard pages need pages of a block's own, which alloc check --guard gives it (native/preload/check).
 * Cost: O(bytes) a call; ten words and more a block, a 16th of the heap. Native twin: native/allocators/debug.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationError, type AllocationError, wordBytes } from './allocation.ts';
import {
  type DebugShape,
  debugShape,
  type Fault,
  FaultLog,
  freshFill,
  frontWords,
  GrainMap,
  header,
  heldEntryWords,
  heldShare,
  leastDebugWords,
  Marks,
  noSite,
  record,
  state,
  touchedWords,
  wordsWithBack,
} from './debug-layout.ts';
import {
  alignmentWords,
  alignUp,
  checkGeneral,
  grainWords,
  type HeapAllocator,
  type MakeHeap,
  requireHeapWords,
  sizeLog,
  type Statistics,
} from './heap.ts';

export class Debug implements HeapAllocator {
  readonly heap: Uint32Array;
  readonly #inner: HeapAllocator;
  readonly #shape: DebugShape;
  readonly #marks: Marks;
  readonly #log: FaultLog;
  readonly #starts: GrainMap;
  readonly #gone: GrainMap;
  readonly #inners: GrainMap;
  readonly #siteOf: (() => number) | null;

  /**
   * Makes the heap afresh, with what `make` makes beneath. `siteOf` is asked for the site at each call that needs one.
   * Throws ContractError where heap or parameter won't do.
   */
  static create(make: MakeHeap, heap: Uint32Array, parameter: number, siteOf?: () => number): Debug {
    requireHeapWords(heap.length, leastDebugWords);
    const { innerWords } = debugShape(heap.length);
    let inner: HeapAllocator;
    try {
      inner = make(heap.subarray(0, innerWords), parameter);
    } catch (error) {
      if (!(error instanceof ContractError) || !error.message.startsWith('"heap"')) throw error;
      throw new ContractError(`without the debug wrapper's own words ${error.message}`);
    }
    heap.fill(0, innerWords);
    const debug = new Debug(inner, heap, siteOf ?? null);
    debug.#put(record.innerWords, innerWords);
    debug.site = noSite;
    return debug;
  }

  private constructor(inner: HeapAllocator, heap: Uint32Array, siteOf: (() => number) | null) {
    this.heap = heap;
    this.#inner = inner;
    this.#siteOf = siteOf;
    this.#shape = debugShape(heap.length);
    const { starts, gone, inners } = this.#shape;
    this.#marks = new Marks(heap);
    this.#log = new FaultLog(heap, this.#shape);
    this.#starts = new GrainMap(heap.subarray(starts, gone));
    this.#gone = new GrainMap(heap.subarray(gone, inners));
    this.#inners = new GrainMap(heap.subarray(inners, inners + gone - starts));
  }

  get staysPut(): boolean {
    return this.#inner.staysPut === true;
  }

  /** Where the calls that follow stand in the caller's program. */
  set site(site: number) {
    this.#put(record.site, site);
  }

  get site(): number {
    return this.#siteOf === null ? this.#at(record.site) : this.#siteOf();
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const marks = this.#marks;
    const wrong = checkGeneral(bytes, alignmentBytes, this.heap.length);
    if (wrong !== 0) return wrong;
    if (this.staysPut) this.#drain();
    // 1. A larger block, with room to move the payload to where it is aligned.
    const alignment = alignmentWords(alignmentBytes);
    const words = frontWords + alignment - grainWords + wordsWithBack(bytes);
    let used = this.#inner.usedWords;
    let inner = this.#take(words);
    // 2. What is held gives way where memory runs out.
    while (inner === -allocationError.exhausted && this.#at(record.heldBlocks) > 0) {
      this.#release();
      used = this.#inner.usedWords;
      inner = this.#take(words);
    }
    if (inner <= 0) return -allocationError.exhausted;
    // 3. Note it, fill it, mark it.
    const offset = alignUp(inner + frontWords, alignment);
    this.#gone.clearRange(inner, inner + words);
    this.#inners.set(inner);
    this.#starts.set(offset);
    this.heap.fill(freshFill, offset, offset + touchedWords(bytes));
    marks.writeHeader(offset, bytes, this.#inner.usedWords - used, state.live, this.site);
    marks.writeFront(offset);
    marks.writeBack(offset, bytes);
    return offset;
  }

  /** Any offset may be given. */
  free(offset: number): number {
    const marks = this.#marks;
    // 1. Is it a block, and one in use?
    if (!this.isWatched(offset)) return this.#reportStranger(offset);
    const isSealed = marks.isSealed(offset);
    if (!this.isInUse(offset)) {
      const { doubleFree } = allocationError;
      return isSealed ? this.#note(doubleFree, offset) : this.#noteUnknown(doubleFree, offset);
    }
    // 2. Of one whose header is lost, or was, it isn't known what to fill: it is given back at once.
    const isKnown = isSealed && marks.isLive(offset);
    if (this.staysPut || !isKnown) {
      const wrong = this.#inner.free(this.#innerOf(offset));
      if (wrong !== 0) return wrong;
    }
    if (!isKnown) {
      this.#giveUp(offset);
      return isSealed ? 0 : this.#noteUnknown(allocationError.underflow, offset);
    }
    // 3. Was it written around? It is held back.
    const damage = this.#damageOf(offset);
    if (damage !== allocationError.none) this.#note(damage, offset);
    this.#hold(offset);
    return damage === allocationError.none ? 0 : -damage;
  }

  /** A size that is not the block's is a fault, and the block stays. */
  freeSized(offset: number, bytes: number): number {
    const isWrong = this.#isKnown(offset) && this.#marks.bytes(offset) !== bytes;
    return isWrong ? this.#note(allocationError.wrongSize, offset) : this.free(offset);
  }

  resize(offset: number, bytes: number): boolean {
    const marks = this.#marks;
    if (!this.#isKnown(offset) || Math.floor(bytes / wordBytes) >= this.heap.length) return false;
    const inner = this.#innerOf(offset);
    const words = offset - inner + wordsWithBack(bytes);
    const had = marks.bytes(offset);
    const isWhole = marks.isBackWhole(offset, had);
    // 1. The larger block, in place.
    const used = this.#inner.usedWords;
    if (!this.#inner.resize(inner, words * wordBytes)) return false;
    if (this.staysPut) this.#drain();
    if (!isWhole) this.#note(allocationError.overflow, offset);
    // 2. What it has gained is fresh, and its end is elsewhere.
    this.#gone.clearRange(inner, inner + words);
    if (bytes > had) {
      marks.fillSpare(offset, had, freshFill);
      this.heap.fill(freshFill, offset + touchedWords(had), offset + touchedWords(bytes));
    }
    marks.put(offset, header.bytes, bytes);
    marks.put(offset, header.words, marks.at(offset, header.words) + this.#inner.usedWords - used);
    marks.seal(offset);
    marks.writeBack(offset, bytes);
    return true;
  }

  /** Looks at every block, in use or held; faults found are told once. O(heap / 64 + bytes held). */
  checkAll(): void {
    const { bits } = this.#starts;
    for (let i = 0; i < bits.length; i++) {
      for (let word = bits[i]!; word !== 0; word &= word - 1) {
        this.#checkBlock(i * 64 + (31 - Math.clz32(word & -word)) * grainWords);
      }
    }
  }

  /** Whether a block in use starts there. One whose header was written counts, unless it is held. */
  isInUse(offset: number): boolean {
    if (!this.isWatched(offset)) return false;
    return this.#marks.isSealed(offset) ? !this.#marks.isHeld(offset) : !this.#wasFreed(offset);
  }

  /** Whether the byte at that distance from a block's start is the block's, or in the margins that are watched. */
  reaches(offset: number, position: number): boolean {
    const marks = this.#marks;
    if (!this.isWatched(offset) || !marks.isSealed(offset)) return false;
    if (marks.at(offset, header.state) === state.told) return false;
    const end = wordsWithBack(marks.bytes(offset)) * wordBytes;
    return position >= -frontWords * wordBytes && position < end;
  }

  /** Whether a block in use, or one that is held, starts there. */
  isWatched(offset: number): boolean {
    return offset < this.#shape.innerWords && offset % grainWords === 0 && this.#starts.has(offset);
  }

  /** Faults so far; the last `logged` of them can be read. */
  get faults(): number {
    return this.#log.count;
  }

  fault(number: number): Fault {
    return this.#log.read(number);
  }

  get usedWords(): number {
    return this.#inner.usedWords - this.#at(record.heldWords);
  }

  /** What is held counts as metadata: neither in use nor to be had. */
  statistics(): Statistics {
    const beneath = this.#inner.statistics();
    let { liveBlocks, usedWords, metadataWords } = beneath;
    const liveBySize = [...beneath.liveBySize];
    metadataWords += this.heap.length - this.#shape.innerWords;
    for (let i = 0; i < this.#at(record.heldBlocks); i++) {
      const words = this.heap[this.#heldAt(this.#at(record.oldest) + i) + 1]!;
      if (words === 0) continue;
      liveBlocks--;
      liveBySize[sizeLog(words)]!--;
      usedWords -= words;
      metadataWords += words;
    }
    return { ...beneath, liveBlocks, usedWords, metadataWords, liveBySize };
  }

  #at(word: number): number {
    return this.heap[this.#shape.innerWords + word]!;
  }

  #put(word: number, value: number): void {
    this.heap[this.#shape.innerWords + word] = value;
  }

  #heldAt(number: number): number {
    return this.#shape.held + (number % this.#shape.heldMost) * heldEntryWords;
  }

  #take(words: number): number {
    return this.#inner.alloc(words * wordBytes, grainWords * wordBytes);
  }

  /** What the allocator beneath gave for a block. */
  #innerOf(offset: number): number {
    return this.#inners.lastTo(offset - frontWords);
  }

  /** A block in use whose header is to be believed. */
  #isKnown(offset: number): boolean {
    return this.isWatched(offset) && this.#marks.isSealed(offset) && this.#marks.isLive(offset);
  }

  #damageOf(offset: number): AllocationError {
    if (!this.#marks.isFrontWhole(offset)) return allocationError.underflow;
    return this.#marks.isBackWhole(offset, this.#marks.bytes(offset))
      ? allocationError.none
      : allocationError.overflow;
  }

  #hold(offset: number): void {
    const { heap } = this;
    const marks = this.#marks;
    // Of an allocator that moves nothing the words are free already.
    const words = this.staysPut ? 0 : marks.at(offset, header.words);
    marks.put(offset, header.state, state.held);
    marks.put(offset, header.freed, this.site);
    marks.seal(offset);
    marks.fillHeld(offset);
    this.#gone.set(offset);
    if (this.#at(record.heldBlocks) === this.#shape.heldMost) this.#release();
    const entry = this.#heldAt(this.#at(record.oldest) + this.#at(record.heldBlocks));
    heap[entry] = offset;
    heap[entry + 1] = words;
    this.#put(record.heldBlocks, this.#at(record.heldBlocks) + 1);
    this.#put(record.heldWords, this.#at(record.heldWords) + words);
    while (this.#at(record.heldWords) > Math.floor(this.#shape.innerWords / heldShare)) this.#release();
  }

  /** Lets the oldest one go. */
  #release(): void {
    const entry = this.#heldAt(this.#at(record.oldest));
    const offset = this.heap[entry]!;
    this.#checkBlock(offset);
    const inner = this.#innerOf(offset);
    this.#giveUp(offset);
    this.#put(record.heldWords, this.#at(record.heldWords) - this.heap[entry + 1]!);
    this.#put(record.oldest, (this.#at(record.oldest) + 1) % this.#shape.heldMost);
    this.#put(record.heldBlocks, this.#at(record.heldBlocks) - 1);
    if (!this.staysPut) this.#inner.free(inner);
  }

  #drain(): void {
    while (this.#at(record.heldBlocks) > 0) this.#release();
  }

  #giveUp(offset: number): void {
    this.#inners.clear(this.#innerOf(offset));
    this.#starts.clear(offset);
    this.#gone.set(offset);
  }

  #checkBlock(offset: number): void {
    const marks = this.#marks;
    if (!marks.isSealed(offset)) {
      const { useAfterFree, underflow } = allocationError;
      // The header is lost: what is known of it is made anew, so that it is told once.
      const isHeld = this.#wasFreed(offset);
      this.#noteUnknown(isHeld ? useAfterFree : underflow, offset);
      marks.writeHeader(offset, 0, 0, isHeld ? state.held : state.told, noSite);
      if (isHeld) marks.fillHeld(offset);
    } else if (marks.isLive(offset)) {
      const damage = this.#damageOf(offset);
      if (damage === allocationError.none) return;
      this.#note(damage, offset);
      marks.writeFront(offset);
      marks.writeBack(offset, marks.bytes(offset));
    } else if (marks.isHeld(offset) && !marks.isUntouched(offset)) {
      this.#note(allocationError.useAfterFree, offset);
      marks.fillHeld(offset);
    }
  }

  /** Of a watched block whose header can't say: it was freed, so it is held. */
  #wasFreed(offset: number): boolean {
    return this.#gone.has(offset);
  }

  /** Of a free of what is no block's start. */
  #reportStranger(offset: number): number {
    if (offset < this.#shape.innerWords) {
      const start = this.#starts.lastTo(offset);
      if (
        start !== 0 &&
        this.#marks.isSealed(start) &&
        offset - start < touchedWords(this.#marks.bytes(start))
      ) {
        return this.#note(allocationError.misaligned, start);
      }
      if (offset % grainWords === 0 && this.#gone.has(offset)) {
        return this.#noteUnknown(allocationError.doubleFree, offset);
      }
    }
    return this.#noteUnknown(allocationError.foreign, offset);
  }

  #note(error: AllocationError, offset: number): number {
    const marks = this.#marks;
    const [allocated, freed] = [marks.at(offset, header.allocated), marks.at(offset, header.freed)];
    return this.#log.note({ error, offset, bytes: marks.bytes(offset), allocated, freed, found: this.site });
  }

  /** Where there is no header to be believed. */
  #noteUnknown(error: AllocationError, offset: number): number {
    return this.#log.note({ error, offset, bytes: 0, allocated: noSite, freed: noSite, found: this.site });
  }
}
