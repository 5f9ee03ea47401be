/** Two reporters of one machine: the system and the CPU itself. */
import { describe, expect, it } from 'vitest';
import {
  cacheDifferences,
  type CpuidAnswer,
  describeMachine,
  type Machine,
  machineRows,
  missing,
  reportedCache,
  reportedCaches,
  reportedTlb,
  reporterOf,
} from '../../../src/machine/index.ts';
import { tigerLake, zen4Guest } from '../../fixtures/cpuid-answers.ts';
import { fixtureSystem } from './fixture-system.ts';
import { native } from './native-facts.ts';

const kib = 1024;
const mib = 1024 ** 2;

function machineOf(fixture: string, cpuid: readonly CpuidAnswer[]): Machine {
  return describeMachine(fixtureSystem(fixture), { ...native, cpuid });
}

function rowOf(machine: Machine, name: string): string {
  return machineRows(machine).find((row) => row.name === name)!.value;
}

describe('caches that the system and the CPU tell alike', () => {
  const machine = machineOf('amd-guest', zen4Guest);

  it('have both names beside them, one cache a level', () => {
    expect(reportedCaches(machine).map(({ level, sizeBytes, by }) => [level, sizeBytes, by])).toEqual([
      [1, 32 * kib, 'sysfs, CPUID'],
      [2, mib, 'sysfs, CPUID'],
      [3, 32 * mib, 'sysfs, CPUID'],
    ]);
    expect(reportedCache(machine, 2)!.cpus).toEqual([0]);
    expect(cacheDifferences(machine)).toEqual([]);
  });

  it('are shown as each tells them', () => {
    expect(rowOf(machine, 'caches, by CPUID')).toBe(
      'L1 data 32 KiB 8-way, L1 instruction 32 KiB 8-way, L2 1 MiB 8-way, L3 32 MiB 16-way for 2 CPUs',
    );
    expect(rowOf(machine, 'TLBs')).toBe(
      'L1 data 72 x 4 KiB, L1 instruction 64 x 4 KiB, L1 data 72 x 2 MiB, L1 instruction 64 x 2 MiB, ' +
        'L2 data 3072 x 4 KiB, L2 instruction 512 x 4 KiB, L2 data 3072 x 2 MiB, L2 instruction 512 x 2 MiB',
    );
  });
});

describe('caches on which they differ', () => {
  // As if the guest's host had sold 2 MiB of L2, and no L3.
  const sold = zen4Guest
    .filter(({ leaf, subleaf }) => leaf !== 0x8000001d || subleaf !== 3)
    .map((answer) =>
      answer.leaf === 0x8000001d && answer.subleaf === 2 ? { ...answer, ecx: 0xfff } : answer,
    );
  const machine = machineOf('amd-guest', sold);

  it("are the system's, under its name alone, and the difference is told", () => {
    expect(reportedCaches(machine).map(({ sizeBytes, by }) => [sizeBytes, by])).toEqual([
      [32 * kib, 'sysfs, CPUID'],
      [mib, 'sysfs'],
      [32 * mib, 'sysfs'],
    ]);
    expect(
      cacheDifferences(machine).map(({ level, system, cpuid }) => [
        level,
        system?.sizeBytes,
        cpuid?.sizeBytes,
      ]),
    ).toEqual([
      [2, mib, 2 * mib],
      [3, 32 * mib, undefined],
    ]);
    expect(rowOf(machine, 'caches, by CPUID')).toMatch(/L2 2 MiB 8-way; sysfs differs at L2, L3$/);
  });

  it('do not differ where one core of several is as the CPU says', () => {
    const hybrid = machineOf('intel-hybrid', tigerLake);
    expect(cacheDifferences(hybrid).map(({ level }) => level)).toEqual([2, 3]);
  });
});

describe('where the system is silent', () => {
  const machine = machineOf('windows', tigerLake);

  it("the CPU's word is the machine's", () => {
    expect(machine.caches.from).toBe('CPUID leaf 4');
    expect(machine.caches.value![2]).toEqual({
      level: 2,
      kind: 'unified',
      sizeBytes: 1280 * kib,
      lineBytes: 64,
      ways: 20,
      cpus: [],
    });
    expect(reportedCaches(machine).map(({ by }) => by)).toEqual(['CPUID', 'CPUID', 'CPUID']);
    expect(cacheDifferences(machine)).toEqual([]);
    const { lineBytes } = describeMachine(fixtureSystem('windows'), {
      ...native,
      lineBytes: null,
      cpuid: tigerLake,
    });
    expect(lineBytes).toEqual({ value: 64, origin: 'reported', from: 'CPUID leaf 4' });
  });

  it('a level that only the CPU tells of is its', () => {
    const files = machineOf('amd-guest', zen4Guest);
    const near = (files.caches.value ?? []).filter(({ level }) => level < 3);
    const short: Machine = { ...files, caches: { ...files.caches, value: near } };
    expect(reportedCache(short, 3)).toMatchObject({ sizeBytes: 32 * mib, by: 'CPUID', cpus: [] });
    expect(cacheDifferences(short).map(({ level, system }) => [level, system])).toEqual([[3, null]]);
  });

  it('and the CPU too, nothing is reported', () => {
    const nothing = machineOf('nothing', []);
    expect(reportedCaches(nothing)).toEqual([]);
    expect(reportedCache(nothing, 1)).toBeNull();
    expect(reportedTlb(nothing, 1, 4096)).toBeNull();
  });
});

describe('TLB entries for loads', () => {
  it('are summed over those that map the size', () => {
    const machine = machineOf('windows', tigerLake);
    expect(reportedTlb(machine, 1, 4 * kib)).toEqual({ entries: 64, by: 'CPUID' });
    expect(reportedTlb(machine, 2, 4 * kib)).toEqual({ entries: 2048, by: 'CPUID' });
    expect(reportedTlb(machine, 2, 1024 * mib)).toEqual({ entries: 1024, by: 'CPUID' });
    expect(reportedTlb(machine, 3, 4 * kib)).toBeNull();
  });
});

describe('a reporter', () => {
  it('has a short name where there is one', () => {
    expect(reporterOf({ value: 1, origin: 'reported', from: 'sysctl hw.cachelinesize' })).toBe('sysctl');
    expect(reporterOf({ value: 1, origin: 'reported', from: 'os.totalmem()' })).toBe('os.totalmem()');
    expect(reporterOf(missing('no such file'))).toBeNull();
  });
});
