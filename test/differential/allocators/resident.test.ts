/**
 * Resident memory as a process reads it of itself, beside what its parent reads of it at the same time: a known amount is
 * touched, held for a while, and freed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { addonPath } from '../../../src/native/locate.ts';
import { TraceWriter } from '../../../src/trace/rows.ts';

/** Says when it is ready, runs a kernel when told, says what it read, and stays until it is let go. */
const script = `
const [addon, kernel, text] = process.argv.slice(1);
const run = require(addon).run;
const args = JSON.parse(text).map((arg) => (Array.isArray(arg) ? globalThis[arg[0]].from(arg[1], arg[0].startsWith('Big') ? BigInt : Number) : arg));
process.stdin.once('data', () => {
  run(kernel, args, {});
  process.stdout.write(JSON.stringify([...args.at(-1)]));
});
process.stdout.write('ready');
`;

function residentOf(pid: number): number {
  const rss = /^Rss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return 1024 * Number(rss![1]);
}

interface Seen {
  /** What the kernel read. */
  readonly own: readonly number[];
  /** What the parent saw beyond what was there before: at most, and in the end. */
  readonly most: number;
  readonly last: number;
}

async function watched(kernel: string, args: readonly unknown[]): Promise<Seen> {
  const words = ['-e', script, addonPath(), kernel, JSON.stringify(args)];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const told = async (): Promise<string> => String((await once(child.stdout, 'data'))[0]);
    expect(await told()).toBe('ready');
    const before = residentOf(child.pid!);
    const answer = told();
    const done = { is: false };
    void answer.finally(() => (done.is = true));
    child.stdin.write('go');
    let most = 0;
    while (!done.is) {
      most = Math.max(most, residentOf(child.pid!) - before);
      await pause(2);
    }
    const own = JSON.parse(await answer) as number[];
    return { own, most, last: residentOf(child.pid!) - before };
  } finally {
    child.stdin.end();
    child.kill();
  }
}

/** What Node's own threads may take or give back meanwhile. */
const slackBytes = 6 * 2 ** 20;
const near = (bytes: number, expected: number): void =>
  expect(Math.abs(bytes - expected), `${bytes} B beside ${expected} B`).toBeLessThan(slackBytes);

/** A sanitizer's shadow is resident, too. */
const isSanitized = (process.env['LD_PRELOAD'] ?? '').includes('san');

describe.runIf(process.platform === 'linux' && !isSanitized)(
  'what a process reads of itself is what its parent reads',
  () => {
    it('of a trace: at most, with the bytes that were live then, and when all is freed', async () => {
      const blocks = 64;
      const blockBytes = 2 ** 20;
      const writer = new TraceWriter();
      for (let id = 0; id < blocks; id++) writer.alloc(id, blockBytes, 8);
      // So many reads that the parent, too, looks while all of it is live.
      for (let i = 0; i < 50; i++) writer.alloc(blocks, 16, 8).free(blocks);
      for (let id = 0; id < blocks; id++) writer.free(id);
      const { rows, ids } = writer.finish();
      const slots = Array.from({ length: 2 * ids }, () => 0);
      const reads = 64;
      const resident = [0, 0, 0, 0, 0];
      const args = [
        ['Uint32Array', [...rows]],
        ['BigUint64Array', slots],
        0,
        reads,
        ['Float64Array', resident],
      ];
      const { own, most, last } = await watched('peer-resident', args);
      const [mostBytes, , atMostLive, mostLive, drained] = own as [number, number, number, number, number];
      const touched = blocks * blockBytes;
      expect(mostLive).toBeGreaterThanOrEqual(touched);
      expect(mostLive).toBeLessThanOrEqual(touched + 16);
      near(mostBytes, touched);
      near(most, touched);
      near(mostBytes, most);
      near(atMostLive, most);
      near(drained, last);
    });

    it('of the phase change, when all is freed and the process sleeps', async () => {
      const liveBytes = 2 ** 25;
      const resident = ['Float64Array', [0, 0, 0, 0, 0, 0]];
      const { own, most, last } = await watched('heap-residency', [liveBytes, 1, 50, resident]);
      const [filled, , refilled, , , waited] = own as [number, number, number, number, number, number];
      // The program's tables, of 20 B for a small block of 72 B on average, are gone in the end.
      const tables = (20 / 72) * liveBytes;
      near(most, Math.max(filled, refilled) * liveBytes + tables);
      near(last, waited);
    });
  },
);
