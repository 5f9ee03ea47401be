/**
 * The caches that sysfs reports. Every CPU has a directory for each cache it can reach, so a shared cache appears
 * once a sharer: those copies are folded into one. What a guest reports is its host's choice, and a last-level
 * cache may be a slice shared with strangers; levels.ts finds what is really there.
 * Source: Linux Documentation/ABI/testing/sysfs-devices-system-cpu (cache/index*).
 */
import { readCpuList } from './cpu-list.ts';
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';
import { cpuRoot } from './topology.ts';
import type { Cache } from './types.ts';

const kinds: Readonly<Record<string, Cache['kind']>> = {
  Data: 'data',
  Instruction: 'instruction',
  Unified: 'unified',
};

/** Every cache once, by level, then kind, then first CPU. All online CPUs count, also those not allowed to us. */
export function cachesFact(system: System): Fact<readonly Cache[]> {
  const caches = new Map<string, Cache>();
  for (const name of system.list(cpuRoot)) {
    const id = /^cpu(\d+)$/.exec(name)?.[1];
    if (id === undefined) continue;
    const directory = `${cpuRoot}/${name}/cache`;
    for (const index of system.list(directory).filter((entry) => /^index\d+$/.test(entry))) {
      const cache = readCache(system, `${directory}/${index}`, Number(id));
      if (cache !== null) caches.set(`${cache.level} ${cache.kind} ${cache.cpus.join()}`, cache);
    }
  }
  if (caches.size === 0)
    return missing(`no ${cpuRoot}/cpu*/cache/index* (usual in some guests and on arm64 without ACPI)`);
  return reported([...caches.values()].toSorted(byPlace), `${cpuRoot}/cpu*/cache`);
}

function byPlace(a: Cache, b: Cache): number {
  return a.level - b.level || a.kind.localeCompare(b.kind) || (a.cpus[0] ?? 0) - (b.cpus[0] ?? 0);
}

/** null unless level, kind, size and line are all known: half a cache is of no use to anyone. */
function readCache(system: System, directory: string, cpu: number): Cache | null {
  const text = (name: string): string | null => system.readText(`${directory}/${name}`)?.trim() ?? null;
  const level = positive(text('level'));
  const kind = kinds[text('type') ?? ''];
  const sizeBytes = parseSize(text('size'));
  const lineBytes = positive(text('coherency_line_size'));
  if (level === null || kind === undefined || sizeBytes === null || lineBytes === null) return null;
  // 0 ways is the kernel's word for unknown (arm64 device trees) and for fully associative alike.
  const ways = positive(text('ways_of_associativity'));
  return { level, kind, sizeBytes, lineBytes, ways, cpus: readCpuList(text('shared_cpu_list')) ?? [cpu] };
}

function positive(text: string | null): number | null {
  return text !== null && /^[1-9]\d*$/.test(text) ? Number(text) : null;
}

/** '32K' is 32 KiB; the kernel prints K, older ones M too. null for '0K' and what is not a size. */
function parseSize(text: string | null): number | null {
  const match = /^([1-9]\d*)([KMG]?)$/.exec(text ?? '');
  if (match === null) return null;
  const unit = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[2] as '' | 'K' | 'M' | 'G'];
  return Number(match[1]) * unit;
}

/** The line of the cache nearest to the data; where levels differ, the widest decides what sharing costs. */
export function lineFact(caches: Fact<readonly Cache[]>): Fact<number> {
  if (caches.value === null) return missing(caches.from);
  const data = caches.value.filter((cache) => cache.kind !== 'instruction');
  if (data.length === 0) return missing(`no data cache in ${caches.from}`);
  return reported(
    Math.max(...data.map((cache) => cache.lineBytes)),
    `${cpuRoot}/cpu*/cache/index*/coherency_line_size`,
  );
}
