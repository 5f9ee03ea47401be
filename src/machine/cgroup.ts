/**
 * What the control groups of this process leave it. A process sits in one group of each hierarchy, and every
 * ancestor's limit binds too, so the path is walked upward to the hierarchy's mount. Version 2 has one hierarchy,
 * version 1 one for each controller, and a hybrid system has both: all that are there are read.
 * Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst, cgroups(7), proc(5) mountinfo.
 */
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';

/** Version 1 has no word for 'no limit': it prints the largest counter, about 2^63, rounded down to a page. */
const unlimitedBytes = 2 ** 60;

/** A limit at one level, and what is still free below it. */
interface MemoryLimit {
  readonly limitBytes: number;
  readonly freeBytes: number;
  readonly path: string;
}

/** The tightest memory limit; missing where no level has one. */
export function cgroupMemoryFact(system: System): Fact<number> {
  const tightest = smallest(memoryLimits(system), (limit) => limit.limitBytes);
  if (tightest === null) return missing('no cgroup of this process has a memory limit');
  return reported(tightest.limitBytes, tightest.path);
}

/**
 * What this process may still take: the least of what the machine has available and what each level leaves.
 * `machineAvailable` is MemAvailable.
 */
export function availableFact(system: System, machineAvailable: Fact<number>): Fact<number> {
  const tightest = smallest(memoryLimits(system), (limit) => limit.freeBytes);
  if (tightest === null) return machineAvailable;
  if (machineAvailable.value !== null && machineAvailable.value <= tightest.freeBytes)
    return machineAvailable;
  return reported(tightest.freeBytes, `${tightest.path} less what is in use`);
}

/** The tightest quota in CPUs: time allowed in a period, over the period. Missing where no level has one. */
export function cgroupCpusFact(system: System): Fact<number> {
  const quotas = [
    ...directories(system, '').map((directory) => readQuota(system, `${directory}/cpu.max`, null)),
    ...directories(system, 'cpu').map((directory) =>
      readQuota(system, `${directory}/cpu.cfs_quota_us`, `${directory}/cpu.cfs_period_us`),
    ),
  ].filter((quota) => quota !== null);
  const tightest = smallest(quotas, (quota) => quota.cpus);
  if (tightest === null) return missing('no cgroup of this process has a CPU quota');
  return reported(tightest.cpus, tightest.path);
}

function smallest<T>(items: readonly T[], key: (item: T) => number): T | null {
  return items.reduce<T | null>((best, item) => (best === null || key(item) < key(best) ? item : best), null);
}

function memoryLimits(system: System): readonly MemoryLimit[] {
  const unified = directories(system, '').map((directory) =>
    readLimit(system, `${directory}/memory.max`, `${directory}/memory.current`, directory, 'inactive_file'),
  );
  const version1 = directories(system, 'memory').map((directory) => {
    const limit = `${directory}/memory.limit_in_bytes`;
    return readLimit(system, limit, `${directory}/memory.usage_in_bytes`, directory, 'total_inactive_file');
  });
  return [...unified, ...version1].filter((limit) => limit !== null);
}

function readLimit(
  system: System,
  limitPath: string,
  usagePath: string,
  directory: string,
  reclaimableKey: string,
): MemoryLimit | null {
  const limitBytes = wholeNumber(system.readText(limitPath));
  if (limitBytes === null || limitBytes >= unlimitedBytes) return null;
  const usedBytes = wholeNumber(system.readText(usagePath)) ?? 0;
  // The count in use includes file pages that the kernel drops before it refuses anyone memory. Without them a
  // group that has just read a large file looks full. MemAvailable and the kubelet's working set do the same.
  const stat = system.readText(`${directory}/memory.stat`) ?? '';
  const reclaimable = new RegExp(`^${reclaimableKey} (\\d+)$`, 'm').exec(stat)?.[1] ?? '0';
  const heldBytes = Math.max(0, usedBytes - Number(reclaimable));
  return { limitBytes, freeBytes: Math.max(0, limitBytes - heldBytes), path: limitPath };
}

/** null for 'max', for -1 and for an absent file: no limit. */
function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text.trim()) ? Number(text) : null;
}

/** Version 2 writes 'quota period' in one file, version 1 a file each. */
function readQuota(
  system: System,
  quotaPath: string,
  periodPath: string | null,
): { readonly cpus: number; readonly path: string } | null {
  const [first, second] = (system.readText(quotaPath) ?? '').trim().split(/\s+/);
  const quota = wholeNumber(first ?? null);
  const period = wholeNumber(periodPath === null ? (second ?? null) : system.readText(periodPath));
  if (quota === null || quota === 0 || period === null || period === 0) return null;
  return { cpus: quota / period, path: quotaPath };
}

/**
 * The directories of this process's group and of every ancestor that the mount shows, innermost first.
 * `controller` is version 1's; '' means version 2's one hierarchy. Empty where there is none.
 */
function directories(system: System, controller: string): readonly string[] {
  const group = groupPath(system.readText('/proc/self/cgroup') ?? '', controller);
  const mount = findMount(system.readText('/proc/self/mountinfo') ?? '', controller);
  if (group === null || mount === null) return [];
  // The mount shows the hierarchy from `root` down. A group outside of that (a container that sees its host's
  // path, or one with '..') has the mount's own directory for its group.
  const shown = mount.root === '/' ? '' : mount.root;
  const inside = group === shown || group.startsWith(`${shown}/`) ? group.slice(shown.length) : '';
  const names = inside.split('/').filter((name) => name !== '');
  return Array.from({ length: names.length + 1 }, (_, up) =>
    [mount.point, ...names.slice(0, names.length - up)].join('/'),
  );
}

/** The path in a line 'number:controllers:path' of /proc/self/cgroup; version 2's controllers are ''. */
function groupPath(text: string, controller: string): string | null {
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match?.[1]?.split(',').includes(controller)) return match[2]!;
  }
  return null;
}

/** Where the hierarchy is mounted, and which part of it. */
function findMount(text: string, controller: string): { root: string; point: string } | null {
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , root, point] = (before ?? '').split(' ').map(unescapeOctal);
    const [type, , options] = (after ?? '').split(' ');
    if (root === undefined || point === undefined) continue;
    const wanted =
      controller === '' ? type === 'cgroup2' : type === 'cgroup' && options?.split(',').includes(controller);
    if (wanted) return { root, point };
  }
  return null;
}

/** Mount tables write a blank as \040. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
