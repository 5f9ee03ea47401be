/**
 * The thread of `linefill gc record` that looks at the program's heap: asks V8 in the program's own thread which samples
 * still live, at most so often that looks take a twentieth of the time, and writes at once what has changed, so that
 * a program that is killed leaves all but its last moments. V8 collects fully before it answers.
 */
import { appendFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import type { RawLook } from '../trace/lifetime-model-raw.ts';
import { flag, type Looking, newestOf, threadStage } from './gc-recorder.ts';

const restPerLook = 19;
const leastRestMs = 20;
/** A program that allocates next to nothing is looked at ever more seldom. */
const mostRestMs = 5000;
const fewSamples = 64;

const { path, begin, end, fromBytes, toBytes, flags } = workerData as Looking;

/** What an expression gives in the program's thread. */
function inProgram<T>(session: Session, expression: string): Promise<T> {
  return new Promise((resolve, reject) => {
    session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, answer) => {
      if (error === null && answer.exceptionDetails === undefined) resolve(answer.result.value as T);
      else reject(new Error(`${error?.message ?? answer.exceptionDetails?.text}`));
    });
  });
}

interface Sample {
  readonly ordinal: number;
  readonly size: number;
}

function samplesNow(session: Session): Promise<readonly Sample[]> {
  return new Promise((resolve, reject) => {
    session.post('HeapProfiler.getSamplingProfile', (error, answer) => {
      if (error === null) resolve((answer.profile as unknown as { samples: readonly Sample[] }).samples);
      else reject(error);
    });
  });
}

let known = new Set<number>();

/** Looks; how long that took and how many samples were new. */
async function look(session: Session): Promise<{ tookMs: number; births: number }> {
  // The first question is not answered before all are asked: between the answers the program does not run on.
  Atomics.store(flags, flag.asked, 0);
  const answers = Promise.all([
    inProgram<Omit<RawLook, 'tookNs' | 'liveBytes' | 'offHeap'>>(session, begin),
    samplesNow(session),
    inProgram<Pick<RawLook, 'tookNs' | 'liveBytes' | 'offHeap'>>(session, end),
  ]);
  Atomics.store(flags, flag.asked, 1);
  Atomics.notify(flags, flag.asked);
  const [told, samples, taken] = await answers;
  const present = new Set(samples.map(({ ordinal }) => ordinal));
  const [from, to] = [newestOf(samples, fromBytes), newestOf(samples, toBytes)];
  const line: RawLook = {
    ...told,
    ...taken,
    from,
    to,
    born: samples.filter(({ ordinal }) => !known.has(ordinal)).map(({ ordinal, size }) => [ordinal, size]),
    dead: [...known].filter((ordinal) => !present.has(ordinal)),
  };
  known = present;
  appendFileSync(path, `${JSON.stringify(line)}\n`);
  return { tookMs: taken.tookNs / 1e6, births: from === null || to === null ? 0 : to - from };
}

let restMs = leastRestMs;

/** The session is open for a look only. */
async function lookOn(): Promise<void> {
  const { away, looking } = threadStage;
  if (Atomics.compareExchange(flags, flag.stage, away, looking) !== away) return;
  const session = new Session();
  session.connectToMainThread();
  try {
    const { tookMs, births } = await look(session);
    const quietMs = births < fewSamples ? Math.min(2 * restMs, mostRestMs) : leastRestMs;
    restMs = Math.max(quietMs, restPerLook * tookMs);
    setTimeout(() => void lookOn(), restMs);
  } finally {
    session.disconnect();
    Atomics.store(flags, flag.stage, away);
    Atomics.notify(flags, flag.stage);
  }
}

// Something to live for: an answer to come does not keep a thread alive.
setInterval(() => undefined, mostRestMs);
await lookOn();
