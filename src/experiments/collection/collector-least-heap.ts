/**
 * A small heap in which a collector can run a program to its end, found by halving: it does in this heap, and does not in
 * one that is a fiftieth smaller. Where holes decide, a heap that is larger may be too small again: a collector that
 * begins its collections at other places leaves other holes. So it is a heap that does, not a bound for all that do. It
 * runs native code, and the event loop turns between two runs.
 */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { ContractError } from '../../base/errors.ts';
import { mostCollectedWords } from '../../collectors/collector.ts';
import { countNumbers } from '../../collectors/counts.ts';
import type { CollectorChoice } from '../../collectors/plans.ts';
import { inOrder } from '../../kernel/signature.ts';
import { runNative } from '../../native/binding.ts';
import { heapWordsFor, mutateSignature, type NeedyTrace } from './mutate-kernels.ts';
import { type Observed, shortfallOf } from './collector-metrics.ts';

/** More than so many times of what is live is not looked at. */
const mostTimesLive = 16;
const within = 1.02;
/** As native/collectors/mutate.h says it. */
const givenUp = 'takes this collector more than';

/** Runs the rows once; what it is given shows how far it came. */
function ran(
  { kind, settings }: CollectorChoice,
  rows: Uint32Array,
  roots: number,
  heapWords: number,
): Observed {
  const args = {
    heap: new Uint32Array(heapWords),
    scratch: new Uint32Array(heapWords + roots),
    roots: new Uint32Array(roots),
    settings: Uint32Array.from(settings),
    trace: rows,
    answers: new Uint32Array(0),
    counts: new Float64Array(countNumbers),
    pauses: new Float64Array(0),
  };
  runNative(kind.kernel, inOrder(mutateSignature, args), { warmup: 0, iterations: 1, samples: 1 });
  return args;
}

function fits(choice: CollectorChoice, trace: NeedyTrace, heapWords: number): boolean {
  if (heapWords < choice.kind.leastWords) return false;
  try {
    return shortfallOf(ran(choice, trace.rows, trace.roots, heapWords)) === null;
  } catch (error) {
    // Nobody can use a heap in which a collector is given up.
    if (error instanceof Error && error.message.includes(givenUp)) return false;
    throw error;
  }
}

/** What native code says against an argument: the kernel's name stands before it. */
function refusalText(error: unknown): string | null {
  return error instanceof TypeError ? error.message.replace(/^[a-z-]+: /, '') : null;
}

/** What a collector has against its settings in a heap of so many words; null: nothing. */
export function settingsRefusal(choice: CollectorChoice, heapWords: number): string | null {
  if (heapWords < choice.kind.leastWords) return null;
  try {
    ran(choice, new Uint32Array(0), 1, heapWords);
    return null;
  } catch (error) {
    const text = refusalText(error);
    if (text === null) throw error;
    return text;
  }
}

/** A heap that is too small for the settings is refused with the error that settings get which do in no heap. */
function fitsOrRefusal(choice: CollectorChoice, trace: NeedyTrace, words: number): boolean | ContractError {
  try {
    return fits(choice, trace, words);
  } catch (error) {
    const text = refusalText(error);
    if (text !== null) return new ContractError(text);
    throw error;
  }
}

/**
 * Words of the heap; null where even 16 times of what is live at most is too little; undefined where `goesOn`, which is
 * asked before every run, said no.
 * @throws ContractError where the settings won't do in any heap
 */
export async function leastHeapWords(
  choice: CollectorChoice,
  trace: NeedyTrace,
  goesOn: () => boolean = () => true,
): Promise<number | null | undefined> {
  const mayGoOn = async (): Promise<boolean> => {
    await eventLoopTurn();
    return goesOn();
  };
  const sized = (times: number): number =>
    Math.min(
      Math.max(heapWordsFor(trace.liveWords, 100 * times), choice.kind.leastWords),
      mostCollectedWords,
    );
  let [low, high] = [1, 1];
  for (;;) {
    if (!(await mayGoOn())) return undefined;
    const found = fitsOrRefusal(choice, trace, sized(high));
    if (found === true) break;
    if (high >= mostTimesLive) {
      if (found === false) return null;
      throw found;
    }
    [low, high] = [high, 2 * high];
  }
  while (high / low > within) {
    if (!(await mayGoOn())) return undefined;
    const middle = Math.sqrt(low * high);
    if (fitsOrRefusal(choice, trace, sized(middle)) === true) high = middle;
    else low = middle;
  }
  return sized(high);
}
