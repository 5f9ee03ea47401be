/** A collector that is not told of one root: the suite's oracle must find it out, whatever the collector. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Collector, CollectorRoom, MakeCollector, Stretch } from '../../../src/collectors/collector.ts';
import type { Counts } from '../../../src/collectors/counts.ts';
import { type CollectorChoice, collectorChoices } from '../../../src/collectors/plans.ts';
import { type MutatorTrace, mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { isCollect, Watched } from '../../differential/collectors/mutators.ts';

const seed = 20_261_125;
const roots = 4;
const forgotten = 2;
const nothing = -1;

/** Tells the collector of all roots but one, or of all; the mutator has them all. */
class Forgetful implements Collector {
  readonly counts: Counts;
  readonly extraWords: number;
  readonly #inner: Collector;
  readonly #told: Uint32Array;
  readonly #roots: Uint32Array;
  readonly #forgotten: number;

  constructor(make: MakeCollector, room: CollectorRoom, settings: readonly number[], without: number) {
    this.#forgotten = without;
    this.#roots = room.roots;
    this.#told = new Uint32Array(room.roots.length);
    this.#inner = make({ ...room, roots: this.#told }, settings);
    this.counts = this.#inner.counts;
    this.extraWords = this.#inner.extraWords;
  }

  alloc(slots: number, words: number): number {
    const at = this.#inner.alloc(slots, words);
    this.#follow();
    return at;
  }

  load(object: number, slot: number): number {
    return this.#inner.load(object, slot);
  }

  store(object: number, slot: number, target: number): void {
    this.#inner.store(object, slot, target);
    this.#follow();
  }

  setRoot(index: number, target: number): void {
    this.#roots[index] = target;
    if (index !== this.#forgotten) this.#inner.setRoot(index, target);
    this.#follow();
  }

  collect(): void {
    this.#inner.collect();
    this.#follow();
  }

  finish(): void {
    this.#inner.finish();
  }

  get usedWords(): number {
    return this.#inner.usedWords;
  }

  get capacityWords(): number {
    return this.#inner.capacityWords;
  }

  largestFreeWords(): number {
    return this.#inner.largestFreeWords();
  }

  objects(see: (at: number) => void): void {
    this.#inner.objects(see);
  }

  get spaces(): readonly Stretch[] {
    return this.#inner.spaces;
  }

  /** Objects may have moved. */
  #follow(): void {
    for (const [i, root] of this.#told.entries()) if (i !== this.#forgotten) this.#roots[i] = root;
  }
}

function forgetting(choice: CollectorChoice, root: number): CollectorChoice {
  const make: MakeCollector = (room, settings) => new Forgetful(choice.kind.make, room, settings, root);
  return { ...choice, kind: { ...choice.kind, make } };
}

const anyRoot = fc.nat(roots - 1);
const anyRow = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant(1), anyRoot, fc.nat(3), fc.integer({ min: 4, max: 40 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constant(2), anyRoot, anyRoot, fc.nat(2)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant(3), anyRoot, fc.nat(2), anyRoot) },
  { weight: 1, arbitrary: fc.constant([8, 0, 0, 0]) },
);
const anyTrace = fc
  .array(anyRow, { minLength: 1, maxLength: 120, size: 'max' })
  .map((rows): MutatorTrace => ({ rows: Uint32Array.from(rows.flat()), roots }));

/** Whether what the collector holds is what it should, after each row. */
function isRight(choice: CollectorChoice, trace: MutatorTrace): boolean {
  const watched = new Watched(choice, choice.kind.leastWords + 4096, trace);
  for (let row = 0; row < trace.rows.length / mutatorRowWords; row++) {
    if (!watched.row(row)) return true;
    if (watched.difference() !== null) return false;
    if (isCollect(trace, row) && watched.held() < watched.graph.reachable().size) return false;
  }
  return true;
}

/** An error is not what is looked for here. */
function isDifferent(choice: CollectorChoice, trace: MutatorTrace): boolean {
  try {
    return !isRight(choice, trace);
  } catch {
    return false;
  }
}

describe.each(collectorChoices)('$id', (choice) => {
  it('is found out when it forgets a root, by a few rows', () => {
    const wrong = forgetting(choice, forgotten);
    const found = fc.check(
      fc.property(anyTrace, (trace) => !isDifferent(wrong, trace)),
      { seed, numRuns: 50 },
    );
    expect(found.failed).toBe(true);
    expect(found.counterexample![0].rows.length / mutatorRowWords).toBeLessThan(20);
  });

  it('is not found out when it forgets none', () => {
    const right = forgetting(choice, nothing);
    fc.assert(
      fc.property(anyTrace, (trace) => isRight(right, trace)),
      { seed, numRuns: 8 },
    );
  });
});
