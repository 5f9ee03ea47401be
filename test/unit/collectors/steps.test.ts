import { describe, expect, test } from 'vitest';
import { collectorChoice, collectorChoices } from '../../../src/collectors/plans.ts';
import { stepPrograms } from '../../../src/collectors/step-programs.ts';
import type { Step } from '../../../src/collectors/step.ts';
import { objectName } from '../../../src/collectors/step-words.ts';
import { stepsOf } from '../../../src/collectors/steps.ts';
import { mutatorOp, mutatorRowWords, MutatorWriter } from '../../../src/trace/mutator-rows.ts';
import { ObjectGraph } from '../../../src/trace/object-graph.ts';

const graph = stepPrograms[0]!;

function stepsBy(id: string, program: string): readonly Step[] {
  return stepsOf(collectorChoice(id), stepPrograms.find((each) => each.id === program)!).steps;
}

function textsBy(id: string, program: string): string[] {
  return stepsBy(id, program).map(({ phase, text }) => `${phase}: ${text}`);
}

/** Names with their counts and colours. */
function countsIn({ objects }: Step): string {
  return objects.map(({ name, count, state }) => `${name}${count} ${state}`).join(', ');
}

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

  test("say what Cheney's collector does, in order", () => {
    expect(textsBy('semi-space', 'cycle')).toEqual([
      'program: The program asks for a collection.',
      'roots: What the roots name can be reached.',
      'trace: What a reachable object names can be reached, too.',
      'done: It is done. A and B were never reached: they are free.',
    ]);
    expect(textsBy('semi-space', 'graph')).toEqual([
      'program: The program asks for a collection.',
      'roots: What the roots name can be reached.',
      'roots: r0 names A.',
      'roots: A is copied from word 16 to 136: grey. Where it was stands where it is.',
      'trace: What a reachable object names can be reached, too.',
      'trace: C is copied from word 30 to 142: grey. Where it was stands where it is.',
      'trace: D is copied from word 36 to 148: grey. Where it was stands where it is.',
      'trace: A has been looked at: black. It names C and D.',
      'trace: F is copied from word 50 to 154: grey. Where it was stands where it is.',
      'trace: C has been looked at: black. It names F.',
      'trace: G is copied from word 58 to 162: grey. Where it was stands where it is.',
      'trace: D has been looked at: black. It names F and G.',
      'trace: F has been looked at: black. It names nothing.',
      'trace: G has been looked at: black. It names A.',
      'done: It is done. B and E were never reached: they are free.',
    ]);
  });

  test('tell each count that is taken away, and what follows from it', () => {
    const steps = stepsBy('ref-count', 'list');
    const texts = textsBy('ref-count', 'list');
    const cut = texts.findIndex((text) => text.includes('clears slot 0'));
    expect(texts.slice(cut)).toEqual([
      "program: The program clears slot 0 of r2's object. E's count falls from 1 to 0.",
      'release: What nothing names any more is given back.',
      "release: E names F: F's count falls from 1 to 0.",
      'release: E is free.',
      "release: F names G: G's count falls from 1 to 0.",
      'release: F is free.',
      "release: G names H: H's count falls from 1 to 0.",
      'release: G is free.',
      'release: H is free.',
      'done: It is done.',
      "program: The program clears r2. D's count falls from 2 to 1.",
      'program: The program asks for a collection.',
      'done: There is nothing to do: what has no count is free.',
    ]);
    expect(countsIn(steps[cut]!)).toBe(
      'A1 black, B1 black, C1 black, D2 black, E0 black, F1 black, G1 black, H1 black',
    );
    expect(countsIn(steps.at(-1)!)).toBe('A1 black, B1 black, C1 black, D1 black');
    expect(textsBy('ref-count', 'cycle').at(-1)).toBe(
      'done: There is nothing to do: what has no count is free. No root reaches A and B, but their counts are not zero.',
    );
    expect(stepsBy('mark-sweep', 'graph')[0]!.objects.every(({ count }) => count === null)).toBe(true);
  });

  test('take counts away on trial, and give them back to what is held from outside', () => {
    const steps = stepsBy('ref-count-cycles', 'cycle');
    expect(steps.map((step) => `${step.text} ${countsIn(step)}`)).toEqual([
      "The program clears r1. B's count falls from 2 to 1. B is purple now: it may be kept by a cycle alone. A2 black, B1 purple",
      "The program clears r0. A's count falls from 2 to 1. A is purple now: it may be kept by a cycle alone. A1 purple, B1 purple",
      'The program asks for a collection. A1 purple, B1 purple',
      'On trial: from each suspect on, the counts that come from inside are taken away. A1 purple, B1 purple',
      'B is tried: grey. A1 purple, B1 grey',
      "B names A: A's trial count falls from 1 to 0. A0 purple, B1 grey",
      'A is tried: grey. A0 grey, B1 grey',
      "A names B: B's trial count falls from 1 to 0. A0 grey, B0 grey",
      'What still has a count is held from outside: it is kept, and what it names gets its counts back. A0 grey, B0 grey',
      'B has no count left: white, as garbage is. A0 grey, B0 white',
      'A has no count left: white, as garbage is. A0 white, B0 white',
      'What is still white is named by garbage alone: it is freed. A0 white, B0 white',
      'B is free. A0 white, B0 freed',
      'A is free. A0 freed, B0 freed',
      'It is done. A0 freed, B0 freed',
    ]);
    const restored = stepsBy('ref-count-cycles', 'graph').filter(
      ({ phase, text }) => phase === 'restore' && text.includes('black again'),
    );
    expect(restored.map(({ text }) => text)).toEqual([
      'A still has a count: it is held from outside, and black again.',
      'C is named by A, which is held: black again.',
      'D is named by A, which is held: black again.',
      'F is named by D, which is held: black again.',
      'G is named by D, which is held: black again.',
    ]);
    // The counts of those that stay are what they were.
    expect(countsIn(stepsBy('ref-count-cycles', 'graph').at(-1)!)).toBe(
      'A2 black, C1 black, D1 black, G1 black, B0 freed, E0 freed, F2 black',
    );
  });

  test('count roots for as long as a collection lasts, where they are counted late', () => {
    const texts = textsBy('ref-count-deferred', 'list');
    expect(texts.slice(texts.indexOf('roots: r0 names A.'))).toEqual([
      'roots: r0 names A.',
      "roots: A's count rises from 0 to 1.",
      'release: What nothing names any more is given back.',
      "release: E names F: F's count falls from 1 to 0.",
      'release: E is free.',
      "release: F names G: G's count falls from 1 to 0.",
      'release: F is free.',
      "release: G names H: H's count falls from 1 to 0.",
      'release: G is free.',
      'release: H is free.',
      "release: Roots are counted no longer. A's count falls from 1 to 0.",
      'done: It is done.',
    ]);
  });

  test.each(['incremental-snapshot', 'concurrent'])(
    'of %s show that what is made while it marks is black from birth',
    (id) => {
      const steps = stepsBy(id, 'barrier');
      const born = steps.filter(({ text }) => text.includes('black from birth'));
      expect(born.map(({ to }) => to)).toEqual(['Y', 'Z']);
      for (const step of born) expect(inState(step, 'black')).toContain(step.to!);
      expect(steps.at(-1)!.text).toBe(
        'It is done. No root reaches X, Y and Z, but they stay until a later collection.',
      );
    },
  );

  test.each([
    ['incremental-insertion', ['U', 'V', 'W', 'Y', 'Z']],
    ['incremental-snapshot', ['U', 'V', 'W']],
    ['concurrent', ['U', 'V', 'W']],
  ])('of %s name all that the sweep frees, before its words are used anew', (id, names) => {
    const steps = stepsBy(id, 'barrier');
    const freed = steps.filter(({ text }) => text.endsWith('was not reached: it is free.'));
    expect(freed.map(({ to }) => to)).toEqual(names);
    const anew = steps.findIndex(({ text }) => text.startsWith('A1 is made in a block'));
    const place = steps[anew]!.objects.find(({ name }) => name === 'A1')!.at;
    const before = steps.findLastIndex(
      ({ objects }, i) => i < anew && objects.some(({ at }) => at === place),
    );
    expect(inState(steps[before]!, 'freed')).toContain('U');
  });

  test('leave what was not reached white until its block is swept, where that is late', () => {
    const last = stepsBy('mark-sweep-lazy', 'graph').at(-1)!;
    expect(last.text).toBe(
      'It is done. B and E were never reached: they will be free when their blocks are swept.',
    );
    expect(inState(last, 'white')).toBe('BE');
    expect(inState(stepsBy('mark-sweep', 'graph').at(-1)!, 'freed')).toBe('BE');
  });

  test("tell LISP-2's three walks apart, and each with its addresses", () => {
    const steps = stepsBy('mark-compact', 'graph');
    const texts = textsBy('mark-compact', 'graph');
    expect(texts.slice(texts.findIndex((text) => text.startsWith('address')))).toEqual([
      'address: First walk: each object that was reached gets the address at which it will be, one behind the other.',
      'address: A stays at word 24.',
      'address: C lies at word 38, and will be at 30.',
      'address: D lies at word 44, and will be at 36.',
      'address: F lies at word 58, and will be at 42.',
      'address: G lies at word 66, and will be at 50.',
      'update: Second walk: roots and slots are set to where the objects will be.',
      'update: A names C at 30 instead of 38 and D at 36 instead of 44.',
      'update: C names F at 42 instead of 58.',
      'update: D names F at 42 instead of 58 and G at 50 instead of 66.',
      'move: Third walk: the objects move down, lowest first.',
      'move: C slides from word 38 to 30.',
      'move: D slides from word 44 to 36.',
      'move: F slides from word 58 to 42.',
      'move: G slides from word 66 to 50.',
      'done: It is done. B and E were never reached: they are free.',
    ]);
    const moving = steps.find(({ phase }) => phase === 'move')!;
    expect(moving.destinations.map(({ name, to }) => `${name}${to}`)).toEqual([
      'A24',
      'C30',
      'D36',
      'F42',
      'G50',
    ]);
    expect(moving.spaces.map(({ start, objectsStart }) => [start, objectsStart])).toEqual([[16, 24]]);
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
      const isLate = choice.id === 'mark-sweep-lazy';
      const left = steps
        .at(-1)!
        .objects.filter(
          ({ state }) => state !== 'freed' && state !== 'left' && !(isLate && state === 'white'),
        );
      const names = left.map(({ name }) => name).toSorted();
      if (choice.kind.keeps === 'nothing') expect(names).toEqual(reached);
      else expect(names).toEqual(expect.arrayContaining(reached));
    },
  );
});
