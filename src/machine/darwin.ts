/**
 * A Mac, through sysctl. Apple silicon has two sorts of cores (perflevel0 the strong, perflevel1 the weak) with
 * caches of their own, and does not say which CPU number is which sort.
 * Source: sysctl(3), and Apple's "Determining system capabilities" for the hw.perflevel and hw.optional names.
 */
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';
import { firstIds, nodeFacts, plainCpus, type SystemFacts } from './system-facts.ts';
import type { Cache, Cpu } from './types.ts';

export function darwinFacts(system: System): SystemFacts {
  const node = nodeFacts(system, 'macOS does not say');
  const noGroups = 'macOS has no control groups';
  return {
    ...node,
    cpuModel: sysctlText(system, 'machdep.cpu.brand_string') ?? node.cpuModel,
    cpus: cpusFact(system) ?? node.cpus,
    caches: cachesFact(system),
    lineBytes: sysctlNumber(system, 'hw.cachelinesize'),
    pageBytes: sysctlNumber(system, 'hw.pagesize'),
    hugePages: missing('macOS has no pool of huge pages'),
    transparentHugePages: missing('macOS has no transparent huge pages'),
    transparentHugePagesDefrag: missing('macOS has no transparent huge pages'),
    memoryTotalBytes: sysctlNumber(system, 'hw.memsize'),
    // Free pages only: what macOS would reclaim from its caches is not in it, so it errs on the low side.
    memoryAvailableBytes: node.memoryAvailableBytes,
    cgroupMemoryBytes: missing(noGroups),
    cgroupCpus: missing(noGroups),
    virtualisation: virtualisationFact(system),
    smt: smtFact(system),
    isa: isaFact(system),
  };
}

function sysctl(system: System, name: string): string | null {
  const text = system.run('sysctl', ['-n', name]);
  return text === null || text === '' ? null : text;
}

function sysctlText(system: System, name: string): Fact<string> | null {
  const text = sysctl(system, name);
  return text === null ? null : reported(text, `sysctl ${name}`);
}

/** A positive whole number; null where the name is unknown or the answer is 0, macOS's word for absent. */
function positive(system: System, name: string): number | null {
  const text = sysctl(system, name);
  return text !== null && /^[1-9]\d*$/.test(text) ? Number(text) : null;
}

function sysctlNumber(system: System, name: string): Fact<number> {
  const value = positive(system, name);
  return value === null ? missing(`sysctl ${name} does not say`) : reported(value, `sysctl ${name}`);
}

function cpusFact(system: System): Fact<readonly Cpu[]> | null {
  const logical = positive(system, 'hw.logicalcpu');
  if (logical === null) return null;
  const onePackage = positive(system, 'hw.packages') === 1;
  const oneThreadACore = positive(system, 'hw.physicalcpu') === logical;
  return plainCpus(firstIds(logical), 'sysctl hw.logicalcpu', (id) => {
    return { package: onePackage ? 0 : null, siblings: oneThreadACore ? [id] : [] };
  });
}

function cachesFact(system: System): Fact<readonly Cache[]> {
  const lineBytes = positive(system, 'hw.cachelinesize');
  if (lineBytes === null) return missing('sysctl hw.cachelinesize does not say');
  const sorts = positive(system, 'hw.nperflevels') ?? 0;
  const prefixes = sorts === 0 ? ['hw'] : Array.from({ length: sorts }, (_, sort) => `hw.perflevel${sort}`);
  const caches = prefixes.flatMap((prefix) => [
    ...cacheOf(system, `${prefix}.l1dcachesize`, 1, 'data', lineBytes),
    ...cacheOf(system, `${prefix}.l1icachesize`, 1, 'instruction', lineBytes),
    ...cacheOf(system, `${prefix}.l2cachesize`, 2, 'unified', lineBytes),
    ...cacheOf(system, `${prefix}.l3cachesize`, 3, 'unified', lineBytes),
  ]);
  if (caches.length === 0) return missing(`sysctl ${prefixes[0]}.l1dcachesize does not say`);
  return reported(
    caches.toSorted((a, b) => a.level - b.level || a.kind.localeCompare(b.kind)),
    'sysctl hw',
  );
}

function cacheOf(
  system: System,
  name: string,
  level: number,
  kind: Cache['kind'],
  lineBytes: number,
): readonly Cache[] {
  const sizeBytes = positive(system, name);
  return sizeBytes === null ? [] : [{ level, kind, sizeBytes, lineBytes, ways: null, cpus: [] }];
}

function virtualisationFact(system: System): Fact<string> {
  const name = 'kern.hv_vmm_present';
  const text = sysctl(system, name);
  if (text !== '0' && text !== '1') return missing(`sysctl ${name} does not say`);
  return reported(text === '1' ? 'virtual machine' : 'none', `sysctl ${name}`);
}

function smtFact(system: System): Fact<boolean> {
  const physical = positive(system, 'hw.physicalcpu');
  const logical = positive(system, 'hw.logicalcpu');
  if (physical === null || logical === null) return missing('sysctl hw.physicalcpu does not say');
  return reported(logical > physical, 'sysctl hw.logicalcpu, hw.physicalcpu');
}

/** Intel Macs list features in Intel's spelling; Apple silicon has a switch for each. */
function isaFact(system: System): Fact<readonly string[]> {
  if (system.architecture === 'arm64') {
    const name = 'hw.optional.AdvSIMD';
    const text = sysctl(system, name) ?? sysctl(system, 'hw.optional.neon');
    return text === null
      ? missing(`sysctl ${name} does not say`)
      : reported(text === '1' ? ['neon', 'asimd'] : [], `sysctl ${name}`);
  }
  const features = sysctl(system, 'machdep.cpu.features');
  if (features === null) return missing('sysctl machdep.cpu.features does not say');
  const words = new Set(`${features} ${sysctl(system, 'machdep.cpu.leaf7_features') ?? ''}`.split(/\s+/));
  const spelled = [
    ['SSE2', 'sse2'],
    ['AVX1.0', 'avx'],
    ['AVX2', 'avx2'],
    ['AVX512F', 'avx512f'],
    ['FMA', 'fma'],
  ] as const;
  return reported(
    spelled.flatMap(([theirs, ours]) => (words.has(theirs) ? [ours] : [])),
    'sysctl machdep.cpu.features, leaf7_features',
  );
}
