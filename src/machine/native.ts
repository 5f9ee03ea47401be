/**
 * What the addon's environment() tells about the machine: the part that JavaScript has no way to ask. It is
 * handed in, so that this folder never imports the addon and a report can be made without it.
 */
export interface NativeCounter {
  /** perf's name: 'cycles', 'dTLB-load-misses'. */
  readonly name: string;
  readonly hardware: boolean;
  /** Why it could not be opened; null when it could. */
  readonly reason: string | null;
}

/** The registers that one leaf of the CPUID instruction answered, each 0 to 2^32 - 1. */
export interface CpuidAnswer {
  readonly leaf: number;
  readonly subleaf: number;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

/** Plain data; null where the system can't say. */
export interface NativeFacts {
  readonly compiler: string;
  readonly compilerFlags: string;
  readonly clockName: string;
  /** Smallest step seen between two reads. */
  readonly clockResolutionNs: number;
  /** One read of the clock. */
  readonly clockCostNs: number;
  readonly lineBytes: number | null;
  readonly pageBytes: number | null;
  /** Empty where unknown. */
  readonly allowedCpus: readonly number[];
  /** Instruction sets by our names ('avx2'), and whether the CPU has them. */
  readonly features: Readonly<Record<string, boolean>>;
  readonly counters: readonly NativeCounter[];
  /** What the CPU says of its caches and TLBs, raw; empty elsewhere than on x86-64. */
  readonly cpuid: readonly CpuidAnswer[];
  /** What this process may still take, cgroup limits counted. */
  readonly availableMemoryBytes: number | null;
}

/** The shape of the addon's environment(), as far as this folder needs it. */
export interface NativeEnvironment
  extends Omit<NativeFacts, 'clockResolutionNs' | 'clockCostNs' | 'cpuid' | 'availableMemoryBytes'> {
  measureClock(): { readonly resolutionNs: number; readonly costNs: number };
  cpuid(): readonly CpuidAnswer[];
  availableMemoryBytes(): number | null;
}

/** Asks the environment once and keeps the answers. Takes as long as its measureClock(). */
export function nativeFactsOf(environment: NativeEnvironment): NativeFacts {
  const clock = environment.measureClock();
  return {
    compiler: environment.compiler,
    compilerFlags: environment.compilerFlags,
    clockName: environment.clockName,
    clockResolutionNs: clock.resolutionNs,
    clockCostNs: clock.costNs,
    lineBytes: environment.lineBytes,
    pageBytes: environment.pageBytes,
    allowedCpus: environment.allowedCpus,
    features: environment.features,
    counters: environment.counters,
    cpuid: environment.cpuid(),
    availableMemoryBytes: environment.availableMemoryBytes(),
  };
}
