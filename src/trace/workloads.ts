/** The list of workloads: what is not here does not exist for the lab. */
import type { Workload } from './workload.ts';
import { allocTest } from './workloads/alloc-test.ts';
import { batchButterfly, batchFifo, batchLifo, batchRandom, pair } from './workloads/batch.ts';
import { fragmentationBlocks } from './workloads/fragmentation-blocks.ts';
import { glibcSimple, glibcThread } from './workloads/glibc.ts';
import { larson } from './workloads/larson.ts';
import { mallocLarge } from './workloads/malloc-large.ts';
import { phaseChange } from './workloads/phase-change.ts';
import { requestFrees, requestResets } from './workloads/requests.ts';
import { server } from './workloads/server.ts';
import { sh6bench } from './workloads/sh6bench.ts';

export type { Settings, Workload } from './workload.ts';
export { workloadTrace } from './workload.ts';

export const workloads: readonly Workload[] = [
  pair,
  batchLifo,
  batchFifo,
  batchRandom,
  batchButterfly,
  glibcSimple,
  glibcThread,
  larson,
  allocTest,
  sh6bench,
  mallocLarge,
  requestFrees,
  requestResets,
  server,
  phaseChange,
  fragmentationBlocks,
];
