/**
 * What is reported of a machine's data caches and TLBs, and by whom: to stand beside what is inferred of the same.
 * The operating system and the CPU may each know, and need not agree.
 */
import type { Fact } from './fact.ts';
import type { Cache, CpuidCache, Machine } from './types.ts';

/** Who reported a fact, in a word where there is one: 'sysfs', 'CPUID', 'sysctl'; null for a missing one. */
export function reporterOf({ value, from }: Fact<unknown>): string | null {
  if (value === null) return null;
  if (from.startsWith('/sys/')) return 'sysfs';
  return /^(CPUID|sysctl)\b/.exec(from)?.[0] ?? from;
}

/** A data cache, and who reports it: 'sysfs', 'CPUID', or both where they say the same: 'sysfs, CPUID'. */
export interface ReportedCache extends Cache {
  readonly by: string;
}

/** What the CPU says of a level, where the system says something else; null: the one of them says nothing. */
export interface CacheDifference {
  readonly level: number;
  readonly system: Cache | null;
  readonly cpuid: CpuidCache | null;
}

type DataCache = Pick<Cache, 'level' | 'kind' | 'sizeBytes' | 'lineBytes' | 'ways'>;

function isData({ kind }: DataCache): boolean {
  return kind !== 'instruction';
}

function isSame(a: DataCache, b: DataCache): boolean {
  const waysAgree = a.ways === null || b.ways === null || a.ways === b.ways;
  return a.sizeBytes === b.sizeBytes && a.lineBytes === b.lineBytes && waysAgree;
}

/** A level's data caches: of the system, where cores differ more than one, and the one that the CPU tells of. */
interface Level {
  readonly level: number;
  readonly system: readonly Cache[];
  readonly cpuid: CpuidCache | null;
}

/** What CPUID said stands in both lists where the system itself was silent: then it is nobody's second opinion. */
function levelsOf({ caches, cpuidCaches }: Machine): readonly Level[] {
  const ofSystem = reporterOf(caches) === 'CPUID' ? [] : (caches.value ?? []).filter(isData);
  const ofCpu = (cpuidCaches.value ?? []).filter(isData);
  const levels = [...new Set([...ofSystem, ...ofCpu].map(({ level }) => level))].toSorted((a, b) => a - b);
  return levels.map((level) => ({
    level,
    system: ofSystem.filter((cache) => cache.level === level),
    cpuid: ofCpu.find((cache) => cache.level === level) ?? null,
  }));
}

/** One data cache a level, nearest first. The system's word stands where the CPU has another one. */
export function reportedCaches(machine: Machine): readonly ReportedCache[] {
  const reporter = reporterOf(machine.caches) ?? '';
  return levelsOf(machine).flatMap(({ system: [cache], cpuid }): ReportedCache[] => {
    if (cache !== undefined) {
      return [{ ...cache, by: cpuid !== null && isSame(cache, cpuid) ? `${reporter}, CPUID` : reporter }];
    }
    return cpuid === null ? [] : [{ ...asCache(cpuid), by: 'CPUID' }];
  });
}

/** The data cache of a level as reported, and by whom; null where nobody says. */
export function reportedCache(machine: Machine, level: number): ReportedCache | null {
  return reportedCaches(machine).find((cache) => cache.level === level) ?? null;
}

/** The levels at which system and CPU both speak and describe different data caches, or one of them none. */
export function cacheDifferences(machine: Machine): readonly CacheDifference[] {
  const levels = levelsOf(machine);
  const bothSpeak = levels.some(({ system }) => system.length > 0) && machine.cpuidCaches.value !== null;
  if (!bothSpeak) return [];
  return levels.flatMap(({ level, system, cpuid }): CacheDifference[] => {
    if (cpuid !== null && system.some((cache) => isSame(cache, cpuid))) return [];
    return [{ level, system: system[0] ?? null, cpuid }];
  });
}

/** A cache of the CPU's own list as one of the system's: it names no CPUs. */
export function asCache({ level, kind, sizeBytes, lineBytes, ways }: CpuidCache): Cache {
  return { level, kind, sizeBytes, lineBytes, ways, cpus: [] };
}

/** How many pages of a size a level's TLBs hold for loads, and who says so; null where nobody does. */
export function reportedTlb(
  { tlbs }: Machine,
  level: number,
  pageBytes: number,
): { readonly entries: number; readonly by: string } | null {
  const entries = (tlbs.value ?? [])
    .filter((tlb) => tlb.level === level && tlb.pageBytes.includes(pageBytes))
    .filter(({ kind }) => kind !== 'instruction' && kind !== 'store')
    .reduce((sum, tlb) => sum + tlb.entries, 0);
  const by = reporterOf(tlbs);
  return entries === 0 || by === null ? null : { entries, by };
}
