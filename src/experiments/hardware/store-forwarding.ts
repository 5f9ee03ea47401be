/** Experiment: what does a load cost that needs what was just stored? */
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { combine, coreTimes, figure, type PerProcess } from './per-process.ts';
import {
  besideByTypedArray,
  type Form,
  forwardHalves,
  forwardLow,
  forwardSame,
  loadBesideStore,
  type PlaceOfValue,
  storeForward,
} from './store-forwarding-kernels.ts';

/** Hops of a call, and additions that last about as long; fewer where a hop is expected to wait. */
const hops = 2048;
const hopsWaiting = 256;
const adds = 4096;
/** Half a page and a line apart addresses differ in their low twelve bits; a page apart they do not. */
const apartBytes = 2048 + 64;
const pageBytes = 4096;

interface Way {
  readonly form: Form;
  readonly place?: PlaceOfValue;
  readonly waits?: boolean;
}

function forward(id: string, title: string, { form, place = 'line', waits = false }: Way): ThreadVariant {
  const fixed = { form, widthBytes: 8, place, hops: waits ? hopsWaiting : hops };
  return { form: 'thread', id, title, kernel: storeForward, language: 'native', fixed };
}

function typescript(
  id: string,
  title: string,
  form: Form,
  implementation: NonNullable<ThreadVariant['implementation']>,
): ThreadVariant {
  const fixed = { form, widthBytes: 4, place: 'line', hops };
  const language = 'typescript';
  return {
    form: 'thread',
    id: `ts-${id}`,
    title: `${title}, 4 bytes, TypeScript`,
    kernel: storeForward,
    language,
    fixed,
    implementation,
  };
}

/** Loads with a store before each, some distance away. */
function beside(id: string, title: string, distanceBytes: number): ThreadVariant {
  const fixed = { distanceBytes, hops };
  return { form: 'thread', id, title, kernel: loadBesideStore, language: 'native', fixed };
}

function besideTypeScript(id: string, title: string, distanceBytes: number): ThreadVariant {
  return {
    ...beside(`ts-${id}`, `${title}, TypeScript`, distanceBytes),
    language: 'typescript',
    implementation: besideByTypedArray,
  };
}

interface Figure {
  readonly id: string;
  readonly title: string;
  readonly of: string;
  /** What is taken off; null: nothing. */
  readonly less: string | null;
}

const figures: readonly Figure[] = [
  { id: 'forwarded', title: 'The same 8 bytes, a hop', of: 'same', less: null },
  { id: 'half-forwarded', title: 'The low half of 8 bytes, a hop', of: 'low', less: null },
  { id: 'not-forwarded', title: 'Two halves, loaded as one, a hop', of: 'halves', less: null },
  { id: 'forwarded-across-line', title: 'The same across a line, extra', of: 'across-line', less: 'same' },
  { id: 'forwarded-across-page', title: 'The same across a page, extra', of: 'across-page', less: 'same' },
  { id: 'page-alias', title: 'A store 4 KiB before a load, extra', of: 'page-apart', less: 'apart' },
];

/** In cycles, by the chain of additions that took its turns with the others. */
export function inferForwarding(findings: Findings): Inferred[] {
  const group = findings.groups[0];
  if (group === undefined) return [];
  const timesOf = (variant: string): PerProcess => coreTimes(findings, group, { variant });
  return figures.flatMap(({ id, title, of, less }) => {
    const extra = less === null ? timesOf(of) : combine(timesOf(of), timesOf(less), (ns, off) => ns - off);
    const cycles = combine(extra, timesOf('cycle'), (ns, cycleNs) => ns / cycleNs);
    return figure({ id, title, unit: 'cycles' }, cycles);
  });
}

export const storeForwarding: Experiment = {
  id: 'store-forwarding',
  lab: 'hardware',
  title: 'Store-to-load forwarding',
  question: 'What does a load cost that needs what was just stored, or only seems to?',
  sources: [
    {
      title: 'Intel 64 and IA-32 Architectures Optimization Reference Manual',
      where: 'sections on store forwarding and on 4-KByte aliasing',
    },
    {
      title: 'Fog, The Microarchitecture of Intel, AMD and VIA CPUs',
      where: 'on store forwarding stalls and mirrored memory operands',
    },
  ],
  parameters: [],
  variants: [
    {
      form: 'thread',
      id: 'cycle',
      title: 'one addition, one cycle',
      kernel: dependentAdds,
      language: 'native',
      fixed: { adds },
    },
    forward('same', 'store 8 bytes, load the same', { form: 'same' }),
    forward('mirrored', 'the same through the same register', { form: 'mirrored' }),
    forward('low', 'store 8 bytes, load the lower 4', { form: 'low' }),
    forward('high', 'store 8 bytes, load the upper 4', { form: 'high' }),
    forward('halves', 'store 4 and 4 bytes, load all 8', { form: 'halves', waits: true }),
    forward('narrow', 'store 4 bytes, load those and 4 more', { form: 'narrow', waits: true }),
    forward('overlapping', 'store 8 bytes, load the upper 4 and 4 more', {
      form: 'overlapping',
      waits: true,
    }),
    forward('across-line', 'store 8 bytes across a line, load the same', {
      form: 'same',
      place: 'across-line',
    }),
    forward('across-page', 'store 8 bytes across a page, load the same', {
      form: 'same',
      place: 'across-page',
      waits: true,
    }),
    beside('apart', 'load, half a page from a store', apartBytes),
    beside('page-apart', 'load, a page from a store', pageBytes),
    beside('page-and-line-apart', 'load, a page and a line from a store', pageBytes + 64),
    typescript('same', 'store all, load the same', 'same', forwardSame),
    typescript('low', 'store all, load the lower half', 'low', forwardLow),
    typescript('halves', 'store two halves, load all', 'halves', forwardHalves),
    besideTypeScript('apart', 'load, half a page from a store', apartBytes),
    besideTypeScript('page-apart', 'load, a page from a store', pageBytes),
  ],
  baseline: { variant: 'cycle' },
  operation: 'hop',
  claims: [],
  infer: inferForwarding,
  isCurve: true,
  onRequest: true,
  explain: `A store waits in a queue until its line is the core's own, and a load that comes after it looks there first.
In the chains here a value is stored, loaded and added to, over and over: a hop is the way through the queue plus one
cycle. Where the load wants the very bytes that one store wrote, the queue hands them on; today's cores often guess the
pair and take no time at all. A part of a store's bytes is handed on as well, though not always as fast. Where a load
wants bytes of two stores, or of a store and the cache, nothing is handed on: it waits until the stores are done. That
is what writing a field in pieces and reading it whole costs, or a buffer filled by bytes and read by words. The last
rows are the opposite mistake: many cores compare the low twelve bits of two addresses first, so that a load a page
from an earlier store, or any number of pages, seems to want its bytes, and waits in vain. There a hop is one load of
a chain, and the store is in nobody's way. TypeScript's typed arrays show the same, in 4 bytes and 2.`,
  drawing: `           bytes  0 1 2 3 4 5 6 7 8 9 A B
same        store [lo-----|hi-----]
            load  [lo-----|hi-----]        handed on
low         load  [lo-----]                handed on
high        load          [hi-----]        handed on
halves      store [lo-----]
            store         [hi-----]
            load  [lo-----|hi-----]        waits
narrow      store [lo-----]
            load  [lo-----|older--]        waits
overlapping store [lo-----|hi-----]
            load          [hi-----|next---]  waits`,
  chart: {
    kind: 'bars',
    x: 'variant',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time a hop',
  },
  weight: 0.15,
};
