/** Reads from a file: both languages read the same blocks, and they come from where they are said to come from. */
import { mkdtempSync, rmSync, writeFileSync, statSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { deviceFault } from '../../../src/experiments/hardware/storage-file.ts';
import { storageRead } from '../../../src/experiments/hardware/storage-kernel.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { environment, runNative } from '../../../src/native/binding.ts';

const folder = mkdtempSync(join(tmpdir(), 'linefill-storage-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const blockBytes = 4096;
const blocks = 64;
const [cached, direct, forgotten] = [0, 1, 2];

/** Each block begins with its own number, and holds no other block's bytes. */
const contents = new Uint32Array((blocks * blockBytes) / 4).map((_, i) => (i % 1024 === 0 ? i / 1024 : i));
const path = join(folder, 'näme with spaces.bin');
writeFileSync(path, contents);

interface Way {
  readonly order?: readonly number[];
  readonly cursor?: number;
  readonly block?: number;
  readonly reads?: number;
  readonly how?: number | undefined;
  readonly forgetFrom?: number;
  readonly path?: string;
}

function args(way: Way = {}) {
  const { order = [0], cursor = 0, block = blockBytes, reads = 1, how = cached, forgetFrom = 0 } = way;
  const region = new (environment().Region)(Math.max(1, block), { alignment: 4096 });
  return {
    path: new Uint8Array(Buffer.from(way.path ?? path)),
    order: Uint32Array.from(order),
    cursor: Uint32Array.of(cursor),
    block: new Uint8Array(region.buffer, 0, block),
    reads,
    how: how!,
    forgetFrom,
  };
}

function call(made: ReturnType<typeof args>, iterations = 1): bigint {
  return runNative('storage-read', inOrder(storageRead.signature, made), { iterations }).checksum;
}

const orders = fc.array(fc.nat({ max: blocks - 1 }), { minLength: 1, maxLength: 40 });
const fault = deviceFault(path);
const ways = fault === null ? [cached, direct, forgotten] : [cached];

describe('storage-read', () => {
  it.each(ways)('reads the blocks that JavaScript reads, and goes on where it stopped: way %i', (how) => {
    if (how === forgotten && process.platform !== 'linux') return;
    fc.assert(
      fc.property(orders, fc.nat({ max: 60 }), fc.nat(), (order, reads, start) => {
        const cursor = start % order.length;
        const [native, typescript] = [0, 1].map(() => args({ order, cursor, reads, how })) as [
          ReturnType<typeof args>,
          ReturnType<typeof args>,
        ];
        const one = call(native, 2);
        storageRead.reference(typescript);
        expect(storageRead.reference(typescript)).toBe(one);
        expect(native.cursor).toEqual(typescript.cursor);
        expect(native.block).toEqual(typescript.block);
        expect(native.cursor[0]).toBe((cursor + 2 * reads) % order.length);
        // By hand: the numbers of the blocks of the second call, folded.
        const seen = Array.from({ length: reads }, (_, i) => order[(cursor + reads + i) % order.length]!);
        const folded = seen.reduce((sum, number) => (Math.imul(sum, 31) + number) >>> 0, 0);
        expect(one).toBe(BigInt(folded));
      }),
      { seed: 31, numRuns: how === cached ? 60 : 15 },
    );
  });

  // Only Linux tells a process what it read from a device; without direct reads there is none below the file.
  it.skipIf(process.platform !== 'linux' || fault !== null)('reads from where it says', () => {
    const deviceBytes = (): number => 512 * process.resourceUsage().fsRead;
    const order = [5, 9, 2, 33, 60, 17, 41, 28];
    const read = (how: number | undefined): number => {
      const made = args({ order, reads: order.length, how });
      const before = deviceBytes();
      call(made);
      return deviceBytes() - before;
    };
    const all = order.length * blockBytes;
    // A file system may first have to bring the file's own map from the device.
    read(direct);
    expect(read(direct)).toBe(all);
    expect(read(forgotten)).toBeGreaterThanOrEqual(all);
    readFileSync(path);
    expect(read(cached)).toBe(0);
  });

  it('never writes: the file is as it was', () => {
    const before = statSync(path);
    for (const how of ways) call(args({ order: [1, 2, 3], reads: 7, how }));
    expect(statSync(path).mtimeMs).toBe(before.mtimeMs);
    expect(readFileSync(path).equals(new Uint8Array(contents.buffer))).toBe(true);
  });

  it('refuses what makes no sense, and says what is wrong with a file', () => {
    const bad = (way: Way) => () => call(args(way));
    expect(bad({ path: '' })).toThrow('"path" must be a path of 1 to 4095 bytes, without a zero');
    expect(bad({ path: 'a\0b' })).toThrow('"path" must be');
    expect(bad({ path: join(folder, 'none') })).toThrow(`storage-read: open of ${join(folder, 'none')}: `);
    expect(bad({ path: folder })).toThrow(/no regular file|open of/);
    expect(bad({ order: [] })).toThrow('"order" must hold at least 1 element');
    expect(bad({ cursor: 1 })).toThrow('"cursor"[0] must be below the length of "order" (1), not 1');
    expect(bad({ block: 0 })).toThrow('"block" must have a multiple of 512 elements');
    expect(bad({ block: 100 })).toThrow('"block" must have a multiple of 512 elements, up to 2^30, not 100');
    expect(bad({ how: 3 })).toThrow('"how" must be 0 (cached), 1 (direct) or 2 (forgotten first), not 3');
    expect(bad({ order: [blocks] })).toThrow('the file ends before the last block asked for');
    expect(bad({ order: [0, 2 ** 32 - 1], reads: 2 })).toThrow('the file ends before');
  });

  it('leaves the cursor alone when it fails', () => {
    const made = args({ order: [1, blocks], reads: 2 });
    expect(() => call(made)).toThrow('the file ends');
    expect(made.cursor[0]).toBe(0);
  });
});
