/** The facts that an operating system is asked for: what linux.ts, darwin.ts and windows.ts each give in full. */
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';
import type { Cpu, Machine } from './types.ts';

export type SystemFacts = Pick<
  Machine,
  | 'cpuModel'
  | 'cpus'
  | 'caches'
  | 'lineBytes'
  | 'pageBytes'
  | 'hugePages'
  | 'transparentHugePages'
  | 'transparentHugePagesDefrag'
  | 'numaNodes'
  | 'memoryTotalBytes'
  | 'memoryAvailableBytes'
  | 'cgroupMemoryBytes'
  | 'cgroupCpus'
  | 'virtualisation'
  | 'governor'
  | 'turbo'
  | 'smt'
  | 'addressRandomisation'
  | 'isa'
>;

/**
 * What Node.js alone can say, on any system: the CPU's model, the memory, how many CPUs. The rest is missing for
 * `reason`. The ground that a system's own file builds on.
 */
export function nodeFacts(system: System, reason: string): SystemFacts {
  const model = system.cpuModels().find((name) => name.trim() !== '');
  return {
    cpuModel: model === undefined ? missing('os.cpus() names no model') : reported(model.trim(), 'os.cpus()'),
    cpus: plainCpus(firstIds(system.availableParallelism), 'os.availableParallelism()'),
    caches: missing(reason),
    lineBytes: missing(reason),
    pageBytes: missing(reason),
    hugePages: missing(reason),
    transparentHugePages: missing(reason),
    transparentHugePagesDefrag: missing(reason),
    numaNodes: missing(reason),
    memoryTotalBytes: positiveFact(system.totalMemoryBytes(), 'os.totalmem()'),
    memoryAvailableBytes: positiveFact(system.freeMemoryBytes(), 'os.freemem()'),
    cgroupMemoryBytes: missing(reason),
    cgroupCpus: missing(reason),
    virtualisation: missing(reason),
    governor: missing(reason),
    turbo: missing(reason),
    smt: missing(reason),
    addressRandomisation: missing(reason),
    isa: missing(reason),
  };
}

/** CPUs by number, of which only what `known` gives is known. */
export function plainCpus(
  ids: readonly number[],
  from: string,
  known: (id: number) => Partial<Cpu> = () => ({}),
): Fact<readonly Cpu[]> {
  if (ids.length === 0) return missing(`${from} names no CPU`);
  const cpus = ids.map((id): Cpu => {
    const cpu = { id, core: null, package: null, node: null, siblings: [], kind: null };
    return Object.assign(cpu, known(id));
  });
  return reported(cpus, from);
}

/** 0 .. count - 1: what a system that gives only a number of CPUs must mean. */
export function firstIds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, id) => id);
}

/** A figure of which 0 would be a way of saying unknown. */
export function positiveFact(value: number, from: string): Fact<number> {
  return Number.isFinite(value) && value > 0 ? reported(value, from) : missing(`${from} does not say`);
}
