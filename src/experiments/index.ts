/** The list of experiments: what is not here does not exist for the lab. */
import type { Experiment } from '../experiment/experiment.ts';
import { poolAllocation } from './allocation/pool-allocation.ts';
import { poolLatencyExperiment } from './allocation/pool-latency.ts';
import { poolScan } from './allocation/pool-scan.ts';
import { accessOrder } from './hardware/access-order.ts';
import { coreToCore } from './hardware/core-to-core.ts';
import { dataLayout } from './hardware/data-layout.ts';
import { falseSharingExperiment } from './hardware/false-sharing.ts';

export const experiments: readonly Experiment[] = [
  coreToCore,
  falseSharingExperiment,
  accessOrder,
  dataLayout,
  poolAllocation,
  poolLatencyExperiment,
  poolScan,
];
