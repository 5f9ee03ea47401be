/**
 * The machine code of the kernels about addresses: each access is one instruction of its full width, at its own place,
 * as often as it is counted, and nothing else in the loop uses memory.
 */
import { describe, expect, it } from 'vitest';
import { count, functionsOf, innermostLoops, type Loop, memory, reason } from '../../fixtures/disassembly.ts';

/** The unrolled loop of a function: of those with `mark`, the one that uses memory most often. */
function mainLoop(name: string, mark: RegExp): Loop {
  const loops = functionsOf(name)
    .flatMap(innermostLoops)
    .filter((loop) => loop.some((line) => mark.test(line)));
  const main = loops.toSorted((a, b) => memory(b).length - memory(a).length)[0];
  expect(main, `a loop of ${name}`).toBeDefined();
  return main!;
}

/** How often each operand in memory stands in a loop: "(%rax)" -> 8. */
function operands(loop: Loop): Map<string, number> {
  const times = new Map<string, number>();
  for (const line of memory(loop)) {
    const operand = /-?(?:0x[0-9a-f]+)?\([^)]*\)/.exec(line)![0].replace(/^0x0\(/, '(');
    times.set(operand, (times.get(operand) ?? 0) + 1);
  }
  return times;
}

/** Eight passes over four places, each access of which matches. */
function expectPlaces(loop: Loop, access: RegExp): void {
  const text = loop.join('\n');
  expect(count(loop, access), text).toBe(32);
  expect(memory(loop), text).toHaveLength(32);
  expect([...operands(loop).values()], text).toEqual([8, 8, 8, 8]);
}

const place = String.raw`(0x0)?\(%r\w+\)`;
/** A general register by its width in bytes. */
const wide = '%(r[a-ds][xip]|r[bs]p|r\\d+)';
const narrow = '%(e[a-ds][xip]|r\\d+d)';

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(`accesses at any address${reason === null ? '' : `: ${reason}`}`, () => {
  it.each([
    ['Scalar<unsigned int> >', `^mov ${place},${narrow}$`],
    ['Scalar<unsigned long> >', `^(mov|add) ${place},${wide}$`],
    ['Sixteen>', `^movdqu ${place},%xmm`],
  ])('loads of %s: one each', (access, pattern) => {
    const loop = mainLoop(`load_places<.*${access}`, new RegExp(pattern));
    expectPlaces(loop, new RegExp(pattern));
  });

  it('loads and stores of 32 bytes: one each, without a demand for alignment', () => {
    const load = new RegExp(`^(vpaddq|vmovdqu) ${place},%ymm`);
    expectPlaces(mainLoop('load_places_avx2', load), load);
    const store = new RegExp(`^vmovdqu %ymm\\d+,${place}$`);
    expectPlaces(mainLoop('store_places_avx2', store), store);
  });

  it.each([
    [4, `^mov ${narrow},${place}$`],
    [8, `^mov ${wide},${place}$`],
    [16, `^movups %xmm\\d+,${place}$|^movdqu %xmm\\d+,${place}$`],
  ])('stores of %i bytes: one each', (_, pattern) => {
    expectPlaces(mainLoop('unaligned_store', new RegExp(pattern)), new RegExp(pattern));
  });

  it.each([
    ['4', `^mov \\(%r\\w+,%r\\w+,1\\),${narrow}$`],
    ['8', `^mov \\(%r\\w+,%r\\w+,1\\),${wide}$`],
  ])('a chase of %s bytes: one load a hop', (_, pattern) => {
    const loop = mainLoop('unaligned_chase', new RegExp(pattern));
    expect(count(loop, new RegExp(pattern)), loop.join('\n')).toBe(8);
    expect(memory(loop), loop.join('\n')).toHaveLength(8);
  });

  it.each([
    ['4', `^lock xadd ${narrow},${place}$`],
    ['8', `^lock xadd ${wide},${place}$`],
  ])('atomic additions of %s bytes: one locked instruction each', (_, pattern) => {
    expectPlaces(mainLoop('unaligned_add', new RegExp(pattern)), new RegExp(pattern));
  });
});

describe.skipIf(reason !== null)(`from store to load${reason === null ? '' : `: ${reason}`}`, () => {
  const at = (offset: string): string => String.raw`${offset}\(%r\w+\)`;
  const store = (register: string, offset = ''): string => `^mov ${register},${at(offset)}$`;
  const load = (register: string, offset = ''): string => `^mov ${at(offset)},${register}$`;

  it.each([
    [0, 'same', [store(wide)], load(wide)],
    [1, 'mirrored', [store(wide)], load(wide)],
    [2, 'low', [store(wide)], load(narrow)],
    [3, 'high', [store(wide)], load(narrow, '0x4')],
    [4, 'halves', [store(narrow), store(narrow, '0x4')], load(wide)],
    [5, 'narrow', [store(narrow)], load(wide)],
    [6, 'overlapping', [store(wide)], load(wide, '0x4')],
  ] as const)('form %i, %s, of 8 bytes: its stores and one load a hop', (form, name, stores, loaded) => {
    const loop = mainLoop(`hand_on<.*Form\\)${form}, unsigned long>`, new RegExp(loaded));
    const text = loop.join('\n');
    for (const pattern of stores) expect(count(loop, new RegExp(pattern)), text).toBe(8);
    expect(count(loop, new RegExp(loaded)), text).toBe(8);
    expect(memory(loop), text).toHaveLength(8 * (stores.length + 1));
    // All forms but one address the bytes through two registers.
    const bases = new Set(memory(loop).map((line) => /\((%r\w+)\)/.exec(line)![1]));
    expect(bases.size, text).toBe(name === 'mirrored' ? 1 : 2);
  });

  it('a chain beside stores: a store and a dependent load a hop', () => {
    const hop = new RegExp(`^mov \\(%r\\w+,%r\\w+,1\\),${narrow}$`);
    const loop = mainLoop('load_beside_store', hop);
    expect(count(loop, hop), loop.join('\n')).toBe(8);
    expect(count(loop, new RegExp(store(narrow))), loop.join('\n')).toBe(8);
    expect(memory(loop), loop.join('\n')).toHaveLength(16);
  });
});

describe.skipIf(reason !== null)(`gathering${reason === null ? '' : `: ${reason}`}`, () => {
  const index = String.raw`^mov (0x[0-9a-f]+)?\(%r\w+,%r\w+,4\),${narrow}$`;
  const value = String.raw`^movslq (0x0)?\(%r\w+,%r\w+,4\),%r`;

  it('a sum loads an index and a value an element, and with prefetching asks for one line more', () => {
    const plain = functionsOf('gather_ahead')
      .flatMap(innermostLoops)
      .filter((loop) => count(loop, new RegExp(value)) === 8 && count(loop, /^prefetch/) === 0);
    expect(plain.length).toBeGreaterThan(0);
    for (const loop of plain) {
      expect(count(loop, new RegExp(index)), loop.join('\n')).toBe(8);
      expect(memory(loop), loop.join('\n')).toHaveLength(16);
    }
    const ahead = mainLoop('gather_ahead', /^prefetcht0 /);
    expect(count(ahead, /^prefetcht0 \(%r\w+,%r\w+,4\)$/), ahead.join('\n')).toBe(8);
    expect(count(ahead, new RegExp(value)), ahead.join('\n')).toBe(8);
    expect(count(ahead, new RegExp(index)), ahead.join('\n')).toBe(16);
    expect(memory(ahead), ahead.join('\n')).toHaveLength(32);
  });

  it('work on a value multiplies and adds once a step, and touches no memory', () => {
    const loops = functionsOf('gather_ahead')
      .flatMap(innermostLoops)
      .filter((loop) => count(loop, /^imul \$0x19660d,/) > 0);
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      expect(count(loop, /^imul /), loop.join('\n')).toBe(1);
      expect(memory(loop), loop.join('\n')).toEqual([]);
    }
  });
});
