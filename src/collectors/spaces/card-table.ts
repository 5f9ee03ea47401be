/**
 * Which parts of an old generation may name young objects, by cards: a byte for each 512 bytes of the heap, which every
 * store sets, whatever it stores and where. So the barrier is one store without a comparison; the price is paid by the
 * collection, which looks at every slot of every dirty card. To find the slots it keeps two more tables: a bit for each
 * grain where an object begins, and for each card the object that reaches into it. Costs 1/40 of the heap.
 * Sources: P. G. Sobalvarro, A Lifetime-based Garbage Collector for LISP Systems (1988); U. Hölzle, A Fast Write Barrier
 * for Generational Garbage Collectors (1993). Native twin: native/collectors/spaces/card-table.h.
 */
import type { Counts } from '../counts.ts';
import { objectHeaderWords, slotsOf, wordsOf } from '../object.ts';
import type { RememberedSet } from './remembered-set.ts';

const cardWords = 128;
const dirty = 1;
const grainWords = 2;
const startBlockWords = 64;
const startWordsPerCard: number = cardWords / startBlockWords;

function cardsIn(words: number): number {
  return Math.ceil(words / cardWords);
}

/** Words of the cards themselves. */
function cardTableWords(cards: number): number {
  return ((cards + 7) >>> 3) * 2;
}

export class CardTable implements RememberedSet {
  readonly isIncomplete = false;
  readonly #heap: Uint32Array;
  readonly #cards: Uint8Array;
  readonly #cardsAt: number;
  readonly #young: number;
  readonly #oldCards: number;
  readonly #starts: number;
  readonly #reaching: number;

  /** Words of the tables for a heap of so many. */
  static tableWords(heapWords: number): number {
    const cards = cardsIn(heapWords);
    return cardTableWords(cards) + cards * startWordsPerCard + ((cards + 1) >>> 1) * 2;
  }

  /** Tables at `start` for the old objects from there up to `young`; from there on everything is young. */
  constructor(heap: Uint32Array, start: number, young: number) {
    const cards = cardsIn(heap.length);
    this.#heap = heap;
    this.#cards = new Uint8Array(heap.buffer, heap.byteOffset + 4 * start, cards);
    this.#cardsAt = start;
    this.#young = young;
    this.#oldCards = cardsIn(young);
    this.#starts = start + cardTableWords(cards);
    this.#reaching = this.#starts + cards * startWordsPerCard;
    heap.fill(0, start, start + CardTable.tableWords(heap.length));
  }

  record(slot: number): void {
    this.#cards[slot >>> 7] = dirty;
  }

  /** Every store is one. */
  hits(stores: number): number {
    return stores;
  }

  placed(at: number, words: number): void {
    this.#heap[this.#starts + (at >>> 6)]! |= 1 << ((at >>> 1) & 31);
    const last = (at + words - 1) >>> 7;
    for (let card = (at >>> 7) + 1; card <= last; card++) this.#heap[this.#reaching + card] = at;
  }

  remember(slot: number): void {
    this.#cards[slot >>> 7] = dirty;
  }

  remembers(slot: number): boolean {
    return this.#cards[slot >>> 7] === dirty;
  }

  forget(): void {
    this.#cards.fill(0, 0, this.#oldCards);
    this.#heap.fill(0, this.#starts, this.#starts + this.#oldCards * startWordsPerCard);
  }

  scan(counts: Counts, visit: (slot: number) => boolean): void {
    const cards = this.#cards;
    for (let card = 0; card < this.#oldCards; card++) {
      if ((card & 3) === 0 && this.#heap[this.#cardsAt + (card >>> 2)] === 0) {
        card += 3;
        continue;
      }
      if (cards[card] !== dirty) continue;
      counts.cardsScanned++;
      cards[card] = this.#scanCard(card, counts, visit) ? dirty : 0;
    }
  }

  #begins(at: number): boolean {
    return ((this.#heap[this.#starts + (at >>> 6)]! >>> ((at >>> 1) & 31)) & 1) !== 0;
  }

  #scanCard(card: number, counts: Counts, visit: (slot: number) => boolean): boolean {
    const heap = this.#heap;
    const begin = card * cardWords;
    let isKept = false;
    // The entry may be older than what is there now.
    const before = heap[this.#reaching + card]!;
    if (before < begin && this.#begins(before) && before + wordsOf(heap, before) > begin) {
      isKept = this.#scanObject(before, begin, counts, visit);
    }
    for (let block = begin; block < begin + cardWords; block += startBlockWords) {
      let bits = heap[this.#starts + (block >>> 6)]!;
      for (; bits !== 0; bits &= bits - 1) {
        const at = block + grainWords * (31 - Math.clz32(bits & -bits));
        if (this.#scanObject(at, begin, counts, visit)) isKept = true;
      }
    }
    return isKept;
  }

  /** An object's slots that lie in the card that begins at `begin`. */
  #scanObject(at: number, begin: number, counts: Counts, visit: (slot: number) => boolean): boolean {
    const first = at + objectHeaderWords;
    const from = Math.max(first, begin);
    const to = Math.min(first + slotsOf(this.#heap, at), begin + cardWords);
    let isKept = false;
    if (from >= to) return false;
    counts.rememberedSlots += to - from;
    for (let slot = from; slot < to; slot++) {
      if (this.#heap[slot]! >= this.#young && visit(slot)) isKept = true;
    }
    return isKept;
  }
}
