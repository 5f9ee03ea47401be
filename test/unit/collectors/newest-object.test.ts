/** The newest object may be in no root yet: until the next one is made no store frees or moves it. */
import { expect, it } from 'vitest';
import { unwatched } from '../../../src/collectors/collector.ts';
import { none, objectWords } from '../../../src/collectors/object.ts';
import { PauseLog } from '../../../src/collectors/pauses.ts';
import { collectorChoices } from '../../../src/collectors/plans.ts';

const tables = 12;
/** So many that a log of what changed, where there is one, has no room for all tables. */
const slots = 500;

it.each(collectorChoices)('$id', ({ id, kind, settings }) => {
  // Room for the tables: with counts no more, where the log grows with the heap.
  const heap = new Uint32Array(Math.ceil(kind.leastWords / 16) * 16 + 8192 * (id.startsWith('ref') ? 1 : 3));
  const roots = new Uint32Array(tables);
  const scratch = new Uint32Array(heap.length + roots.length);
  const pauses = new PauseLog(new Float64Array(0));
  const collector = kind.make({ heap, scratch, roots, pauses, watcher: unwatched }, settings);
  const make = (count: number): number => collector.alloc(count, objectWords(collector.extraWords, count, 0));
  const isThere = (wanted: number): boolean => {
    let found = false;
    collector.objects((at) => {
      found ||= at === wanted;
    });
    return found;
  };
  for (let i = 0; i < tables; i++) {
    const table = make(slots);
    expect(table).not.toBe(none);
    collector.setRoot(i, table);
  }
  collector.collect();
  const newest = make(1);
  for (let i = 0; i < tables; i++) {
    collector.store(roots[i]!, 0, roots[(i + 1) % tables]!);
    expect(isThere(newest), `after store ${i}`).toBe(true);
  }
  // A collection of the coalescing one's was in between.
  if (id === 'ref-count-coalesced') expect(collector.counts.minorCollections).toBeGreaterThan(0);
});
