/**
 * NUMA nodes without any: laid out on machines whose sysfs is made up, judged on times that nobody measured, and placed
 * on the one node there is. scripts/numa-guest.sh has two.
 */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Context } from '../../../src/experiment/experiment.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut, pointKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { numa } from '../../../src/experiments/hardware/numa.ts';
import {
  misplaced,
  nodeOf,
  placedChase,
  placedRead,
} from '../../../src/experiments/hardware/numa-kernels.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import { describeMachine } from '../../../src/machine/index.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { environment, runNative } from '../../../src/native/binding.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';
import { fixtureSystem, withFiles } from '../machine/fixture-system.ts';

/** The machine of a fixture with other nodes: the list of CPUs of each. */
function machineWith(cpulists: Readonly<Record<number, string>>, allowed: string): Machine {
  const nodes = Object.entries(cpulists).map(([node, cpus]) => [
    `/sys/devices/system/node/node${node}/cpulist`,
    cpus,
  ]);
  const files = { ...Object.fromEntries(nodes), '/proc/self/status': `Cpus_allowed_list:\t${allowed}\n` };
  return describeMachine(
    fixtureSystem('amd-guest', (fixture) => withFiles(fixture, files)),
    null,
  );
}

const roomy = 2 ** 40;
const contextOf = (machine: Machine, cpus: readonly number[], more: Partial<Context> = {}): Context =>
  makeContext({ machine, cpus, memoryBudgetBytes: roomy, ...more });

describe('the layout on a made-up sysfs', () => {
  const two = machineWith({ 0: '0,2', 1: '1,3' }, '0-3');

  it('has a group for a CPU of each node, the first that the run prefers, and memory of both in each', () => {
    const { groups, leftOut } = layOut(numa, contextOf(two, [3, 2, 1, 0]), {});
    expect(groups.map(({ point }) => [point['cpu'], point['nodes']])).toEqual([
      [2, '0+1'],
      [3, '0+1'],
    ]);
    expect(leftOut).toEqual([]);
    for (const { arms, point } of groups) {
      expect(arms.map(({ key }) => key)).toEqual([
        'latency memory=node0',
        'latency memory=node1',
        'bandwidth memory=node0',
        'bandwidth memory=node1',
        'latency memory=node0 (again)',
      ]);
      for (const { variant, point: at } of arms) {
        expect(variant.form === 'thread' && variant.cpu?.(at)).toBe(point['cpu']);
      }
    }
  });

  it('adds what is dealt out and what is left to the first touch, and TypeScript, where there is time', () => {
    const { groups } = layOut(numa, contextOf(two, [0, 1], { profile: 'full' }), {});
    expect(groups.map(({ point }) => point['cpu'])).toEqual([0, 1]);
    const keys = groups[1]!.arms.map(({ key }) => key);
    expect(keys).toHaveLength(3 * 4 + 1);
    for (const key of [
      'latency memory=interleaved',
      'bandwidth memory=first-touch',
      'ts-latency memory=node1',
    ]) {
      expect(keys).toContain(key);
    }
  });

  it('goes beyond the last level, within bounds, in huge pages where they are given', () => {
    const at = (machine: Machine, profile: Context['profile'] = 'quick') =>
      layOut(numa, contextOf(machine, [0, 1], { profile }), {}).groups[0]!.point;
    const big = { ...two, lastLevelBytes: reported(2 ** 30, 'a test') };
    const none = { ...two, transparentHugePages: reported('never', 'a test') };
    expect(at(two)).toMatchObject({ workingSetBytes: 64 * 2 ** 20, pages: 'transparent' });
    expect(at(two, 'smoke')).toMatchObject({ workingSetBytes: 4 * 2 ** 20 });
    expect(at(two, 'full')).toMatchObject({ workingSetBytes: 128 * 2 ** 20 });
    expect(at(big)).toMatchObject({ workingSetBytes: 256 * 2 ** 20 });
    expect(at(none)).toMatchObject({ pages: 'system' });
  });

  it('takes the nodes of this run’s CPUs only, whatever their numbers', () => {
    const three = machineWith({ 0: '0', 1: '', 4: '1', 8: '2-3' }, '0-3');
    const groups = (cpus: readonly number[]) =>
      layOut(numa, contextOf(three, cpus), {}).groups.map(
        ({ point }) => `${point['cpu']} of ${point['nodes']}`,
      );
    expect(groups([0, 1])).toEqual(['0 of 0+4', '1 of 0+4']);
    // Without node 0 there is nothing that ratios are taken to, unless somebody asks for it.
    const asked = layOut(numa, contextOf(three, [1, 2]), { memory: ['node4', 'node8'] });
    expect(asked.groups[0]!.arms.map(({ key }) => key)).toContain('latency memory=node0');
  });

  it('is empty on one node, and where nodes are not reported', () => {
    const nowhere: readonly Machine[] = [
      machineWith({ 0: '0-3' }, '0-3'),
      { ...two, numaNodes: missing<never>('no sysfs') },
      syntheticMachine,
    ];
    for (const machine of nowhere) {
      for (const profile of ['smoke', 'quick', 'full'] as const) {
        expect(layOut(numa, contextOf(machine, [0, 1], { profile }), {})).toEqual({
          groups: [],
          leftOut: [],
        });
      }
    }
  });
});

/** Six processes' times of a line from a node's memory to CPU 0 of node 0 or CPU 1 of node 1. */
function rowsOf(ns: Readonly<Record<string, readonly [number, number]>>, variant = 'latency'): Measurement[] {
  return [0, 1].flatMap((cpu) => {
    const group = { cpu, workingSetBytes: 2 ** 26, pages: 'transparent', nodes: '0+1' };
    const row = (memory: string, time: number, twin: boolean): Measurement =>
      makeMeasurement(
        `${variant} memory=${memory}${twin ? ' (again)' : ''}`,
        [0, 1, 2, 3, 4, 5].map((process) => makeSamples(process, [time, time * 1.001, time * 0.999])),
        { experiment: 'numa', group: pointKey(group), variant, point: { ...group, memory }, twin },
      );
    const rows = Object.entries(ns).map(([memory, times]) => row(memory, times[cpu]!, false));
    return variant === 'latency' ? [...rows, row('node0', ns['node0']![cpu]!, true)] : rows;
  });
}

const nodes = (count: number): Machine => ({
  ...syntheticMachine,
  numaNodes: reported(count, 'a test'),
  cpus: reported(
    [0, 1].map((id) => ({ id, core: id, package: id, node: id, siblings: [id], kind: null })),
    'a test',
  ),
});

function findingsOf(measurements: readonly Measurement[], machine: Machine = nodes(2)) {
  const run = makeRun({ measurements, machine, conduct: [makeConduct({ experiment: 'numa' })] });
  return makeFindings(run, numa);
}

describe('numa-local', () => {
  const judge = (...of: Parameters<typeof findingsOf>) => numa.claims[0]!.judge(findingsOf(...of));

  it('is supported where every CPU waits longer for the other node, and names the nearest pair', () => {
    const judged = judge(rowsOf({ node0: [90, 150], node1: [140, 100] }));
    expect(judged).toMatchObject({
      status: 'supported',
      effect: { value: expect.closeTo(1.5, 6), unit: 'x' },
    });
    expect(judged.sentence).toContain("Loading from node 0 instead of CPU 1's own node 1 takes 1.50x");
  });

  it('is refuted where one of them does not', () => {
    expect(judge(rowsOf({ node0: [90, 100], node1: [140, 100] })).status).toBe('refuted');
    const nearer = judge(rowsOf({ node0: [90, 70], node1: [140, 100] }));
    expect(nearer).toMatchObject({ status: 'refuted', effect: { value: expect.closeTo(0.7, 6) } });
    expect(nearer.sentence).toContain('it is the faster one');
  });

  it('does not apply to a machine of one node, or of which nothing is known', () => {
    expect(judge([], nodes(1))).toEqual({
      status: 'not-applicable',
      sentence: 'The machine has one NUMA node.',
      effect: null,
    });
    const unknown = { ...nodes(1), numaNodes: missing<never>('no /sys/devices/system/node/node*') };
    expect(judge([], unknown)).toMatchObject({ status: 'not-applicable' });
    expect(judge([], unknown).sentence).toBe('Needs several NUMA nodes: no /sys/devices/system/node/node*.');
  });

  it('is open where the far or the near memory was not measured', () => {
    expect(judge([])).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judge(rowsOf({ node0: [90, 150] }).slice(0, 2))).toMatchObject({ status: 'inconclusive' });
    const homeless = { ...nodes(2), cpus: missing<never>('x') };
    expect(judge(rowsOf({ node0: [90, 150], node1: [140, 100] }), homeless).status).toBe('inconclusive');
  });
});

describe('what nodes are to each other', () => {
  const infer = (...of: Parameters<typeof findingsOf>) => numa.infer!(findingsOf(...of));

  it('is the mean over all CPUs, near and far', () => {
    const rows = [
      ...rowsOf({ node0: [90, 150], node1: [140, 100], interleaved: [1, 1] }),
      ...rowsOf({ node0: [4, 8], node1: [16, 6.4] }, 'bandwidth'),
    ];
    expect(infer(rows).map(({ id, value, unit, processes }) => [id, value, unit, processes])).toEqual([
      ['near-latency', expect.closeTo(95, 6), 'ns', 6],
      ['near-bandwidth', expect.closeTo(13, 6), 'GB/s', 6],
      ['far-latency', expect.closeTo(145, 6), 'ns', 6],
      ['far-bandwidth', expect.closeTo(6, 6), 'GB/s', 6],
    ]);
  });

  it('is nothing where nothing was measured', () => {
    expect(infer([], nodes(1))).toEqual([]);
  });
});

describe('where pages lie', () => {
  it.each([
    [[10], [0], null],
    [[0, 10], [1], null],
    [[1, 9], [1], 'its pages were to lie on node 1; there are 1 on node 0, 9 on node 1'],
    [[5, 5], [0, 1], null],
    [[3, 7], [0, 1], null],
    [[10, 0], [0, 1], 'its pages were to lie on node 0, 1; there are 10 on node 0'],
    [[2, 8], [0, 1], 'its pages were to lie on node 0, 1; there are 2 on node 0, 8 on node 1'],
    [[4, 0, 0, 5], [0, 3], null],
    [[10], [3], 'its pages were to lie on node 3; there are 10 on node 0'],
    [[0], [0], 'its pages were to lie on node 0; there are none'],
  ])('%j where they were to be on %j: %s', (pages, wanted, wrong) => {
    expect(misplaced(pages, wanted)).toBe(wrong);
  });

  it.each([
    ['node0', 0],
    ['node12', 12],
    ['interleaved', null],
    ['node', null],
    ['node1x', null],
  ])('%s is node %s', (memory, node) => expect(nodeOf(memory)).toBe(node));
});

/** Why no memory can be placed here; null: it can. */
function whyNot(): string | null {
  const room = new GroupRoom();
  try {
    const view = room.array('uint8', 4096, 4096);
    environment().placeOnNodes(view, [environment().currentNode() ?? 0]);
    return environment().pagesByNode(view) === null ? 'this system does not say where pages lie' : null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    room.close();
  }
}

const reason = whyNot();

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(`placed memory${reason === null ? '' : `: ${reason}`}`, () => {
  const here = environment().currentNode();
  const point = (memory: string) => ({ workingSetBytes: 2 ** 20, pages: 'system', memory, nodes: `${here}` });

  function setUpIn(room: GroupRoom, kernel: Kernel, memory: string): Record<string, unknown> {
    return kernel.setup({
      point: point(memory),
      prng: new Prng(3),
      room,
      member: 0,
      members: 1,
      cpus: [],
    }) as Record<string, unknown>;
  }

  it.each([`node${here}`, 'interleaved', 'first-touch'])(
    '%s: native and reference agree over it',
    (memory) => {
      const rooms = [new GroupRoom(), new GroupRoom()] as const;
      for (const kernel of [placedChase, placedRead] as unknown as Kernel[]) {
        const [native, typescript] = rooms.map((room) => setUpIn(room, kernel, memory));
        const { checksum } = runNative(kernel.id, inOrder(kernel.signature, native!));
        expect(checksum).toBe(kernel.reference(typescript as never));
        const memoryOf = (native!['links'] ?? native!['b']) as ArrayBufferView;
        expect(memoryOf.byteLength).toBe(2 ** 20);
        expect(environment().pagesByNode(memoryOf)![here!]).toBe(2 ** 20 / 4096);
      }
      for (const room of rooms) room.close();
    },
  );

  it('of a node that is not ours is an error that says which are', () => {
    const room = new GroupRoom();
    expect(() => setUpIn(room, placedChase as unknown as Kernel, 'node1022')).toThrow(
      'placeOnNodes: node 1022 has no memory that this process may use: choose from ',
    );
    room.close();
  });

  it('is not to be had for what makes no sense', () => {
    const { placeOnNodes, pagesByNode } = environment();
    const room = new GroupRoom();
    const view = room.array('uint8', 8192, 4096);
    const nonsense = [[], [-1], [1.5], [Number.NaN], ['0'], {}, null, undefined, '0', new Array(3)];
    for (const wrong of nonsense) {
      expect(() => placeOnNodes(view, wrong as number[])).toThrow(
        'placeOnNodes: "nodes" must be an array of node numbers, 1 at least',
      );
    }
    for (const wrong of [null, undefined, 1, {}, new ArrayBuffer(8), [0]]) {
      expect(() => placeOnNodes(wrong as never, [0])).toThrow('placeOnNodes: "view" must be a typed array');
      expect(() => pagesByNode(wrong as never)).toThrow('pagesByNode: "view" must be a typed array');
    }
    expect(() => placeOnNodes(view.subarray(8), [here!])).toThrow('the memory must start at a page');
    expect(pagesByNode(view)!.every((pages) => pages === 0)).toBe(true);
    view[0] = 1;
    expect(pagesByNode(view)!.reduce((sum, pages) => sum + pages, 0)).toBe(1);
    // A getter of the list that pulls the view away.
    const moved = new Uint8Array(4096);
    const hostile = Object.defineProperty([0], 0, {
      get: () => (structuredClone(moved.buffer, { transfer: [moved.buffer] }), 0),
    });
    expect(() => placeOnNodes(moved, hostile)).toThrow('that is not detached');
    room.close();
  });
});
