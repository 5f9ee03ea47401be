/** `linefill alloc explain`, and the numbers that its workloads take. */
import { describe, expect, test } from 'vitest';
import { heapChoices, oneSizeChoices } from '../../src/allocators/heaps.ts';
import { workloads } from '../../src/trace/workloads.ts';
import { setStage, widest } from './stage.ts';

const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');

const choices = [...heapChoices, ...oneSizeChoices];

describe('linefill alloc explain', () => {
  test('lists the allocators and the workloads', async () => {
    const stage = setStage();
    expect(await stage.run('alloc', 'explain')).toBe(0);
    for (const { id } of [...choices, ...workloads]) expect(stage.stdout()).toContain(`  ${id}: `);
  });

  test.each(choices.map(({ id }) => id))('%s: what it does, a drawing, costs and source', async (id) => {
    const stage = setStage({ columns: 120 });
    expect(await stage.run('alloc', 'explain', id)).toBe(0);
    expect(widest(stage.stdout())).toBeLessThanOrEqual(60);
    for (const part of ['|', 'Costs', 'Source', `--allocator ${id}`]) {
      expect(unwrapped(stage.stdout())).toContain(part);
    }
  });

  // Those of 200 MB take a while to be made.
  test.each(workloads.filter(({ id }) => id !== 'phase-change').map((each) => [each.id, each] as const))(
    '%s: what it asks for, its numbers and its source',
    async (id, { source, parameters }) => {
      const stage = setStage({ columns: 50 });
      expect(await stage.run('alloc', 'explain', id)).toBe(0);
      expect(widest(stage.stdout())).toBeLessThanOrEqual(50);
      const text = unwrapped(stage.stdout());
      expect(text).toMatch(/[\d,]+ operations, [\d,]+ of them allocations; [\d,]+ blocks? live at most/);
      expect(text).toContain(source);
      for (const name of Object.keys(parameters)) expect(text).toContain(`${name}: `);
    },
  );

  test('says what is meant where there is none of the name', async () => {
    const stage = setStage();
    expect(await stage.run('alloc', 'explain', 'tslf')).toBe(2);
    expect(unwrapped(stage.stderr())).toContain('did you mean tlsf?');
  });
});

describe('--set', () => {
  test('gives a workload other numbers', async () => {
    const stage = setStage();
    const words = ['--set', 'slots=10', '--set', 'replacements=90', '--set', 'mostBytes=2KiB'];
    expect(await stage.run('alloc', 'map', 'larson', ...words)).toBe(0);
    expect(stage.stdout()).toContain('200 rows');
  });

  test.each([
    [['larson', '--set', 'slot=10'], 'the workload larson has no such number did you mean slots?'],
    [['larson', '--set', 'slots=ten'], '--set slots=ten is not one whole number'],
    [['larson', '--set', 'slots=0'], 'slots must be a whole number from 1'],
    [['larson', '--set', 'leastBytes=2000'], 'the least size is 2000, above the largest, 1000'],
  ])('refuses %j', async (words, message) => {
    const stage = setStage();
    expect(await stage.run('alloc', 'map', ...words)).toBe(2);
    expect(unwrapped(stage.stderr())).toContain(message);
  });
});
