/** The list of experiments: what is not here does not exist for the lab. */
import type { Experiment } from '../experiment/experiment.ts';
import { heapExamples } from './allocation/heap-examples.ts';
import { debugCatchesExperiment } from './allocation/debug-catches.ts';
import { heapFragmentation } from './allocation/heap-fragmentation.ts';
import { allocThreads } from './allocation/alloc-threads.ts';
import { arenaRequests } from './allocation/arena-requests.ts';
import { callTails } from './allocation/call-tails.ts';
import { heapSearch } from './allocation/heap-search.ts';
import { heapResidencyExperiment } from './allocation/heap-residency.ts';
import { poolAllocation } from './allocation/pool-allocation.ts';
import { poolLatencyExperiment } from './allocation/pool-latency.ts';
import { poolRate } from './allocation/pool-rate.ts';
import { poolScan } from './allocation/pool-scan.ts';
import { poolThreads } from './allocation/pool-threads.ts';
import { stackFrame } from './allocation/stack-frame.ts';
import { workloadsExperiment } from './allocation/workloads.ts';
import { collectorPauses } from './collection/collector-pauses.ts';
import { collectorSpace } from './collection/collector-space.ts';
import { barrierCost } from './collection/barrier-cost.ts';
import { bumpAllocation } from './collection/bump-allocation.ts';
import { copyingCost } from './collection/copying-cost.ts';
import { copyingHalf } from './collection/copying-half.ts';
import { gcBenchExperiment } from './collection/gc-bench.ts';
import { generationsExperiment } from './collection/generations.ts';
import { objectLifetimes } from './collection/object-lifetimes.ts';
import { referenceCounting } from './collection/reference-counting.ts';
import { collectedGaps } from './collection/collected-gaps.ts';
import { markPause } from './collection/mark-pause.ts';
import { markingPauses } from './collection/marking-pauses.ts';
import { accessOrder } from './hardware/access-order.ts';
import { alignment } from './hardware/alignment.ts';
import { contextSwitchExperiment } from './hardware/context-switch.ts';
import { bandwidth } from './hardware/bandwidth.ts';
import { coreToCore } from './hardware/core-to-core.ts';
import { dataLayout } from './hardware/data-layout.ts';
import { falseSharingExperiment } from './hardware/false-sharing.ts';
import { latencyLadder } from './hardware/latency-ladder.ts';
import { pageCostExperiment } from './hardware/page-cost.ts';
import { numa } from './hardware/numa.ts';
import { prefetchDistance } from './hardware/prefetch-distance.ts';
import { prefetch } from './hardware/prefetch.ts';
import { loadedLatency } from './hardware/loaded-latency.ts';
import { sharing } from './hardware/sharing.ts';
import { storage } from './hardware/storage.ts';
import { storeForwarding } from './hardware/store-forwarding.ts';
import { strideAndAssociativity } from './hardware/stride-and-associativity.ts';
import { tlbReach } from './hardware/tlb-reach.ts';

export const experiments: readonly Experiment[] = [
  coreToCore,
  falseSharingExperiment,
  accessOrder,
  dataLayout,
  poolAllocation,
  poolLatencyExperiment,
  poolScan,
  poolThreads,
  heapFragmentation,
  heapExamples,
  heapResidencyExperiment,
  workloadsExperiment,
  heapSearch,
  arenaRequests,
  stackFrame,
  callTails,
  allocThreads,
  poolRate,
  debugCatchesExperiment,
  collectorPauses,
  collectorSpace,
  copyingCost,
  copyingHalf,
  bumpAllocation,
  gcBenchExperiment,
  generationsExperiment,
  objectLifetimes,
  referenceCounting,
  barrierCost,
  markPause,
  markingPauses,
  collectedGaps,
  latencyLadder,
  bandwidth,
  loadedLatency,
  sharing,
  numa,
  strideAndAssociativity,
  tlbReach,
  pageCostExperiment,
  contextSwitchExperiment,
  storage,
  prefetch,
  prefetchDistance,
  alignment,
  storeForwarding,
];
