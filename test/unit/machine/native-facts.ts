/** What an addon tells of a machine, for tests: without CPUID, as on an architecture that has none. */
import type { NativeFacts } from '../../../src/machine/index.ts';

export const native: NativeFacts = {
  compiler: 'g++ 13.2.0',
  compilerFlags: '-O2 -fno-tree-vectorize',
  clockName: 'CLOCK_MONOTONIC_RAW',
  clockResolutionNs: 1,
  clockCostNs: 21.5,
  lineBytes: 64,
  pageBytes: 4096,
  allowedCpus: [1, 0],
  features: { sse2: true, avx2: false },
  counters: [
    { name: 'cycles', hardware: true, reason: 'perf_event_open: not supported' },
    { name: 'page-faults', hardware: false, reason: null },
  ],
  cpuid: [],
  availableMemoryBytes: 3 * 1024 ** 3,
};
