import { describe, expect, it } from 'vitest';
import {
  describeMachine,
  describeSurroundings,
  machineRows,
  surroundingsRows,
  withMeasured,
  type FactRow,
} from '../../../src/machine/index.ts';
import { fixtureSystem } from './fixture-system.ts';

function rowsOf(name: string): ReadonlyMap<string, FactRow> {
  return new Map(machineRows(describeMachine(fixtureSystem(name), null)).map((row) => [row.name, row]));
}

/** 1 ns to 32 KiB, 40 ns beyond; a point each half octave from 1 KiB to 1 MiB. */
const curve = Array.from({ length: 21 }, (_, i) => {
  const workingSetBytes = Math.round(1024 * 2 ** (i / 2));
  return { workingSetBytes, nsPerLoad: workingSetBytes <= 32 * 1024 ? 1 : 40 };
});

describe('the rows of a machine', () => {
  it('say the value for people, where it came from, and n/a with the reason', () => {
    const rows = rowsOf('amd-guest');
    const values = [
      'CPUs',
      'caches',
      'memory',
      'memory limit',
      'page',
      'huge page pools',
      'instruction sets',
    ];
    expect(values.map((name) => rows.get(name)!.value)).toEqual([
      '0-1: 2 cores, 1 package',
      'L1 data 2 x 32 KiB, L1 instruction 2 x 32 KiB, L2 2 x 1 MiB, L3 32 MiB',
      '23.5 GiB',
      'n/a',
      '4 KiB',
      '2 MiB: 500 of 512 free, 1 GiB: empty',
      'sse2 avx avx2 avx512f fma',
    ]);
    expect(rows.get('governor')).toEqual({
      name: 'governor',
      value: 'n/a',
      origin: 'missing',
      from: 'no /sys/devices/system/cpu/cpu*/cpufreq (usual in a guest)',
    });
    expect(rows.get('threads share cores')!.value).toBe('no');
  });

  it('name the weak cores and count what is alike', () => {
    const rows = rowsOf('intel-hybrid');
    expect(rows.get('CPUs')!.value).toBe('0-5: 4 cores, 1 package, efficiency cores 4-5');
    expect(rows.get('caches')!.value).toBe(
      'L1 data 2 x 48 KiB, L1 data 2 x 32 KiB, L1 instruction 2 x 32 KiB, L1 instruction 2 x 64 KiB, ' +
        'L2 2 x 1.25 MiB, L2 2 MiB, L3 30 MiB',
    );
    expect(rowsOf('apple-m1').get('CPUs')!.value).toBe('0-7: 1 package');
    expect(rowsOf('windows').get('CPUs')!.value).toBe('0-3');
    expect(rowsOf('container-v2').get('CPU quota')!.value).toBe('1.5 CPUs');
  });

  it('never leave a field empty', () => {
    for (const name of ['nothing', 'amd-guest', 'arm-server', 'cgroup-v1', 'apple-m1', 'windows']) {
      const rows = [...rowsOf(name).values(), ...surroundingsRows(describeSurroundings(fixtureSystem(name)))];
      expect(rows.filter((row) => row.value === '' || row.from === '')).toEqual([]);
    }
  });

  it('hold each fact of the machine once', () => {
    const machine = describeMachine(fixtureSystem('amd-guest'), null);
    const rows = machineRows(machine);
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
    // platform, osRelease and architecture share a row.
    expect(rows).toHaveLength(Object.keys(machine).length - 2);
  });

  it('show the surroundings', () => {
    const rows = surroundingsRows(describeSurroundings(fixtureSystem('amd-guest')));
    expect(rows.map((row) => [row.name, row.value])).toEqual([
      ['load average', '0.57'],
      ['memory pressure', '0 %'],
      ['CPU pressure', '3.31 %'],
    ]);
  });
});

describe('the measured side', () => {
  const machine = describeMachine(fixtureSystem('amd-guest'), null);

  it('stands beside the reported', () => {
    const both = withMeasured(machine, {
      curve,
      distances: [
        { from: 0, to: 1, oneWayNs: 9 },
        { from: 0, to: 2, oneWayNs: 60 },
        { from: 1, to: 2, oneWayNs: 62 },
      ],
      clock: { name: 'CLOCK_MONOTONIC_RAW', resolutionNs: 1, costNs: 21.456 },
    });
    const rows = new Map(machineRows(both).map((row) => [row.name, row]));
    // Halfway between 32 KiB and the next point, 45.25 KiB: 32 x 2^0.25.
    expect(rows.get('last level')).toMatchObject({ value: '38.1 KiB', origin: 'measured' });
    expect(rows.get('memory levels')!.value).toBe('1.00 ns to 38.1 KiB, 40.0 ns beyond');
    expect(rows.get('CPU groups')).toMatchObject({ value: '0-1 | 2', origin: 'measured' });
    expect(rows.get('CPU distances')!.value).toBe('9.00 ns to 62.0 ns one way, 3 pairs');
    expect(rows.get('clock cost')).toMatchObject({ value: '21.5 ns', from: 'CLOCK_MONOTONIC_RAW' });
    expect(both.caches).toBe(machine.caches);
    expect([both.id, both.fingerprint]).toEqual([machine.id, machine.fingerprint]);
  });

  it('leaves what was not measured, and says why a measurement gave nothing', () => {
    expect(withMeasured(machine, {})).toEqual(machine);
    const tried = withMeasured(machine, {
      curve: curve.slice(0, 3),
      distances: [{ from: 0, to: 1, oneWayNs: 27 }],
    });
    expect(tried.lastLevelBytes.from).toBe('3 points: a curve needs 8');
    expect(tried.memoryLevels).toEqual({ value: null, origin: 'missing', from: '3 points: a curve needs 8' });
    expect(tried.cpuGroups.from).toBe('one pair: nothing to compare with');
    expect(tried.cpuDistances.value).toHaveLength(1);
    expect(withMeasured(machine, { distances: [] }).cpuDistances.origin).toBe('missing');
  });
});
