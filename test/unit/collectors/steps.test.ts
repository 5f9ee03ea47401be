import { describe, expect, test } from 'vitest';
import { collectorChoice, collectorChoices } from '../../../src/collectors/plans.ts';
import { stepPrograms } from '../../../src/collectors/step-programs.ts';
import { objectName, type Step, stepsOf } from '../../../src/collectors/steps.ts';
import { mutatorOp, mutatorRowWords, MutatorWriter } from '../../../src/trace/mutator-rows.ts';
import { ObjectGraph } from '../../../src/trace/object-graph.ts';

const graph = stepPrograms[0]!;

/** Names of a step's objects in a state. */
function inState({ objects }: Step, state: string): string {
  return objects
    .filter((one) => one.state === state)
    .map(({ name }) => name)
    .join('');
}

function placesOf({ pointers }: Step): string {
  return pointers.map(({ name, at }) => `${name} ${at}`).join(' ');
}

describe('steps', () => {
  test('name objects in the order in which they are made', () => {
    expect([0, 1, 25, 26, 27, 52].map(objectName)).toEqual(['A', 'B', 'Z', 'A1', 'B1', 'A2']);
  });

  test("show Cheney's scan pointer chase the free pointer", () => {
    const { steps, references } = stepsOf(collectorChoice('semi-space'), graph);
    expect(references.map(({ name, roots, names }) => `${roots}${name}:${names.join('')}`)).toEqual([
      '0A:CD',
      'B:CE',
      'C:F',
      'D:FG',
      'E:B',
      'F:',
      'G:A',
    ]);
    const shown = steps
      .filter(({ to }) => to !== null)
      .map((step) => [step.to, inState(step, 'grey'), inState(step, 'black'), placesOf(step)]);
    expect(shown).toEqual([
      ['A', '', '', ''],
      ['A', 'A', '', 'scan 136 free 142'],
      ['C', 'AC', '', 'scan 136 free 148'],
      ['D', 'ACD', '', 'scan 136 free 154'],
      ['A', 'CD', 'A', 'scan 142 free 154'],
      ['F', 'CDF', 'A', 'scan 142 free 162'],
      ['C', 'DF', 'AC', 'scan 148 free 162'],
      ['G', 'DFG', 'AC', 'scan 148 free 168'],
      ['D', 'FG', 'ACD', 'scan 154 free 168'],
      ['F', 'G', 'ACDF', 'scan 162 free 168'],
      ['G', '', 'ACDFG', 'scan 168 free 168'],
    ]);
    expect(inState(steps.at(-1)!, 'freed')).toBe('BE');
  });

  test('show objects slide together where a collector compacts', () => {
    const { steps } = stepsOf(collectorChoice('mark-compact'), graph);
    const moves = steps.filter(({ phase, to }) => phase === 'move' && to !== null).map(({ text }) => text);
    expect(moves).toEqual([
      'C slides from word 38 to 30.',
      'D slides from word 44 to 36.',
      'F slides from word 58 to 42.',
      'G slides from word 66 to 50.',
    ]);
  });

  test('show that a count leaves a cycle behind, and trial deletion does not', () => {
    const last = (id: string): string => inState(stepsOf(collectorChoice(id), graph).steps.at(-1)!, 'freed');
    expect(last('ref-count')).toBe('');
    expect(last('ref-count-cycles')).toBe('BE');
  });

  test.each([
    ['incremental-insertion', "The program stores r2 into slot 1 of r0's object."],
    ['incremental-snapshot', "The program clears slot 0 of r1's object."],
    ['concurrent', "The program clears slot 0 of r1's object."],
  ])('of %s show its barrier save an object that is hidden behind a black one', (id, write) => {
    const { steps } = stepsOf(collectorChoice(id), stepPrograms.find((each) => each.id === 'barrier')!);
    const at = steps.findIndex(({ text }) => text === 'The write barrier makes T grey.');
    expect(steps[at - 1]!.text).toBe(write);
    // A, which names it now, has been looked at; T had not been found.
    expect(inState(steps[at - 1]!, 'black')).toMatch(/^A/);
    expect(inState(steps[at - 1]!, 'white')).toContain('T');
    expect(inState(steps.at(-1)!, 'freed')).not.toContain('T');
    expect(steps.at(-1)!.text).toMatch(/^It is done\. V,? /);
  });

  test('refuse a program with more objects than can be told apart', () => {
    const writer = new MutatorWriter();
    for (let i = 0; i < 97; i++) writer.make(0, 0, 4);
    expect(() =>
      stepsOf(collectorChoice('mark-sweep'), {
        id: 'many',
        title: '',
        make: () => writer.collect().finish(),
      }),
    ).toThrow('a program to be stepped through makes at most 96 objects');
  });
});

describe.each(collectorChoices)('steps of $id', (choice) => {
  test.each(stepPrograms.map((program) => [program.id, program] as const))(
    'on %s never show two objects in one place, and end with what the oracle reaches',
    (_id, program) => {
      const trace = program.make();
      const oracle = new ObjectGraph(trace.roots);
      for (let at = 0; at < trace.rows.length; at += 4) oracle.row(trace.rows, at);
      const reached = [...oracle.reachable()].map(({ number }) => objectName(number - 1)).toSorted();
      const { steps } = stepsOf(choice, program);
      // No two in one place, ever.
      for (const { objects } of steps) {
        const there = objects.filter(({ state }) => state !== 'left' && state !== 'freed');
        for (let i = 1; i < there.length; i++) {
          expect(there[i - 1]!.at + there[i - 1]!.words).toBeLessThanOrEqual(there[i]!.at);
        }
      }
      if (trace.rows.at(-mutatorRowWords) !== mutatorOp.collect) return;
      const left = steps.at(-1)!.objects.filter(({ state }) => state !== 'freed' && state !== 'left');
      const names = left.map(({ name }) => name).toSorted();
      if (choice.kind.keeps === 'nothing') expect(names).toEqual(reached);
      else expect(names).toEqual(expect.arrayContaining(reached));
    },
  );
});
