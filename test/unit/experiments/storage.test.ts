/** The storage experiment's file, its order of blocks, and what it concludes from times that nobody measured. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Judgement } from '../../../src/experiment/claim.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut, pointKey } from '../../../src/experiment/plan.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { storage } from '../../../src/experiments/hardware/storage.ts';
import {
  checkFile,
  deviceFault,
  folderOnDevice,
  ownFile,
  ownFileFault,
  ownFileOf,
  smallestFileBytes,
} from '../../../src/experiments/hardware/storage-file.ts';
import { blockOrder, blocksUpTo, readsAt } from '../../../src/experiments/hardware/storage-kernel.ts';
import { reported } from '../../../src/machine/fact.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const folder = mkdtempSync(join(tmpdir(), 'linefill-storage-unit-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

const isLinux = process.platform === 'linux';

describe('the file', () => {
  const large = join(folder, 'large');
  const short = join(folder, 'short');
  writeFileSync(large, new Uint8Array(smallestFileBytes));
  writeFileSync(short, new Uint8Array(smallestFileBytes - 1));

  it('may be any regular file that is large enough, or our own', () => {
    expect(checkFile(ownFile)).toBeNull();
    expect(checkFile(large)).toBeNull();
  });

  it('is refused in words that say what is wrong with it', () => {
    const must = 'file must be "temporary" or the path of a regular file of at least 4MiB that you may read';
    expect(checkFile(short)).toBe(`${must}; ${short} has 4,194,303 B`);
    expect(checkFile(folder)).toBe(`${must}; ${folder} is a directory`);
    expect(checkFile(join(folder, 'none'))).toBe(`${must}; there is no ${join(folder, 'none')}`);
    expect(checkFile(join(large, 'inside'))).toBe(
      `${must}; ${join(large, 'inside')} can't be read (ENOTDIR)`,
    );
    expect(checkFile('')).toBe(must);
    expect(checkFile(7)).toBe(must);
    expect(checkFile(Number.NaN)).toBe(must);
  });

  // Elsewhere a file without a name has no path.
  it.skipIf(!isLinux)('of our own has no name, no two pages alike, and is made once', () => {
    const own = join(folder, 'own');
    mkdirSync(own);
    vi.stubEnv('TMPDIR', own);
    const bytes = 3 * 2 ** 20 + 4096;
    const path = ownFileOf(bytes);
    expect(readdirSync(own)).toEqual([]);
    const contents = readFileSync(path);
    expect(contents.length).toBe(bytes);
    const pages = new Set(Array.from({ length: bytes / 4096 }, (_, i) => contents.readBigUInt64LE(4096 * i)));
    expect(pages.size).toBe(bytes / 4096);
    expect(ownFileOf(bytes)).toBe(path);
    expect(ownFileOf(bytes + 4096)).not.toBe(path);
    expect(readdirSync(own)).toEqual([]);
  });

  it('of our own is refused where it could stay behind', () => {
    expect(ownFileFault(2 ** 22, 'darwin')).toContain('needs Linux: name a file, --set file=PATH');
  });

  // The folder for temporary files is TMPDIR's on some systems only.
  it.skipIf(!isLinux)('of our own is refused where it has no room or no folder', () => {
    expect(ownFileFault(2 ** 22, 'linux')).toBeNull();
    expect(ownFileFault(2 ** 60, 'linux')).toMatch(
      / has .* free: set TMPDIR to another folder, or --set file=PATH$/,
    );
    vi.stubEnv('TMPDIR', join(folder, 'not there'));
    expect(ownFileFault(2 ** 22, 'linux')).toMatch(/takes no temporary file \(ENOENT\): set TMPDIR/);
  });

  const tmpfs = 0x01021994;

  it.skipIf(!isLinux || statfsSync(folder).type === tmpfs)(
    'of our own lies on a device where one of two folders is on one, and has room for a file',
    () => {
      const [none, other] = [join(folder, 'not there'), join(folder, 'other')];
      mkdirSync(other);
      expect(folderOnDevice(folder, other)).toBe(folder);
      expect(folderOnDevice(none, other)).toBe(other);
      expect(folderOnDevice(none, none)).toBe(none);
      if (existsSync('/dev/shm') && statfsSync('/dev/shm').type === tmpfs) {
        expect(folderOnDevice('/dev/shm', other)).toBe(other);
        expect(folderOnDevice('/dev/shm', none)).toBe('/dev/shm');
        expect(folderOnDevice(none, '/dev/shm')).toBe(none);
      }
      expect(readdirSync(other)).toEqual([]);
    },
  );

  // /dev/shm is Linux's.
  it.skipIf(!isLinux || !existsSync('/dev/shm'))('has no device where it is in memory', () => {
    const place = mkdtempSync('/dev/shm/linefill-storage-unit-');
    try {
      const file = join(place, 'file');
      writeFileSync(file, 'x');
      expect(deviceFault(file)).toContain('is in memory, with no device below it');
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});

describe('the order of blocks', () => {
  it('holds each block of the part once, or one of each of many equal parts', () => {
    const counts = fc.oneof(
      fc.integer({ min: 1, max: 300 }),
      fc.constantFrom(65_535, 65_536, 65_537, 10_000_000),
    );
    fc.assert(
      fc.property(counts, fc.nat({ max: 1000 }), fc.nat(), (count, first, seed) => {
        const order = blockOrder('random', first, count, new Prng(seed));
        const places = Math.min(count, 65_536);
        expect(order.length).toBe(places);
        const sorted = order.toSorted();
        const start = (part: number) => first + Math.floor((part * count) / places);
        const isSpread = sorted.every((block, part) => block >= start(part) && block < start(part + 1));
        expect(isSpread).toBe(true);
      }),
      { seed: 41, numRuns: 60 },
    );
    expect([...blockOrder('sequential', 5, 4, new Prng(1))]).toEqual([5, 6, 7, 8]);
    expect(blockOrder('sequential', 5, 1e6, new Prng(1)).at(-1)).toBe(5 + 65_535);
    // A shuffle of 3,000 leaves about one in its place.
    const moved = blockOrder('random', 0, 3000, new Prng(1)).filter((block, i) => block !== i);
    expect(moved.length).toBeGreaterThan(2900);
  });

  it('stops where blocks have no numbers any more', () => {
    expect(blocksUpTo(10_000, 4096)).toBe(2);
    expect(blocksUpTo(2 ** 47, 4096)).toBe(2 ** 32);
    const [cached, all] = [blocksUpTo(2 ** 21, 4096), blocksUpTo(2 ** 47, 4096)];
    const order = blockOrder('random', cached, all - cached, new Prng(3));
    expect(order.every((block) => block >= cached)).toBe(true);
  });

  it('makes few reads where each waits for a device, and many where none does', () => {
    const at = (way: string, order: string, blockBytes: number) => readsAt({ way, order, blockBytes });
    expect(at('cached', 'random', 4096)).toBe(512);
    expect(at('direct', 'random', 4096)).toBe(8);
    expect(at('forgotten', 'random', 4096)).toBe(8);
    expect(at('forgotten', 'sequential', 4096)).toBe(256);
    expect(at('direct', 'sequential', 2 ** 20)).toBe(2);
    expect(at('cached', 'random', 2 ** 20)).toBe(4);
  });
});

/** Rows of six processes: ns a read by variant. */
function rows(
  blockBytes: number,
  ns: Readonly<Record<string, number | readonly number[]>>,
  file = ownFile,
): Measurement[] {
  const point = { file, temporaryBytes: 2 ** 24, blockBytes };
  return Object.entries(ns).map(([variant, value]) =>
    makeMeasurement(
      variant,
      [0, 1, 2, 3, 4, 5].map((p) => makeSamples(p, [typeof value === 'number' ? value : value[p]!])),
      {
        experiment: storage.id,
        group: pointKey(point),
        variant,
        point,
        operations: 8,
        bytes: 8 * blockBytes,
      },
    ),
  );
}

function findings(measurements: Measurement[], more: Partial<Run> = {}) {
  const conduct = [makeConduct({ experiment: storage.id })];
  return makeFindings(makeRun({ measurements, conduct, ...more }), storage);
}

const judge = (measurements: Measurement[], more: Partial<Run> = {}): Judgement =>
  storage.claims[0]!.judge(findings(measurements, more));
const bare = { machine: { ...syntheticMachine, virtualisation: reported('none', 'made') } };

describe('latency-storage', () => {
  const direct = (us: number) => rows(4096, { 'direct-random': us * 1000 }, 'disk.bin');

  it('is judged within a factor of two of what the kind of device is said to take', () => {
    expect(judge(direct(16), bare)).toMatchObject({ status: 'supported', effect: { value: 16, unit: 'us' } });
    expect(judge(direct(80), bare)).toMatchObject({ status: 'refuted' });
    expect(judge(direct(5), bare)).toMatchObject({ status: 'refuted' });
    expect(judge(direct(4000), bare)).toMatchObject({ status: 'supported' });
    expect(judge(direct(9000), bare)).toMatchObject({ status: 'refuted' });
    const wide = [25, 26, 28, 31, 33, 35].map((us) => us * 1000);
    expect(judge(rows(4096, { 'direct-random': wide }), bare)).toMatchObject({ status: 'inconclusive' });
  });

  it('says which kind of device it looks like, and what to mind', () => {
    expect(judge(direct(16), bare).sentence).toMatch(
      /That looks like flash, or a cache below it, and is judged as an SSD\.$/,
    );
    expect(judge(direct(500), bare).sentence).toContain('neither clearly flash nor a disk');
    expect(judge(direct(4000), bare).sentence).toMatch(
      /That looks like a hard disk, and is judged as a hard disk\.$/,
    );
    const guest = {
      machine: { ...syntheticMachine, virtualisation: reported('virtual machine (KVM)', 'made') },
    };
    expect(judge(rows(4096, { 'direct-random': 16_000 }), guest).sentence).toMatch(
      /; but the file was written a moment before, and a virtual machine's disk may be its host's memory\.$/,
    );
  });

  it('looks at direct random reads of 4 KiB only', () => {
    const others = [
      ...rows(65_536, { 'direct-random': 16_000 }),
      ...rows(4096, { 'cold-random': 16_000, 'direct-sequential': 16_000 }),
    ];
    expect(judge(others, bare)).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judge([...others, ...direct(80)], bare).status).toBe('inconclusive');
    expect(judge([], bare)).toMatchObject({ status: 'inconclusive', effect: null });
  });

  it('does not apply where there is no device to read from', () => {
    const leftOut = [
      { experiment: storage.id, what: 'cached, in order (way=cached)', reason: 'another' },
      { experiment: storage.id, what: 'direct, random (way=direct)', reason: 'it is in memory' },
    ];
    const judged = judge(rows(4096, { 'cached-random': 600 }), { ...bare, leftOut });
    expect(judged).toMatchObject({ status: 'not-applicable', effect: null });
    expect(judged.sentence).toContain('it is in memory');
  });

  it('is open where something else was left out, and blocks of that size were not asked for', () => {
    const what = 'through the cache, not in it, random (way=forgotten)';
    const leftOut = [{ experiment: storage.id, what, reason: 'this system has no such call' }];
    const judged = judge(rows(65_536, { 'direct-random': 16_000 }), { ...bare, leftOut });
    expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judged.sentence).toBe('Direct random reads of 4 KiB were not part of this run.');
  });
});

describe('what is inferred', () => {
  it('is latencies of the smallest blocks, and rates of the largest', () => {
    const all = findings([
      ...rows(65_536, { 'cached-sequential': 4096, 'direct-sequential': 65_536, 'direct-random': 90_000 }),
      ...rows(4096, {
        'cached-random': 600,
        'direct-random': 50_000,
        'cold-random': 55_000,
        'cold-sequential': 8192,
      }),
    ]);
    const found = new Map(storage.infer!(all).map((figure): [string, Inferred] => [figure.id, figure]));
    expect(found.get('page-cache-read')).toMatchObject({
      value: 600,
      title: 'cached read, 4 KiB',
      unit: 'ns',
    });
    expect(found.get('storage-read')).toMatchObject({ value: 50_000, low: 50_000 });
    expect(found.get('storage-cold-read')).toMatchObject({ value: 55_000 });
    // 65,536 bytes in 4,096 ns are 16 bytes a ns.
    expect(found.get('page-cache-rate')).toMatchObject({ value: 16, unit: 'GB/s' });
    expect(found.get('storage-rate')).toMatchObject({ value: 1 });
    expect(found.get('read-ahead-rate')).toMatchObject({ value: 0.5 });
    expect(storage.infer!(findings([]))).toEqual([]);
  });
});

describe('the plan', () => {
  it('leaves out what the system has not', () => {
    const machine = { ...syntheticMachine, platform: 'darwin' };
    const own = layOut(storage, makeContext({ machine }), {});
    expect(own.groups).toEqual([]);
    expect(own.leftOut[0]!.reason).toContain('needs Linux');
    const file = join(folder, 'large');
    writeFileSync(file, new Uint8Array(smallestFileBytes));
    const theirs = layOut(storage, makeContext({ machine }), { file: [file] });
    expect(theirs.groups[0]!.arms.map(({ key }) => key)).toContain('cached-random');
    expect(theirs.leftOut.map(({ reason }) => reason)).toContain(
      'this system has no call that makes its cache forget a file',
    );
  });

  it('leaves a file alone that is no longer there', () => {
    const gone = join(folder, 'gone');
    const layout = layOut(storage, makeContext(), { file: [gone] });
    expect(layout.groups).toEqual([]);
    expect(layout.leftOut[0]!.reason).toContain(`there is no ${gone}`);
  });
});
