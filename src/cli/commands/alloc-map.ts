/** `linefill alloc map`: where an allocator put every block of a trace, over time, on one screen or as a page. */
import { allocationError } from '../../allocators/allocation.ts';
import { type HeapChoice, heapChoices, oneSizeChoices } from '../../allocators/heaps.ts';
import {
  fittingHeapBytes,
  type Needs,
  needsOf,
  type PlacedTrace,
  placeTrace,
  type Reading,
  usualMostHeapBytes,
} from '../../allocators/placements.ts';
import { ContractError, UserError } from '../../base/errors.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { writeWhole } from '../../base/whole-file.ts';
import { fittedTo } from '../../experiments/allocation/library-fit.ts';
import type { AllocatorMap, HeapMap } from '../../report/heap-map/heap-map.ts';
import { type AllocationTrace, rowWords } from '../../trace/rows.ts';
import { madeTrace } from '../../experiments/allocation/replayed-trace.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';
import { outPlace } from '../out-place.ts';
import { namedTrace } from '../trace-word.ts';
import type { AllocMapOptions, Instant } from './alloc-map-options.ts';

/** What a page draws without a pause. */
const mostRows = 1_000_000;

/** All that can be drawn; `free-list` is its first fit. */
const choices: readonly HeapChoice[] = [
  ...heapChoices,
  ...heapChoices
    .filter(({ kind }, i) => heapChoices.findIndex((each) => each.kind === kind) === i)
    .filter(({ id, kind }) => id !== kind.id)
    .map((choice) => ({ ...choice, id: choice.kind.id })),
  ...oneSizeChoices,
];

function chosen(word: string, option: string): HeapChoice {
  const ids = choices.map(({ id }) => id);
  const found = choices.find(({ id }) => id === word.toLowerCase());
  if (found !== undefined) return found;
  throw new UserError(
    `${option}: there is no allocator "${word}" of ours`,
    meant(word, ids, `choose from: ${ids.join(', ')}`),
  );
}

/** With the parameter that the trace needs. */
function withParameter(choice: HeapChoice, trace: AllocationTrace): HeapChoice {
  const found = fittedTo(choice, trace);
  if (typeof found !== 'string') return found;
  throw new UserError(`${choice.title}: ${found}`, 'take multi-pool, which has pools of many sizes');
}

interface Named {
  readonly title: string;
  readonly about: string;
  readonly trace: AllocationTrace;
}

/** The trace of a file, or of a workload. */
async function traceOf(
  word: string,
  { seed, set = [], allowTruncated = false }: AllocMapOptions,
  io: Io,
): Promise<Named> {
  const named = namedTrace(word, set, io);
  if ('workload' in named) {
    const { id, title } = named.workload;
    return shortened(id, title, madeTrace(named.workload, named.settings, seed));
  }
  const { readTrace } = await import('../../trace/file.ts');
  const trace = await readTrace(named.path, { mostRows: mostRows + 1, allowTruncated });
  if (trace.clampedSizes > 0) {
    const sizes = `${formatCount(trace.clampedSizes)} size${trace.clampedSizes === 1 ? '' : 's'}`;
    io.stderr.write(`"${word}" has ${sizes} of 4 GiB and more: each is drawn as one of 4 GiB.\n`);
  }
  return shortened(word, trace.cut === null ? '' : `a file that ${trace.cut}`, trace);
}

/** No more rows than can be drawn. */
function shortened(title: string, about: string, { rows, ids }: AllocationTrace): Named {
  if (rows.length === 0)
    throw new UserError(`${title}: the trace has no rows`, 'record it anew, or take another');
  if (rows.length <= mostRows * rowWords) return { title, about, trace: { rows, ids } };
  const cut = `its first ${formatCount(mostRows)} rows, no more can be drawn`;
  return {
    title,
    about: about === '' ? cut : `${about}: ${cut}`,
    trace: { rows: rows.subarray(0, mostRows * rowWords), ids },
  };
}

function rowAt(instant: Instant, rows: number): number {
  if ('share' in instant) return Math.max(0, Math.ceil(instant.share * rows) - 1);
  if (instant.row < rows) return instant.row;
  throw new UserError(
    `--at ${formatCount(instant.row)} is beyond the trace's ${formatCount(rows)} rows, which count from 0`,
    `--at ${rows - 1}`,
  );
}

/** The least power of two that serves the whole trace with every one of them. */
function heapFor(all: readonly HeapChoice[], trace: AllocationTrace, needs: Needs): number {
  const fitting = all.map(({ kind, parameter }) =>
    fittingHeapBytes(kind.make, parameter, trace, needs, kind.order === 'at-once'),
  );
  if (fitting.every((bytes) => bytes !== null)) return Math.max(...fitting);
  const { title } = all[fitting.indexOf(null)]!;
  throw new UserError(
    `${title}: no heap of up to ${formatBytes(usualMostHeapBytes)} holds the trace, which has ${formatBytes(needs.peakBytes)} live at once`,
    'pass a larger one by --heap-bytes, or see how far a small one gets',
  );
}

/** The replay; what an allocator has to say against a heap's size is about an option. */
function placedIn(
  { title, kind, parameter }: HeapChoice,
  heapBytes: number,
  trace: AllocationTrace,
  reading: Reading,
): PlacedTrace {
  try {
    return placeTrace(kind.make, parameter, heapBytes, trace, reading);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new UserError(`--heap-bytes ${heapBytes}: ${title}: ${error.message}`, 'pass a larger heap');
  }
}

function drawn(
  choice: HeapChoice,
  heapBytes: number,
  trace: AllocationTrace,
  needs: Needs,
  reading: Reading,
): AllocatorMap {
  const { id, title, kind, parameter } = choice;
  const keeps = kind.order === 'at-once';
  const placed = placedIn(choice, heapBytes, trace, reading);
  const { exhausted, tooLarge } = allocationError;
  const isTooSmall = placed.refused.has(exhausted) || placed.refused.has(tooLarge);
  const fittingBytes = isTooSmall ? fittingHeapBytes(kind.make, parameter, trace, needs, keeps) : null;
  return { id, title, placed, keeps, isOfOneSize: kind.parameterFor !== undefined, fittingBytes };
}

/** The command. Its result is the exit code. */
export async function allocMapCommand(word: string, options: AllocMapOptions, io: Io): Promise<number> {
  const named = [chosen(options.allocator, '--allocator')];
  if (options.against !== undefined) named.push(chosen(options.against, '--against'));
  const { out, force } = options;
  const place = out === undefined ? null : outPlace({ out, force: force === true }, io);
  const { title, about, trace } = await traceOf(word, options, io);
  const all = named.map((choice) => withParameter(choice, trace));
  const rows = trace.rows.length / rowWords;
  const needs = needsOf(trace);
  const at = rowAt(options.at ?? { row: needs.peakRow }, rows);
  const heapBytes = options.heapBytes ?? heapFor(all, trace, needs);
  // A walk through a large heap takes some ms: no more of them than can be told apart.
  const reading: Reading = { moments: place === null ? 64 : 512, rows: [0, needs.peakRow, at] };
  const map: HeapMap = {
    title,
    about,
    rows,
    needs,
    at,
    allocators: all.map((choice) => drawn(choice, heapBytes, trace, needs, reading)),
  };
  if (place !== null) {
    const { renderHeapMap } = await import('../../report/heap-map/page.ts');
    await writeWhole(place, renderHeapMap(map, { by: options.color ?? 'size' }));
    io.stderr.write(`Heap map: ${options.out}\n`);
    return exitCodes.good;
  }
  const { mapText } = await import('../../report/heap-map/text.ts');
  const looks = looksOf(io.stdout, io.env);
  const by = options.color ?? 'free';
  io.stdout.write(
    mapText(map, {
      width: looks.columns,
      colour: looks.colour,
      unicode: looks.unicode,
      by,
      only: options.at !== undefined,
    }),
  );
  return exitCodes.good;
}
