/** A pool of our own in `alloc replay` and `alloc map`: for a trace of one size, and left out with its reason elsewhere. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { make } from '../../src/cli/makers.ts';
import type { Run } from '../../src/experiment/run.ts';
import { writeTrace } from '../../src/trace/file.ts';
import { TraceWriter } from '../../src/trace/rows.ts';
import { makeConduct, makeRun } from '../unit/experiment/made.ts';
import { row } from '../unit/experiments/judged-rows.ts';
import { setStage, type Stage } from './stage.ts';

/** A lab that "measures" 10 ns for whatever it is asked. */
async function measure({ requests }: Stage): Promise<Run> {
  const { experiments } = requests.at(-1)!;
  return makeRun({
    measurements: experiments.flatMap((each) => each.variants.map(({ id }) => row(each, {}, id, {}, 10))),
    conduct: experiments.map(({ id }) => makeConduct({ experiment: id, processes: 6 })),
  });
}

/** A stage with two traces: of one size, aligned to 32, and of two. */
function stage(): Stage {
  const made = setStage({ measure, columns: 100 });
  for (const [name, sizes] of [
    ['one.trace', [40]],
    ['two.trace', [40, 48]],
  ] as const) {
    const writer = new TraceWriter();
    for (let id = 0; id < 300; id++) writer.alloc(id, sizes[id % sizes.length]!, 32);
    writer.realloc(7, 40, 32);
    for (let id = 0; id < 300; id += 2) writer.free(id);
    writeTrace(join(made.cwd, name), writer.finish());
  }
  return made;
}

const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');

describe('a pool', () => {
  test('has a part in the replay of a trace of one size, in both languages and in a fresh process', async () => {
    const one = stage();
    expect(await one.run('alloc', 'replay', 'one.trace', '--allocators', 'pool,ts-pool,tlsf')).toBe(0);
    const variants = one.requests[0]!.experiments[0]!.variants;
    expect(variants.map(({ id }) => id)).toEqual(['pool', 'ts-pool', 'tlsf']);
    const again = await make(one.requests[0]!.source!);
    // Blocks of 40 B that are aligned to 32 lie 64 B apart.
    for (const { variants: all } of [one.requests[0]!.experiments[0]!, again[0]!]) {
      expect(all.map(({ fixed }) => fixed!['parameter'])).toEqual([64, 64, 0]);
    }
    // 300 blocks behind the header.
    const data = stage();
    await data.run('alloc', 'replay', 'one.trace', '--allocators', 'pool', '--json');
    const { allocators } = JSON.parse(data.stdout()) as { allocators: { figures: { refused: number } }[] };
    expect(allocators).toMatchObject([
      { id: 'pool', memoryBytes: 64 + 299 * 64 + 40, figures: { refused: 0 } },
    ]);
  });

  test('is left out of any other, with the reason', async () => {
    const two = stage();
    expect(await two.run('alloc', 'replay', 'two.trace', '--allocators', 'ours')).toBe(0);
    expect(unwrapped(two.stdout())).toContain(
      'Left out: pool: not applicable: a pool has blocks of one size, and 2 sizes are asked for',
    );
    expect(two.requests[0]!.experiments[0]!.variants.map(({ id }) => id)).not.toContain('pool');
    const only = stage();
    expect(await only.run('alloc', 'replay', 'two.trace', '--allocators', 'pool')).toBe(2);
    expect(unwrapped(only.stderr())).toContain('and 2 sizes are asked for');
  });

  test('is drawn where the trace is of one size, and refused with the reason elsewhere', async () => {
    const one = stage();
    expect(await one.run('alloc', 'map', 'one.trace', '--allocator', 'pool', '--against', 'tlsf')).toBe(0);
    expect(one.stdout()).toContain('one.trace on pool');
    expect(unwrapped(one.stdout())).toContain('300 blocks');
    expect(unwrapped(one.stdout())).toContain(
      'A request gets one block of the pool, and any free one serves',
    );
    const two = stage();
    expect(await two.run('alloc', 'map', 'two.trace', '--allocator', 'pool')).toBe(2);
    expect(unwrapped(two.stderr())).toContain('pool: not applicable: a pool has blocks of one size');
    expect(unwrapped(two.stderr())).toContain('take multi-pool');
  });
});
