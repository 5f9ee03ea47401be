/** A machine as rows of a table: the name of each fact, its value for people, and where it came from. Pure. */
import { formatBytes, formatNs } from '../base/units.ts';
import { formatCpuList } from './cpu-list.ts';
import type { Fact, Origin } from './fact.ts';
import { cacheDifferences, reporterOf } from './reports.ts';
import type {
  Cache,
  Cpu,
  CpuDistance,
  CpuidCache,
  HugePagePool,
  InstalledAllocator,
  Machine,
  MeasuredCache,
  MemoryLevel,
  Surroundings,
  Tlb,
} from './types.ts';

export interface FactRow {
  readonly name: string;
  /** 'n/a' for what is not known: never 0, never empty. */
  readonly value: string;
  readonly origin: Origin;
  /** The file, call or kernel that said so; for a missing fact, the reason. */
  readonly from: string;
}

/** Every fact of the machine, in the order of a reader's questions: what CPU, what memory, what settings, what build. */
export function machineRows(machine: Machine): readonly FactRow[] {
  const of = machine;
  return [
    plain('machine id', of.id, 'hash'),
    plain('fingerprint', of.fingerprint, 'hash'),
    plain('system', `${of.platform} ${of.osRelease}, ${of.architecture}`, 'os.release()'),
    row('virtualisation', of.virtualisation, String),
    row('CPU', of.cpuModel, String),
    row('CPUs', of.cpus, cpusText),
    row('CPU groups', of.cpuGroups, (groups) => groups.map(formatCpuList).join(' | ')),
    row('CPU distances', of.cpuDistances, distancesText),
    row('threads share cores', of.smt, yesNo),
    row('instruction sets', of.isa, (names) => names.join(' ') || 'none of those that matter here'),
    row('caches', of.caches, cachesText),
    row('caches, by CPUID', of.cpuidCaches, (caches) => cpuidText(caches, machine)),
    row('TLBs', of.tlbs, tlbsText),
    row('memory levels', of.memoryLevels, levelsText),
    row('last level', of.lastLevelBytes, formatBytes),
    row('caches, measured', of.measuredCaches, measuredText),
    row('cache line', of.lineBytes, formatBytes),
    row('NUMA nodes', of.numaNodes, String),
    row('memory', of.memoryTotalBytes, formatBytes),
    row('memory available', of.memoryAvailableBytes, formatBytes),
    row('memory limit', of.cgroupMemoryBytes, formatBytes),
    row('CPU quota', of.cgroupCpus, (cpus) => `${rounded(cpus)} CPUs`),
    row('page', of.pageBytes, formatBytes),
    row('huge page pools', of.hugePages, poolsText),
    row('transparent huge pages', of.transparentHugePages, String),
    row('huge pages given', of.hugePagesGiven, (share) => `${rounded(100 * share)} %`),
    row('huge page defragmentation', of.transparentHugePagesDefrag, String),
    row('governor', of.governor, String),
    row('turbo', of.turbo, yesNo),
    row('address randomisation', of.addressRandomisation, String),
    row('counters', of.counters, (names) => names.join(', ')),
    row('clock resolution', of.clockResolutionNs, formatNs),
    row('clock cost', of.clockCostNs, formatNs),
    row('other allocators', of.allocators, allocatorsText),
    row('compiler', of.compiler, String),
    row('compiler flags', of.compilerFlags, String),
    plain('Node.js', of.node, 'process.versions.node'),
    plain('V8', of.v8, 'process.versions.v8'),
  ];
}

/** What went on beside the run. */
export function surroundingsRows(surroundings: Surroundings): readonly FactRow[] {
  const percent = (share: number): string => `${rounded(share)} %`;
  return [
    row('load average', surroundings.loadAverage, rounded),
    row('memory pressure', surroundings.memoryPressure, percent),
    row('CPU pressure', surroundings.cpuPressure, percent),
  ];
}

function row<T>(name: string, fact: Fact<T>, text: (value: T) => string): FactRow {
  return {
    name,
    value: fact.value === null ? 'n/a' : text(fact.value),
    origin: fact.origin,
    from: fact.from,
  };
}

function plain(name: string, value: string, from: string): FactRow {
  return { name, value, origin: 'reported', from };
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function rounded(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** '0-3: 2 cores, 1 package'; '0-3' alone where the system says no more. */
function cpusText(cpus: readonly Cpu[]): string {
  const list = formatCpuList(cpus.map((cpu) => cpu.id));
  const cores = new Set(cpus.filter((cpu) => cpu.core !== null).map((cpu) => `${cpu.package} ${cpu.core}`))
    .size;
  const packages = new Set(cpus.flatMap((cpu) => (cpu.package === null ? [] : [cpu.package]))).size;
  const weak = cpus.filter((cpu) => cpu.kind === 'efficiency').map((cpu) => cpu.id);
  const parts = [
    ...(cores > 0 ? [counted(cores, 'core')] : []),
    ...(packages > 0 ? [counted(packages, 'package')] : []),
    ...(weak.length > 0 ? [`efficiency cores ${formatCpuList(weak)}`] : []),
  ];
  return parts.length === 0 ? list : `${list}: ${parts.join(', ')}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** 'L1 data 2 x 32 KiB, L2 2 x 1 MiB': alike caches are counted, not repeated. */
function cachesText(caches: readonly Cache[]): string {
  const counts = new Map<string, { size: string; count: number }>();
  for (const cache of caches) {
    const name = levelName(cache.level, cache.kind);
    const size = formatBytes(cache.sizeBytes);
    const key = `${name} ${size}`;
    const entry = counts.get(key) ?? { size, count: 0 };
    entry.count++;
    counts.set(key, entry);
  }
  return [...counts]
    .map(([key, { size, count }]) => (count === 1 ? key : key.replace(size, `${count} x ${size}`)))
    .join(', ');
}

function levelName(level: number, kind: Tlb['kind']): string {
  return `L${level}${kind === 'unified' ? '' : ` ${kind}`}`;
}

/** 'L1 data 32 KiB 8-way, L3 32 MiB 16-way for 2 CPUs', and where the system says otherwise. */
function cpuidText(caches: readonly CpuidCache[], machine: Machine): string {
  const told = caches.map(({ level, kind, sizeBytes, ways, sharedBy }) => {
    const sharers = sharedBy === null || sharedBy < 2 ? '' : ` for ${sharedBy} CPUs`;
    return `${levelName(level, kind)} ${formatBytes(sizeBytes)}${ways === null ? '' : ` ${ways}-way`}${sharers}`;
  });
  const differing = cacheDifferences(machine).map(({ level }) => `L${level}`);
  const otherwise =
    differing.length === 0 ? '' : `; ${reporterOf(machine.caches)} differs at ${differing.join(', ')}`;
  return `${told.join(', ')}${otherwise}`;
}

/** 'L1 data 72 x 4 KiB, L2 1024 x 4 KiB or 2 MiB': entries of pages. */
function allocatorsText(allocators: readonly InstalledAllocator[]): string {
  return allocators.map(({ id, version }) => (version === null ? id : `${id} (${version})`)).join(', ');
}

function tlbsText(tlbs: readonly Tlb[]): string {
  return tlbs
    .map(({ level, kind, pageBytes, entries }) => {
      return `${levelName(level, kind)} ${entries} x ${pageBytes.map(formatBytes).join(' or ')}`;
    })
    .join(', ');
}

/** 'L1 33.8 KiB, L2 953 KiB'. */
function measuredText(caches: readonly MeasuredCache[]): string {
  return caches.map(({ level, sizeBytes }) => `L${level} ${formatBytes(sizeBytes)}`).join(', ');
}

function poolsText(pools: readonly HugePagePool[]): string {
  return pools
    .map(({ pageBytes, total, free }) => {
      return `${formatBytes(pageBytes)}: ${total === 0 ? 'empty' : `${free} of ${total} free`}`;
    })
    .join(', ');
}

/** '1.02 ns to 32 KiB, 3.6 ns to 1 MiB, 118 ns beyond'. */
function levelsText(levels: readonly MemoryLevel[]): string {
  return levels
    .map(({ latencyNs, upToBytes }) => {
      return `${formatNs(latencyNs)} ${upToBytes === null ? 'beyond' : `to ${formatBytes(upToBytes)}`}`;
    })
    .join(', ');
}

function distancesText(distances: readonly CpuDistance[]): string {
  const times = distances.map((distance) => distance.oneWayNs);
  const [least, most] = [Math.min(...times), Math.max(...times)];
  const range = least === most ? formatNs(least) : `${formatNs(least)} to ${formatNs(most)}`;
  return `${range} one way, ${counted(times.length, 'pair')}`;
}
