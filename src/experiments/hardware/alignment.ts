/** Experiment: what does an access cost that straddles two lines or two pages? */
import type { Context, Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import { type Kernel, numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { acrossBytes, alignmentMatters, inferCosts, judgedBytes } from './alignment-costs.ts';
import {
  lineBytes,
  loadByDataView,
  loadByTypedArray,
  splitLockRefusal,
  straddles,
  unalignedAdd,
  unalignedChase,
  unalignedLoad,
  unalignedStore,
} from './alignment-kernels.ts';
import { checkWhole } from './sizes.ts';

const widths = [4, 8, 16, 32];
const fewOffsets = [0, 1, acrossBytes];
/** Around the begin, the middle and the end of a line, and some between. */
const manyOffsets = [0, 1, 2, 4, 8, 16, 24, 31, 32, 33, 40, 48, 56, 57, 58, 59, 60, 61, acrossBytes, 63];
/** Chase and atomics exist for what a general register holds, TypeScript's for what an Int32Array does. */
const widthsOf: Readonly<Record<string, readonly number[]>> = {
  chase: [4, 8],
  atomic: [4, 8],
  dataview: [4],
  'typed-array': [4],
};

function offsets({ profile }: Context): number[] {
  if (profile === 'smoke') return [0, acrossBytes];
  return profile === 'quick' ? fewOffsets : manyOffsets;
}

/** Swept over many offsets: the one width that both languages have. */
function isDense({ widthBytes, boundary }: Point): boolean {
  return widthBytes === 4 && boundary === 'line';
}

/** The dense sweep stands for one width and boundary; the smaller profiles take 4 bytes for TypeScript's sake. */
const skips: NonNullable<Experiment['skips']> = (point, { profile }, settings) => {
  const { access, offsetBytes, widthBytes } = point;
  // Asked of the groups, too, which have neither an access nor an offset.
  if (typeof access !== 'string' || typeof offsetBytes !== 'number') return false;
  const width = numberAt(point, 'widthBytes');
  if (widthsOf[access]?.includes(width) === false) return true;
  if (access === 'typed-array' && offsetBytes % 4 !== 0) return true;
  if (access === 'atomic' && point['atomics'] !== 'split' && straddles(offsetBytes, width)) return true;
  if (settings['offsetBytes'] === undefined && !isDense(point) && !fewOffsets.includes(offsetBytes))
    return true;
  const isTypeScripts = ['load', 'dataview', 'typed-array'].includes(access);
  return profile !== 'full' && settings['widthBytes'] === undefined && widthBytes === 4 && !isTypeScripts;
};

/** The widest register of this machine, as far as it says. */
function widestBytes({ machine }: Context): number {
  const has = machine.isa.value ?? [];
  if (has.includes('avx2')) return 32;
  return has.includes('sse2') || has.includes('neon') ? 16 : 8;
}

function checkWidth(value: Scalar, context: Context): string | null {
  if (!widths.includes(Number(value))) return 'widthBytes must be 4, 8, 16 or 32';
  const widest = widestBytes(context);
  return Number(value) <= widest ? null : `widthBytes must be at most ${widest} here: no register is wider`;
}

function refuses(point: Point, { machine }: Context): string | null {
  const isAligned = numberAt(point, 'offsetBytes') % numberAt(point, 'widthBytes') === 0;
  if (point['access'] !== 'atomic' || isAligned) return null;
  if (machine.architecture === 'x64' && machine.compiler.value?.startsWith('msvc') !== true) return null;
  return 'atomics at such addresses can be written down for x86-64 with GCC or Clang only';
}

function variant(
  id: string,
  title: string,
  kernel: Kernel,
  passes: Readonly<Record<string, number>>,
  language: Language = 'native',
): ThreadVariant {
  return { form: 'thread', id, title, kernel, language, fixed: { access: id, ...passes }, refuses };
}

export const alignment: Experiment = {
  id: 'alignment',
  lab: 'hardware',
  title: 'Alignment',
  question: 'What does an access cost that begins in one cache line, or page, and ends in the next?',
  sources: [
    {
      title: 'Intel 64 and IA-32 Architectures Optimization Reference Manual',
      where: 'sections on alignment and on cache line splits',
    },
    { title: 'Software Optimization Guide for the AMD Zen 4 Microarchitecture', where: 'load-store unit' },
    { title: 'Linux kernel documentation', where: 'arch/x86/buslock.rst, for split locks' },
  ],
  parameters: [
    {
      name: 'widthBytes',
      summary: 'bytes of one access: 4 and 8 in a general register, 16 and 32 in a vector register',
      unit: 'B',
      values: (context) =>
        context.profile === 'full'
          ? widths.filter((width) => width <= widestBytes(context))
          : [4, judgedBytes],
      check: checkWidth,
    },
    {
      name: 'boundary',
      summary: 'what ends where the line of the access ends: the line alone, or its page too',
      unit: 'none',
      values: () => ['line', 'page'],
      check: (value) => (value === 'line' || value === 'page' ? null : 'boundary must be line or page'),
    },
    {
      name: 'atomics',
      summary:
        'inside: atomic additions inside a line; split: across lines too, only when asked for, since a split lock stops every core of the machine and whatever runs there (in a guest, ask who owns the host: some kernels kill for it)',
      unit: 'none',
      values: () => ['inside'],
      check(value) {
        if (value === 'inside') return null;
        if (value !== 'split') return 'atomics must be inside or split';
        const refusal = splitLockRefusal();
        return refusal === null ? null : `atomics must be inside here: ${refusal}`;
      },
    },
    {
      name: 'offsetBytes',
      summary: 'where in its 64-byte line an access begins',
      unit: 'B',
      compared: true,
      values: offsets,
      check: (value) => checkWhole(value, 'offsetBytes', 0, lineBytes - 1),
    },
  ],
  variants: [
    variant('load', 'loads', unalignedLoad, { passes: 2048, passesAcross: 1024 }),
    variant('chase', 'loads, each waiting for the last', unalignedChase, { hops: 2048 }),
    variant('store', 'stores', unalignedStore, { passes: 1024, passesAcross: 256 }),
    variant('atomic', 'atomic additions', unalignedAdd, { passes: 256, passesAcross: 1 }),
    {
      ...variant(
        'dataview',
        'loads, TypeScript, DataView',
        unalignedLoad,
        { passes: 4096, passesAcross: 4096 },
        'typescript',
      ),
      implementation: loadByDataView,
    },
    {
      ...variant(
        'typed-array',
        'loads, TypeScript, Int32Array',
        unalignedLoad,
        { passes: 4096, passesAcross: 4096 },
        'typescript',
      ),
      implementation: loadByTypedArray,
    },
  ],
  skips,
  baseline: { variant: 'load', at: { offsetBytes: 0 } },
  operation: 'access',
  claims: [alignmentMatters],
  infer: inferCosts,
  isCurve: true,
  onRequest: true,
  warns: (settings) =>
    settings['atomics']?.includes('split') === true
      ? 'split locks stop every core of this machine for as long as they are measured, and slow down whatever runs on it'
      : null,
  explain: `Memory moves in lines of 64 bytes, and a core reads or writes one line at a time. An access whose bytes lie
in two lines is done in two halves and put together: inside a line one address is as good as another (though some cores
store half a line at a time), across its end an access takes twice the room or more. Where the page ends too, two addresses must be translated, and a store can
commit only when both halves may. The four places are touched over and over, so all of them stay in the first cache:
what differs is the address alone. Loads and stores are timed with nothing waiting for them, as throughput; the chase
loads its next address, as latency. Compilers align what they lay out themselves: who straddles are packed structs,
parsers, and bytes of a file or packet. Of the languages here, TypeScript says such an access through a DataView only;
a typed array is aligned by definition. Atomic additions are done inside a line: across one they lock out every core
(--set atomics=split measures it, where the kernel allows it).`,
  drawing: `offset   0       8              ...            56   62
         |       |                             |     |
line     |--------------- 64 bytes ---------------|----
aligned  [======]
inside    [======]          any address: one access
across                                        [===|===]
                                          two accesses

page     |------------- 4096 bytes ---------------|----
across                                        [===|===]
               two accesses, and two translations`,
  chart: {
    kind: 'lines',
    x: 'offsetBytes',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an access by where in its line it begins',
  },
  weight: 0.2,
};
