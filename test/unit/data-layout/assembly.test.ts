/**
 * Reads the machine code of the built addon: scalar kernels must be scalar and vector kernels packed, or the
 * experiment would credit the layout with what the vector unit did; and nothing may be fused.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const addon = fileURLToPath(new URL('../../../build/Release/linefill.node', import.meta.url));

interface Loop {
  readonly unit: string;
  readonly layout: string;
  readonly kind: string;
  readonly fields: number;
  readonly element: string;
  /** Instructions with their operands: "mulsd %xmm0,%xmm1". */
  readonly code: readonly string[];
}

const header = /^[0-9a-f]+ <(.*)>:$/;
const named =
  /layout::(?:(\w+)::|\(anonymous namespace\)::)step_(\w+)_(scalar|vector)<\(linefill::layout::Fields\)(\d), (\w+)>/;

function loopsOf(disassembly: string): Loop[] {
  const loops: Loop[] = [];
  let code: string[] | null = null;
  for (const line of disassembly.split('\n')) {
    const symbol = header.exec(line)?.[1];
    if (symbol !== undefined) {
      const [, unit = '', layout = '', kind = '', fields = '', element = ''] = named.exec(symbol) ?? [];
      code = layout === '' ? null : [];
      if (code !== null) loops.push({ unit, layout, kind, fields: Number(fields), element, code });
    } else if (code !== null && line.includes(':\t')) {
      code.push(line.slice(line.indexOf('\t') + 1).replaceAll(/\s+/g, ' '));
    }
  }
  return loops;
}

function describeLoop({ layout, kind, unit, fields, element }: Loop): string {
  return `${layout} ${kind} ${unit} fields ${fields} ${element}`;
}

/** How an architecture spells what matters here. */
const spelling = {
  x64: {
    units: ['sse2', 'avx2', 'avx512'],
    multiply: /^v?mul[sp][sd] /,
    packed: /^v?(mul|add)p[sd] /,
    fused: /^vf[n]?m(add|sub)/,
    wide: { sse2: /%xmm/, avx2: /%ymm/, avx512: /%zmm/ } as Readonly<Record<string, RegExp>>,
  },
  arm64: {
    units: ['neon'],
    multiply: /^fmul /,
    packed: /^f(mul|add) v\d+\./,
    fused: /^fn?m(add|sub|la|ls)/,
    wide: { neon: /v\d+\./ } as Readonly<Record<string, RegExp>>,
  },
} as const;

const spelt = process.arch === 'x64' || process.arch === 'arm64' ? spelling[process.arch] : null;
const objdump = spawnSync('objdump', ['-dC', '--no-show-raw-insn', addon], {
  encoding: 'utf8',
  maxBuffer: 2 ** 29,
});
/** Why nothing is checked here; null: it is. */
const reason =
  process.platform !== 'linux'
    ? 'only the GNU form of a disassembly is read'
    : spelt === null
      ? `the instructions of ${process.arch} are not known here`
      : objdump.error !== undefined
        ? 'objdump is not installed (apt: binutils)'
        : null;

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(`the loops of the addon${reason === null ? '' : `: ${reason}`}`, () => {
  const { units, multiply, packed, fused, wide } = spelt ?? spelling.x64;
  const loops = reason === null ? loopsOf(objdump.stdout) : [];
  const packedIn = (loop: Loop) => loop.code.filter((line) => packed.test(line));

  it('are all there: three layouts, three sets of fields, two elements, each unit', () => {
    const names = loops.map(describeLoop);
    expect(new Set(names).size).toBe(names.length);
    expect(loops.filter((loop) => loop.kind === 'scalar')).toHaveLength(3 * 3 * 2);
    for (const unit of units) expect(loops.filter((loop) => loop.unit === unit)).toHaveLength(3 * 3 * 2);
  });

  it('multiply, and fuse no product with a sum', () => {
    for (const loop of loops) {
      expect(
        loop.code.some((line) => multiply.test(line)),
        describeLoop(loop),
      ).toBe(true);
      expect(
        loop.code.filter((line) => fused.test(line)),
        describeLoop(loop),
      ).toEqual([]);
    }
  });

  it('are scalar where they are called scalar', () => {
    for (const loop of loops.filter(({ kind }) => kind === 'scalar')) {
      expect(packedIn(loop), describeLoop(loop)).toEqual([]);
    }
  });

  it('add one product to each sum, in every layout', () => {
    for (const loop of loops.filter(({ kind }) => kind === 'scalar')) {
      const products = loop.code.filter((line) => /^(v?muls[sd]|fmul) /.test(line)).length;
      const sums = loop.code.filter((line) => /^(v?adds[sd]|fadd) /.test(line)).length;
      expect(products, describeLoop(loop)).toBe(sums);
    }
  });

  it('use the full width of their unit for columns and blocks', () => {
    for (const loop of loops.filter(({ kind, layout }) => kind === 'vector' && layout !== 'aos')) {
      // Eight float32 of a block's x fill half of an AVX-512 register.
      const half =
        loop.layout === 'aosoa' && loop.element === 'float' && loop.fields === 1 && loop.unit === 'avx512';
      const register = wide[half ? 'avx2' : loop.unit]!;
      expect(
        packedIn(loop).some((line) => register.test(line)),
        describeLoop(loop),
      ).toBe(true);
    }
  });

  it('are packed for records too, where more than x is updated', () => {
    for (const loop of loops.filter(
      ({ kind, layout, fields }) => kind === 'vector' && layout === 'aos' && fields !== 1,
    )) {
      expect(packedIn(loop).length, describeLoop(loop)).toBeGreaterThan(0);
    }
  });
});
