/** Experiments and rows that nobody measured, made as small as a test needs them. */
import type { Context, Experiment, TeamVariant, ThreadVariant } from '../../../src/experiment/experiment.ts';
import type {
  Comparison,
  Conduct,
  Measurement,
  ProcessSamples,
  Run,
  Summary,
} from '../../../src/experiment/run.ts';
import type { Kernel, Point } from '../../../src/kernel/kernel.ts';
import { syntheticMachine, syntheticSurroundings } from '../../fixtures/run-machine.ts';

export function makeKernel(footprintBytes: (point: Point) => number = () => 1000): Kernel {
  return {
    id: 'made',
    summary: '',
    signature: {},
    setup: () => ({}),
    reference: () => 0n,
    agreement: { kind: 'exact' },
    work: () => ({ operations: 4, bytes: 32 }),
    footprintBytes,
  };
}

export function makeThread(id: string, more: Partial<ThreadVariant> = {}): ThreadVariant {
  return { form: 'thread', id, title: `title of ${id}`, kernel: makeKernel(), language: 'native', ...more };
}

export function makeTeam(id: string, members: number, more: Partial<TeamVariant> = {}): TeamVariant {
  const base = { id, title: `title of ${id}`, kernel: makeKernel(), language: 'native' } as const;
  return { form: 'team', ...base, members: () => members, ...more };
}

export function makeExperiment(more: Partial<Experiment> = {}): Experiment {
  return {
    id: 'made',
    lab: 'hardware',
    title: 'Made',
    question: 'Is it laid out as told?',
    sources: [{ title: 'none', where: 'nowhere' }],
    parameters: [],
    variants: [makeThread('a'), makeThread('b')],
    baseline: { variant: 'a' },
    operation: 'load',
    claims: [],
    explain: 'none',
    drawing: 'none',
    chart: { kind: 'bars', x: 'variant', logX: false, logY: false, cacheLines: false, title: '' },
    ...more,
  };
}

export function makeContext(more: Partial<Context> = {}): Context {
  return { profile: 'quick', machine: syntheticMachine, cpus: [0, 1], memoryBudgetBytes: 2 ** 30, ...more };
}

/** Samples of one process: rounds 0, 1, 2 ..., regime 0 throughout, unless told. */
export function makeSamples(
  process: number,
  raw: readonly number[],
  more: Partial<ProcessSamples> = {},
): ProcessSamples {
  return { process, rounds: raw.map((_, i) => i), regimes: raw.map(() => 0), raw, ...more };
}

const nothing: Summary = {
  samples: 0,
  processes: 0,
  median: 0,
  low: null,
  high: null,
  confidence: null,
  error: 0,
  unstable: false,
  outliers: 0,
};

export function makeMeasurement(
  arm: string,
  processes: readonly ProcessSamples[],
  more: Partial<Measurement> = {},
): Measurement {
  return {
    experiment: 'made',
    group: 'all',
    arm,
    variant: arm.split(' ')[0]!,
    point: {},
    language: 'native',
    form: 'thread',
    kernel: 'made',
    twin: false,
    metric: 'time',
    unit: 'ns/load',
    rawUnit: 'ns',
    divisor: 1,
    iterations: 1,
    operations: 1,
    bytes: 8,
    checksum: '0',
    processes,
    summary: nothing,
    ...more,
  };
}

export function makeConduct(more: Partial<Conduct> = {}): Conduct {
  return {
    experiment: 'made',
    processes: 9,
    stopped: 'processes',
    elapsedMs: 0,
    samplingMs: 0,
    inputsMs: 0,
    checkingMs: 0,
    comparisons: 1,
    alpha: 0.05,
    regimes: null,
    cpus: [0, 1],
    crossChecked: 1,
    ...more,
  };
}

export function makeRun(more: Partial<Run> = {}): Run {
  return {
    format: 'linefill-run',
    schemaVersion: 1,
    tool: { name: 'linefill', version: '0.0.0' },
    startedAt: '2026-01-01T00:00:00.000Z',
    complete: true,
    profile: 'quick',
    seed: 1,
    budgetMs: 1000,
    settings: {},
    machine: syntheticMachine,
    surroundings: syntheticSurroundings,
    conduct: [makeConduct()],
    measurements: [],
    comparisons: [],
    probes: [],
    leftOut: [],
    inferences: [],
    predictions: [],
    verdicts: [],
    warnings: [],
    ...more,
  };
}

/** A ratio as findings give it. */
export function makeRatio(
  ratio: number,
  low: number | null,
  high: number | null,
  floor: number | null = 1.01,
): Omit<Comparison, 'experiment' | 'group' | 'arm' | 'baseline' | 'metric'> {
  return { regime: 0, processes: 9, ratio, low, high, confidence: 0.96, floor, result: 'slower' };
}
