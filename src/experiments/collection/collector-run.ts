/**
 * An experiment made of a program that the user names: over the collectors that he names, in heaps of the sizes that he
 * names. It is not in the lab's list: a fresh process makes the program's trace and the experiment again.
 */
import { ContractError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { collectorChoices } from '../../collectors/plans.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Point } from '../../kernel/kernel.ts';
import type { LifetimeModel } from '../../trace/lifetime-model.ts';
import { type ModelScale, modelScale, scaleText } from '../../trace/lifetime-model-scale.ts';
import { amountOf, amountText, type MutatorAmount } from '../../trace/mutator-amount.ts';
import { mutators, mutatorTrace, type MutatorProgram } from '../../trace/mutators.ts';
import { modelled } from '../../trace/mutators/modelled.ts';
import type { Settings } from '../../trace/workload.ts';
import { collectorMetrics, utilisationMetricIds } from './collector-metrics.ts';
import { collectorVariant } from './collector-variants.ts';
import { type MutatorSource, mutateKernelsOver, type NeedyTrace, outlineOf } from './mutate-kernels.ts';

/** A collector and a language, and what the user sets of it. */
export interface CollectorContender {
  readonly id: string;
  readonly language: 'native' | 'typescript';
  readonly settings: Point;
}

/** A mutator of the lab's, or what was recorded of a program. */
export type ProgramSource = { readonly mutator: string } | { readonly model: LifetimeModel };

/** What a fresh process makes the experiment from. */
export interface CollectorRunSource {
  readonly program: ProgramSource;
  /** In numbers of its own: see ownSettings. */
  readonly settings: Settings;
  readonly seed: number;
  readonly title: string;
  readonly heapsBytes: readonly number[];
  readonly contenders: readonly CollectorContender[];
}

/** The id of the experiment in a run. */
export const collectorRunId = 'gc-run';

/** The program of a source. Throws ContractError for a mutator that there is none of. */
export function programOf(source: ProgramSource): MutatorProgram {
  if ('model' in source) return modelled(source.model);
  const program = mutators.find(({ id }) => id === source.mutator);
  if (program === undefined) throw new ContractError(`there is no mutator called ${source.mutator}`);
  return program;
}

/** A trace with all that it amounts to. */
export interface MeasuredTrace extends NeedyTrace {
  readonly amount: MutatorAmount;
  /** In what it differs from the program that was recorded; null: none was. */
  readonly scale: ModelScale | null;
}

/** The program's trace. Throws ContractError for a setting that it can't take. */
export function programTrace({
  program,
  settings,
  seed,
}: Pick<CollectorRunSource, 'program' | 'settings' | 'seed'>): MeasuredTrace {
  const trace = mutatorTrace(programOf(program), settings, new Prng(seed));
  const amount = amountOf(trace);
  return { ...trace, liveWords: amount.liveBytes / wordBytes, amount, scale: scaleOf(program, settings) };
}

function scaleOf(source: ProgramSource, settings: Settings): ModelScale | null {
  if (!('model' in source)) return null;
  const { liveWords } = { ...modelled(source.model).parameters, ...settings };
  return modelScale(source.model, liveWords);
}

/** What the trace amounts to and, if its program was recorded, in what it differs from that. */
export function traceText({ amount, scale }: MeasuredTrace): string {
  return `${amountText(amount)}${scale === null ? '' : `; ${scaleText(scale)}`}`;
}

const wordBytes = 4;
/** It does in small heaps, too: of those that run out of memory there is no ratio to anything. */
const usualBaseline = 'mark-sweep';

const metricIds = [
  'maxPauseNs',
  'p999PauseNs',
  'p99PauseNs',
  'p50PauseNs',
  'pauses',
  'lostPauses',
  'throughputPercent',
  'cpuOverWall',
  ...utilisationMetricIds,
  'peakUsedBytes',
  'peakUsedOverLive',
  'collections',
  'markedObjects',
  'copiedBytes',
  'cardsScanned',
  'barrierHits',
  'promotedPercent',
  'survival1Percent',
  'survival2Percent',
  'allocationRate',
];

/** The experiment of a source whose trace is in memory. */
export function collectorRunExperiment(source: CollectorRunSource, trace: MeasuredTrace): Experiment {
  const traces: MutatorSource = { name: () => 'all', outline: () => outlineOf(trace), make: () => trace };
  const programs = { source: traces, kernels: mutateKernelsOver(traces) };
  const variants = source.contenders.map(({ id, language, settings }): ThreadVariant => {
    const choice = collectorChoices.find((each) => each.id === id);
    if (choice === undefined) throw new ContractError(`there is no collector called ${id}`);
    return collectorVariant(choice, language, settings, programs);
  });
  return {
    id: collectorRunId,
    lab: 'collection',
    title: `${source.title}: over the collectors`,
    question: 'Which collector serves this program best?',
    sources: [],
    parameters: [
      {
        name: 'heapBytes',
        summary: 'the heap',
        unit: 'B',
        values: () => source.heapsBytes,
        check: () => null,
      },
    ],
    variants,
    baseline: { variant: (variants.find(({ id }) => id === usualBaseline) ?? variants[0]!).id },
    operation: 'operation of the program',
    metrics: collectorMetrics(...metricIds),
    claims: [],
    comparesWithin: 'language',
    explain: `The program's operations, one after another by one thread, over each collector in a heap of one size: allocation,
barriers and collections are all in the time. A collector that runs out of memory is left out, and the report says so.

The program has ${traceText(trace)}. Headers of two words are counted.`,
    drawing: 'row by row: make, load, store, clear, use',
    chart: {
      // Time against space, where there is more than one heap.
      kind: source.heapsBytes.length > 1 ? 'lines' : 'bars',
      x: 'heapBytes',
      logX: source.heapsBytes.length > 1,
      logY: true,
      cacheLines: false,
      title: 'Time an operation, collections included',
    },
    // Ten arms in one heap are what an experiment of weight 1 has time for.
    weight: Math.max(1, (source.heapsBytes.length * variants.length) / 10),
  };
}

/** The experiments of a source, in a fresh process. */
export function collectorRunFrom(text: string): readonly Experiment[] {
  const source = JSON.parse(text) as CollectorRunSource;
  return [collectorRunExperiment(source, programTrace(source))];
}
