/** Experiment: what the arrangement of the same numbers in memory costs, apart from what the vector unit does. */
import { formatCount } from '../../base/units.ts';
import type { Context, Experiment, Parameter, ThreadVariant } from '../../experiment/experiment.ts';
import { numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { aosOverSoa, claimedParticles, vectorUnitOf } from './data-layout-claim.ts';
import {
  aosoaScalar,
  aosoaVector,
  aosScalar,
  aosVector,
  type LayoutKernel,
  soaScalar,
  soaVector,
} from './data-layout-kernels.ts';
import { aosObjects, stepObjects } from './data-layout-objects.ts';
import { fieldsNames } from './data-layout-particles.ts';
import { cacheBytes, checkWhole } from './sizes.ts';

/** float64, without padding. */
const particleBytes = 32;
const mostParticles = 100_000_000;
/** Objects that the JavaScript heap has room for; in the smaller profiles, that a process has the time to build. */
const mostObjects = { smoke: 250_000, quick: 250_000, full: 2_000_000 } as const;

/** Half of the L2, so that the particles lie in it; and twice the L2, so that they lie in the L3. */
function cachedSizes(context: Context): { near: number; middle: number } {
  const l2 = cacheBytes(context, 2);
  return { near: Math.floor(l2 / 2 / particleBytes), middle: Math.floor((2 * l2) / particleBytes) };
}

/** 1,000 particles fill an L1; a million take 32 MB and ten million 320 MB, beyond most caches. */
function particleCounts(context: Context): number[] {
  if (context.profile === 'smoke') return [1000];
  const { near, middle } = cachedSizes(context);
  const counts = context.profile === 'quick' ? [] : [1000, 10_000_000];
  return [...new Set([...counts, near, middle, claimedParticles])].toSorted((a, b) => a - b);
}

/** Where the star of skips() has its centre. */
function centreOf(context: Context): number {
  if (context.profile === 'smoke') return 1000;
  return context.profile === 'quick' ? cachedSizes(context).middle : claimedParticles;
}

type Settings = Readonly<Record<string, readonly Scalar[]>>;

/**
 * TypeScript takes most of a group's time: samples are as long as the fastest arm needs, and its are several times
 * that. So a quick run shows it where the picture is clearest, and a full one leaves it out beyond the million.
 */
function skipsTypeScript(point: Point, context: Context, settings: Settings): boolean {
  const asked = ['particles', 'element', 'fields'].some((name) => settings[name] !== undefined);
  if (asked || context.profile === 'smoke' || point['language'] !== 'typescript') return false;
  const particles = numberAt(point, 'particles');
  if (context.profile === 'full') return particles > claimedParticles;
  const shown = particles === cachedSizes(context).middle || particles === claimedParticles;
  return !shown || point['element'] !== 'float64' || point['fields'] !== 'position';
}

/**
 * A star instead of a grid: the sizes are swept for float64 positions, and the other elements and fields are taken at
 * one size only; in the smaller profiles, one of them at a time. What the user set does not count.
 */
function skips(point: Point, context: Context, settings: Settings): boolean {
  const departs = (name: string, centre: Scalar): number =>
    settings[name] === undefined && point[name] !== centre ? 1 : 0;
  const kinds = departs('element', 'float64') + departs('fields', 'position');
  const size = departs('particles', centreOf(context));
  if (context.profile === 'full' ? size > 0 && kinds > 0 : size + kinds > 1) return true;
  return skipsTypeScript(point, context, settings);
}

/**
 * In brief: float64 positions. In the quick profile by AoS and SoA: in the last cache all of those, of a million the
 * scalar ones.
 */
function skipsInBrief(point: Point, context: Context, id?: string): boolean {
  if (point['element'] !== 'float64' || point['fields'] !== 'position') return true;
  if (context.profile === 'full') return false;
  const particles = numberAt(point, 'particles');
  const isMiddle = particles === cachedSizes(context).middle;
  if (!isMiddle && particles !== claimedParticles) return true;
  if (id === undefined) return false;
  return !/^(aos|soa)-/.test(id) || (!isMiddle && !id.endsWith('-scalar'));
}

function oneOf(name: string, summary: string, choices: readonly string[]): Parameter {
  return {
    name,
    summary,
    unit: 'none',
    values: () => choices,
    check: (value) =>
      choices.includes(String(value)) ? null : `${name} must be one of ${choices.join(', ')}`,
  };
}

function refuseWithoutVectors(_point: Point, { machine }: Context): string | null {
  if (vectorUnitOf(machine) !== null) return null;
  return 'no vector unit that the kernels know, or a compiler without vector extensions';
}

function refuseObjects(point: Point, { profile }: Context): string | null {
  if (point['element'] !== 'float64') return 'numbers of JavaScript objects are float64';
  const most = mostObjects[profile];
  if (numberAt(point, 'particles') > most)
    return `at most ${formatCount(most)} objects in the ${profile} profile`;
  return null;
}

function native(id: string, title: string, kernel: LayoutKernel): ThreadVariant {
  return {
    form: 'thread',
    id,
    title: `native ${title}`,
    kernel,
    language: 'native',
    fixed: { language: 'native' },
  };
}

function vector(id: string, title: string, kernel: LayoutKernel): ThreadVariant {
  return { ...native(id, title, kernel), refuses: refuseWithoutVectors };
}

function typescript(id: string, title: string, kernel: LayoutKernel): ThreadVariant {
  const language = 'typescript';
  return { form: 'thread', id, title: `TypeScript, ${title}`, kernel, language, fixed: { language } };
}

const explain = `A program has many particles, each with four numbers: x, y, vx, vy. The numbers can be stored
particle by particle (an array of structures, AoS), as one column for each field (a structure of arrays, SoA), or in
blocks of eight particles, each block a small SoA (AoSoA). The arithmetic is the same, and so is every result.
Memory moves in lines of 64 bytes. When x and y are moved by vx and vy, every field is needed, and all layouts use
every byte that they fetch: the difference then is only how well loads and stores can be foreseen and combined. When x
alone is updated, AoS still fetches y and vy, which share its lines, and writes lines back half changed; SoA never
touches those columns. Whether that can be felt depends on where the particles lie: hardly in a near cache, most in
memory. When every field is updated, SoA walks four columns and AoS one, and AoS may win.
Vector instructions are a second matter, and have rows of their own. They want equal fields side by side, as SoA and
AoSoA have them; from AoS they must be picked out. Compare AoS with SoA within one kind of row to see the layout's
share, and scalar with vector rows of one layout to see the vector unit's. The source's number may well mix the two.
In TypeScript the same layouts lie in typed arrays. An array of objects is different from all of them: an object holds
pointers to its numbers, each in a box of its own, so that a particle takes four times the memory.`;

const drawing = `a line: 64 bytes, 8 float64;  == what updating x uses

AoS    |x0 y0 vx vy x1 y1 vx vy|x2 y2 vx vy x3 y3 ...
        ==    ==    ==    ==    32 of 64 bytes

SoA  x |x0 x1 x2 x3 x4 x5 x6 x7|x8 x9 ...
        == == == == == == == == 64 of 64
     y |y0 y1 y2 y3 y4 y5 y6 y7|      never fetched
    vx |vx vx vx vx vx vx vx vx|vx vx ...
        == == == == == == == == 64 of 64
    vy |vy vy vy vy vy vy vy vy|      never fetched

AoSoA  |x0 ... x7|y0 ... y7|vx ... vx|vy ... vy|x8 ...
        =========           =========  one line each`;

export const dataLayout: Experiment = {
  id: 'data-layout',
  lab: 'hardware',
  title: 'Array of structures, structure of arrays',
  question: 'How much does the arrangement of the same numbers in memory cost, and how much do vectors add?',
  sources: [
    {
      title: 'Intel 64 and IA-32 Architectures Optimization Reference Manual',
      where: 'chapter on coding for SIMD, section Data Arrangement',
    },
    { title: 'Drepper, What Every Programmer Should Know About Memory (2007)', where: 'section 6.2.1' },
  ],
  parameters: [
    {
      name: 'particles',
      summary: 'particles, each of four numbers (32 bytes as float64, 16 as float32)',
      unit: 'items',
      values: particleCounts,
      check: (value) => checkWhole(value, 'particles', 1, mostParticles),
    },
    oneOf('element', 'type of a number', ['float64', 'float32']),
    oneOf('fields', 'what an update writes: x and y, x alone, or all four fields', fieldsNames),
  ],
  variants: [
    native('aos-scalar', 'scalar, AoS', aosScalar),
    native('soa-scalar', 'scalar, SoA', soaScalar),
    native('aosoa-scalar', 'scalar, AoSoA', aosoaScalar),
    vector('aos-vector', 'vector, AoS', aosVector),
    vector('soa-vector', 'vector, SoA', soaVector),
    vector('aosoa-vector', 'vector, AoSoA', aosoaVector),
    typescript('aos-typescript', 'AoS', aosScalar),
    typescript('soa-typescript', 'SoA', soaScalar),
    typescript('aosoa-typescript', 'AoSoA', aosoaScalar),
    {
      ...typescript('objects-typescript', 'array of objects', aosObjects),
      implementation: stepObjects,
      refuses: refuseObjects,
    },
  ],
  skips,
  baseline: { variant: 'aos-scalar' },
  operation: 'particle',
  claims: [aosOverSoa],
  explain,
  drawing,
  chart: {
    kind: 'lines',
    x: 'particles',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time a particle by number of particles',
  },
  weight: 1.2,
  brief: { weight: { quick: 0.29, full: 0.18 }, skips: skipsInBrief },
};
