/**
 * Which CPUs there are, which share a core, a package, a NUMA node. As reported: a guest's topology is what its
 * host chose to show, so it is read beside the ping-pong (siblings.ts), never instead of it.
 * Source: Linux Documentation/admin-guide/cputopology.rst and Documentation/ABI/stable/sysfs-devices-node.
 */
import { readCpuList } from './cpu-list.ts';
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';
import type { Cpu } from './types.ts';

export const cpuRoot = '/sys/devices/system/cpu';
const nodeRoot = '/sys/devices/system/node';

/** The CPUs that this process may use, and who says so. `fromNative` is what the addon was told; empty is unknown. */
export function allowedCpus(system: System, fromNative: readonly number[]): Fact<readonly number[]> {
  if (fromNative.length > 0)
    return reported(
      fromNative.toSorted((a, b) => a - b),
      'native allowed_cpus()',
    );
  const status = system.readText('/proc/self/status') ?? '';
  const allowed = readCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? null);
  if (allowed !== null) return reported(allowed, '/proc/self/status Cpus_allowed_list');
  const online = readCpuList(system.readText(`${cpuRoot}/online`));
  if (online !== null) return reported(online, `${cpuRoot}/online`);
  return missing('neither /proc/self/status nor sysfs lists the CPUs');
}

/** The topology of the allowed CPUs, ascending. A part that sysfs does not give is null or empty. */
export function cpusFact(system: System, fromNative: readonly number[]): Fact<readonly Cpu[]> {
  const allowed = allowedCpus(system, fromNative);
  if (allowed.value === null) return missing(allowed.from);
  const nodes = nodeOfCpu(system);
  const kinds = kindOfCpu(system);
  const cpus = allowed.value.map((id): Cpu => {
    const directory = `${cpuRoot}/cpu${id}/topology`;
    // core_cpus_list is the newer name of the same file (Linux 5.3).
    const siblings =
      readCpuList(system.readText(`${directory}/core_cpus_list`)) ??
      readCpuList(system.readText(`${directory}/thread_siblings_list`));
    return {
      id,
      core: readId(system, `${directory}/core_id`),
      package: readId(system, `${directory}/physical_package_id`),
      node: nodes.get(id) ?? null,
      siblings: siblings ?? [],
      kind: kinds.get(id) ?? null,
    };
  });
  return reported(cpus, `${allowed.from}; ${cpuRoot}/cpu*/topology`);
}

/** A number from sysfs; null where absent, and for -1, the kernel's own word for unknown. */
function readId(system: System, path: string): number | null {
  const text = system.readText(path)?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

function nodeNumbers(system: System): readonly number[] {
  return system
    .list(nodeRoot)
    .filter((name) => /^node\d+$/.test(name))
    .map((name) => Number(name.slice('node'.length)));
}

function nodeOfCpu(system: System): ReadonlyMap<number, number> {
  const nodes = new Map<number, number>();
  for (const node of nodeNumbers(system)) {
    const cpus = readCpuList(system.readText(`${nodeRoot}/node${node}/cpulist`)) ?? [];
    for (const cpu of cpus) nodes.set(cpu, node);
  }
  return nodes;
}

/**
 * Intel's hybrids have a performance-counter unit for each sort of core, and it lists its CPUs; ARM gives each
 * CPU a capacity, 1024 for the strongest. Nothing on a machine whose cores are alike.
 */
function kindOfCpu(system: System): ReadonlyMap<number, Cpu['kind']> {
  const strong = readCpuList(system.readText('/sys/devices/cpu_core/cpus'));
  const weak = readCpuList(system.readText('/sys/devices/cpu_atom/cpus'));
  if (strong !== null && weak !== null) {
    return new Map<number, Cpu['kind']>([
      ...strong.map((cpu) => [cpu, 'performance'] as const),
      ...weak.map((cpu) => [cpu, 'efficiency'] as const),
    ]);
  }
  const capacities = new Map<number, number>();
  for (const name of system.list(cpuRoot)) {
    const id = /^cpu(\d+)$/.exec(name)?.[1];
    const capacity = id === undefined ? null : readId(system, `${cpuRoot}/${name}/cpu_capacity`);
    if (capacity !== null) capacities.set(Number(id), capacity);
  }
  const strongest = Math.max(...capacities.values());
  const weakest = Math.min(...capacities.values());
  if (!(weakest < strongest)) return new Map();
  // Three sorts exist (prime, big, little): what is nearer the strongest than the weakest counts as strong.
  const middle = (strongest + weakest) / 2;
  return new Map(
    [...capacities].map(([cpu, capacity]) => [cpu, capacity >= middle ? 'performance' : 'efficiency']),
  );
}

/** Nodes, those without a CPU (memory on an expander) counted too. */
export function numaNodesFact(system: System): Fact<number> {
  const count = nodeNumbers(system).length;
  return count === 0 ? missing(`no ${nodeRoot}/node*`) : reported(count, `${nodeRoot}/node*`);
}

/** Whether two threads of a core are in use. Falls back on the sibling lists where the kernel has no switch. */
export function smtFact(system: System, cpus: readonly Cpu[] | null): Fact<boolean> {
  const path = `${cpuRoot}/smt/active`;
  const text = system.readText(path)?.trim();
  if (text === '0' || text === '1') return reported(text === '1', path);
  const known = (cpus ?? []).filter((cpu) => cpu.siblings.length > 0);
  if (known.length === 0) return missing(`no ${path}, and no sibling lists`);
  return reported(
    known.some((cpu) => cpu.siblings.length > 1),
    `${cpuRoot}/cpu*/topology/thread_siblings_list`,
  );
}
