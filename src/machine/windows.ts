/**
 * A Windows machine: what Node.js knows without a call of our own. Caches by sharer and topology would need
 * GetLogicalProcessorInformationEx; until the addon makes that call, the CPU's own word has to do for the caches
 * (describe.ts), and topology is missing, and said to be.
 */
import { missing } from './fact.ts';
import type { NativeFacts } from './native.ts';
import type { System } from './system.ts';
import { nodeFacts, plainCpus, type SystemFacts } from './system-facts.ts';

export function windowsFacts(system: System, native: NativeFacts | null): SystemFacts {
  const node = nodeFacts(system, 'not asked for on Windows yet');
  const allowed = plainCpus(native?.allowedCpus.toSorted((a, b) => a - b) ?? [], 'native allowed_cpus()');
  const noGroups = 'Windows has no control groups';
  return {
    ...node,
    cpus: allowed.value === null ? node.cpus : allowed,
    hugePages: missing('Windows has no pool of large pages'),
    transparentHugePages: missing('Windows has no transparent huge pages'),
    transparentHugePagesDefrag: missing('Windows has no transparent huge pages'),
    cgroupMemoryBytes: missing(noGroups),
    cgroupCpus: missing(noGroups),
  };
}
