/**
 * What `linefill gc record` loads into each Node process of the program, before its first line: starts V8's sampling of
 * allocations, and a thread of its own (gc-recorder-looks.ts) that looks at the heap now and then from outside, through
 * the inspector, also while the program does not come to its event loop. The last look is at the program's exit. Imports
 * nothing but Node's own modules and touches nothing of the program's; sets no option of V8's.
 */
import { appendFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, join } from 'node:path';
import { GCProfiler, getHeapStatistics } from 'node:v8';
import { isMainThread, Worker } from 'node:worker_threads';
import type { RawLook, RecordingHead } from '../trace/lifetime-model-raw.ts';

/** A marker as large as so many intervals goes unsampled in 1 of 3,000 looks, which is then left out. */
const markerIntervals = 8;
const slotBytes = 8;
/** Odd lengths, so that a marker is told by its size, whether or not V8 counts the array's own head and its elements' in. */
const [fromExtra, toExtra] = [1777, 2777];
const mostHeadBytes = 128;
/** The thread answers within microseconds, unless it does not get to run. */
const mostWaitMs = 50;
const mostGoodbyeMs = 3000;
export const flag = { asked: 0, stage: 1 } as const;
/** While a session is open, Node neither exits nor kills itself at once, and says so on stderr. */
export const threadStage = { away: 0, looking: 1, unwanted: 2 } as const;
const oldestNode = [20, 19] as const;

interface Sample {
  readonly ordinal: number;
  readonly size: number;
}

/** What a look's first half tells: all but the samples. */
type Told = Pick<RawLook, 'atNs' | 'allocatedBytes' | 'pauses'>;
/** What its second half tells. */
type Taken = Pick<RawLook, 'tookNs' | 'liveBytes' | 'offHeap'>;

/** What the thread is told. */
export interface Looking {
  readonly path: string;
  readonly begin: string;
  readonly end: string;
  readonly fromBytes: number;
  readonly toBytes: number;
  /** Two words: 1 when all of a look has been asked for; what the thread is doing (threadStage). */
  readonly flags: Int32Array;
}

const { memoryUsage } = process;

/** What lies off the heap: in all, and of that the contents of ArrayBuffers; null where the system does not tell. */
function offHeapNow(): [externalBytes: number, arrayBuffersBytes: number] | null {
  try {
    const { external, arrayBuffers } = memoryUsage();
    return [external, arrayBuffers];
  } catch {
    return null;
  }
}

/** The halves of a look that are done by the thread that is looked at. */
class Eye {
  readonly #start = process.hrtime.bigint();
  readonly #slots: number;
  readonly flags: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(8));
  #profiler: GCProfiler | null = null;
  #usedBytes = 0;
  #begunNs = 0;
  #allocatedBytes = 0;
  #pauses: [kind: string, ns: number][] = [];
  /** Held until the next look has seen them. */
  readonly #markers: unknown[] = [];

  constructor(intervalBytes: number) {
    this.#slots = Math.ceil((markerIntervals * intervalBytes) / slotBytes);
  }

  /** The least size at which V8 samples a marker: its elements. */
  markerBytes(extra: number): number {
    return slotBytes * (this.#slots + extra);
  }

  begin(): Told {
    this.#begunNs = this.#nowNs();
    const { used_heap_size: usedBytes } = getHeapStatistics();
    // A look may have been begun and given up.
    for (const { gcType, cost, beforeGC, afterGC } of this.#profiler?.stop().statistics ?? []) {
      this.#allocatedBytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - this.#usedBytes);
      this.#usedBytes = afterGC.heapStatistics.usedHeapSize;
      this.#pauses.push([gcType, Math.round(1000 * cost)]);
    }
    this.#profiler = null;
    this.#allocatedBytes += Math.max(0, usedBytes - this.#usedBytes);
    this.#usedBytes = usedBytes;
    this.#markers[0] = new Array<number>(this.#slots + toExtra).fill(0);
    return { atNs: this.#begunNs, allocatedBytes: this.#allocatedBytes, pauses: this.#pauses };
  }

  /** What is asked for by then is answered before the program goes on. */
  beginAsked(): Told {
    Atomics.wait(this.flags, flag.asked, 0, mostWaitMs);
    return this.begin();
  }

  end(): Taken {
    const liveBytes = getHeapStatistics().used_heap_size;
    const offHeap = offHeapNow();
    this.#markers[1] = new Array<number>(this.#slots + fromExtra).fill(0);
    [this.#allocatedBytes, this.#pauses] = [0, []];
    this.#profiler = new GCProfiler();
    this.#profiler.start();
    this.#usedBytes = getHeapStatistics().used_heap_size;
    return { liveBytes, offHeap, tookNs: this.#nowNs() - this.#begunNs };
  }

  #nowNs(): number {
    return Number(process.hrtime.bigint() - this.#start);
  }
}

/** Sends the thread away before the process ends, while our own thread answers what it still asks. */
function sayGoodbye(flags: Int32Array<SharedArrayBuffer>): void {
  const { away, looking, unwanted } = threadStage;
  for (let waitedMs = 0; waitedMs < mostGoodbyeMs; waitedMs++) {
    if (Atomics.compareExchange(flags, flag.stage, away, unwanted) === away) return;
    // Between two waits what the thread asks is answered.
    Atomics.wait(flags, flag.stage, looking, 1);
  }
}

/** The ordinal of the newest marker of so many bytes. */
export function newestOf(samples: readonly Sample[], bytes: number): number | null {
  let newest: number | null = null;
  for (const { ordinal, size } of samples) {
    const isMarker = size >= bytes && size < bytes + mostHeadBytes;
    if (isMarker && ordinal > (newest ?? -1)) newest = ordinal;
  }
  return newest;
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
}

function samplesOf(session: Session): readonly Sample[] {
  let samples: readonly Sample[] = [];
  // In the thread itself it answers before it returns.
  session.post('HeapProfiler.getSamplingProfile', (_, answer) => {
    samples = (answer?.profile as { samples?: readonly Sample[] } | undefined)?.samples ?? [];
  });
  return samples;
}

function record(folder: string, intervalBytes: number): void {
  const path = join(folder, `${process.pid}.looks`);
  const session = new Session();
  session.connect();
  session.post('HeapProfiler.startSampling', { samplingInterval: intervalBytes });
  const eye = new Eye(intervalBytes);
  const [fromBytes, toBytes] = [eye.markerBytes(fromExtra), eye.markerBytes(toExtra)];
  const look = (): RawLook => {
    const told = eye.begin();
    const samples = samplesOf(session);
    const all = samples.map(({ ordinal, size }): [number, number] => [ordinal, size]);
    return {
      ...told,
      ...eye.end(),
      from: newestOf(samples, fromBytes),
      to: newestOf(samples, toBytes),
      all,
    };
  };
  const { liveBytes: baseBytes, offHeap: baseOffHeap } = look();
  const head: RecordingHead = {
    pid: process.pid,
    node: process.versions.node,
    program: ['node', ...process.argv.slice(1)].map((word) => basename(word)).join(' '),
    startedAt: new Date().toISOString(),
    intervalBytes,
    baseBytes,
    baseOffHeap,
  };
  appendFileSync(path, `${JSON.stringify(head)}\n`);
  // Only who knows the symbol finds it.
  const name = 'linefill.gc-record';
  Object.defineProperty(globalThis, Symbol.for(name), { value: eye });
  const call = `globalThis[Symbol.for('${name}')]`;
  const looking: Looking = {
    path,
    begin: `${call}.beginAsked()`,
    end: `${call}.end()`,
    fromBytes,
    toBytes,
    flags: eye.flags,
  };
  const thread = new Worker(new URL('./gc-recorder-looks.js', import.meta.url), {
    // None of the program's options, or it would be recorded itself.
    execArgv: [],
    env: {},
    workerData: looking,
  });
  thread.unref();
  // Without it the program goes on, and the last look is the only one.
  thread.on('error', () => undefined);
  process.on('worker', (other: Worker) => {
    if (other !== thread) appendFileSync(join(folder, `${process.pid}.threads`), '.');
  });
  process.on('exit', () => {
    sayGoodbye(eye.flags);
    appendFileSync(path, `\n${JSON.stringify(look())}\n`);
  });
}

/** Leaves word that this process is not recorded, and why. */
function refuse(folder: string, why: string): void {
  try {
    appendFileSync(join(folder, `${process.pid}.refused`), why);
  } catch {
    // It may not write there either: nothing is left, which is said as well.
  }
}

const folder = process.env['LINEFILL_GC_RECORD'];
const intervalBytes = Number(process.env['LINEFILL_GC_INTERVAL']);
if (folder !== undefined && folder !== '' && intervalBytes > 0 && isMainThread) {
  if (isOld(process.versions.node)) refuse(folder, `Node.js ${process.versions.node} is too old`);
  else {
    try {
      record(folder, intervalBytes);
    } catch (error) {
      // A program that forbids threads, files or the inspector runs on all the same.
      refuse(folder, (error as Error).message);
    }
  }
}
