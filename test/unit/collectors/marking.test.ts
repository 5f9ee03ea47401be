/** Marking in steps: whatever the limit of a step, the same objects are found, each once. */
import { expect, test } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { collectorEvent } from '../../../src/collectors/collector.ts';
import { Counts } from '../../../src/collectors/counts.ts';
import { Marking } from '../../../src/collectors/marking.ts';
import { makeObject, none, objectHeaderWords, white } from '../../../src/collectors/object.ts';

const objects = 300;
const slots = 3;
const words = 6;

/** Objects that name others at random; every second one is named by nobody. */
function randomHeap(): Uint32Array {
  const prng = new Prng(5);
  const heap = new Uint32Array(16 + words * objects);
  for (let i = 0; i < objects; i++) {
    const at = 16 + words * i;
    makeObject(heap, at, 0, slots, words, white);
    for (let slot = 0; slot < slots; slot++) {
      if (prng.below(3) > 0) heap[at + objectHeaderWords + slot] = 16 + 2 * words * prng.below(objects / 2);
    }
  }
  return heap;
}

function reached(heap: Uint32Array, root: number): Set<number> {
  const found = new Set([root]);
  for (const at of found) {
    for (let slot = 0; slot < slots; slot++) {
      const target = heap[at + objectHeaderWords + slot]!;
      if (target !== none) found.add(target);
    }
  }
  return found;
}

test.each([1, 7, 50, Infinity])('steps of %d objects and slots', (limit) => {
  const heap = randomHeap();
  const wanted = reached(heap, 16);
  const marks = new Set<number>();
  const space = {
    mark: (at: number): boolean => {
      const isNew = !marks.has(at);
      marks.add(at);
      return isNew;
    },
  };
  const seen: (readonly [number, number])[] = [];
  const watcher = { see: (event: number, at: number): unknown => seen.push([event, at]) };
  const marking = new Marking(heap, new Uint32Array(heap.length), 0, watcher as never);
  const counts = new Counts();
  marking.begin();
  marking.see(space, none);
  marking.see(space, 16);
  marking.see(space, 16);
  let steps = 1;
  while (!marking.drain(space, counts, limit)) steps++;
  expect(marking.isDone).toBe(true);
  const work = wanted.size * (1 + slots);
  if (limit === Infinity) expect(steps).toBe(1);
  else expect(Math.abs(steps - work / Math.ceil(limit / (1 + slots)) / (1 + slots))).toBeLessThan(2);
  expect(marks).toEqual(wanted);
  expect(counts).toMatchObject({ markedObjects: wanted.size, scannedSlots: wanted.size * slots });
  expect(marking.words).toBe(wanted.size * words);
  for (const event of [collectorEvent.grey, collectorEvent.black]) {
    const told = seen.filter(([each]) => each === event).map(([, at]) => at);
    expect(told.length).toBe(wanted.size);
    expect(new Set(told)).toEqual(wanted);
  }
});
