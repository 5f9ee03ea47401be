/**
 * The classes of a heap map: where they begin, what they are called, how they are coloured. Classes are in an order, so
 * their colours are, too: from the one nearest to the page's to the one farthest from it, by lightness as by hue, which
 * stays an order for those who can't tell hues.
 * Source of the colours: Smith and van der Walt's viridis and inferno for Matplotlib (2015), in steps, without the ends
 * that a page of their lightness would swallow.
 */
import { formatBytes, formatCount } from '../../base/units.ts';
import { darkTokens, lightTokens } from '../html/tokens.ts';
import type { By } from './block-history.ts';

/** The largest size of each class but the last. */
const sizeBounds: readonly number[] = [16, 64, 256, 1024, 4096, 16384, 65536];
/** The least age of each class but the first, as about this part of all rows. */
const ageParts: readonly number[] = [1024, 256, 64, 16, 4];

/** Bounds as a View has them; `spaces`: their names. */
export function classBounds(by: By, rows: number, spaces: readonly string[] = []): readonly number[] {
  if (by === 'free') return [];
  if (by === 'space') return spaces.slice(1).map((_, i) => i);
  return by === 'size' ? sizeBounds : ageParts.map((part) => Number(Math.ceil(rows / part).toPrecision(1)));
}

/** Names of the classes, in their order; of one class, none. */
export function classNames(by: By, rows: number, spaces: readonly string[] = []): string[] {
  const bounds = classBounds(by, rows);
  if (by === 'free') return [];
  if (by === 'space') return [...spaces];
  if (by === 'size') {
    return [...bounds.map((bound) => `to ${formatBytes(bound)}`), `over ${formatBytes(bounds.at(-1)!)}`];
  }
  return [
    ...bounds.map((bound) => `under ${formatCount(bound)} rows`),
    `${formatCount(bounds.at(-1)!)} rows and more`,
  ];
}

interface Scheme {
  readonly size: readonly string[];
  readonly age: readonly string[];
  readonly free: readonly string[];
  /** In no order: as the series of charts. */
  readonly space: readonly string[];
}

const light: Scheme = {
  size: ['#a5db36', '#4ac16d', '#1fa187', '#277f8e', '#365c8d', '#4b3a94', '#5c1f78', '#1f0426'],
  age: ['#f7a83b', '#ed6925', '#cf4446', '#9b2964', '#611163', '#1b0c41'],
  free: ['#0a5a94'],
  space: lightTokens.series,
};
const dark: Scheme = {
  size: ['#414487', '#355f8d', '#2a788e', '#21918c', '#22a884', '#44bf70', '#7ad151', '#fde725'],
  age: ['#781c6d', '#a52c60', '#cf4446', '#ed6925', '#fb9b06', '#f7d13d'],
  free: ['#76bdf0'],
  space: darkTokens.series,
};

function asProperties(scheme: Scheme): string {
  return Object.entries(scheme)
    .flatMap(([by, colours]) => (colours as readonly string[]).map((colour, i) => `--${by}-${i}:${colour}`))
    .join(';');
}

/** The colours as CSS custom properties, `--size-0` and on, in both schemes. */
export function classColours(): string {
  return `:root{${asProperties(light)}}@media screen and (prefers-color-scheme:dark){:root{${asProperties(dark)}}}`;
}
