/**
 * In what a trace that is made from a model differs in scale from the program. How much lives is chosen, and ages follow:
 * they are bytes allocated, so that with all ages times k lives k times as much (Little's law; see steadyLiveBytes).
 * Sizes stay, for what a collector does to an object depends on its size; but a heap of some times the live set has no
 * place for objects nearly as large as that, and they are made as several.
 */
import { formatBytes, formatNumber } from '../base/units.ts';
import { type LifetimeModel, steadyLiveBytes } from './lifetime-model.ts';

const wordBytes = 4;
const mostShareOfLive = 1 / 16;
const leastWords = 4;

/** Recorded bytes of age to the byte of a trace's. */
export function ageScale(model: LifetimeModel, liveWords: number): number {
  return (wordBytes * liveWords) / steadyLiveBytes(model.survival);
}

/** Of an object, in whole grains of two words: a larger one is made as several that live as long. */
export function mostObjectWords(liveWords: number): number {
  return Math.max(leastWords, 2 * Math.floor((mostShareOfLive * liveWords) / 2));
}

export interface ModelScale {
  /** The factor of all ages. */
  readonly age: number;
  /** Larger objects are made as several. */
  readonly mostObjectBytes: number;
  /** Their share of the bytes allocated. */
  readonly cutShare: number;
}

/** The scale of a trace with `liveWords` of a model. */
export function modelScale(model: LifetimeModel, liveWords: number): ModelScale {
  const mostObjectBytes = wordBytes * mostObjectWords(liveWords);
  const cutShare = model.classes.reduce((sum, { byteShare, sizes }) => {
    const [all, cut] = sizes.reduce(
      ([bytes, larger], [size, share]) => [
        bytes + size * share,
        larger + (size > mostObjectBytes ? size * share : 0),
      ],
      [0, 0],
    );
    return all === 0 ? sum : sum + (byteShare * cut) / all;
  }, 0);
  return { age: ageScale(model, liveWords), mostObjectBytes, cutShare };
}

/** In words: 'ages are multiplied by 0.25, sizes are the program's own'. */
export function scaleText({ age, mostObjectBytes, cutShare }: ModelScale): string {
  const cut =
    cutShare === 0
      ? ''
      : `, but objects of more than ${formatBytes(mostObjectBytes)}, ${formatNumber(100 * cutShare, 2)}% of the bytes, are made as several`;
  return `ages are multiplied by ${formatNumber(age)}, sizes are the program's own${cut}`;
}
