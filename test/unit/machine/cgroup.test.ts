import { describe, expect, it } from 'vitest';
import { describeMachine, type Machine } from '../../../src/machine/index.ts';
import { fixtureSystem, withFiles } from './fixture-system.ts';

const gib = 1024 ** 3;
const root = '/sys/fs/cgroup';

function machineOf(...args: Parameters<typeof fixtureSystem>): Machine {
  return describeMachine(fixtureSystem(...args), null);
}

describe('a container of version 2', () => {
  const machine = machineOf('container-v2');

  it('reports the tightest limit of any level', () => {
    // job 3 GiB, work none, the mount 4 GiB.
    expect(machine.cgroupMemoryBytes).toEqual({
      value: 3 * gib,
      origin: 'reported',
      from: `${root}/queue/job/memory.max`,
    });
    // job 2 CPUs, work none, the mount 1.5.
    expect(machine.cgroupCpus).toEqual({ value: 1.5, origin: 'reported', from: `${root}/cpu.max` });
  });

  it('has available what the fullest level leaves, not what the tightest allows', () => {
    // job: 3 - 0.5 = 2.5 GiB. The mount: 4 - (3 in use - 1 of idle file pages) = 2 GiB. The machine: 8 GiB.
    expect(machine.memoryAvailableBytes).toEqual({
      value: 2 * gib,
      origin: 'reported',
      from: `${root}/memory.max less what is in use`,
    });
  });

  it('has the machine for its limit where that has less', () => {
    const full = machineOf('container-v2', (fixture) =>
      withFiles(fixture, { '/proc/meminfo': 'MemTotal: 16777216 kB\nMemAvailable: 1048576 kB\n' }),
    );
    expect(full.memoryAvailableBytes).toMatchObject({ value: gib, from: '/proc/meminfo MemAvailable' });
  });

  it('leaves 0, which is then a fact, when a group is over its limit', () => {
    const over = machineOf('container-v2', (fixture) =>
      withFiles(fixture, { [`${root}/queue/job/memory.current`]: '4000000000\n' }),
    );
    expect(over.memoryAvailableBytes).toMatchObject({ value: 0, origin: 'reported' });
  });

  it('takes the mount itself for a group outside of what the mount shows', () => {
    const outside = machineOf('container-v2', (fixture) =>
      withFiles(fixture, { '/proc/self/cgroup': '0::/../sibling\n' }),
    );
    expect(outside.cgroupMemoryBytes).toMatchObject({ value: 4 * gib, from: `${root}/memory.max` });
  });

  it('follows a mount point with a blank in its name', () => {
    const odd = machineOf('container-v2', (fixture) =>
      withFiles(fixture, {
        '/proc/self/cgroup': '0::/\n',
        '/proc/self/mountinfo': '1 2 0:3 / /mnt/my\\040groups rw - cgroup2 none rw\n',
        '/mnt/my groups/memory.max': '1073741824\n',
      }),
    );
    expect(odd.cgroupMemoryBytes).toMatchObject({ value: gib, from: '/mnt/my groups/memory.max' });
  });
});

describe('a container of version 1', () => {
  const machine = machineOf('cgroup-v1');

  it('finds its group at the mount, which shows the hierarchy from there down', () => {
    expect(machine.cgroupMemoryBytes).toMatchObject({
      value: 2 * gib,
      from: `${root}/memory/memory.limit_in_bytes`,
    });
    // 2 - (1 in use - 0.5 of idle file pages) = 1.5 GiB.
    expect(machine.memoryAvailableBytes.value).toBe(1.5 * gib);
    expect(machine.cgroupCpus).toMatchObject({ value: 0.5, from: `${root}/cpu,cpuacct/cpu.cfs_quota_us` });
  });

  it('takes the largest counter and -1 for no limit', () => {
    const free = machineOf('cgroup-v1', (fixture) =>
      withFiles(fixture, {
        [`${root}/memory/memory.limit_in_bytes`]: '9223372036854771712\n',
        [`${root}/cpu,cpuacct/cpu.cfs_quota_us`]: '-1\n',
      }),
    );
    expect(free.cgroupMemoryBytes.origin).toBe('missing');
    expect(free.cgroupCpus.origin).toBe('missing');
    expect(free.memoryAvailableBytes.from).toBe('/proc/meminfo MemAvailable');
  });

  it('walks up from a group below the mount', () => {
    const nested = machineOf('cgroup-v1', (fixture) =>
      withFiles(fixture, {
        '/proc/self/cgroup': '12:memory:/docker/8c1d/inner/most\n',
        [`${root}/memory/inner/most/memory.limit_in_bytes`]: '9223372036854771712\n',
        [`${root}/memory/inner/memory.limit_in_bytes`]: '1073741824\n',
      }),
    );
    expect(nested.cgroupMemoryBytes).toMatchObject({
      value: gib,
      from: `${root}/memory/inner/memory.limit_in_bytes`,
    });
  });
});
