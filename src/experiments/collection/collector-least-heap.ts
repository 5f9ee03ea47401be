/**
 * The smallest heap in which a collector can run a program to its end, found by halving: an exact count for the heaps
 * that were tried, about a hundredth of the answer apart. It runs native code, and the event loop turns between two runs.
 */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { ContractError } from '../../base/errors.ts';
import { mostCollectedWords } from '../../collectors/collector.ts';
import { countNumbers } from '../../collectors/counts.ts';
import type { CollectorChoice } from '../../collectors/plans.ts';
import { inOrder } from '../../kernel/signature.ts';
import { runNative } from '../../native/binding.ts';
import { heapWordsFor, mutateSignature, type NeedyTrace } from './mutate-kernels.ts';
import { shortfallOf } from './collector-metrics.ts';

/** More than so many times of what is live is not looked at. */
const mostTimesLive = 16;
const within = 1.01;
/** As native/collectors/mutate.h says it. */
const givenUp = 'takes this collector more than';

function fits({ kind, settings }: CollectorChoice, trace: NeedyTrace, heapWords: number): boolean {
  if (heapWords < kind.leastWords) return false;
  const args = {
    heap: new Uint32Array(heapWords),
    scratch: new Uint32Array(heapWords + trace.roots),
    roots: new Uint32Array(trace.roots),
    settings: Uint32Array.from(settings),
    trace: trace.rows,
    answers: new Uint32Array(0),
    counts: new Float64Array(countNumbers),
    pauses: new Float64Array(0),
  };
  try {
    runNative(kind.kernel, inOrder(mutateSignature, args), { warmup: 0, iterations: 1, samples: 1 });
  } catch (error) {
    // Nobody can use a heap in which a collector is given up.
    if (error instanceof Error && error.message.includes(givenUp)) return false;
    throw error;
  }
  return shortfallOf(args) === null;
}

/** A heap that is too small for the settings is refused with the error that settings get which do in no heap. */
function fitsOrRefusal(choice: CollectorChoice, trace: NeedyTrace, words: number): boolean | ContractError {
  try {
    return fits(choice, trace, words);
  } catch (error) {
    // As native code says that an argument won't do: the kernel's name, and what is wrong.
    if (error instanceof TypeError) return new ContractError(error.message.replace(/^[a-z-]+: /, ''));
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
