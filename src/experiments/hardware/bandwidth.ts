/** Experiment: how many bytes a second move, by operation, by width, by where they lie, by how many CPUs. */
import type { Context, Experiment, Variant } from '../../experiment/experiment.ts';
import { numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { inferBandwidth } from './bandwidth-figures.ts';
import { cycleAdds, rateOf, stream, type Way, wayAt, ways, type Width } from './bandwidth-kernels.ts';
import { landmarks, threadCounts, workingSets } from './bandwidth-sizes.ts';
import { hasNonTemporal, isNarrower, whyMissing, widestUnitOf } from './bandwidth-widths.ts';
import { cacheBytes, checkWhole, workingSetParameter } from './sizes.ts';

function refuses(point: Point, { machine }: Context): string | null {
  if (!wayAt(point).operation.startsWith('nt-')) return null;
  if (hasNonTemporal(machine)) return null;
  return 'non-temporal stores are known here for x86-64 and SVE only, by compilers that make their vectors';
}

/** What a title adds to the operation's name. */
const words: Readonly<Record<string, string>> = {
  memcpy: 'of the C library',
  fill: 'memset of the C library',
  'ts-memcpy': 'TypedArray set',
  'ts-fill': 'TypedArray fill',
};

const widthWords: Readonly<Partial<Record<Width, string>>> = {
  scalar: 'a number at a time',
  sse2: 'SSE2',
  avx2: 'AVX2',
  neon: 'NEON',
};

function titleOf(name: string, { operation, width, language, isTeam }: Way): string {
  const isNative = language === 'native';
  const who = `${isNative ? 'native' : 'TypeScript'}${isTeam ? ' team' : ''}`;
  const what = operation.replace(/^nt-/, 'non-temporal ');
  return [who, what, words[name], isNative ? widthWords[width] : undefined]
    .filter((part) => part !== undefined)
    .join(', ');
}

function variant(name: string, way: Way): Variant {
  const common = {
    id: name,
    title: titleOf(name, way),
    kernel: stream,
    language: way.language,
    fixed: { way: name },
    refuses,
    observe: rateOf,
  } as const;
  if (!way.isTeam) return { form: 'thread', ...common };
  return { form: 'team', ...common, members: (point) => numberAt(point, 'threads') };
}

/** Stands for vectors that a machine of the architecture may lack: there a run says so, once. */
function missing(unit: Width): Variant {
  return {
    form: 'thread',
    id: `read-missing-${unit}`,
    title: `native, read with ${unit}`,
    kernel: stream,
    language: 'native',
    fixed: { way: 'read', unit },
    refuses: (_, { machine }) => whyMissing(unit, machine),
  };
}

type Settings = Readonly<Record<string, readonly Scalar[]>>;

/**
 * Several threads stand at the landmarks, unless private caches would hold nearly nothing of a set, and at the end of
 * the curve; numbers of threads between one and all at the end only, and so does a quick run with all.
 */
function skipsThreads(point: Point, context: Context, settings: Settings): boolean {
  const [threads, bytes] = [numberAt(point, 'threads'), numberAt(point, 'workingSetBytes')];
  const isAsked = settings['threads'] !== undefined || settings['workingSetBytes'] !== undefined;
  if (threads === 1 || isAsked || context.profile === 'smoke') return false;
  if (bytes === workingSets(context).at(-1)) return false;
  if (context.profile === 'quick' || threads < context.cpus.length) return true;
  return !landmarks(context).includes(bytes) || bytes / threads < cacheBytes(context, 1) / 4;
}

/**
 * A quick run takes each way where it tells most. In the caches that is by the widest vectors, and TypeScript in the
 * first; in memory, where wide loads draw no more, a number at a time, and what it is worth to write past the caches.
 */
function isElsewhere(point: Point, context: Context): boolean {
  const { operation, width, language, isTeam } = wayAt(point);
  const bytes = numberAt(point, 'workingSetBytes');
  const isNarrow = width === 'scalar' || widestUnitOf(context.machine) === null;
  if (bytes < landmarks(context).at(-1)!) {
    if (language === 'typescript') return bytes > cacheBytes(context, 1);
    return operation.startsWith('nt-') || (width === 'scalar' && operation !== 'read');
  }
  if (language === 'typescript') return true;
  return isTeam ? !isNarrow : !isNarrow && !['read', 'write', 'nt-write'].includes(operation);
}

/** True at the smallest set on one thread: where what is left out everywhere is told once. */
function isFirst(point: Point, context: Context, settings: Settings): boolean {
  const sizes = (settings['workingSetBytes'] ?? workingSets(context)) as readonly number[];
  return numberAt(point, 'threads') === 1 && numberAt(point, 'workingSetBytes') === Math.min(...sizes);
}

function skips(point: Point, context: Context, settings: Settings): boolean {
  if (skipsThreads(point, context, settings)) return true;
  if (point['way'] === undefined) return false;
  const unit = point['unit'] as Width | undefined;
  if (unit !== undefined)
    return whyMissing(unit, context.machine) === null || !isFirst(point, context, settings);
  const { width, language, isTeam, view } = wayAt(point);
  if (isTeam !== numberAt(point, 'threads') > 1) return true;
  if (language === 'native' && width !== 'widest' && !isNarrower(width, context.machine)) return true;
  if (settings['workingSetBytes'] !== undefined || context.profile === 'smoke') return false;
  if (context.profile === 'quick') return view === 'rare' || isElsewhere(point, context);
  const bytes = numberAt(point, 'workingSetBytes');
  if (view === 'main' || (view === 'end' && bytes === workingSets(context).at(-1))) return false;
  return !landmarks(context).includes(bytes);
}

export const bandwidth: Experiment = {
  id: 'bandwidth',
  lab: 'hardware',
  title: 'Bandwidth',
  question: 'How many bytes a second move between registers and each level, by operation, width and CPUs?',
  sources: [
    {
      title: 'McCalpin, STREAM: Sustainable Memory Bandwidth in High Performance Computers',
      where: 'the run rules; https://github.com/jeffhammond/STREAM',
    },
    { title: 'likwid-bench', where: 'https://github.com/RRZE-HPC/likwid, bench' },
    { title: 'Drepper, What Every Programmer Should Know About Memory (2007)', where: 'sections 3.5.2, 6.1' },
  ],
  parameters: [
    workingSetParameter('all arrays of the operation, of all threads together', workingSets, 4096, 2 ** 38),
    {
      name: 'threads',
      summary: 'threads that share the work, each on a CPU and with arrays of its own',
      unit: 'threads',
      values: threadCounts,
      check: (value, context) => checkWhole(value, 'threads', 1, Math.max(1, context.cpus.length)),
    },
  ],
  variants: [
    { form: 'thread', id: 'cycle', title: 'one addition, one cycle', kernel: cycleAdds, language: 'native' },
    ...Object.entries(ways).map(([name, way]) => variant(name, way)),
    ...(['avx2', 'avx512', 'sve'] as const).map(missing),
  ],
  skips,
  baseline: { variant: 'cycle' },
  operation: 'line',
  metrics: [{ id: 'rate', title: 'bandwidth', unit: 'GB/s', better: 'more' }],
  claims: [],
  infer: inferBandwidth,
  isCurve: true,
  onRequest: true,
  explain: `Each arm passes over its arrays again and again: read adds up b, write fills a, copy, scale, add and triad
are STREAM's four. The loops are unrolled eight times and run by the widest vectors that the CPU has, by narrower ones,
and a number at a time; memcpy and memset are the C library's. Bytes are those that the program names, 64 of them a
line. A store to a line that no cache holds first reads the line, which is not counted: so write and copy seem slower
in memory than read. Non-temporal stores go past the caches and save that read, and lose where the data would have
stayed in a cache. JavaScript has no such stores and no vectors.
Inside the first cache a core is limited by how many vectors it loads a cycle: a number at a time wastes most of that.
In memory the lines that are under way decide, not the width: the widest loads need not be the fastest there. The quick
profile takes a number at a time in memory, the full one both, and the figures are of the faster. One core can have
only so many lines under way and rarely draws all that the memory gives, so several threads get more together, up to
the memory's own limit.
The working set is all arrays of all threads together. Each thread touches its own arrays first, and they start at
different offsets within a page. STREAM asks for arrays of four times all last caches together, each: the full profile takes
them where memory allows, the quick one less, and the notes say so. STREAM reports the best pass but the first; here
that stands in a note, beside the median. Where a CPU has SVE, arm64's vectors whose length it decides itself,
they are the widest. Vectors that the CPU or the build lacks are told once.`,
  drawing: `read    b |>>>>>>>>>>>>>>>>| -> sum
write   a |<<<<<<<<<<<<<<<<| <- q
copy    a |<<<<<<<<| <- b |>>>>>>>>|
triad   a |<<<<<| <- b |>>>>>| + q * c |>>>>>|

one working set: as many bytes for each

what a store to memory moves
regular        line read, changed in a cache, written
non-temporal   line written`,
  chart: {
    kind: 'lines',
    x: 'workingSetBytes',
    logX: true,
    logY: true,
    cacheLines: true,
    title: 'Bandwidth by working set',
    metric: 'rate',
  },
  weight: 0.37,
};
