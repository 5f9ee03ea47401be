/** Fixture trees of Linux machines; the expected values are worked out by hand from the files. */
import { describe, expect, it } from 'vitest';
import {
  describeMachine,
  describeSurroundings,
  type Fact,
  type Machine,
} from '../../../src/machine/index.ts';
import { fixtureSystem, withFiles } from './fixture-system.ts';

const kib = 1024;
const mib = 1024 ** 2;
const gib = 1024 ** 3;

function machineOf(...args: Parameters<typeof fixtureSystem>): Machine {
  return describeMachine(fixtureSystem(...args), null);
}

function cpu(
  id: number,
  rest: Partial<Machine['cpus'] extends Fact<readonly (infer C)[]> ? C : never>,
): object {
  return { id, core: id, package: 0, node: 0, siblings: [id], kind: null, ...rest };
}

/** A cache that CPU 0 and CPU 1 have each for themselves. */
function own(level: number, kind: string, sizeBytes: number, ways: number): object[] {
  return [0, 1].map((id) => ({ level, kind, sizeBytes, lineBytes: 64, ways, cpus: [id] }));
}

function flagsOf(flags: string): string[] {
  return ['processor\t: 0', `flags\t\t: ${flags}`];
}

describe('an AMD guest with two CPUs', () => {
  const machine = machineOf('amd-guest');

  it('has its CPUs, in one package and node, one thread a core', () => {
    expect(machine.cpuModel).toEqual({ value: 'AMD EPYC 9R14', origin: 'reported', from: '/proc/cpuinfo' });
    expect(machine.cpus.value).toEqual([cpu(0, {}), cpu(1, {})]);
    expect(machine.cpus.from).toBe(
      '/proc/self/status Cpus_allowed_list; /sys/devices/system/cpu/cpu*/topology',
    );
    expect(machine.smt).toEqual({
      value: false,
      origin: 'reported',
      from: '/sys/devices/system/cpu/smt/active',
    });
    expect(machine.numaNodes.value).toBe(1);
    expect(machine.isa.value).toEqual(['sse2', 'avx', 'avx2', 'avx512f', 'fma']);
  });

  it('has each cache once, the shared one too', () => {
    expect(machine.caches.value).toEqual([
      ...own(1, 'data', 32 * kib, 8),
      ...own(1, 'instruction', 32 * kib, 8),
      ...own(2, 'unified', mib, 8),
      { level: 3, kind: 'unified', sizeBytes: 32 * mib, lineBytes: 64, ways: 16, cpus: [0, 1] },
    ]);
    expect(machine.lineBytes.value).toBe(64);
  });

  it('has its memory and pages', () => {
    expect(machine.memoryTotalBytes.value).toBe(24_684_084 * kib);
    expect(machine.memoryAvailableBytes).toEqual({
      value: 24_181_264 * kib,
      origin: 'reported',
      from: '/proc/meminfo MemAvailable',
    });
    expect(machine.pageBytes.value).toBe(4096);
    expect(machine.hugePages.value).toEqual([
      { pageBytes: 2 * mib, total: 512, free: 500 },
      { pageBytes: gib, total: 0, free: 0 },
    ]);
    expect(machine.transparentHugePages.value).toBe('madvise');
    expect(machine.transparentHugePagesDefrag.value).toBe('madvise');
  });

  it('says what a guest does not show', () => {
    expect(machine.virtualisation).toEqual({
      value: 'virtual machine (Amazon EC2)',
      origin: 'reported',
      from: '/sys/class/dmi/id/{sys_vendor,product_name}',
    });
    expect(machine.governor).toEqual({
      value: null,
      origin: 'missing',
      from: 'no /sys/devices/system/cpu/cpu*/cpufreq (usual in a guest)',
    });
    expect(machine.turbo.origin).toBe('missing');
    expect(machine.cgroupMemoryBytes).toEqual({
      value: null,
      origin: 'missing',
      from: 'no cgroup of this process has a memory limit',
    });
    expect(machine.addressRandomisation.value).toBe('stack, mappings, vdso and heap');
  });

  it('tells what goes on beside it', () => {
    expect(describeSurroundings(fixtureSystem('amd-guest'))).toEqual({
      loadAverage: { value: 0.57, origin: 'reported', from: '/proc/loadavg' },
      memoryPressure: { value: 0, origin: 'reported', from: '/proc/pressure/memory some avg10' },
      cpuPressure: { value: 3.31, origin: 'reported', from: '/proc/pressure/cpu some avg10' },
    });
  });
});

describe('an Intel hybrid with two threads a core and two nodes', () => {
  const machine = machineOf('intel-hybrid');

  it('tells strong cores from weak, and threads from cores', () => {
    expect(machine.cpuModel.value).toBe('12th Gen Intel(R) Core(TM) i9-12900K');
    const strong = { kind: 'performance', node: 0 } as const;
    const weak = { kind: 'efficiency', node: 1 } as const;
    expect(machine.cpus.value).toEqual([
      cpu(0, { ...strong, core: 0, siblings: [0, 1] }),
      cpu(1, { ...strong, core: 0, siblings: [0, 1] }),
      cpu(2, { ...strong, core: 4, siblings: [2, 3] }),
      cpu(3, { ...strong, core: 4, siblings: [2, 3] }),
      cpu(4, { ...weak, core: 8 }),
      // Only the older name of the sibling list is there.
      cpu(5, { ...weak, core: 9 }),
    ]);
    expect(machine.smt.value).toBe(true);
    expect(machine.numaNodes.value).toBe(2);
  });

  it('has two sorts of each cache, folded over their sharers', () => {
    const sizes = machine.caches.value!.map((cache) => [
      cache.level,
      cache.kind,
      cache.sizeBytes / kib,
      cache.cpus.join(),
    ]);
    expect(sizes).toEqual([
      [1, 'data', 48, '0,1'],
      [1, 'data', 48, '2,3'],
      [1, 'data', 32, '4'],
      [1, 'data', 32, '5'],
      [1, 'instruction', 32, '0,1'],
      [1, 'instruction', 32, '2,3'],
      [1, 'instruction', 64, '4'],
      [1, 'instruction', 64, '5'],
      [2, 'unified', 1280, '0,1'],
      [2, 'unified', 1280, '2,3'],
      [2, 'unified', 2048, '4,5'],
      [3, 'unified', 30720, '0,1,2,3,4,5'],
    ]);
  });

  it('is a bare machine with its settings', () => {
    expect(machine.virtualisation).toEqual({
      value: 'none',
      origin: 'reported',
      from: '/proc/cpuinfo: no hypervisor flag',
    });
    expect(machine.governor.value).toBe('performance, powersave');
    expect(machine.turbo).toEqual({
      value: false,
      origin: 'reported',
      from: '/sys/devices/system/cpu/intel_pstate/no_turbo',
    });
    expect(machine.transparentHugePages.value).toBe('always');
  });

  it('sees that setarch -R took the randomisation from this process alone', () => {
    expect(machine.addressRandomisation).toEqual({
      value: 'off',
      origin: 'reported',
      from: '/proc/self/personality',
    });
  });

  it('takes the memory of the whole machine where no group has a limit', () => {
    expect(machine.memoryAvailableBytes.value).toBe(50 * gib);
    expect(machine.cgroupCpus.origin).toBe('missing');
  });
});

describe('an arm64 server', () => {
  const machine = machineOf('arm-server');

  it('has its core named, and its vector unit by both names', () => {
    expect(machine.cpuModel.value).toBe('ARM Neoverse-N1');
    expect(machine.isa.value).toEqual(['neon', 'asimd']);
  });

  it('shows only the CPUs that are allowed, but every cache', () => {
    expect(machine.cpus.value!.map((one) => [one.id, one.package])).toEqual([
      [1, 0],
      [2, 1],
      [3, 1],
    ]);
    expect(machine.caches.value).toHaveLength(3 * 4 + 1);
    expect(machine.caches.value!.at(-1)).toEqual({
      level: 3,
      kind: 'unified',
      sizeBytes: 16 * mib,
      lineBytes: 128,
      ways: null,
      cpus: [0, 1, 2, 3],
    });
    expect(machine.lineBytes.value).toBe(128);
  });

  it('takes its line from the data caches', () => {
    const path = '/sys/devices/system/cpu/cpu1/cache/index1/coherency_line_size';
    const wide = machineOf('arm-server', (fixture) => withFiles(fixture, { [path]: '256\n' }));
    expect(wide.lineBytes.value).toBe(128);
  });

  it('has no efficiency cores where all capacities are alike', () => {
    expect(machine.cpus.value!.map((one) => one.kind)).toEqual([null, null, null]);
  });

  it('has pages of 64 KiB and three pools', () => {
    expect(machine.pageBytes.value).toBe(64 * kib);
    expect(machine.hugePages.value).toEqual([
      { pageBytes: 2 * mib, total: 0, free: 0 },
      { pageBytes: 512 * mib, total: 4, free: 1 },
      { pageBytes: 16 * gib, total: 0, free: 0 },
    ]);
  });

  it('judges by its firmware, since the CPU has no bit, and by sibling lists without the switch', () => {
    expect(machine.virtualisation.value).toBe('none');
    expect(machine.smt.value).toBe(false);
    expect(machine.turbo).toEqual({
      value: true,
      origin: 'reported',
      from: '/sys/devices/system/cpu/cpufreq/boost',
    });
    expect(machine.addressRandomisation.value).toBe('stack, mappings and vdso');
  });

  it('names both cores of a big.LITTLE, and which is which', () => {
    const cpuRoot = '/sys/devices/system/cpu';
    const small = machineOf('arm-server', (fixture) =>
      withFiles(fixture, {
        '/proc/cpuinfo': [
          'processor\t: 0',
          'Features\t: fp asimd',
          'CPU implementer\t: 0x41',
          'CPU part\t: 0xd05',
          '',
          'processor\t: 1',
          'Features\t: fp asimd sve',
          'CPU implementer\t: 0x41',
          'CPU part\t: 0xd0b',
          '',
          'Hardware\t: board',
        ],
        '/proc/self/status': null,
        [`${cpuRoot}/online`]: '0-1\n',
        [`${cpuRoot}/cpu0/cpu_capacity`]: '446\n',
      }),
    );
    expect(small.cpuModel.value).toBe('ARM Cortex-A55 + ARM Cortex-A76');
    expect(small.isa.value).toEqual(['neon', 'asimd']);
    expect(small.cpus.value!.map((one) => one.kind)).toEqual(['efficiency', 'performance']);
    expect(small.cpus.from).toBe(`${cpuRoot}/online; ${cpuRoot}/cpu*/topology`);
  });

  it('shows the numbers of a core it has no name for', () => {
    const cpuinfo = ['processor\t: 0', 'Features\t: fp', 'CPU implementer\t: 0x77', 'CPU part\t: 0x123'];
    const unknown = machineOf('arm-server', (fixture) => withFiles(fixture, { '/proc/cpuinfo': cpuinfo }));
    expect(unknown.cpuModel.value).toBe('implementer 0x77 part 0x123');
  });
});

describe('a Linux system that shows nothing', () => {
  const machine = machineOf('nothing');

  it('has every fact missing, with a reason, and never 0 or an empty text', () => {
    const facts = Object.entries(machine).filter((entry) => typeof entry[1] === 'object');
    expect(facts).toHaveLength(33);
    for (const [name, fact] of facts as [string, Fact<unknown>][]) {
      expect([name, fact.value, fact.origin]).toEqual([name, null, 'missing']);
      expect(fact.from).not.toBe('');
    }
  });

  it('still has an id and a fingerprint', () => {
    expect(machine.id).toMatch(/^[0-9a-f]{16}$/);
    expect(machine.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('has no surroundings to tell of', () => {
    for (const fact of Object.values(describeSurroundings(fixtureSystem('nothing')))) {
      expect(fact).toMatchObject({ value: null, origin: 'missing' });
    }
  });

  it('takes nonsense for absence', () => {
    const nonsense = machineOf('amd-guest', (fixture) => ({
      ...fixture,
      files: Object.fromEntries(Object.keys(fixture.files).map((path) => [path, 'x: ]\n-1,[\0'])),
    }));
    const facts = Object.values(nonsense).filter((fact): fact is Fact<unknown> => typeof fact === 'object');
    expect(facts.filter((fact) => fact.value === 0 || fact.value === '')).toEqual([]);
    expect(nonsense.caches.origin).toBe('missing');
    expect(nonsense.memoryTotalBytes.origin).toBe('missing');
  });
});

describe('virtualisation', () => {
  const cases: [string, Record<string, string | string[]>, Record<string, string>, string | null][] = [
    ['a flag without a name', { '/proc/cpuinfo': flagsOf('sse2 hypervisor') }, {}, 'virtual machine'],
    [
      'a container in a guest',
      { '/proc/cpuinfo': flagsOf('hypervisor'), '/.dockerenv': '' },
      {},
      'virtual machine, container (docker)',
    ],
    ['podman', { '/proc/cpuinfo': flagsOf('sse2'), '/run/.containerenv': '' }, {}, 'container (podman)'],
    [
      'a pod',
      { '/proc/cpuinfo': flagsOf('sse2') },
      { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      'container (kubernetes)',
    ],
    ['lxc', {}, { container: 'lxc' }, 'container (lxc)'],
    ['a group path', { '/proc/self/cgroup': '4:memory:/docker/abc\n' }, {}, 'container (docker)'],
    ['Xen', { '/sys/hypervisor/type': 'xen\n' }, {}, 'virtual machine (Xen)'],
    ['old Xen', { '/proc/xen/capabilities': '' }, {}, 'virtual machine (Xen)'],
    [
      'KVM on arm64',
      { '/proc/device-tree/hypervisor/compatible': 'linux,kvm\0' },
      {},
      'virtual machine (KVM)',
    ],
    [
      'QEMU',
      {
        '/sys/class/dmi/id/sys_vendor': 'QEMU\n',
        '/sys/class/dmi/id/product_name': 'Standard PC (Q35 + ICH9, 2009)\n',
      },
      {},
      'virtual machine (QEMU/KVM)',
    ],
    [
      'Hyper-V',
      {
        '/sys/class/dmi/id/sys_vendor': 'Microsoft Corporation\n',
        '/sys/class/dmi/id/product_name': 'Virtual Machine\n',
      },
      {},
      'virtual machine (Hyper-V)',
    ],
    [
      'a bare instance of a cloud',
      {
        '/proc/cpuinfo': flagsOf('sse2'),
        '/sys/class/dmi/id/sys_vendor': 'Amazon EC2\n',
        '/sys/class/dmi/id/product_name': 'm5.metal\n',
      },
      {},
      'none',
    ],
    [
      'a bare instance whose CPU has no bit to say so',
      { '/sys/class/dmi/id/sys_vendor': 'Amazon EC2\n', '/sys/class/dmi/id/product_name': 'a1.metal\n' },
      {},
      'none',
    ],
    [
      "a cloud's own board without a guest on it",
      {
        '/proc/cpuinfo': flagsOf('sse2'),
        '/sys/class/dmi/id/sys_vendor': 'Google\n',
        '/sys/class/dmi/id/product_name': 'Google Compute Engine\n',
      },
      {},
      'none',
    ],
    ['silence', {}, {}, null],
  ];

  it.each(cases)('%s', (_, files, env, expected) => {
    const machine = machineOf('nothing', (fixture) => ({ ...withFiles(fixture, files), env }));
    expect(machine.virtualisation.value).toBe(expected);
  });
});
