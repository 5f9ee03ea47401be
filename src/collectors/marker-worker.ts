/** Where the second thread of concurrent marking starts (marker-thread.ts). */
import { workerData } from 'node:worker_threads';
import { environment } from '../native/binding.ts';
import { loggedWord, Marker, type MarkingWords } from './concurrent-marking.ts';
import { Counts } from './counts.ts';
import type { Kept } from './grey-objects.ts';
import {
  baseWord,
  type MarkerData,
  markerState,
  objectsWord,
  slotsWord,
  stateWord,
  takenWord,
  wordsWord,
} from './marker-thread.ts';

/** How long the marker sleeps when it has run out of work before the cycle's end. */
const napMs = 0.1;

/** The state, once it is no longer the one that is told. */
function stateAfter({ control }: MarkingWords, state: number, mostMs: number): number {
  Atomics.wait(control, stateWord, state, mostMs);
  return Atomics.load(control, stateWord);
}

function change({ control }: MarkingWords, from: number, to: number): boolean {
  return Atomics.compareExchange(control, stateWord, from, to) === from;
}

/** Tells the mutator that something is done, unless it has told the worker to end meanwhile. */
function park(words: MarkingWords, done: number): void {
  change(words, done, markerState.parked);
  Atomics.notify(words.control, stateWord);
}

/** Marks what is found and logged by now. */
function work(words: MarkingWords): void {
  const { control } = words;
  if (Atomics.load(control, loggedWord) === control[takenWord]) return;
  const marker = new Marker(words, control[baseWord]!);
  marker.begin(control[takenWord]!);
  marker.work();
  const counts = new Counts();
  const kept: Kept = { objects: 0, words: 0 };
  marker.grey.count(counts, kept);
  control[takenWord] = marker.taken;
  control[objectsWord]! += counts.markedObjects;
  control[slotsWord]! += counts.scannedSlots;
  control[wordsWord]! += kept.words;
}

/** Marks a cycle, until the mutator takes it over. */
function markCycle(words: MarkingWords): void {
  while (change(words, markerState.waiting, markerState.marking)) {
    work(words);
    if (!change(words, markerState.marking, markerState.waiting)) {
      park(words, markerState.finishing);
      return;
    }
    stateAfter(words, markerState.waiting, napMs);
  }
}

function serve({ cpu, ...words }: MarkerData): void {
  if (cpu !== null) environment().pin(cpu);
  park(words, markerState.born);
  for (;;) {
    const state = stateAfter(words, markerState.parked, Infinity);
    if (state === markerState.ended) return;
    if (state !== markerState.parked) markCycle(words);
  }
}

const data = workerData as MarkerData;
try {
  serve(data);
} catch (error) {
  data.failures.postMessage(error instanceof Error ? error.message : String(error));
  Atomics.store(data.control, stateWord, markerState.failed);
  Atomics.notify(data.control, stateWord);
}
data.failures.close();
