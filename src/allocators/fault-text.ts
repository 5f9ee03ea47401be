/**
 * Faults of the debug wrapper in words, and sites that are call stacks: each distinct stack has a number, which goes into
 * the heap, and its text stays here. Cost: a stack trace a call, some microseconds.
 */
import { allocationErrorText } from './allocation.ts';
import { type Fault, noSite } from './debug-layout.ts';

/** Says it in a line for each site. `nameOf`: a site in words. */
export function faultText(fault: Fault, nameOf: (site: number) => string = String): string {
  const { error, offset, bytes } = fault;
  const sites = (['found', 'allocated', 'freed'] as const)
    .filter((each) => fault[each] !== noSite)
    .map((each) => `\n  ${each} at ${nameOf(fault[each])}`);
  return `${allocationErrorText(-error)}: ${bytes} B at word ${offset}${sites.join('')}`;
}

/** Frames of the wrapper's own. */
const own = /\/allocators\/(debug|fault-text)\.[jt]s:/;

export class StackSites {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  /** The number of the caller's stack: what Debug takes as `siteOf`. */
  readonly here = (): number => {
    const lines = (new Error().stack ?? '').split('\n').slice(1);
    const text = lines
      .map((line) => line.trim().replace(/^at /, ''))
      .filter((line) => !own.test(line))
      .join('\n    ');
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  };

  /** A site in words. */
  readonly text = (site: number): string =>
    this.#texts[site] ?? (site === noSite ? 'nobody knows where' : `${site}`);
}
