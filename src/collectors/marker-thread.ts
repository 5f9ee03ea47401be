/**
 * The second thread of concurrent marking: a worker (marker-worker.ts) over a heap and a scratch that are shared. It
 * sleeps until a cycle begins, marks, and ends when it is told to. Mutator and worker wait in Atomics.wait, so that
 * neither needs its event loop. Native twin: the thread of native/collectors/concurrent-marking.h.
 */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { ContractError } from '../base/errors.ts';
import { environment } from '../native/binding.ts';
import { Marker, type MarkerThread, type MarkingWords } from './concurrent-marking.ts';
import type { Counts } from './counts.ts';
import type { Kept } from './grey-objects.ts';

/** Behind the log's length in `control`: what is to do, where the blocks begin, what was taken of the log and scanned. */
export const stateWord = 1;
export const baseWord = 2;
export const takenWord = 3;
export const objectsWord = 4;
export const slotsWord = 5;
/** The words of the objects that were scanned. */
export const wordsWord = 6;
const controlWords = 7;

/**
 *   born -> parked -> waiting <-> marking
 *             ^----------'           |
 *             '------ finishing <----'      ended, failed: from any
 *
 * Waiting: a cycle goes on, and nobody marks it at the moment.
 */
export const markerState = {
  parked: 0,
  waiting: 1,
  marking: 2,
  finishing: 3,
  ended: 4,
  born: 5,
  failed: 6,
} as const;

/** For a start, and for what a cycle has left to mark: nobody waits for a thread that is gone. */
const startPatienceMs = 10_000;
const markPatienceMs = 60_000;

/** Where the compiled modules are, wherever this one is: here, in a bundle, or among the sources. */
function compiled(): URL {
  const packageFolder = join(fileURLToPath(import.meta.url), '..', '..', '..');
  return pathToFileURL(join(packageFolder, 'dist', 'collectors', '/'));
}

/** What a worker is born with. */
export interface MarkerData extends MarkingWords {
  /** Where it marks; null: wherever the system likes. */
  readonly cpu: number | null;
  /** Where it tells why it failed: read while both threads wait. */
  readonly failures: MessagePort;
}

/** The CPU after the calling thread's: on that one the marker would run in the mutator's place. */
function nextCpu(): number | null {
  const { allowedCpus, columns, usage } = environment();
  const here = allowedCpus.indexOf(usage()[columns.indexOf('cpu')]!);
  return here < 0 || allowedCpus.length < 2 ? null : allowedCpus[(here + 1) % allowedCpus.length]!;
}

/** One that has failed or was closed marks no more: another is to be made. */
export class MarkerWorker implements MarkerThread {
  readonly words: MarkingWords;
  readonly #failures: MessagePort;
  #failure: string | null = null;

  /** Over SharedArrayBuffers. Waits until the worker is there; it keeps no process alive. */
  constructor(heap: Uint32Array, scratch: Uint32Array) {
    for (const [name, { buffer }] of Object.entries({ heap, scratch })) {
      if (buffer instanceof SharedArrayBuffer) continue;
      throw new ContractError(`"${name}" must lie in a SharedArrayBuffer for a second thread to mark it`);
    }
    const control = new Int32Array(new SharedArrayBuffer(controlWords * Int32Array.BYTES_PER_ELEMENT));
    control[stateWord] = markerState.born;
    this.words = { heap, scratch, control };
    const { port1, port2 } = new MessageChannel();
    this.#failures = port1;
    const workerData: MarkerData = { ...this.words, cpu: nextCpu(), failures: port2 };
    const worker = new Worker(new URL('./marker-worker.js', compiled()), {
      workerData,
      transferList: [port2],
    });
    // Of one that couldn't even be loaded, or has no memory left. The next call tells it.
    worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#tell(markerState.failed);
    });
    worker.unref();
    if (this.#await(markerState.born, startPatienceMs)) return;
    const error = this.#unfit();
    this.close();
    throw error;
  }

  begin(base: number): void {
    const { control } = this.words;
    if (Atomics.load(control, stateWord) !== markerState.parked) throw this.#unfit();
    control[baseWord] = base;
    control[takenWord] = control[objectsWord] = control[slotsWord] = control[wordsWord] = 0;
    this.#tell(markerState.waiting);
  }

  finish(counts: Counts, kept: Kept): void {
    const { control } = this.words;
    // A worker that sleeps is not waited for: what it would find when it wakes is done here.
    if (!this.#takeOver()) throw this.#unfit();
    counts.markedObjects += control[objectsWord]!;
    counts.scannedSlots += control[slotsWord]!;
    kept.objects += control[objectsWord]!;
    kept.words += control[wordsWord]!;
    const rest = new Marker(this.words, control[baseWord]!);
    rest.begin(control[takenWord]!);
    rest.work();
    rest.grey.count(counts, kept);
  }

  /** The worker ends by itself. What it was at it has left by then: heap and scratch are free for another one. */
  close(): void {
    this.#takeOver();
    this.#tell(markerState.ended);
    this.#failures.close();
  }

  #change(from: number, to: number): boolean {
    return Atomics.compareExchange(this.words.control, stateWord, from, to) === from;
  }

  #tell(state: number): void {
    Atomics.store(this.words.control, stateWord, state);
    Atomics.notify(this.words.control, stateWord);
  }

  /** Until the worker has left the state for another than failure; false: it hasn't. */
  #await(state: number, patienceMs: number): boolean {
    const { control } = this.words;
    if (Atomics.wait(control, stateWord, state, patienceMs) === 'timed-out') return false;
    return Atomics.load(control, stateWord) !== markerState.failed;
  }

  /** Makes the cycle the caller's, as soon as the worker has left what it is at; false: there is none to be had. */
  #takeOver(): boolean {
    for (;;) {
      if (this.#change(markerState.waiting, markerState.parked)) return true;
      if (this.#change(markerState.marking, markerState.finishing)) {
        return this.#await(markerState.finishing, markPatienceMs);
      }
      const state = Atomics.load(this.words.control, stateWord);
      if (state !== markerState.waiting && state !== markerState.marking) return false;
    }
  }

  /** Why it marks nothing. */
  #unfit(): Error {
    switch (Atomics.load(this.words.control, stateWord)) {
      case markerState.born:
        return new Error(`the thread that marks did not start within ${startPatienceMs / 1000} s`);
      case markerState.finishing:
        return new Error(`the thread that marks did not answer within ${markPatienceMs / 1000} s`);
      case markerState.failed: {
        const told: unknown = receiveMessageOnPort(this.#failures)?.message;
        if (typeof told === 'string') this.#failure ??= told;
        return new Error(`the thread that marks failed: ${this.#failure ?? 'it did not tell why'}`);
      }
      default:
        return new ContractError('the thread that marks was closed, or is in another cycle');
    }
  }
}
