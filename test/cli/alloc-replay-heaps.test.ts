/** What `alloc replay` prepares before it measures: whom it leaves out, and how often it replays. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { slowOnes } from '../../src/cli/commands/alloc-replay-heaps.ts';
import type { Contender } from '../../src/experiments/allocation/replayed-trace.ts';
import { writeTrace } from '../../src/trace/file.ts';
import { TraceWriter } from '../../src/trace/rows.ts';
import { makeRun } from '../unit/experiment/made.ts';
import { setStage } from './stage.ts';

const contender = (id: string, language: Contender['language']): Contender => ({
  id,
  heapBytes: 2 ** 22,
  language,
});

describe('those that are not timed', () => {
  const contenders = ['tlsf', 'worst-fit', 'best-fit'].flatMap((id) => [
    contender(id, 'native'),
    contender(id, 'typescript'),
  ]);
  const workNs = new Map([
    ['tlsf', 1e6],
    ['worst-fit', 21e6],
    ['best-fit', 19e6],
  ]);

  test('take twenty times as long as the fastest, in both languages, and are called by their ids', () => {
    const slow = slowOnes([...contenders, { id: 'malloc', heapBytes: null, language: 'native' }], workNs, [
      'all',
      'typescript',
    ]);
    expect([...slow.keys()]).toEqual(['worst-fit', 'ts-worst-fit']);
    expect(slow.get('ts-worst-fit')).toMatch(
      /takes about 21.0 ms, .* 1.00 ms; --allocators ts-worst-fit times/,
    );
  });

  test('are none that the user named, each for itself', () => {
    expect([...slowOnes(contenders, workNs, ['all', 'ts-worst-fit']).keys()]).toEqual(['worst-fit']);
    expect(slowOnes(contenders, new Map([['tlsf', null]]), []).size).toBe(0);
  });
});

test('both languages share one preparation', async () => {
  const stage = setStage({ measure: () => Promise.resolve(makeRun({})), columns: 100 });
  const writer = new TraceWriter();
  for (let id = 0; id < 9; id++) writer.alloc(id, 100, 8);
  writeTrace(join(stage.cwd, 'app.trace'), writer.finish());
  await stage.run('alloc', 'replay', 'app.trace', '--allocators', 'tlsf,ts-tlsf,ts-slab');
  expect(stage.stderr().match(/replaying over .*/g)).toEqual([
    'replaying over tlsf, with books',
    'replaying over slab, with books',
  ]);
  expect(stage.requests[0]!.experiments[0]!.variants.map(({ id }) => id)).toEqual([
    'tlsf',
    'ts-tlsf',
    'ts-slab',
  ]);
});
