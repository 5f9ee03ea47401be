/**
 * Reads the machine code of the built addon: the loads, stores and locked adds that the hardware kernels are about
 * must be in their innermost loops, once an item, or the compiler has timed something else.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const addon = fileURLToPath(new URL('../../../build/Release/linefill.node', import.meta.url));

interface Instruction {
  readonly at: number;
  /** "mov (%rax),%edx": the target of a jump as its address in hexadecimal. */
  readonly text: string;
}

/** A loop without a loop inside it: its instructions from the first to the jump back. */
type Loop = readonly string[];

const objdump = spawnSync('objdump', ['-dC', '--no-show-raw-insn', addon], {
  encoding: 'utf8',
  maxBuffer: 2 ** 29,
});
/** Why nothing is checked here; null: it is. */
const reason =
  process.platform !== 'linux' || process.arch !== 'x64'
    ? `the instructions of ${process.arch} on ${process.platform} are not known here`
    : objdump.error !== undefined || objdump.status !== 0
      ? 'objdump is not installed (apt: binutils)'
      : null;

/** The code of every function in whose name the kernel's own appears: it may be inlined into the timing loop. */
function functionsOf(kernel: string): Instruction[][] {
  const own = new RegExp(`\\(anonymous namespace\\)::(${kernel}\\(|${kernel}, )`);
  const functions: Instruction[][] = [];
  let code: Instruction[] | null = null;
  for (const line of objdump.stdout.split('\n')) {
    const symbol = /^[0-9a-f]+ <(.*)>:$/.exec(line)?.[1];
    if (symbol !== undefined) {
      code =
        own.test(symbol) && !symbol.includes('[clone .cold]') && !symbol.includes('::check(') ? [] : null;
      if (code !== null) functions.push(code);
    }
    const [, at, text] = /^ *([0-9a-f]+):\t(.*)$/.exec(line) ?? [];
    if (at !== undefined)
      code?.push({
        at: Number.parseInt(at, 16),
        text: text!.replace(/ *[<#].*$/, '').replaceAll(/\s+/g, ' '),
      });
  }
  return functions;
}

function innermostLoops(code: readonly Instruction[]): Loop[] {
  const spans = code.flatMap(({ at, text }, last) => {
    const target = /^j\w+ ([0-9a-f]+)$/.exec(text)?.[1];
    const first =
      target === undefined ? -1 : code.findIndex((other) => other.at === Number.parseInt(target, 16));
    return first >= 0 && code[first]!.at <= at ? [{ first, last }] : [];
  });
  const holds = (outer: { first: number; last: number }, inner: { first: number; last: number }): boolean =>
    outer !== inner && outer.first <= inner.first && inner.last <= outer.last;
  return spans
    .filter((span) => !spans.some((other) => holds(span, other)))
    .map(({ first, last }) => code.slice(first, last + 1).map(({ text }) => text));
}

/** The innermost loops of a kernel that contain `mark`. */
function loopsOf(kernel: string, mark: RegExp): Loop[] {
  return functionsOf(kernel)
    .flatMap(innermostLoops)
    .filter((loop) => loop.some((line) => mark.test(line)));
}

function count(loop: Loop, pattern: RegExp): number {
  return loop.filter((line) => pattern.test(line)).length;
}

/** A move from memory: `mov (%rax),%edx`; one to memory: `mov %edx,(%rax)`. */
const load = /^(mov|movl|movslq|movzbl|cmp[lq]?|add[lq]?) .*\(.*\),%/;
const store = /^(mov[lqbw]?|add[lq]?|inc[lq]?) ([^()]*,)?[^(,]*\([^)]*\)$/;
/** Any use of memory, addresses that are only computed and padding left aside. */
const memory = (loop: Loop): Loop =>
  loop.filter((line) => line.includes('(') && !/^(lea|nop|cs nop|data16)/.test(line));

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(`the hardware kernels' loops${reason === null ? '' : `: ${reason}`}`, () => {
  const indexed = /^(mov|movslq) \(%r\w+,%r\w+,4\),%/;

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
      expect(count(loop, load), loop.join('\n')).toBe(2);
      expect(count(loop, /^movslq \(%r\w+,%r\w+,4\),%r/), loop.join('\n')).toBe(1);
      expect(count(loop, /^add %r\w+,%r\w+$/), loop.join('\n')).toBe(1);
      expect(memory(loop), loop.join('\n')).toHaveLength(2);
    }
  });

  it('sum-indexed-prefetch asks for one line ahead a value, and is else the same', () => {
    const [main, ...others] = loopsOf('sum_indexed_prefetch', /^prefetcht0 /);
    expect(main, 'a loop that prefetches').toBeDefined();
    for (const loop of [main!, ...others]) {
      expect(count(loop, /^prefetcht0 \(%r\w+,%r\w+,4\)$/), loop.join('\n')).toBe(1);
      expect(count(loop, load), loop.join('\n')).toBe(3);
      expect(memory(loop), loop.join('\n')).toHaveLength(4);
    }
    const tails = loopsOf('sum_indexed_prefetch', /^movslq /).filter(
      (loop) => count(loop, /^prefetch/) === 0,
    );
    for (const loop of tails) expect(memory(loop), loop.join('\n')).toHaveLength(2);
    expect(tails.length).toBeGreaterThan(0);
  });

  it('pointer-chase has one load a hop, whose address is the load before', () => {
    const loops = loopsOf('pointer_chase', indexed);
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      expect(memory(loop), loop.join('\n')).toHaveLength(1);
      const [, index, loaded] = /^mov \(%r\w+,%r(\w+),4\),%e(\w+)$/.exec(memory(loop)[0]!) ?? [];
      // Loaded into the very register that indexes, or moved there before the next hop.
      const moved = loop.some((line) => new RegExp(`^mov %e?r?${loaded}d?,%e?r?${index}d?$`).test(line));
      expect(loaded === index || moved, loop.join('\n')).toBe(true);
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
