/** A Linux machine, from /proc and /sys. Each fact's own file says how it is read; this is the list of them. */
import { cachesFact, lineFact } from './caches.ts';
import { availableFact, cgroupCpusFact, cgroupMemoryFact } from './cgroup.ts';
import { cpuModelFact, isaFact, readCpuinfo } from './cpuinfo.ts';
import { hugePagesFact, meminfoFact, pageFact, transparentFact } from './memory.ts';
import type { NativeFacts } from './native.ts';
import type { System } from './system.ts';
import type { SystemFacts } from './system-facts.ts';
import { cpusFact, numaNodesFact, smtFact } from './topology.ts';
import { governorFact, randomisationFact, turboFact } from './tuning.ts';
import { virtualisationFact } from './virtualisation.ts';

export function linuxFacts(system: System, native: NativeFacts | null): SystemFacts {
  const blocks = readCpuinfo(system);
  const cpus = cpusFact(system, native?.allowedCpus ?? []);
  const caches = cachesFact(system);
  return {
    cpuModel: cpuModelFact(blocks),
    cpus,
    caches,
    lineBytes: lineFact(caches),
    pageBytes: pageFact(system),
    hugePages: hugePagesFact(system),
    transparentHugePages: transparentFact(system, 'enabled'),
    transparentHugePagesDefrag: transparentFact(system, 'defrag'),
    numaNodes: numaNodesFact(system),
    memoryTotalBytes: meminfoFact(system, 'MemTotal'),
    memoryAvailableBytes: availableFact(system, meminfoFact(system, 'MemAvailable')),
    cgroupMemoryBytes: cgroupMemoryFact(system),
    cgroupCpus: cgroupCpusFact(system),
    virtualisation: virtualisationFact(system, blocks),
    governor: governorFact(system, cpus.value?.map((cpu) => cpu.id) ?? []),
    turbo: turboFact(system),
    smt: smtFact(system, cpus.value),
    addressRandomisation: randomisationFact(system),
    isa: isaFact(blocks),
  };
}
