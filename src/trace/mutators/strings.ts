/**
 * Strings of mixed sizes in a table, replaced at random: as many have a few bytes as have thousands, each range twice as
 * wide as the one before. By turns all are short, then all sizes come: holes that the short ones left are too small for
 * what comes next. Some are two others joined. They hold no references. Live: `strings` strings and the table.
 */
import type { Prng } from '../../base/prng.ts';
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram, type Sized, unsized } from '../mutator.ts';
import { Pace } from '../mutator-pace.ts';

const [table, fresh, other] = [0, 1, 2];
const leastLog = 3;
/** While strings are short, their longest is so many times shorter. */
const shortLogs = 3;
/** Each string is replaced so many times, about, before the sizes change. */
const turns = 2;

/** Up to 2^mostLog bytes: first which range, then where in it. */
function sizeBytes(prng: Prng, mostLog: number): number {
  const log = leastLog + prng.below(Math.max(1, mostLog - leastLog + 1));
  return 2 ** (log - 1) + 1 + prng.below(2 ** (log - 1));
}

export const strings: MutatorProgram<
  {
    strings: number;
    steps: number;
    mostBytesLog: number;
    joinPercent: number;
    reads: number;
  } & Sized
> = {
  id: 'strings',
  title: 'strings of mixed sizes',
  source:
    'ours; sizes by halves as in alloc-test (Ignatchenko and Ivanchykhin), phases after Wilson et al. (1995)',
  parameters: { strings: 2000, steps: 24_000, mostBytesLog: 12, joinPercent: 10, reads: 2, ...unsized },
  limits: {
    strings: [1, mostCount],
    mostBytesLog: [leastLog, 20],
    joinPercent: [0, 100],
    reads: [0, 1000],
  },
  // All sizes come in the second of the turns.
  sizing: { live: 'strings', duration: 'steps', settles: ({ strings: count }) => 2 * turns * count },
  make({ strings: count, steps, mostBytesLog, joinPercent, reads, rateBytes }, prng): MutatorTrace {
    const trace = new MutatorWriter().make(table, count, 0);
    const pace = new Pace(trace, rateBytes);
    const read = (): void => {
      trace.load(other, table, prng.below(count)).use(other);
    };
    const bytesAt = new Float64Array(count);
    for (let step = 0; step < steps; step++) {
      const isShort = Math.floor(step / (turns * count)) % 2 === 0;
      const mostLog = isShort ? mostBytesLog - shortLogs : mostBytesLog;
      // The first ones fill the table.
      const place = step < count ? step : prng.below(count);
      let bytes = sizeBytes(prng, mostLog);
      if (step >= count && prng.below(100) < joinPercent) {
        const [one, two] = [prng.below(count), prng.below(count)];
        trace.load(other, table, one).use(other).load(other, table, two).use(other);
        bytes = Math.min(2 ** mostBytesLog, bytesAt[one]! + bytesAt[two]!);
      }
      trace.make(fresh, 0, bytes).store(table, place, fresh);
      bytesAt[place] = bytes;
      pace.work(reads, read);
      trace.clear(fresh).clear(other);
    }
    return trace.finish();
  },
};
