/** At which numbers of pages the loads of tlb-reach stand, and how its chases go. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Context } from '../../../src/experiment/experiment.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import { tlbReach as experiment } from '../../../src/experiments/hardware/tlb-reach.ts';
import {
  observeHugeShare,
  pageAdds,
  pageChase,
} from '../../../src/experiments/hardware/tlb-reach-kernels.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeContext } from '../experiment/made.ts';

const roomy = 2 ** 34;
const metal: Machine = { ...syntheticMachine, virtualisation: reported('none', 'made') };

describe('the plan', () => {
  const laidOut = (more: Partial<Context>) =>
    layOut(experiment, makeContext({ memoryBudgetBytes: roomy, ...more }), {});
  const idsAt = (pages: number, more: Partial<Context>): string[] =>
    laidOut(more)
      .groups.find(({ point }) => point['pageCount'] === pages)!
      .arms.map(({ key }) => key);

  it('says once what keeps huge pages from it, and how to have them', () => {
    const pool = laidOut({}).leftOut;
    expect(pool.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/16 are needed: echo \d+ \| sudo tee \S+hugepages-2048kB\/nr_hugepages$/),
      expect.stringMatching(/^no pool of 1 GiB pages here$/),
    ]);
    const far = { ...syntheticMachine, pageBytes: reported(65_536, 'made') };
    const { leftOut } = laidOut({ machine: far });
    expect(leftOut).toHaveLength(5);
    expect(leftOut.every(({ reason }) => reason.includes('small pages of 4 KiB only'))).toBe(true);
    const other = { ...syntheticMachine, transparentHugePages: missing('no such file') } as Machine;
    expect(laidOut({ machine: other }).leftOut.some(({ reason }) => reason.includes('no such file'))).toBe(
      true,
    );
  });

  it('takes from the pool where there is one, as far as it reaches', () => {
    const machine = {
      ...syntheticMachine,
      hugePages: reported([{ pageBytes: 2 ** 21, total: 40, free: 40 }], 'made'),
    };
    expect(idsAt(32, { machine })).toContain('pages-2m-explicit');
    expect(idsAt(64, { machine })).not.toContain('pages-2m-explicit');
  });

  it('links no more than 4 GiB, and says so', () => {
    const context = makeContext({
      memoryBudgetBytes: 2 ** 40,
      machine: { ...syntheticMachine, pageBytes: reported(65_536, 'made') },
    });
    const { groups, leftOut } = layOut(experiment, context, { pageCount: [65_536, 131_072] });
    const idsOf = (pages: number) =>
      groups.find(({ point }) => point['pageCount'] === pages)!.arms.map(({ variant }) => variant.id);
    expect(idsOf(65_536)).toContain('pages-4k');
    expect(idsOf(131_072)).not.toContain('pages-4k');
    expect(leftOut.some(({ reason }) => reason.includes('a link of 32 bits reaches 4 GiB'))).toBe(true);
  });

  it('takes pages of 1 GiB where their pool has enough, sparingly', () => {
    const machine = {
      ...metal,
      hugePages: reported([{ pageBytes: 2 ** 30, total: 2, free: 2 }], 'made'),
    };
    const groupsWith = (id: string, profile: 'quick' | 'full'): unknown[] =>
      laidOut({ machine, profile })
        .groups.filter(({ arms }) => arms.some(({ variant }) => variant.id === id))
        .map(({ point }) => point['pageCount']);
    expect(groupsWith('steps-in-1g', 'quick')).toEqual([]);
    expect(groupsWith('steps-in-1g', 'full')).toEqual([16, 32, 64, 128, 384]);
    expect(groupsWith('anywhere-1g', 'quick')).toEqual([12_288]);
    expect(groupsWith('anywhere-1g', 'full')).toEqual([2 ** 19]);
    const one = { ...machine, hugePages: reported([{ pageBytes: 2 ** 30, total: 1, free: 1 }], 'made') };
    const { leftOut } = laidOut({ machine: one, profile: 'full' });
    expect(leftOut.find(({ what }) => what.includes('any lines of the span, 1 GiB'))?.reason).toMatch(
      /^1 pages of 1 GiB are free in the pool, 2 are needed: echo 2 \| sudo tee \S+1048576kB\/nr_hugepages$/,
    );
  });

  it('loads any lines of 2 GiB in the full profile, of less in a guest and where memory is short', () => {
    const arms = (memoryBudgetBytes: number, machine: Machine = metal): Map<unknown, string[]> =>
      new Map(
        laidOut({ profile: 'full', memoryBudgetBytes, machine }).groups.map(({ point, arms: some }) => [
          point['pageCount'],
          some.map(({ variant }) => variant.id),
        ]),
      );
    const roomyArms = arms(roomy);
    expect([...roomyArms.keys()].at(-1)).toBe(2 ** 19);
    expect(new Set(roomyArms.get(2 ** 19))).toEqual(new Set(['cycle', 'anywhere-4k', 'anywhere-2m']));
    expect(roomyArms.get(2 ** 18)).toContain('pages-4k');
    expect(roomyArms.get(2 ** 18)).not.toContain('steps-in-2m');
    expect([...arms(roomy, syntheticMachine).keys()].at(-1)).toBe(2 ** 17);
    const short = [...arms(2 ** 31)];
    expect(short.at(-1)![0]).toBe(2 ** 17);
    expect(short.at(-1)![1]).toContain('anywhere-2m');
  });

  it('goes no farther in huge pages than the memory allows', () => {
    expect(idsAt(64, {})).toContain('pages-2m');
    expect(idsAt(64, { memoryBudgetBytes: 2 ** 28 })).not.toContain('pages-2m');
  });
});

describe('the chases', () => {
  const base = { pageBytes: 4096, pages: 'small' };

  it('have as many lines, in as many pages as they say', () => {
    const room = new GroupRoom();
    try {
      const walk = (point: Record<string, number | string>) => {
        const place = {
          point: { ...base, ...point },
          prng: new Prng(1),
          room,
          member: 0,
          members: 1,
          cpus: [],
        };
        const { links, cursors } = pageChase.setup(place);
        const seen = new Set<number>();
        for (let at = cursors[0]!; !seen.has(at); at = links[at / 4]!) seen.add(at);
        expect(links.byteLength).toBeLessThanOrEqual(pageChase.footprintBytes(place.point));
        const pagesOf = (bytes: number) => new Set([...seen].map((at) => Math.floor(at / bytes))).size;
        return { lines: seen.size, pages: pagesOf(4096), huge: pagesOf(2 ** 21) };
      };
      expect(walk({ spacing: 'line', pageCount: 100 })).toEqual({ lines: 100, pages: 2, huge: 1 });
      expect(walk({ spacing: 'page', pageCount: 100 })).toEqual({ lines: 100, pages: 100, huge: 1 });
      expect(walk({ spacing: 'huge-page', pageCount: 3 })).toEqual({ lines: 3, pages: 3, huge: 3 });
      expect(walk({ spacing: 'anywhere', pageCount: 5 })).toEqual({ lines: 320, pages: 5, huge: 1 });
    } finally {
      room.close();
    }
  });

  it('go at least once round in a call, and tell how much work that is', () => {
    for (const pageCount of [16, 1024, 1025, 16_384]) {
      const of = (spacing: string) => pageChase.work({ ...base, spacing, pageCount }).operations;
      expect(of('page')).toBeGreaterThanOrEqual(pageCount);
      expect(of('line')).toBeGreaterThanOrEqual(of('page'));
      expect(pageAdds.work({ pageCount }).operations).toBeGreaterThan(of('line'));
    }
  });

  it('say which share of them lies in huge pages', () => {
    const room = new GroupRoom();
    try {
      const small = room.array('uint32', 1024, 4096, 'small');
      expect([0, null]).toContain(room.hugeBytes(small));
      expect(room.hugeBytes(new Uint32Array(4))).toBeNull();
      expect(observeHugeShare({ hugeShare: 0.25 })).toEqual({ hugeShare: 0.25 });
      expect(observeHugeShare({ hugeShare: Number.NaN })).toEqual({});
    } finally {
      room.close();
    }
  });
});
