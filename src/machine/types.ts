/** What a machine is. Part of every run file, so it is plain data: no dates, no functions, no classes. */
import type { Fact } from './fact.ts';

export interface Cache {
  readonly level: number;
  readonly kind: 'data' | 'instruction' | 'unified';
  readonly sizeBytes: number;
  readonly lineBytes: number;
  readonly ways: number | null;
  /** The CPUs that share it; empty where the system names the cache but not its sharers. */
  readonly cpus: readonly number[];
}

/** A cache as the CPU itself describes it (CPUID). */
export interface CpuidCache {
  readonly level: number;
  readonly kind: Cache['kind'];
  readonly sizeBytes: number;
  readonly lineBytes: number;
  readonly ways: number | null;
  readonly sets: number | null;
  /** At most so many logical CPUs share it; null where it does not say. */
  readonly sharedBy: number | null;
}

/** A TLB as the CPU itself describes it (CPUID). */
export interface Tlb {
  readonly level: number;
  /** `load` and `store`: data, looked up by the one alone. */
  readonly kind: 'data' | 'instruction' | 'unified' | 'load' | 'store';
  /** The sizes of pages that its entries map; they share the entries. */
  readonly pageBytes: readonly number[];
  readonly entries: number;
  /** As many as entries where it is fully associative; null where it does not say. */
  readonly ways: number | null;
}

export interface Cpu {
  readonly id: number;
  readonly core: number | null;
  readonly package: number | null;
  readonly node: number | null;
  /** CPUs of the same physical core, itself included, as reported; empty where the system does not say. */
  readonly siblings: readonly number[];
  /** Which sort of core, on a machine that mixes them; null where all are alike or nothing says. */
  readonly kind: 'performance' | 'efficiency' | null;
}

export interface HugePagePool {
  readonly pageBytes: number;
  readonly total: number;
  readonly free: number;
}

/** One pair of CPUs, and how long a line takes from one to the other (half a round trip). */
export interface CpuDistance {
  readonly from: number;
  readonly to: number;
  readonly oneWayNs: number;
}

/** One plateau of the curve of dependent loads. */
export interface MemoryLevel {
  /** The largest working set that it holds; null for the last one, which the curve did not outgrow. */
  readonly upToBytes: number | null;
  readonly latencyNs: number;
}

/** A cache as our kernels find it, over fresh processes. */
export interface MeasuredCache {
  readonly level: number;
  readonly sizeBytes: number;
  readonly latencyNs: number;
  /** Null where no experiment told. */
  readonly ways: number | null;
}

/** An allocator of others that can be measured here. */
export interface InstalledAllocator {
  readonly id: string;
  /** Null where it does not say. */
  readonly version: string | null;
}

export interface Machine {
  /** Stable across reboots and runs: a hash of the operating system's machine id and the hardware, never the id itself. */
  readonly id: string;
  /** What two runs must share to be comparable: CPU, caches, kernel, compiler and flags, Node, V8. A hash. */
  readonly fingerprint: string;
  readonly platform: string;
  readonly architecture: string;
  readonly osRelease: string;
  readonly cpuModel: Fact<string>;
  /** CPUs that this process may run on. */
  readonly cpus: Fact<readonly Cpu[]>;
  /** As the system reports them; as CPUID does where the system is silent. */
  readonly caches: Fact<readonly Cache[]>;
  /** What the CPU that this process ran on says of its caches itself. */
  readonly cpuidCaches: Fact<readonly CpuidCache[]>;
  /** And of its TLBs. */
  readonly tlbs: Fact<readonly Tlb[]>;
  readonly lineBytes: Fact<number>;
  /** Where the curve of dependent loads bends: the last-level share this process really gets. */
  readonly lastLevelBytes: Fact<number>;
  /** The plateaus of that curve, nearest first; measured, to be read beside `caches`. */
  readonly memoryLevels: Fact<readonly MemoryLevel[]>;
  /** The caches as a profile of this machine has them (`linefill machine --measure`), nearest first. */
  readonly measuredCaches: Fact<readonly MeasuredCache[]>;
  readonly cpuDistances: Fact<readonly CpuDistance[]>;
  /** CPUs nearest to one another by those distances; measured, to be read beside `Cpu.siblings`. */
  readonly cpuGroups: Fact<readonly (readonly number[])[]>;
  readonly pageBytes: Fact<number>;
  readonly hugePages: Fact<readonly HugePagePool[]>;
  /** When the kernel gives huge pages unasked: always, madvise or never. */
  readonly transparentHugePages: Fact<string>;
  /** Share of some megabytes of memory that asked for huge pages and got them, 0 to 1; measured. */
  readonly hugePagesGiven: Fact<number>;
  /** When a fault may stall to make one: always, defer, defer+madvise, madvise or never. */
  readonly transparentHugePagesDefrag: Fact<string>;
  readonly numaNodes: Fact<number>;
  readonly memoryTotalBytes: Fact<number>;
  /** What this process may still take, cgroup limits counted. */
  readonly memoryAvailableBytes: Fact<number>;
  /** The tightest memory limit of any cgroup that holds this process; missing where there is none. */
  readonly cgroupMemoryBytes: Fact<number>;
  /** The tightest CPU quota, in CPUs (1.5: one and a half); missing where there is none. */
  readonly cgroupCpus: Fact<number>;
  readonly virtualisation: Fact<string>;
  readonly governor: Fact<string>;
  readonly turbo: Fact<boolean>;
  readonly smt: Fact<boolean>;
  readonly addressRandomisation: Fact<string>;
  readonly isa: Fact<readonly string[]>;
  /** Event counters that could be opened, hardware and software, by perf's names. */
  readonly counters: Fact<readonly string[]>;
  readonly clockResolutionNs: Fact<number>;
  readonly clockCostNs: Fact<number>;
  /** Allocators of others that ours can be compared with. */
  readonly allocators: Fact<readonly InstalledAllocator[]>;
  readonly compiler: Fact<string>;
  readonly compilerFlags: Fact<string>;
  readonly node: string;
  readonly v8: string;
}

/** What is going on beside us, read once a run. */
export interface Surroundings {
  /** Runnable tasks, averaged over the last minute. */
  readonly loadAverage: Fact<number>;
  /** Share of the last 10 s in which some task waited for memory, in percent. */
  readonly memoryPressure: Fact<number>;
  /** The same for a CPU. */
  readonly cpuPressure: Fact<number>;
}
