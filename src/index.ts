/**
 * The public surface of linefill: what a run is and how it is read, judged and shown; the experiments and what they
 * are made of; the statistics. Importing it measures nothing and does not load the addon.
 */

// Runs: their type, their files.
export type {
  Comparison,
  ComparisonResult,
  Conduct,
  LeftOut,
  Measurement,
  NoiseColumn,
  Probe,
  ProcessSamples,
  Run,
  Stop,
  Summary,
} from './experiment/run.ts';
export type { RunWords } from './experiment/run-words.ts';
export { noiseColumns, runFormat, schemaVersion } from './experiment/run.ts';
export { parseRun } from './experiment/schema.ts';
export { readRun, writeRun } from './experiment/run-file.ts';

// What to do with a run.
export { inferRun, judgeRun, predictRun } from './experiment/judge.ts';
export type { ArmChange } from './experiment/arm-change.ts';
export {
  compareRuns,
  defaultThreshold,
  type Incomparability,
  incomparabilities,
  type RunComparison,
} from './experiment/compare-runs.ts';
export { renderCsv } from './report/csv.ts';
export { renderHtml } from './report/html/page.ts';
export { renderJson } from './report/json.ts';
export { renderMarkdown } from './report/markdown.ts';
export { renderText, type TextOptions } from './report/text.ts';
export type { ExperimentText } from './report/experiment-text.ts';

// Experiments, and what they are made of.
export { experiments } from './experiments/index.ts';
export type {
  ArmReference,
  Better,
  Chart,
  Context,
  Experiment,
  Lab,
  Language,
  Metric,
  Parameter,
  Profile,
  ScenarioVariant,
  Source,
  TeamVariant,
  ThreadVariant,
  Variant,
} from './experiment/experiment.ts';
export type { Claim, Effect, Judgement, Verdict, VerdictStatus } from './experiment/claim.ts';
export type { Findings, Group, Ratio } from './experiment/findings.ts';
export {
  type Agreement,
  defineKernel,
  type Kernel,
  type Place,
  type Point,
  type Room,
  type Scalar,
  type Work,
} from './kernel/kernel.ts';
export type { Arguments, ArgumentType, Signature } from './kernel/signature.ts';

// Measuring.
export { type Engine, measure } from './measure/measure.ts';
export type { MeasureRequest, Phase, Progress } from './experiment/request.ts';

// The machine.
export * as machine from './machine/index.ts';
export type { Machine, Surroundings } from './machine/types.ts';

// Allocators, one beside each native twin, and the traces that both replay.
export {
  allocationError,
  allocationErrorText,
  type Allocator,
  type BlockPool,
  PoolAllocator,
} from './allocators/allocation.ts';
export { CachedPool } from './allocators/cached-pool.ts';
export { CheckedPool } from './allocators/checked-pool.ts';
export { Debug } from './allocators/debug.ts';
export { type Fault, noSite } from './allocators/debug-layout.ts';
export { faultText, StackSites } from './allocators/fault-text.ts';
export type { HeapAllocator, MakeHeap, Statistics } from './allocators/heap.ts';
export { type Books, HeapClient, type HeapReplay, replayHeap } from './allocators/heap-replay.ts';
export { debugHeaps, debugOneSizeHeaps, type HeapKind, heaps, oneSizeHeaps } from './allocators/heaps.ts';
export { LockFreePool } from './allocators/lock-free-pool.ts';
export { BlockList, MutexPool } from './allocators/mutex-pool.ts';
export { Pool } from './allocators/pool.ts';
export { type PoolKind, poolShape } from './allocators/pool-layout.ts';
export { type Replay, replay } from './allocators/replay.ts';
export { ScanPool } from './allocators/scan-pool.ts';
export {
  type Census,
  makeSharedPool,
  type SharedPoolKind,
  type SharedPoolShape,
  sharedPoolShape,
  takeCensus,
} from './allocators/shared-pool.ts';
export { type Churn, churnTrace } from './trace/churn.ts';
export { type AllocationTrace, TraceWriter } from './trace/rows.ts';

// Statistics.
export * as stats from './stats/index.ts';

// Errors.
export { ContractError, InvariantError, UserError } from './base/errors.ts';
/** The cache model: what a machine of given numbers makes of exact addresses. */
export * as model from './model/index.ts';

// What became of a heap, and the traces that allocators serve.
export { type HeapChoice, heapChoices } from './allocators/heaps.ts';
export { type Fragmentation, fragmentation } from './allocators/fragmentation.ts';
export { type FiledTrace, readTrace, writeTrace } from './trace/file.ts';
export { drained, type Outline, outlineOf } from './trace/outline.ts';
export { type Settings, type Workload, workloads, workloadTrace } from './trace/workloads.ts';
