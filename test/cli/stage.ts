/**
 * A stage for the command line: streams that are read back, a clock that stands still, signals on demand, and a lab
 * whose measurements are scripted. Files are real ones, in a folder that goes when the test ends.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Experiment, Parameter } from '../../src/experiment/experiment.ts';
import type { MeasureRequest, Progress } from '../../src/experiment/request.ts';
import type { Run } from '../../src/experiment/run.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Io, Lab } from '../../src/cli/io.ts';
import type { ExperimentText } from '../../src/report/experiment-text.ts';
import { main } from '../../src/cli/program.ts';
import { syntheticMachine, syntheticRun, syntheticTexts } from '../fixtures/run.ts';

const kernel: Kernel = {
  id: 'unused',
  summary: 'never runs',
  signature: {},
  setup: () => ({}),
  reference: () => 0n,
  agreement: { kind: 'exact' },
  work: () => ({ operations: 1, bytes: 1 }),
  footprintBytes: () => 0,
};

/** Parameters of every type of value: sizes, counts, words, and yes or no. */
const parameters: Readonly<Record<string, readonly Parameter[]>> = {
  'access-order': [
    {
      name: 'workingSetBytes',
      summary: 'bytes of the integers that are summed',
      unit: 'B',
      values: ({ profile }) => (profile === 'full' ? [16_384, 65_536, 1_048_576] : [16_384]),
      check: (value, { memoryBudgetBytes }) =>
        typeof value === 'number' && value >= 64 && value <= memoryBudgetBytes
          ? null
          : `workingSetBytes must be from 64 B to ${memoryBudgetBytes} B`,
    },
    {
      name: 'backwards',
      summary: 'from the end to the start',
      unit: 'none',
      values: () => [false, true],
      check: () => null,
    },
  ],
  'false-sharing': [
    {
      name: 'threads',
      summary: 'threads, each with a counter of its own',
      unit: 'threads',
      values: ({ cpus }) => [1, cpus.length],
      check: (value, { cpus }) =>
        typeof value === 'number' && value >= 1 && value <= cpus.length
          ? null
          : `threads must be from 1 to ${cpus.length}`,
    },
  ],
  'pool-allocation': [
    {
      name: 'order',
      summary: 'order in which the batch is freed',
      unit: 'none',
      values: () => ['pair', 'batch-lifo', 'batch-random'],
      check: (value) =>
        ['pair', 'batch-lifo', 'batch-random'].includes(String(value)) ? null : 'order must be one of three',
    },
  ],
};

/** The synthetic run's experiments, with judges that look at the run's machine. */
export const stageExperiments: readonly Experiment[] = syntheticTexts.map(experimentOf);

function experimentOf(text: ExperimentText): Experiment {
  return {
    ...text,
    lab: text.id === 'pool-allocation' ? 'allocation' : 'hardware',
    parameters: parameters[text.id] ?? [],
    variants: text.variants.map(({ id, title }) => ({
      id,
      title,
      kernel,
      language: 'native',
      form: 'thread',
    })),
    baseline: { variant: text.variants[0]!.id },
    claims: text.claims.map(({ id, statement, source }) => ({
      id,
      statement,
      source,
      judge: ({ machine, groups }) => ({
        status: id === 'prefetch-helps' ? 'refuted' : 'supported',
        sentence: `Judged on ${groups.length} groups of a machine with pages of ${machine.pageBytes.value} B.`,
        effect: null,
      }),
    })),
  };
}

/** What the lab measures unless told. */
export const stageRun: Run = syntheticRun({ samples: 3 });

export interface Stage {
  readonly io: Io;
  readonly lab: Lab;
  readonly cwd: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Files of the working folder. */
  readonly files: () => string[];
  /** What the lab was asked to measure. */
  readonly requests: MeasureRequest[];
  /** Codes that the process was told to end with at once. */
  readonly quits: number[];
  /** As Ctrl-C does; false where nobody listens and the process would die. */
  interrupt(): boolean;
  /** Lets the clock go on. */
  passMs(ms: number): void;
  run(...argv: string[]): Promise<number>;
}

export interface StageSet {
  readonly columns?: number | null;
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** The lab's list, instead of the synthetic run's experiments. */
  readonly experiments?: readonly Experiment[];
  /** What the lab does instead of returning the synthetic run at once. */
  readonly measure?: (stage: Stage, progress: (event: Progress) => void, signal: AbortSignal) => Promise<Run>;
}

/** 2026-11-21T09:30:00.000Z. */
export const stageTime: number = Date.UTC(2026, 10, 21, 9, 30);

/** An empty folder that goes when the test ends. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'linefill-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Sets a stage. */
export function setStage(set: StageSet = {}): Stage {
  const cwd = emptyFolder();
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string): void => {
      written[name] += text;
    },
    isTTY: set.isTTY ?? false,
    columns: set.columns ?? null,
  });
  const io: Io = {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: set.env ?? { LANG: 'en_GB.UTF-8' },
    cwd,
    now: () => stageTime + passedMs,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    quit: (code) => quits.push(code),
  };
  const quits: number[] = [];
  let passedMs = 0;
  const requests: MeasureRequest[] = [];
  const lab: Lab = {
    version: '1.2.3',
    experiments: async () => set.experiments ?? stageExperiments,
    describeMachine: async () => ({
      ...syntheticMachine,
      memoryLevels: { value: null, origin: 'missing', from: 'not measured' },
    }),
    surveyMachine: async () => syntheticMachine,
    async measure(request, progress, signal) {
      requests.push(request);
      return set.measure === undefined ? stageRun : set.measure(stage, progress, signal);
    },
  };
  const stage: Stage = {
    io,
    lab,
    cwd,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    files: () => readdirSync(cwd).toSorted(),
    requests,
    quits,
    interrupt() {
      for (const listener of listeners) listener('SIGINT');
      return listeners.size > 0;
    },
    passMs(ms) {
      passedMs += ms;
    },
    run: (...argv) => main(argv, io, lab),
  };
  return stage;
}

/** The widest line, in characters. */
export function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => [...line].length));
}
