import { describe, expect, it } from 'vitest';
import {
  describeMachine,
  fingerprintDifferences,
  fingerprintParts,
  reported,
  type Machine,
} from '../../../src/machine/index.ts';
import { fixtureSystem, withFiles, type Fixture } from './fixture-system.ts';

function machineOf(name: string, change?: (fixture: Fixture) => Fixture): Machine {
  return describeMachine(fixtureSystem(name, change), null);
}

describe('the machine id', () => {
  it('is 16 hexadecimal digits that hold nothing of the raw id', () => {
    const machine = machineOf('amd-guest');
    expect(machine.id).toMatch(/^[0-9a-f]{16}$/);
    expect('0123456789abcdef0123456789abcdef').not.toContain(machine.id);
    expect(JSON.stringify(machine)).not.toContain('0123456789abcdef');
  });

  it('outlives a new kernel, a new release of Node.js and a full memory', () => {
    const later = machineOf('amd-guest', (fixture) => ({
      ...withFiles(fixture, { '/proc/meminfo': 'MemTotal: 24000000 kB\nMemAvailable: 1000 kB\n' }),
      osRelease: '6.9.0-aws',
    }));
    expect(later.id).toBe(machineOf('amd-guest').id);
  });

  it('differs for another installation, and for another CPU under a cloned image', () => {
    const first = machineOf('amd-guest').id;
    const installed = machineOf('amd-guest', (fixture) =>
      withFiles(fixture, { '/etc/machine-id': 'f'.repeat(32) }),
    );
    const cloned = machineOf('intel-hybrid', (fixture) =>
      withFiles(fixture, { '/etc/machine-id': '0123456789abcdef0123456789abcdef\n' }),
    );
    expect(new Set([first, installed.id, cloned.id]).size).toBe(3);
  });

  it('comes from the hardware where an image was never given one', () => {
    const bare = machineOf('arm-server').id;
    const blank = (text: string): string =>
      machineOf('arm-server', (fixture) => withFiles(fixture, { '/etc/machine-id': text })).id;
    expect(blank('uninitialized\n')).toBe(bare);
    expect(blank('')).toBe(bare);
    expect(blank(`${'0'.repeat(32)}\n`)).toBe(bare);
    // The kernel keeps a little more for itself: the same whole GiB.
    const meminfo = 'MemTotal: 131070000 kB\nMemAvailable: 1 kB\n';
    expect(machineOf('arm-server', (fixture) => withFiles(fixture, { '/proc/meminfo': meminfo })).id).toBe(
      bare,
    );
    // The made-up address of a container's card comes and goes; the burnt-in one counts.
    const cards = (...macAddresses: string[]): string =>
      machineOf('arm-server', (fixture) => ({ ...fixture, macAddresses })).id;
    expect(cards('b4:2e:99:00:00:01', '02:42:ac:11:00:09', '00:00:00:00:00:00')).toBe(bare);
    expect(cards('b4:2e:99:00:00:02')).not.toBe(bare);
    expect(cards('02:42:ac:11:00:02')).not.toBe(cards());
  });

  it('comes from the registry of a Mac and of Windows', () => {
    for (const name of ['apple-m1', 'windows']) {
      const other = machineOf(name, (fixture) => {
        const changed = Object.entries(fixture.commands!).map(([key, text]) => [
          key,
          text.replace('01234567', '11234567'),
        ]);
        return { ...fixture, commands: Object.fromEntries(changed) as Record<string, string> };
      });
      expect(other.id).not.toBe(machineOf(name).id);
      const bigger = machineOf(name, (fixture) => ({ ...fixture, macAddresses: ['b4:2e:99:00:00:01'] }));
      expect(bigger.id).toBe(machineOf(name).id);
    }
  });
});

describe('the fingerprint', () => {
  const machine = machineOf('amd-guest');

  it('has its parts in words', () => {
    expect(fingerprintParts(machine)).toEqual({
      cpuModel: 'AMD EPYC 9R14',
      caches:
        'L1 data 32 KiB 8-way 64 B lines, L1 instruction 32 KiB 8-way 64 B lines, ' +
        'L2 unified 1024 KiB 8-way 64 B lines, L3 unified 32768 KiB 16-way 64 B lines shared by 2',
      osRelease: 'linux 6.8.0-aws',
      compiler: null,
      compilerFlags: null,
      node: '20.20',
      v8: '11.3',
      architecture: 'x64',
    });
  });

  it('stays when a patch release, the memory or the measured side changes', () => {
    const later: Machine = {
      ...machine,
      node: '20.20.9',
      v8: '11.3.244.9',
      memoryTotalBytes: reported(1, 'test'),
      cpuModel: reported('AMD EPYC 9R14', 'somewhere else'),
    };
    expect(fingerprintDifferences(machine, later)).toEqual([]);
  });

  it.each<[keyof ReturnType<typeof fingerprintParts>, Partial<Machine>]>([
    ['cpuModel', { cpuModel: reported('other', 'test') }],
    ['caches', { caches: reported([], 'test') }],
    ['osRelease', { osRelease: '6.9.0' }],
    ['osRelease', { platform: 'darwin' }],
    ['compiler', { compiler: reported('clang', 'test') }],
    ['compilerFlags', { compilerFlags: reported('-O3', 'test') }],
    ['node', { node: '22.0.0' }],
    ['v8', { v8: '12.4.1' }],
    ['architecture', { architecture: 'arm64' }],
  ])('says that %s differs', (part, change) => {
    const differences = fingerprintDifferences(machine, { ...machine, ...change });
    expect(differences.map((difference) => difference.part)).toEqual([part]);
    expect(differences[0]!.left).toBe(fingerprintParts(machine)[part]);
    expect(differences[0]!.right).toBe(fingerprintParts({ ...machine, ...change })[part]);
  });

  it('hashes to the same text wherever it is computed', () => {
    // sha256 of {"architecture":"x64","caches":...,"v8":"11.3"}, keys sorted, first 16 digits; from sha256sum.
    expect(machine.fingerprint).toBe('99a23bcef0373145');
    const other = machineOf('amd-guest', (fixture) => ({ ...fixture, osRelease: '6.8.1-aws' }));
    expect(other.fingerprint).not.toBe(machine.fingerprint);
  });
});
