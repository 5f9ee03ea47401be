/**
 * Memory as Linux reports it: how much, in pages of which size, and which sizes can be had.
 * Source: Linux Documentation/filesystems/proc.rst (meminfo, smaps) and
 * Documentation/admin-guide/mm/{hugetlbpage,transhuge}.rst.
 */
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';
import type { HugePagePool } from './types.ts';

const meminfoPath = '/proc/meminfo';
const poolRoot = '/sys/kernel/mm/hugepages';
const transparentRoot = '/sys/kernel/mm/transparent_hugepage';

/** One line of /proc/meminfo in bytes. The file says kB and means KiB. */
export function meminfoFact(system: System, key: 'MemTotal' | 'MemAvailable'): Fact<number> {
  const text = system.readText(meminfoPath);
  if (text === null) return missing(`${meminfoPath} can't be read`);
  const match = new RegExp(`^${key}:\\s*(\\d+) kB$`, 'm').exec(text);
  if (match === null) return missing(`${meminfoPath} has no ${key}`);
  return reported(Number(match[1]) * 1024, `${meminfoPath} ${key}`);
}

/** The base page, from the first mapping of this process: no text file of Linux says it outright. */
export function pageFact(system: System): Fact<number> {
  const path = '/proc/self/smaps';
  const match = /^KernelPageSize:\s*([1-9]\d*) kB$/m.exec(system.readText(path) ?? '');
  if (match === null) return missing(`${path} has no KernelPageSize`);
  return reported(Number(match[1]) * 1024, `${path} KernelPageSize`);
}

/** The pools that MAP_HUGETLB takes from, smallest pages first. A pool may be empty: 0 is then the truth. */
export function hugePagesFact(system: System): Fact<readonly HugePagePool[]> {
  const pools: HugePagePool[] = [];
  for (const name of system.list(poolRoot)) {
    const kib = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    const total = count(system.readText(`${poolRoot}/${name}/nr_hugepages`));
    const free = count(system.readText(`${poolRoot}/${name}/free_hugepages`));
    if (kib === undefined || total === null || free === null) continue;
    pools.push({ pageBytes: Number(kib) * 1024, total, free });
  }
  if (pools.length === 0) return missing(`no ${poolRoot}/hugepages-*`);
  return reported(
    pools.toSorted((a, b) => a.pageBytes - b.pageBytes),
    poolRoot,
  );
}

function count(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text.trim()) ? Number(text) : null;
}

/** The choice in force for one setting of transparent huge pages: the word in brackets. */
export function transparentFact(system: System, setting: 'enabled' | 'defrag'): Fact<string> {
  const path = `${transparentRoot}/${setting}`;
  const text = system.readText(path);
  if (text === null) return missing(`no ${path}: the kernel was built without transparent huge pages`);
  const chosen = /\[([^\]]+)\]/.exec(text)?.[1];
  return chosen === undefined ? missing(`${path} marks no choice`) : reported(chosen, path);
}
