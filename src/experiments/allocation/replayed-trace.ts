/**
 * Experiments made of a trace of the user's own: the time of a call, and single calls' times, over the allocators he
 * names. They are not in the lab's list: a fresh process reads the trace and makes them again.
 */
import { ContractError, UserError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import type {
  Context,
  Experiment,
  ScenarioVariant,
  ThreadVariant,
  Variant,
} from '../../experiment/experiment.ts';
import type { Point } from '../../kernel/kernel.ts';
import { type FiledTrace, readTrace } from '../../trace/file.ts';
import { type AllocationTrace, rowWords } from '../../trace/rows.ts';
import { type Settings, type Workload, workloads, workloadTrace } from '../../trace/workloads.ts';
import { clockFloor } from './clock-floor.ts';
import { generalPeers, isLibraryPeer, noReplayPeer, type PeerId, preloadedAs, replayPeers } from './peers.ts';
import { observeResident, peerResidentOver, residentMetrics } from './resident-kernel.ts';
import { observeTails, tailMetrics } from './row-tails.ts';
import {
  kernelsOver,
  type Outlined,
  outlined,
  type TraceKernels,
  type TraceSource,
} from './trace-kernels.ts';
import { heapVariant, peerVariant } from './trace-variants.ts';

/** One allocator of ours, with the bytes of its heap; or one of others. */
export interface Contender {
  readonly id: string;
  /** Of ours: the heap's size. Null: an allocator of others. */
  readonly heapBytes: number | null;
  /** Of one of ours whose blocks are of one size: their bytes. */
  readonly parameter?: number;
  readonly language: 'native' | 'typescript';
}

/** The id of its variant, in a run and to a user. */
export function variantOf({ id, language }: Contender): string {
  return language === 'typescript' ? `ts-${id}` : id;
}

/** What a fresh process makes the experiments from. */
export interface ReplaySource {
  /** A trace file; or the id of a workload, numbers in place of its own, and its seed. */
  readonly trace:
    | { readonly path: string }
    | { readonly workload: string; readonly settings: Settings; readonly seed: number };
  /** No more rows than these. */
  readonly mostRows: number;
  readonly allowTruncated: boolean;
  readonly title: string;
  readonly contenders: readonly Contender[];
}

/** What a row has for a size of 4 GiB and more. */
const largestSize = 2 ** 32 - 1;

/** The ids of the experiments in a run. */
export const replayId = 'replay';
export const replayTailsId = 'replay-tails';
export const replayMemoryId = 'replay-memory';

/** The trace, if its rows have all of its sizes. */
function whollySized(trace: FiledTrace, title: string): FiledTrace {
  const { rows, clampedSizes } = trace;
  if (clampedSizes === 0) return trace;
  let first = 0;
  while (first < rows.length && rows[first + 2] !== largestSize) first += rowWords;
  // None in these rows: the sizes stand in the rest of the last chunk.
  if (first >= rows.length) return trace;
  const before = first / rowWords;
  throw new UserError(
    `${title}: the trace asks for 4 GiB or more at once, at operation ${before + 1} for the first time, which no replay can`,
    before === 0 ? 'record another' : `replay what is before: --rows ${before}`,
  );
}

/** A workload's trace with a user's numbers. Throws UserError where it can't be made with them. */
export function madeTrace(workload: Workload, settings: Settings, seed: number): AllocationTrace {
  try {
    return workloadTrace(workload, settings, new Prng(seed));
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new UserError(
      error.message,
      `choose other numbers: linefill alloc explain ${workload.id} has the usual ones`,
    );
  }
}

/** What is to be known of a trace beside its rows. */
export interface TraceWords {
  /** There are more rows than were taken. */
  readonly isCut: boolean;
  /** That made the rows. */
  readonly threads: number;
}

/** The trace of a source: at most `mostRows` rows. Throws UserError where it can't be read, or is empty. */
export async function openTrace({
  trace,
  mostRows,
  allowTruncated,
  title,
}: ReplaySource): Promise<{ readonly trace: AllocationTrace; readonly words: TraceWords }> {
  const filed =
    'path' in trace ? await readTrace(trace.path, { mostRows: mostRows + 1, allowTruncated }) : null;
  const whole =
    'path' in trace
      ? whollySized(filed!, title)
      : madeTrace(workloads.find(({ id }) => id === trace.workload)!, trace.settings, trace.seed);
  if (whole.rows.length === 0) throw new UserError(`${title}: the trace has no operations`, 'record another');
  const threads = filed === null ? 1 : filed.threads.reduce((most, each) => Math.max(most, each + 1), 1);
  return {
    trace: { rows: whole.rows.subarray(0, mostRows * rowWords), ids: whole.ids },
    words: { isCut: whole.rows.length > mostRows * rowWords, threads },
  };
}

/** A variant of the workloads, over the source's trace instead. */
function replaying(contender: Contender, kernels: TraceKernels, timed: boolean): ThreadVariant {
  const { id, heapBytes, language, parameter } = contender;
  if (heapBytes === null) {
    const variant = peerVariant(id as PeerId);
    return { ...variant, kernel: timed ? kernels.peerTails : kernels.peerWork };
  }
  const variant = heapVariant(id, language, { heapBytes, ...(parameter === undefined ? {} : { parameter }) });
  const heap = variant.kernel.id.replace(/-work$/, '');
  return { ...variant, kernel: timed ? kernels.heapTails(heap) : kernels.heapWork(heap) };
}

function experimentOver(source: ReplaySource, variants: readonly Variant[]): Experiment {
  const baseline = variants.find(({ id }) => id === generalPeers[0]) ?? variants[0]!;
  return {
    id: replayId,
    lab: 'allocation',
    title: `${source.title}: the time of a call`,
    question: 'Which allocator serves this trace fastest?',
    sources: [],
    parameters: [],
    variants,
    baseline: { variant: baseline.id },
    operation: 'call',
    claims: [],
    explain: `The trace's operations, one after another by one thread, over each allocator. A block's first word gets a
number, which is read back before the block is freed.`,
    drawing: 'row by row: alloc, free, realloc',
    chart: { kind: 'bars', x: 'variant', logX: false, logY: false, cacheLines: false, title: 'Time a call' },
  };
}

/**
 * An allocator of others in a process of its own, where nothing else is resident because of another: as that process's
 * malloc, or, of a library's, over the malloc that is there.
 */
function inOwnProcess(id: PeerId, traces: TraceSource): ScenarioVariant {
  const library = isLibraryPeer(id) ? null : preloadedAs[id];
  return {
    form: 'scenario',
    id,
    title: id,
    kernel: peerResidentOver(traces),
    language: 'native',
    fixed: { peer: isLibraryPeer(id) ? replayPeers.indexOf(id) : 0 },
    observe: observeResident as (args: never) => Readonly<Record<string, number>>,
    ...(library === null ? {} : { environment: { LD_PRELOAD: library } }),
    refuses: (_: Point, { machine }: Context) =>
      machine.platform === 'linux'
        ? noReplayPeer(id)
        : `memory in RAM is measured on Linux only, where a malloc can be preloaded; this is ${machine.platform}`,
  };
}

function memoryOf(source: ReplaySource, others: readonly Contender[], traces: TraceSource): Experiment {
  const variants = others.map(({ id }) => inOwnProcess(id as PeerId, traces));
  return {
    ...experimentOver(source, variants),
    id: replayMemoryId,
    title: `${source.title}: memory`,
    question: 'How much of an allocator of others comes into RAM?',
    operation: 'call, resident memory read between',
    metrics: residentMetrics,
    comparesNothing: true,
    weight: 0.5,
  };
}

/** The experiments of a source whose trace is in memory. */
export function replayExperiments(source: ReplaySource, trace: AllocationTrace): readonly Experiment[] {
  const outline: Outlined = outlined(trace);
  const heapBytes = (point: Point): number => point['heapBytes'] as number;
  const traces: TraceSource = { name: () => 'all', outline: () => outline, make: () => trace, heapBytes };
  const kernels = kernelsOver(traces);
  const plain = source.contenders.map((each) => replaying(each, kernels, false));
  const native = source.contenders.filter(({ language }) => language === 'native');
  const timed = native.map((each) => ({
    ...replaying(each, kernels, true),
    observe: observeTails as (args: never) => Readonly<Record<string, number>>,
  }));
  const all = experimentOver(source, plain);
  const others = source.contenders.filter(({ heapBytes: bytes }) => bytes === null);
  return [
    all,
    {
      ...experimentOver(source, [...timed, clockFloor]),
      id: replayTailsId,
      title: `${source.title}: single calls`,
      question: 'How long does one call take at worst?',
      operation: 'call, timed by itself',
      metrics: tailMetrics,
    },
    ...(others.length === 0 ? [] : [memoryOf(source, others, traces)]),
  ];
}

/** The experiments of a source, in a fresh process. */
export async function experimentsFrom(text: string): Promise<readonly Experiment[]> {
  const source = JSON.parse(text) as ReplaySource;
  return replayExperiments(source, (await openTrace(source)).trace);
}
