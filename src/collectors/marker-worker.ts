/** Where the second thread of concurrent marking starts (marker-thread.ts). */
import { workerData } from 'node:worker_threads';
import { environment } from '../native/binding.ts';
import { Marker, type MarkingWords } from './concurrent-marking.ts';
import { Counts } from './counts.ts';
import {
  baseWord,
  type MarkerData,
  markerState,
  objectsWord,
  slotsWord,
  stateWord,
} from './marker-thread.ts';

/** How long the marker sleeps when it has run out of work before the cycle's end. */
const napMs = 0.1;

/** The state, once it is no longer the one that is told. */
function stateAfter({ control }: MarkingWords, state: number, mostMs: number): number {
  Atomics.wait(control, stateWord, state, mostMs);
  return Atomics.load(control, stateWord);
}

/** Marks one cycle, to its end. */
function markCycle(words: MarkingWords): void {
  const { control } = words;
  const marker = new Marker(words, control[baseWord]!);
  for (let state: number = markerState.marking; state === markerState.marking; ) {
    marker.work();
    state = stateAfter(words, markerState.marking, napMs);
  }
  // The mutator stands still: what it logged last is there.
  marker.work();
  const counts = new Counts();
  marker.grey.count(counts);
  control[objectsWord] = counts.markedObjects;
  control[slotsWord] = counts.scannedSlots;
}

/** Tells the mutator that something is done, unless it has told the worker to end meanwhile. */
function park({ control }: MarkingWords, done: number): void {
  Atomics.compareExchange(control, stateWord, done, markerState.parked);
  Atomics.notify(control, stateWord);
}

function serve({ cpu, ...words }: MarkerData): void {
  if (cpu !== null) environment().pin(cpu);
  park(words, markerState.born);
  for (;;) {
    const state = stateAfter(words, markerState.parked, Infinity);
    if (state === markerState.ended) return;
    if (state === markerState.parked) continue;
    markCycle(words);
    park(words, markerState.finishing);
  }
}

serve(workerData as MarkerData);
