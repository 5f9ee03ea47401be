/**
 * Two hashes that a run carries. The id says which machine it was, without telling anyone its name; the
 * fingerprint says whether two runs can be compared at all, and its parts say what differs when they can't.
 * Source: machine-id(5), which asks programs to publish only a keyed hash of that id.
 */
import { createHash } from 'node:crypto';
import type { System } from './system.ts';
import type { Cache, Machine } from './types.ts';

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * 16 hex digits: the same on every run and after every boot. The operating system's id is mixed with the CPU,
 * because images are cloned id and all. Where there is no such id, hardware has to do: caches, memory in whole
 * GiB (the kernel's own share wavers by a little) and a network card.
 */
export function machineId(
  system: System,
  hardware: Pick<Machine, 'architecture' | 'cpuModel' | 'caches' | 'memoryTotalBytes'>,
): string {
  const base = ['linefill', hardware.architecture, hardware.cpuModel.value];
  const own = operatingSystemId(system);
  if (own !== null) return shortHash(JSON.stringify([...base, own]));
  const memory = hardware.memoryTotalBytes.value;
  const gibibytes = memory === null ? null : Math.ceil(memory / 1024 ** 3);
  return shortHash(
    JSON.stringify([...base, cacheText(hardware.caches.value), gibibytes, cardAddress(system)]),
  );
}

/** The id that the installation gave itself, in whatever form; never leaves this file unhashed. */
function operatingSystemId(system: System): string | null {
  if (system.platform === 'darwin') {
    const registry = system.run('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']) ?? '';
    return /"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"/.exec(registry)?.[1] ?? null;
  }
  if (system.platform === 'win32') {
    const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography';
    const answer = system.run('reg', ['query', key, '/v', 'MachineGuid']) ?? '';
    return /MachineGuid\s+REG_SZ\s+([0-9A-Fa-f-]{36})/.exec(answer)?.[1] ?? null;
  }
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const id = system.readText(path)?.trim() ?? '';
    // 'uninitialized' stands there in images not yet booted.
    if (/^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id)) return id;
  }
  return null;
}

/** The least address, those burnt in by a maker before those made up by software (bit 1 of the first byte). */
function cardAddress(system: System): string | null {
  const addresses = system
    .macAddresses()
    .filter((address) => address !== '00:00:00:00:00:00')
    .toSorted();
  return addresses.find((address) => !isMadeUp(address)) ?? addresses[0] ?? null;
}

function isMadeUp(address: string): boolean {
  return (Number.parseInt(address.slice(0, 2), 16) & 2) !== 0;
}

/** What two runs must share to be comparable, in words fit to print; null where it is not known. */
export interface FingerprintParts {
  readonly cpuModel: string | null;
  readonly caches: string | null;
  readonly osRelease: string;
  readonly compiler: string | null;
  readonly compilerFlags: string | null;
  readonly node: string;
  readonly v8: string;
  readonly architecture: string;
}

export type FingerprintSource = Pick<
  Machine,
  | 'cpuModel'
  | 'caches'
  | 'platform'
  | 'osRelease'
  | 'compiler'
  | 'compilerFlags'
  | 'node'
  | 'v8'
  | 'architecture'
>;

/** The parts of `machine`'s fingerprint. Node.js and V8 count by major and minor: a patch does not move a loop. */
export function fingerprintParts(machine: FingerprintSource): FingerprintParts {
  return {
    cpuModel: machine.cpuModel.value,
    caches: cacheText(machine.caches.value),
    osRelease: `${machine.platform} ${machine.osRelease}`,
    compiler: machine.compiler.value,
    compilerFlags: machine.compilerFlags.value,
    node: majorMinor(machine.node),
    v8: majorMinor(machine.v8),
    architecture: machine.architecture,
  };
}

/** 16 hex digits over the parts, by the names' order, so that a saved run gives the same hash years later. */
export function fingerprint(parts: FingerprintParts): string {
  const entries = Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return shortHash(JSON.stringify(Object.fromEntries(entries)));
}

export interface FingerprintDifference {
  readonly part: keyof FingerprintParts;
  readonly left: string | null;
  readonly right: string | null;
}

/** The parts in which two machines differ; none: their runs can be compared. */
export function fingerprintDifferences(
  left: FingerprintSource,
  right: FingerprintSource,
): readonly FingerprintDifference[] {
  const ours = fingerprintParts(left);
  const theirs = fingerprintParts(right);
  return (Object.keys(ours) as (keyof FingerprintParts)[])
    .filter((part) => ours[part] !== theirs[part])
    .map((part) => ({ part, left: ours[part], right: theirs[part] }));
}

function majorMinor(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** Each sort of cache once, its size exact: which CPU has which is no reason to call two runs incomparable, its shape is. */
function cacheText(caches: readonly Cache[] | null): string | null {
  if (caches === null) return null;
  const sorts = caches.map((cache) => {
    const ways = cache.ways === null ? '' : ` ${cache.ways}-way`;
    const sharers = cache.cpus.length > 1 ? ` shared by ${cache.cpus.length}` : '';
    return `L${cache.level} ${cache.kind} ${cache.sizeBytes / 1024} KiB${ways} ${cache.lineBytes} B lines${sharers}`;
  });
  return [...new Set(sorts)].join(', ');
}
