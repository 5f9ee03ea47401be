/**
 * The second thread of concurrent marking: a worker (marker-worker.ts) over a heap and a scratch that are shared. It
 * sleeps until a cycle begins, marks, and ends when it is told to. Mutator and worker wait in Atomics.wait, so that
 * neither needs its event loop. Native twin: the thread of native/collectors/concurrent-marking.h.
 */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ContractError, InvariantError } from '../base/errors.ts';
import { environment } from '../native/binding.ts';
import type { MarkerThread, MarkingWords } from './concurrent-marking.ts';
import type { Counts } from './counts.ts';

/** Behind the log's length in `control`: what is to do, where the blocks begin, what was scanned. */
export const stateWord = 1;
export const baseWord = 2;
export const objectsWord = 3;
export const slotsWord = 4;
const controlWords = 5;

export const markerState = { parked: 0, marking: 1, finishing: 2, ended: 3, born: 4 } as const;

const patienceMs = 10_000;

/** Where the compiled modules are, wherever this one is: here, in a bundle, or among the sources. */
function compiled(): URL {
  const packageFolder = join(fileURLToPath(import.meta.url), '..', '..', '..');
  return pathToFileURL(join(packageFolder, 'dist', 'collectors', '/'));
}

/** What a worker is born with. */
export interface MarkerData extends MarkingWords {
  /** Where it marks; null: wherever the system likes. */
  readonly cpu: number | null;
}

/** The CPU after the calling thread's: on that one the marker would run in the mutator's place. */
function nextCpu(): number | null {
  const { allowedCpus, columns, usage } = environment();
  const here = allowedCpus.indexOf(usage()[columns.indexOf('cpu')]!);
  return here < 0 || allowedCpus.length < 2 ? null : allowedCpus[(here + 1) % allowedCpus.length]!;
}

export class MarkerWorker implements MarkerThread {
  readonly words: MarkingWords;

  /** Over SharedArrayBuffers. Waits until the worker is there; it keeps no process alive. */
  constructor(heap: Uint32Array, scratch: Uint32Array) {
    for (const [name, { buffer }] of Object.entries({ heap, scratch })) {
      if (buffer instanceof SharedArrayBuffer) continue;
      throw new ContractError(`"${name}" must lie in a SharedArrayBuffer for a second thread to mark it`);
    }
    const control = new Int32Array(new SharedArrayBuffer(controlWords * Int32Array.BYTES_PER_ELEMENT));
    control[stateWord] = markerState.born;
    this.words = { heap, scratch, control };
    const workerData: MarkerData = { ...this.words, cpu: nextCpu() };
    const worker = new Worker(new URL('./marker-worker.js', compiled()), { workerData });
    worker.unref();
    this.#await(markerState.born);
  }

  begin(base: number): void {
    this.words.control[baseWord] = base;
    this.#tell(markerState.marking);
  }

  finish(counts: Counts): void {
    const { control } = this.words;
    this.#tell(markerState.finishing);
    this.#await(markerState.finishing);
    counts.markedObjects += control[objectsWord]!;
    counts.scannedSlots += control[slotsWord]!;
  }

  /** The worker ends by itself. */
  close(): void {
    this.#tell(markerState.ended);
  }

  #tell(state: number): void {
    Atomics.store(this.words.control, stateWord, state);
    Atomics.notify(this.words.control, stateWord);
  }

  /** Until the worker has left the state. */
  #await(state: number): void {
    if (Atomics.wait(this.words.control, stateWord, state, patienceMs) !== 'timed-out') return;
    throw new InvariantError(`the thread that marks did not answer within ${patienceMs / 1000} s`);
  }
}
