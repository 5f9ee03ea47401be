/** Which elements each thread of a loop visits. */
import type { Loop } from './spec.ts';

/** The elements first, first + step, ...: `count` of them, which may be none. */
export interface Visits {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/**
 * The elements of thread `thread` of an array of `count`. `blocks`: a run of neighbours each, as even as can be;
 * `interleaved`: every n-th one; `whole`: all.
 */
export function visitsOf({ partition, roles }: Loop, thread: number, count: number): Visits {
  const threads = roles.length;
  switch (partition) {
    case 'whole':
      return { first: 0, step: 1, count };
    case 'blocks': {
      const first = blockStart(thread, threads, count);
      return { first, step: 1, count: blockStart(thread + 1, threads, count) - first };
    }
    case 'interleaved':
      return { first: thread, step: threads, count: Math.max(0, Math.ceil((count - thread) / threads)) };
  }
}

/** The first element of a thread's block; `count` for the thread after the last. */
export function blockStart(thread: number, threads: number, count: number): number {
  return Math.floor((thread * count) / threads);
}
