/**
 * The only importer of the .node file: its three functions with their types. The addon is loaded at the first
 * call, so that commands which measure nothing start without it.
 */
import { ContractError } from '../base/errors.ts';
import { loadAddon } from './locate.ts';

export interface NativeArgument {
  readonly name: string;
  /** As native/boundary.h spells it: "const int32[]", "size", ... */
  readonly type: string;
}

export interface NativeKernel {
  readonly id: string;
  readonly summary: string;
  readonly arguments: readonly NativeArgument[];
}

/** How a kernel is to be timed; see native/timing.h. */
export interface Plan {
  /** Untimed iterations before the first sample. */
  readonly warmup?: number;
  readonly samples?: number;
  readonly iterations?: number;
  readonly patienceNs?: number;
  readonly counters?: boolean;
  /** A team's meeting place: Int32Array over a SharedArrayBuffer of `gateWords`, zeroed. */
  readonly gate?: Int32Array | undefined;
  readonly members?: number;
}

export interface Timed {
  /** The last iteration's answer. */
  readonly checksum: bigint;
  /** `samples` rows of `environment().columns`. */
  readonly samples: Float64Array;
  /** With `counters`: `samples` rows of `environment().counters`; NaN where a counter is not to be had. */
  readonly counts?: Float64Array;
}

/** See Pages in native/platform/platform.h: `explicit` is 2 MiB and `gigantic` 1 GiB, each from a pool of its own. */
export type Pages = 'system' | 'small' | 'transparent' | 'explicit' | 'gigantic';

/** Mapped memory as an ArrayBuffer, zeroed, freed at `dispose()`. */
export interface Region {
  /** Throws once disposed. */
  readonly buffer: ArrayBuffer;
  readonly address: bigint;
  /** Bytes that huge pages back now; null where the system can't say. */
  hugeBytes(): number | null;
  /**
   * Gives the memory back and leaves `buffer` as it is, all zeroes. Throws where the system can't (large pages on
   * Windows), and once disposed.
   */
  discard(): void;
  /** Detaches `buffer` and unmaps; a second call does nothing. */
  dispose(): void;
}

export interface CounterFact {
  readonly name: string;
  readonly hardware: boolean;
  /** Leaves out what the kernel did for us: the system allows no more. */
  readonly userOnly: boolean;
  /** Why it is not to be had; null when it is. */
  readonly reason: string | null;
}

/** What the programs used that this process started and waited for; running totals. Null where unknown. */
export interface ChildUsage {
  readonly userNs: number | null;
  readonly systemNs: number | null;
  readonly minorFaults: number | null;
  readonly majorFaults: number | null;
  readonly voluntarySwitches: number | null;
  readonly involuntarySwitches: number | null;
  /** Of the largest of all these processes, so it never falls. Up to `forkedPeakBytes()` it says "at most". */
  readonly peakResidentBytes: number | null;
}

/** Counts of the programs that the calling thread starts while it lives, with all their threads and descendants. */
export interface ChildCounters {
  /** What can be counted for children, and why not. */
  facts(): CounterFact[];
  /** So far, in the order of `facts()`: NaN where there is none. Throws once disposed. */
  read(): {
    /** Scaled where the system shared a hardware counter out in turns. */
    readonly counts: Float64Array;
    /** The part of the time in which each was counted, 1 where always. */
    readonly shares: Float64Array;
  };
  /** Closes what it opened; a second call does nothing. */
  dispose(): void;
}

/** A general allocator of others, as the loader finds it. */
export interface GeneralPeer {
  readonly id: string;
  /** "2.0.9"; null where it does not say, or is not here. */
  readonly version: string | null;
  /** Why it can't be called, and what to do; null where it can. */
  readonly missing: string | null;
  /** Whether it is here, and a process started with more room for thread-local data could call it. */
  readonly needsRoom: boolean;
  /** Up to this its blocks lie as asked; 0 where it is not here. */
  readonly keptAlignmentBytes: number;
}

/** Allocators of others. */
export interface Peers {
  /** Compiled in: as the headers call it, "1_74"; null where it was not. */
  readonly boostPool: string | null;
  /** malloc, jemalloc, tcmalloc, mimalloc: by position as the kernels number them. */
  readonly general: readonly GeneralPeer[];
  /** The C++ library whose std::pmr was compiled in, "libstdc++ 12"; null where it has no pools. */
  readonly pmr: string | null;
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

export interface Environment {
  readonly compiler: string;
  readonly compilerFlags: string;
  readonly clockName: string;
  readonly lineBytes: number | null;
  readonly pageBytes: number | null;
  readonly gateWords: number;
  readonly gateStrideWords: number;
  readonly columns: readonly string[];
  readonly allowedCpus: readonly number[];
  readonly features: Readonly<Record<'sse2' | 'avx2' | 'fma' | 'avx512f' | 'neon' | 'sve', boolean>>;
  readonly counters: readonly CounterFact[];
  /** Binds the calling thread to one CPU; throws where the system can't, or the CPU is not ours. */
  pin(cpu: number): void;
  unpin(): void;
  currentCpu(): number | null;
  addressOf(view: ArrayBufferView): bigint;
  nowNs(): number;
  /** The calling thread's usage so far, in `columns` (the times are 0). */
  usage(): Float64Array;
  measureClock(): { resolutionNs: number; costNs: number };
  /**
   * What the CPU that the caller is on says of its caches and TLBs, raw (src/machine/cpuid.ts decodes it): the maker,
   * then the leaves that it has. Empty elsewhere than on x86-64.
   */
  cpuid(): CpuidAnswer[];
  availableMemoryBytes(): number | null;
  /** Allocators of others; loads what can be loaded. */
  peers(): Peers;
  /** A call of the native pool in `heap`: an offset, or the negative of an error (src/allocators/allocation.ts). */
  poolAlloc(heap: Uint32Array): number;
  /** 0, or the negative of an error. Both throw TypeError where `heap` holds no pool and no checked pool. */
  poolFree(heap: Uint32Array, offset: number): number;
  childUsage(): ChildUsage;
  /** The peak resident set with which a program begins that this process starts; forks a child to find out. */
  forkedPeakBytes(): number | null;
  readonly ChildCounters: new () => ChildCounters;
  /**
   * Puts the pages of a view that starts at a page on NUMA nodes: on one, or in turn over several; pages that were
   * touched before are moved. Throws where the system can't, or such a node has no memory for this process.
   */
  placeOnNodes(view: ArrayBufferView, nodes: readonly number[]): void;
  /** How many of a view's pages lie on each node, from node 0 on, untouched ones on none; null where unknown. */
  pagesByNode(view: ArrayBufferView): number[] | null;
  /** The node of the CPU that the calling thread is on; null where unknown. */
  currentNode(): number | null;
  readonly Region: new (bytes: number, options?: { alignment?: number; pages?: Pages }) => Region;
}

interface Addon {
  kernels(): NativeKernel[];
  run(id: string, args: readonly unknown[], plan?: Plan): Timed;
  environment(): Environment;
}

let addon: Addon | null = null;
let known: Environment | null = null;
const expected: NativeKernel[] = [];

function spell({ arguments: table }: NativeKernel): string {
  return table.map(({ name, type }) => `${name}: ${type}`).join(', ');
}

function compareSignatures(kernels: readonly NativeKernel[], wanted: readonly NativeKernel[]): void {
  for (const kernel of wanted) {
    const native = kernels.find(({ id }) => id === kernel.id);
    if (native === undefined) {
      throw new ContractError(`${kernel.id}: the addon has no kernel of this id; rebuild it: npm run build`);
    }
    const [here, there] = [spell(kernel), spell(native)];
    if (here !== there) {
      throw new ContractError(
        `${kernel.id}: the signatures differ: TypeScript has (${here}), the addon has (${there}); rebuild it: npm run build`,
      );
    }
  }
}

function load(): Addon {
  if (addon === null) {
    const loaded = loadAddon() as Partial<Addon>;
    if (typeof loaded.run !== 'function' || typeof loaded.kernels !== 'function') {
      throw new ContractError('the loaded file is not the linefill addon: it exports no kernels() and run()');
    }
    compareSignatures((loaded as Addon).kernels(), expected);
    addon = loaded as Addon;
  }
  return addon;
}

/**
 * Declares that TypeScript has a kernel of this signature. All declared ones are compared when the addon loads, so
 * that a drift fails there; one declared later is compared at once. Throws ContractError that shows both sides.
 */
export function expectKernel(kernel: NativeKernel): void {
  if (addon !== null) compareSignatures(addon.kernels(), [kernel]);
  expected.push(kernel);
}

/** Every kernel that is compiled in. */
export function nativeKernels(): NativeKernel[] {
  return load().kernels();
}

/**
 * Checks the arguments, then times the kernel. Throws TypeError `kernel: argument 2 "hops" must be ...` on bad
 * arguments, Error when the kernel can't do it (out of memory, a stopped team).
 */
export function runNative(id: string, args: readonly unknown[], plan?: Plan): Timed {
  return load().run(id, args, plan);
}

/** What native code knows of this machine, and the platform's calls. */
export function environment(): Environment {
  known ??= load().environment();
  return known;
}
