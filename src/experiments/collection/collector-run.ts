/**
 * An experiment made of a program that the user names: over the collectors that he names, in heaps of the sizes that he
 * names. It is not in the lab's list: a fresh process makes the program's trace and the experiment again.
 */
import { ContractError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { collectorChoices } from '../../collectors/plans.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Point } from '../../kernel/kernel.ts';
import { mutators, mutatorTrace, type MutatorProgram } from '../../trace/mutators.ts';
import type { LifetimeModel } from '../../trace/lifetime-model.ts';
import { modelled } from '../../trace/mutators/modelled.ts';
import type { Settings } from '../../trace/workload.ts';
import { collectorMetrics, utilisationMetricIds } from './collector-metrics.ts';
import { collectorVariant } from './collector-variants.ts';
import {
  type MutatorSource,
  mutateKernelsOver,
  needyTrace,
  type NeedyTrace,
  outlineOf,
} from './mutate-kernels.ts';

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

/** The program's trace. Throws ContractError for a setting that it can't take. */
export function programTrace({
  program,
  settings,
  seed,
}: Pick<CollectorRunSource, 'program' | 'settings' | 'seed'>): NeedyTrace {
  return needyTrace(mutatorTrace(programOf(program), settings, new Prng(seed)));
}

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
export function collectorRunExperiment(source: CollectorRunSource, trace: NeedyTrace): Experiment {
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
    explain: `The program's operations, one after another by one thread, over each collector in a heap of one size: allocation,
barriers and collections are all in the time. A collector that runs out of memory is left out, and the report says so.`,
    drawing: 'row by row: make, load, store, clear, use',
    chart: {
      kind: 'bars',
      x: 'heapBytes',
      logX: false,
      logY: true,
      cacheLines: false,
      title: 'Time an operation, collections included',
    },
    // A dozen arms in one heap are what an experiment of weight 1 has time for.
    weight: Math.max(1, (source.heapsBytes.length * variants.length) / 12),
  };
}

/** The experiments of a source, in a fresh process. */
export function collectorRunFrom(text: string): readonly Experiment[] {
  const source = JSON.parse(text) as CollectorRunSource;
  return [collectorRunExperiment(source, programTrace(source))];
}
