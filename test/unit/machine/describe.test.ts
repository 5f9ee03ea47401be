/** Macs and Windows, what the addon adds, and the machine we stand on. */
import { describe, expect, it } from 'vitest';
import {
  describeMachine,
  describeSurroundings,
  nativeFactsOf,
  realSystem,
  type NativeEnvironment,
} from '../../../src/machine/index.ts';
import { fixtureSystem, withFiles } from './fixture-system.ts';
import { native } from './native-facts.ts';

const kib = 1024;
const mib = 1024 ** 2;
const gib = 1024 ** 3;

describe('a Mac of Apple silicon', () => {
  const machine = describeMachine(fixtureSystem('apple-m1'), null);

  it('says what sysctl says', () => {
    expect(machine.cpuModel).toEqual({
      value: 'Apple M1',
      origin: 'reported',
      from: 'sysctl machdep.cpu.brand_string',
    });
    expect(machine.cpus.value).toHaveLength(8);
    expect(machine.cpus.value![7]).toEqual({
      id: 7,
      core: null,
      package: 0,
      node: null,
      siblings: [7],
      kind: null,
    });
    expect(machine.pageBytes.value).toBe(16 * kib);
    expect(machine.lineBytes.value).toBe(128);
    expect(machine.memoryTotalBytes.value).toBe(16 * gib);
    expect(machine.isa.value).toEqual(['neon', 'asimd']);
    expect(machine.smt.value).toBe(false);
    expect(machine.virtualisation.value).toBe('none');
  });

  it('has the caches of both sorts of cores, shared by it does not say whom', () => {
    const cache = { lineBytes: 128, ways: null, cpus: [] };
    expect(machine.caches.value).toEqual([
      { level: 1, kind: 'data', sizeBytes: 128 * kib, ...cache },
      { level: 1, kind: 'data', sizeBytes: 64 * kib, ...cache },
      { level: 1, kind: 'instruction', sizeBytes: 192 * kib, ...cache },
      { level: 1, kind: 'instruction', sizeBytes: 128 * kib, ...cache },
      { level: 2, kind: 'unified', sizeBytes: 12 * mib, ...cache },
      { level: 2, kind: 'unified', sizeBytes: 4 * mib, ...cache },
    ]);
  });

  it('gives way to the addon where Node.js counts free pages only', () => {
    expect(machine.memoryAvailableBytes).toMatchObject({ value: 256 * mib, from: 'os.freemem()' });
    const known = describeMachine(fixtureSystem('apple-m1'), native);
    expect(known.memoryAvailableBytes).toMatchObject({
      value: 3 * gib,
      from: 'native available_memory_bytes()',
    });
  });

  it('has a load, but no pressure', () => {
    const surroundings = describeSurroundings(fixtureSystem('apple-m1'));
    expect(surroundings.loadAverage).toEqual({ value: 1.52, origin: 'reported', from: 'sysctl vm.loadavg' });
    expect(surroundings.memoryPressure.from).toBe('only Linux records pressure');
  });

  it('speaks for an Intel Mac in our spelling', () => {
    const commands = {
      'sysctl -n machdep.cpu.features': 'FPU SSE2 FMA AVX1.0',
      'sysctl -n machdep.cpu.leaf7_features': 'AVX2 SMEP',
      'sysctl -n hw.logicalcpu': '8',
      'sysctl -n hw.physicalcpu': '4',
      'sysctl -n hw.cachelinesize': '64',
      'sysctl -n hw.l1dcachesize': '32768',
      'sysctl -n hw.l3cachesize': '6291456',
    };
    const change = { architecture: 'x64', commands };
    const intel = describeMachine(
      fixtureSystem('apple-m1', (fixture) => ({ ...fixture, ...change })),
      null,
    );
    expect(intel.isa.value).toEqual(['sse2', 'avx', 'avx2', 'fma']);
    expect(intel.smt.value).toBe(true);
    expect(intel.cpus.value![0]!.siblings).toEqual([]);
    expect(intel.caches.value!.map((one) => [one.level, one.sizeBytes])).toEqual([
      [1, 32 * kib],
      [3, 6 * mib],
    ]);
  });
});

describe('a Windows machine', () => {
  it('has what Node.js knows, and what the addon adds', () => {
    const machine = describeMachine(fixtureSystem('windows'), null);
    expect(machine.cpuModel.value).toBe('Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz');
    expect(machine.cpus.value!.map((one) => one.id)).toEqual([0, 1, 2, 3]);
    expect(machine.memoryTotalBytes.value).toBe(8 * gib);
    expect(machine.caches.from).toBe('not asked for on Windows yet');
    expect(machine.cgroupMemoryBytes.from).toBe('Windows has no control groups');
    const known = describeMachine(fixtureSystem('windows'), native);
    expect(known.pageBytes).toEqual({ value: 4096, origin: 'reported', from: 'native page_bytes()' });
    expect(known.isa).toEqual({ value: ['sse2'], origin: 'reported', from: 'native features' });
    expect(known.cpus.value!.map((one) => one.id)).toEqual([0, 1]);
  });

  it('and an emulator has the instruction sets that the addon sees, not those of its host', () => {
    const emulated = { ...native, features: { sse2: false, neon: true, sve: true } };
    const machine = describeMachine(fixtureSystem('amd-guest'), emulated);
    expect(machine.isa).toEqual({ value: ['neon', 'sve'], origin: 'reported', from: 'native features' });
    const own = describeMachine(fixtureSystem('amd-guest'), native);
    expect(own.isa).toEqual(describeMachine(fixtureSystem('amd-guest'), null).isa);
  });

  it('and another system says that nothing reads it', () => {
    const change = { platform: 'freebsd', cpuModels: ['x'] };
    const machine = describeMachine(
      fixtureSystem('nothing', (fixture) => ({ ...fixture, ...change })),
      null,
    );
    expect(machine.caches.from).toBe('nothing reads a freebsd system yet');
  });
});

describe('the addon', () => {
  it('says why its facts are missing when it is not loaded', () => {
    const machine = describeMachine(fixtureSystem('amd-guest'), null);
    for (const fact of [machine.compiler, machine.counters, machine.clockCostNs]) {
      expect(fact).toEqual({ value: null, origin: 'missing', from: 'the native addon is not loaded' });
    }
  });

  it('brings its compiler, its clock and the counters that opened', () => {
    const machine = describeMachine(fixtureSystem('amd-guest'), native);
    expect(machine.compiler.value).toBe('g++ 13.2.0');
    expect(machine.clockCostNs).toEqual({ value: 21.5, origin: 'measured', from: 'CLOCK_MONOTONIC_RAW' });
    expect(machine.counters).toEqual({
      value: ['page-faults'],
      origin: 'reported',
      from: 'native counters; not to be had: cycles (perf_event_open: not supported)',
    });
    expect(machine.cpus.value!.map((one) => one.id)).toEqual([0, 1]);
    expect(machine.cpus.from).toMatch(/^native allowed_cpus\(\)/);
  });

  it('does not overrule the files, and fills what they lack', () => {
    const both = describeMachine(fixtureSystem('arm-server'), native);
    expect([both.lineBytes.value, both.pageBytes.value]).toEqual([128, 64 * kib]);
    const bare = describeMachine(
      fixtureSystem('amd-guest', (fixture) => withFiles(fixture, { '/proc/self/smaps': null })),
      native,
    );
    expect(bare.pageBytes).toMatchObject({ value: 4096, from: 'native page_bytes()' });
  });

  it('may itself not know', () => {
    const unsure = {
      ...native,
      compilerFlags: '',
      clockResolutionNs: 0,
      lineBytes: null,
      pageBytes: null,
      allowedCpus: [],
      features: {},
      availableMemoryBytes: null,
      counters: [{ name: 'cycles', hardware: true, reason: 'no counters in this guest' }],
    };
    const machine = describeMachine(fixtureSystem('nothing'), unsure);
    expect(machine.compilerFlags.from).toBe('the addon was built without saying');
    expect(machine.clockResolutionNs.from).toBe('CLOCK_MONOTONIC_RAW gave 0');
    expect(machine.counters).toEqual({ value: null, origin: 'missing', from: 'no counters in this guest' });
    for (const fact of [
      machine.lineBytes,
      machine.pageBytes,
      machine.cpus,
      machine.isa,
      machine.memoryAvailableBytes,
    ]) {
      expect(fact.origin).toBe('missing');
    }
  });

  it('is asked once', () => {
    let asked = 0;
    const environment: NativeEnvironment = {
      ...native,
      measureClock: () => {
        asked++;
        return { resolutionNs: 1, costNs: 21.5 };
      },
      cpuid: () => native.cpuid,
      availableMemoryBytes: () => 3 * gib,
    };
    expect(nativeFactsOf(environment)).toEqual(native);
    expect(asked).toBe(1);
  });
});

describe('this machine', () => {
  it('can be described without an error, twice alike', () => {
    const system = realSystem();
    const machine = describeMachine(system, null);
    expect(machine.platform).toBe(process.platform);
    expect(machine.cpuModel.origin).toBe('reported');
    expect(machine.cpus.value!.length).toBeGreaterThan(0);
    expect(machine.memoryTotalBytes.value).toBeGreaterThan(2 ** 20);
    expect(machine.memoryAvailableBytes.origin).toBe('reported');
    const again = describeMachine(system, null);
    expect([again.id, again.fingerprint]).toEqual([machine.id, machine.fingerprint]);
    expect(JSON.parse(JSON.stringify(machine))).toEqual(machine);
    expect(describeSurroundings(system).loadAverage.from).not.toBe('');
  });

  it('reads what is not there as absent', () => {
    const system = realSystem();
    expect(system.readText('/no/such/file')).toBeNull();
    expect(system.list('/no/such/directory')).toEqual([]);
    expect(system.run('no-such-command-of-linefill', [])).toBeNull();
    expect(system.run(process.execPath, ['-p', '6 * 7'])).toBe('42');
  });
});
