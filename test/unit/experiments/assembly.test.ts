/**
 * Reads the machine code of the built addon: the loads, stores and locked adds that the hardware kernels are about
 * must be in their innermost loops, once an item, or the compiler has timed something else.
 */
import { describe, expect, it } from 'vitest';
import {
  count,
  functionsOf,
  innermostLoops,
  load,
  loopsOf,
  memory,
  reason,
  store,
} from '../../fixtures/disassembly.ts';

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(`the hardware kernels' loops${reason === null ? '' : `: ${reason}`}`, () => {
  it('finds loops at all, and tells loads from stores', () => {
    expect(load.test('movslq (%rsi,%rdi,4),%rdi')).toBe(true);
    expect(load.test('mov %edx,(%rax)')).toBe(false);
    expect(store.test('mov %edx,(%rax)')).toBe(true);
    expect(store.test('movl $0x1,0x8(%rax)')).toBe(true);
    expect(store.test('mov (%rax),%edx')).toBe(false);
    const nested = ['10:cmp', '20:je 40', '30:jne 20', '40:jne 10'].map((line) => {
      const [at, text] = line.split(':') as [string, string];
      return { at: Number.parseInt(at, 16), text };
    });
    expect(innermostLoops(nested)).toEqual([['je 40', 'jne 20']]);
  });

  it('sum-indexed loads an index and a value, adds once, and stores nothing', () => {
    const loops = loopsOf('sum_indexed', /^movslq .*,4\),%/);
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      const values = count(loop, /^movslq \(%r\w+,%r\w+,4\),%r/);
      expect(values, loop.join('\n')).toBeGreaterThan(0);
      expect(count(loop, load), loop.join('\n')).toBe(2 * values);
      expect(count(loop, /^add %r\w+,%r\w+$/), loop.join('\n')).toBe(values);
      expect(memory(loop), loop.join('\n')).toHaveLength(2 * values);
    }
  });

  it('sum-indexed-prefetch asks for one line ahead a value, and is else the same', () => {
    const [main, ...others] = loopsOf('sum_indexed_prefetch', /^prefetcht0 /);
    expect(main, 'a loop that prefetches').toBeDefined();
    for (const loop of [main!, ...others]) {
      const values = count(loop, /^prefetcht0 \(%r\w+,%r\w+,4\)$/);
      expect(values, loop.join('\n')).toBeGreaterThan(0);
      expect(count(loop, load), loop.join('\n')).toBe(3 * values);
      expect(memory(loop), loop.join('\n')).toHaveLength(4 * values);
    }
    const tails = loopsOf('sum_indexed_prefetch', /^movslq /).filter(
      (loop) => count(loop, /^prefetch/) === 0,
    );
    for (const loop of tails) expect(memory(loop), loop.join('\n')).toHaveLength(2);
    expect(tails.length).toBeGreaterThan(0);
  });

  it('pointer-chase loads its own next address at a plain base and index, and uses no other memory', () => {
    // No scale: some cores take a cycle longer for a scaled index.
    const hop = /^mov \(%r\w+,%r(\w+?)(?:,1)?\),%(?:e(\w+)|r(\d+)d)$/;
    const chainsOf = (kernel: string): Set<string> => {
      const hops = functionsOf(kernel)
        .flat()
        .flatMap(({ text }) => (/,1\),/.test(text) ? [text] : []));
      return new Set(
        hops.map((line) => {
          const [, index, low, high] = hop.exec(line) ?? [];
          expect(index, line).toBe(low ?? high);
          return index!;
        }),
      );
    };
    // A register a chain: a chain that went through memory would pay for it at every hop.
    expect(chainsOf('chase<0ul>').size).toBe(1);
    expect(chainsOf('chase<0ul, 1ul, 2ul, 3ul>').size).toBe(4);
    const single = loopsOf('chase<0ul>', hop);
    expect(single.length).toBeGreaterThan(0);
    for (const loop of single) {
      for (const line of memory(loop)) expect(line, loop.join('\n')).toMatch(hop);
    }
  });

  it('increment, atomic: one locked add an increment', () => {
    const loops = loopsOf('increment', /^lock /);
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      expect(count(loop, /^lock (addl \$0x1,|incl |xadd )/), loop.join('\n')).toBe(1);
      expect(memory(loop), loop.join('\n')).toHaveLength(1);
    }
  });

  it('increment, plain: one load and one store an increment, of the same word', () => {
    const loops = loopsOf('increment', /^(mov %\w+,|addl \$0x1,|incl )\(%r\w+\)$/).filter(
      (loop) => count(loop, /^lock /) === 0,
    );
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      const inOne = count(loop, /^(addl \$0x1,|incl )\(%r\w+\)$/);
      const loads = loop.flatMap((line) => /^mov (\(%r\w+\)),%e\w+$/.exec(line)?.[1] ?? []);
      const stores = loop.flatMap((line) => /^mov %e\w+,(\(%r\w+\))$/.exec(line)?.[1] ?? []);
      expect(inOne + loads.length, loop.join('\n')).toBe(1);
      expect(stores, loop.join('\n')).toEqual(loads);
      expect(count(loop, store), loop.join('\n')).toBe(1);
    }
  });

  it('fixed-work multiplies and adds once a step, and touches no memory', () => {
    const loops = loopsOf('fixed_work', /^imul \$0x19660d,/);
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      expect(count(loop, /^imul /), loop.join('\n')).toBe(1);
      expect(count(loop, /^add \$0x3c6ef35f,/), loop.join('\n')).toBe(1);
      expect(memory(loop), loop.join('\n')).toEqual([]);
    }
  });

  it('ping-pong waits by a locked compare-and-exchange, or by a plain load', () => {
    // The game may be a function of its own, or inlined into either kernel.
    const loops = loopsOf('(?:ping_pong|ping_pong_pair|(?:play|hand_over)<(?:true|false)>)', /\(%r\w+\)/);
    expect(loops.filter((loop) => count(loop, /^lock cmpxchg %\w+,\(%r\w+\)$/) > 0).length).toBeGreaterThan(
      0,
    );
    const look = /^(mov \(%r\w+\),%e\w+|cmp %e\w+,\(%r\w+\)|cmp \(%r\w+\),%e\w+)$/;
    const looking = loops.filter((loop) => count(loop, /^lock /) === 0 && count(loop, look) > 0);
    expect(looking.length).toBeGreaterThan(0);
  });
});
