/**
 * What a replay's books say of an allocator's use of memory: the kernel, and the figures that are read from it. The
 * allocator is a coordinate of the point, so that a table can have one a row. Native twin:
 * native/kernels/heap-figures.cc.
 */
import { wordBytes, lineBytes } from '../../allocators/allocation.ts';
import { type Fragmentation, fragmentation } from '../../allocators/fragmentation.ts';
import {
  type BlocksBySize,
  type Books,
  books as bookNames,
  readSummary,
  replayHeap,
  summaryNumbers,
} from '../../allocators/heap-replay.ts';
import { type HeapChoice, heapChoices, heaps } from '../../allocators/heaps.ts';
import { ContractError } from '../../base/errors.ts';
import type { Prng } from '../../base/prng.ts';
import type { Parameter } from '../../experiment/experiment.ts';
import { defineKernel, type Kernel, type Point, textAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { allocationOp, rowWords } from '../../trace/rows.ts';
import type { HeapTrace } from './heap-traces.ts';

const signature = {
  allocator: 'uint32',
  parameter: 'uint32',
  heap: 'uint32[]',
  trace: 'const uint32[]',
  offsets: 'uint32[]',
  sizes: 'uint32[]',
  answers: 'int32[]',
  summary: 'float64[]',
} as const;
type FigureArguments = Arguments<typeof signature>;
export type HeapFigures = Kernel<typeof signature>;

/** The allocators that take blocks back in any order; of a free list each fit. */
const choices: readonly HeapChoice[] = heapChoices.filter(({ kind }) => kind.order === 'any');
export const allocatorNames: readonly string[] = choices.map(({ id }) => id);

/** The parameter that says which allocators are compared. */
export const allocatorParameter: Parameter = {
  name: 'allocator',
  summary: `which of our allocators: ${allocatorNames.join(', ')}`,
  unit: 'none',
  compared: true,
  values: () => allocatorNames,
  check: (value) =>
    allocatorNames.includes(value as string) ? null : `allocator must be one of ${allocatorNames.join(', ')}`,
};

function choiceAt(point: Point): HeapChoice {
  const name = textAt(point, 'allocator');
  const choice = choices.find(({ id }) => id === name);
  if (choice === undefined) throw new ContractError(`no allocator is called ${name}`);
  return choice;
}

/** A kernel over the heaps that `make` makes at a point; `most`: bytes of trace and heap there, about. */
export function heapFigures(
  make: (point: Point, prng: Prng) => HeapTrace,
  most: (point: Point) => { readonly traceBytes: number; readonly heapBytes: number },
): HeapFigures {
  const key = (point: Point): string => `trace ${textAt(point, 'trace')} ${point['room'] ?? ''}`;
  return defineKernel({
    id: 'heap-figures',
    summary: 'replays a trace over a general allocator and keeps its books',
    signature,
    setup({ point, prng, room }) {
      const { trace, heapBytes } = room.share(key(point), () => make(point, prng));
      const { number: allocator, parameter } = choiceAt(point);
      return {
        allocator,
        parameter,
        heap: room.array('uint32', Math.ceil(heapBytes / lineBytes) * (lineBytes / wordBytes)),
        trace: trace.rows,
        offsets: room.array('uint32', trace.ids),
        sizes: room.array('uint32', trace.ids),
        answers: room.array('int32', trace.rows.length / rowWords),
        summary: room.array('float64', summaryNumbers),
      };
    },
    // 1. Replay the rows over the allocator, made afresh, 2. count what is there and hash the heap, 3. clear the tables.
    reference({ allocator, parameter, heap, trace, offsets, sizes, answers, summary }) {
      const found = replayHeap(heaps[allocator]!.make, heap, parameter, { rows: trace, ids: offsets.length });
      answers.set(found.answers);
      const { live, free } = found.bySize;
      summary.set([...bookNames.map((book) => found.books[book]), ...live, ...free]);
      offsets.fill(0);
      sizes.fill(0);
      return found.hash;
    },
    agreement: { kind: 'exact' },
    work: () => ({ operations: 1, bytes: 0 }),
    footprintBytes(point) {
      const { traceBytes, heapBytes } = most(point);
      return Math.ceil(1.5 * traceBytes + heapBytes);
    },
    sharedBytes: (point) => ({ [key(point)]: Math.ceil(most(point).traceBytes) }),
  });
}

/** Free blocks below this serve next to no request. */
const crumbWords = 8;

function crumbs({ free }: BlocksBySize): number {
  return free.slice(0, Math.log2(crumbWords)).reduce((sum, blocks) => sum + blocks, 0);
}

const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

function requestsOf(
  { trace, answers }: FigureArguments,
  from: number,
): { readonly made: number; readonly refused: number } {
  let [made, refused] = [0, 0];
  for (let at = from; at < answers.length; at++) {
    const op = trace[at * rowWords];
    if (op !== allocationOp.alloc && op !== allocationOp.realloc) continue;
    made++;
    if (answers[at]! < 0) refused++;
  }
  return { made, refused };
}

/** Of figures, those that are known. */
function known(figures: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== null),
  );
}

const percent = (share: number | null): number | null => (share === null ? null : 100 * share);

function figuresOf({ allocator, parameter }: FigureArguments, books: Books): Fragmentation {
  const choice = choices.find((each) => each.number === allocator && each.parameter === parameter);
  return fragmentation(choice?.id ?? '', books);
}

/** In a heap with room to spare: what the allocator took, over what was asked for, where that is its own doing. */
export function ampleFigures(args: FigureArguments): Readonly<Record<string, number>> {
  const found = figuresOf(args, readSummary(args.summary).books);
  return known({
    meanUsedOverLive: found.meanUsedOverLive,
    usedOverPeakLive: found.usedOverPeakLive,
    peakUsedOverLive: found.peakUsedOverLive,
    peakUsedOverPeakLive: found.peakUsedOverPeakLive,
    internalPercent: percent(found.internal),
    holesPercent: percent(found.holes),
    metadataPercent: percent(found.metadata),
  });
}

/** In a tight heap: what it refused, and in what pieces the rest lay. */
export function tightFigures(args: FigureArguments): Readonly<Record<string, number>> {
  const { books, bySize } = readSummary(args.summary);
  const { made, refused } = requestsOf(args, 0);
  const found = figuresOf(args, books);
  return known({
    refusedPercent: percentOf(refused, made),
    externalPercent: percent(found.external),
    squareSumPercent: percent(found.squareSum),
    crumbs: crumbs(bySize),
  });
}

/** Of an example: what its last requests came to, and what is left. */
export function exampleFigures(args: FigureArguments): Readonly<Record<string, number>> {
  const { books } = readSummary(args.summary);
  const rows = args.answers.length;
  let from = rows;
  while (from > 0 && args.trace[(from - 1) * rowWords] === allocationOp.alloc) from--;
  const { made, refused } = requestsOf(args, from);
  return {
    wasteBytes: books.usedWords * wordBytes - books.requestedBytes,
    freeBytes: books.freeWords * wordBytes,
    freePercent: percentOf(books.freeWords, books.freeWords + books.usedWords),
    largestFreeBytes: books.largestFreeWords * wordBytes,
    refusedPercent: percentOf(refused, made),
    ofPeakPercent: percentOf(books.requestedBytes, books.peakRequestedBytes),
  };
}
