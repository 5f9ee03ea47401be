/**
 * Puts a machine together: the operating system's facts, the addon's beside them, and the two hashes. What only a
 * kernel of ours can find is missing at first; with-measured.ts adds it.
 */
import { cpuidCachesFact, tlbsFact } from './cpuid.ts';
import { darwinFacts } from './darwin.ts';
import { measured, missing, reported, type Fact } from './fact.ts';
import { fingerprint, fingerprintParts, machineId } from './identity.ts';
import { linuxFacts } from './linux.ts';
import type { NativeFacts } from './native.ts';
import { asCache } from './reports.ts';
import type { System } from './system.ts';
import { nodeFacts, type SystemFacts } from './system-facts.ts';
import type { Machine } from './types.ts';
import { windowsFacts } from './windows.ts';

const notLoaded = 'the native addon is not loaded';
const notMeasured = 'not measured';

/** Everything that is known before a measurement. `native` is null when the addon is not loaded. Never throws. */
export function describeMachine(system: System, native: NativeFacts | null): Machine {
  const facts = withNative(systemFacts(system, native), native);
  const known = {
    platform: system.platform,
    architecture: system.architecture,
    osRelease: system.osRelease,
    ...facts,
    cpuidCaches: native === null ? missing<never>(notLoaded) : cpuidCachesFact(native.cpuid),
    tlbs: native === null ? missing<never>(notLoaded) : tlbsFact(native.cpuid),
    lastLevelBytes: missing<never>(notMeasured),
    memoryLevels: missing<never>(notMeasured),
    measuredCaches: missing<never>('no profile of this machine: linefill machine --measure makes one'),
    hugePagesGiven: missing<never>(notMeasured),
    cpuDistances: missing<never>(notMeasured),
    cpuGroups: missing<never>(notMeasured),
    counters: countersFact(native),
    clockResolutionNs: clockFact(native, 'clockResolutionNs'),
    clockCostNs: clockFact(native, 'clockCostNs'),
    allocators: missing<never>('not asked'),
    compiler: textFact(native, 'compiler'),
    compilerFlags: textFact(native, 'compilerFlags'),
    node: system.nodeVersion,
    v8: system.v8Version,
  };
  return { id: machineId(system, known), fingerprint: fingerprint(fingerprintParts(known)), ...known };
}

function systemFacts(system: System, native: NativeFacts | null): SystemFacts {
  if (system.platform === 'linux') return linuxFacts(system, native);
  if (system.platform === 'darwin') return darwinFacts(system);
  if (system.platform === 'win32') return windowsFacts(system, native);
  return nodeFacts(system, `nothing reads a ${system.platform} system yet`);
}

/**
 * The addon fills the gaps that the system's own files leave; where both know, the files stand. But where they lack an
 * instruction set that the addon sees they are another machine's: an emulator hands its host's through.
 */
function withNative(facts: SystemFacts, native: NativeFacts | null): SystemFacts {
  if (native === null) return facts;
  // Elsewhere than on Linux, Node.js counts free pages only; the addon counts what could be freed.
  const isCoarse = facts.memoryAvailableBytes.from === 'os.freemem()';
  const available = numberOr(
    missing(notLoaded),
    native.availableMemoryBytes,
    'native available_memory_bytes()',
  );
  const { value: ofCpu, from: leaves } = cpuidCachesFact(native.cpuid);
  const isSilent = facts.caches.value === null && ofCpu !== null;
  const widestLine = Math.max(
    0,
    ...(ofCpu ?? []).flatMap(({ kind, lineBytes }) => (kind === 'instruction' ? [] : lineBytes)),
  );
  const lineBytes = numberOr(facts.lineBytes, native.lineBytes, 'native cache_line_bytes()');
  return {
    ...facts,
    caches: isSilent ? reported(ofCpu.map(asCache), leaves) : facts.caches,
    lineBytes: numberOr(lineBytes, widestLine, leaves),
    pageBytes: numberOr(facts.pageBytes, native.pageBytes, 'native page_bytes()'),
    memoryAvailableBytes:
      available.value !== null && (isCoarse || facts.memoryAvailableBytes.value === null)
        ? available
        : facts.memoryAvailableBytes,
    isa: isaOf(facts, native),
  };
}

function isaOf({ isa }: SystemFacts, native: NativeFacts): SystemFacts['isa'] {
  const features = Object.keys(native.features).filter((name) => native.features[name]);
  const told = isa.value;
  const isOwn = told !== null && features.every((name) => told.includes(name));
  if (isOwn || Object.keys(native.features).length === 0) return isa;
  return reported(features, 'native features');
}

function numberOr(fact: Fact<number>, value: number | null, from: string): Fact<number> {
  return fact.value === null && value !== null && value > 0 ? reported(value, from) : fact;
}

function textFact(native: NativeFacts | null, key: 'compiler' | 'compilerFlags'): Fact<string> {
  if (native === null) return missing(notLoaded);
  return native[key] === ''
    ? missing('the addon was built without saying')
    : reported(native[key], `native ${key}`);
}

function clockFact(native: NativeFacts | null, key: 'clockResolutionNs' | 'clockCostNs'): Fact<number> {
  if (native === null) return missing(notLoaded);
  const value = native[key];
  if (!Number.isFinite(value) || value <= 0) return missing(`${native.clockName} gave ${value}`);
  return measured(value, native.clockName);
}

function countersFact(native: NativeFacts | null): Fact<readonly string[]> {
  if (native === null) return missing(notLoaded);
  const open = native.counters.filter((counter) => counter.reason === null).map((counter) => counter.name);
  const closed = native.counters.filter((counter) => counter.reason !== null);
  const reasons = [...new Set(closed.map((counter) => counter.reason))].join('; ');
  const names = closed.map((counter) => counter.name).join(', ');
  if (open.length === 0) return missing(reasons === '' ? 'this system has no event counters' : reasons);
  return reported(
    open,
    closed.length === 0 ? 'native counters' : `native counters; not to be had: ${names} (${reasons})`,
  );
}
