/** What a mutator's trace amounts to, counted of the trace alone: operations, allocation and live set. */
import { formatBytes, formatCount } from '../base/units.ts';
import { lifetimes, liveWordsOver } from './lifetimes.ts';
import { rateOf } from './mutator-pace.ts';
import { type MutatorTrace, mutatorRowWords } from './mutator-rows.ts';

export interface MutatorAmount {
  /** Rows. */
  readonly operations: number;
  readonly objects: number;
  readonly allocatedBytes: number;
  /** Allocated in each thousand operations. */
  readonly rateBytes: number;
  /** What can be reached when memory is asked for, with what is asked for: at most. */
  readonly liveBytes: number;
  /** The same on average, over the bytes allocated. */
  readonly meanLiveBytes: number;
}

const wordBytes = 4;

/** Counts a trace: exact, at the cost of its lifetimes. Throws ContractError for a row that there is not. */
export function amountOf(trace: MutatorTrace): MutatorAmount {
  const found = lifetimes(trace);
  const live = liveWordsOver(found);
  let [most, weighted] = [0, 0];
  for (let object = 1; object <= found.made; object++) {
    most = Math.max(most, live[object]!);
    weighted += live[object]! * found.words[object]!;
  }
  const allocatedWords = found.allocatedWords[found.made]!;
  const operations = trace.rows.length / mutatorRowWords;
  return {
    operations,
    objects: found.made,
    allocatedBytes: wordBytes * allocatedWords,
    rateBytes: rateOf(wordBytes * allocatedWords, operations),
    liveBytes: wordBytes * most,
    meanLiveBytes: allocatedWords === 0 ? 0 : (wordBytes * weighted) / allocatedWords,
  };
}

/** In words: '1,000 operations that allocate 4 KiB, 4,096 B a thousand; 1 KiB live at most, 800 B on average'. */
export function amountText(amount: MutatorAmount): string {
  const { operations, allocatedBytes, rateBytes, liveBytes, meanLiveBytes } = amount;
  const rate = `${formatCount(Math.round(rateBytes))} B a thousand`;
  const mean = formatBytes(Math.round(meanLiveBytes));
  return (
    `${formatCount(operations)} operations that allocate ${formatBytes(allocatedBytes)}, ${rate}; ` +
    `${formatBytes(liveBytes)} live at most, ${mean} on average`
  );
}
