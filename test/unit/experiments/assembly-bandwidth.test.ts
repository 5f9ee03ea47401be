/**
 * Reads the machine code of the built addon: each width loads and stores by vectors of its own, once an element, and
 * the compiler has made no call to memcpy or memset of a loop that is to be measured.
 */
import { describe, expect, it } from 'vitest';
import { count, functionsOf, innermostLoops, type Loop, reason } from '../../fixtures/disassembly.ts';

const registers = { scalar: 'xmm', sse2: 'xmm', avx2: 'ymm', avx512: 'zmm' } as const;
type Width = keyof typeof registers;
const widths = Object.keys(registers) as Width[];
/** In the order of native/kernels/stream.h. */
const passes = [
  { operation: 1, name: 'write', loads: 0 },
  { operation: 2, name: 'copy', loads: 1 },
  { operation: 3, name: 'scale', loads: 1 },
  { operation: 4, name: 'add', loads: 2 },
  { operation: 5, name: 'triad', loads: 2 },
];
const nonTemporal = [
  { operation: 8, name: 'nt-write', loads: 0 },
  { operation: 9, name: 'nt-copy', loads: 1 },
  { operation: 10, name: 'nt-triad', loads: 2 },
];
const vectorsATurn = 8;

/** A use of an array. Constants, which are found beside the code, are none. */
const memory = /\((?!%rip)%r\w+(,%r\w+(,[1248])?)?\)/;

/** The loop that handles a turn of eight vectors. The one for the rest handles fewer, or scalars. */
function turnOf(kernel: string): Loop {
  const loops = functionsOf(kernel).flatMap(innermostLoops);
  expect(loops, kernel).not.toEqual([]);
  return loops.toSorted((a, b) => count(b, memory) - count(a, memory))[0]!;
}

/** Moves to memory by the width's registers; what else touches memory there reads. */
function storesOf(loop: Loop, width: Width): number {
  return count(loop, new RegExp(`^v?mov(u|a|nt|s|h|l)*(pd|ps|dq\\w*|q|d) %${registers[width]}\\d+,.*\\(`));
}

function loadsOf(loop: Loop, width: Width): number {
  const named = new RegExp(`%${registers[width]}\\d+$`);
  // GCC may move a scalar that nobody computes with through an integer register.
  const integer = width === 'scalar' ? /^mov [^,]*\([^)]*\),%r/ : /^never/;
  return loop.filter(
    (line) => (named.test(line) && memory.test(line)) || (integer.test(line) && memory.test(line)),
  ).length;
}

describe.skipIf(reason !== null)(`the passes' loops${reason === null ? '' : `: ${reason}`}`, () => {
  it('read adds straight from memory by SSE2 where the array is aligned', () => {
    expect(count(turnOf('sse2::read_lines<true>'), /^addpd [^,]*\(.*\),%xmm/)).toBe(vectorsATurn);
  });

  it.each(widths.flatMap((width) => [true, false].map((isAligned) => ({ width, isAligned }))))(
    'read loads each element once and adds it: $width, aligned $isAligned',
    ({ width, isAligned }) => {
      const loop = turnOf(`${width}::read_lines<${isAligned}>`);
      expect(loadsOf(loop, width), loop.join('\n')).toBe(vectorsATurn);
      expect(storesOf(loop, width), loop.join('\n')).toBe(0);
      const adds = new RegExp(`^v?add${width === 'scalar' ? 'sd' : 'pd'} `);
      expect(count(loop, adds), loop.join('\n')).toBe(vectorsATurn);
      expect(count(loop, memory), loop.join('\n')).toBe(vectorsATurn);
    },
  );

  it.each(widths.flatMap((width) => passes.map((pass) => ({ width, ...pass }))))(
    '$name loads and stores each element once, by $width, and calls nothing',
    ({ width, operation, loads }) => {
      const kernel = `${width}::write_pass<\\(linefill::stream::Operation\\)${operation}>`;
      const loop = turnOf(kernel);
      const uses = loop.filter((line) => memory.test(line) && !/^(lea|nop|cs nop|data16)/.test(line)).length;
      expect(uses, loop.join('\n')).toBe((loads + 1) * vectorsATurn);
      if (width !== 'scalar') {
        expect(storesOf(loop, width), loop.join('\n')).toBe(vectorsATurn);
        expect(loadsOf(loop, width), loop.join('\n')).toBe(loads * vectorsATurn);
      }
      const calls = functionsOf(kernel)
        .flat()
        .filter(({ text }) => /^(call|rep )/.test(text));
      expect(calls).toEqual([]);
      expect(count(loop, /^vfm/), loop.join('\n')).toBe(0);
    },
  );

  it.each(widths.slice(1).flatMap((width) => nonTemporal.map((pass) => ({ width, ...pass }))))(
    '$name stores past the caches, by $width',
    ({ width, operation, loads }) => {
      const loop = turnOf(`${width}::write_pass<\\(linefill::stream::Operation\\)${operation}>`);
      const stores = new RegExp(`^v?movnt(pd|ps|dq) %${registers[width]}\\d+,`);
      expect(count(loop, stores), loop.join('\n')).toBe(vectorsATurn);
      expect(count(loop, memory), loop.join('\n')).toBe((loads + 1) * vectorsATurn);
    },
  );

  it('the loaded chase loads its own next address at a plain base and index', () => {
    const hop = /^mov \(%r\w+,%r(\w+?)(?:,1)?\),%(?:e(\w+)|r(\d+)d)$/;
    const code = functionsOf('(?:loaded_chase|chase|follow)').flat();
    const hops = code.flatMap(({ text }) => (/,1\),%/.test(text) ? [text] : []));
    expect(hops.length).toBeGreaterThan(0);
    for (const line of hops) {
      const [, index, low, high] = hop.exec(line) ?? [];
      expect(index, line).toBe(low ?? high);
    }
  });
});
