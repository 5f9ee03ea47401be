/**
 * How fast are our TypeScript allocators beside @thi.ng/malloc, the public one of that kind? Over batches of one size,
 * whose loops are those of the experiment pool-allocation, and over the three workloads of its own benchmark
 * (packages/malloc/bench in github.com/thi-ng/umbrella): one block, six, and a large one, all given back at once.
 * Each allocator meets each workload in a process of its own (thing-child.ts), and the processes take turns.
 *
 * Theirs hands out typed arrays in its own workloads, ours offsets into one; `thing-offsets` is theirs without them.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { overPasses, ratio } from './passes.ts';
import { countOf, type Figure, type Found, sit } from './sitting.ts';

const passes = 5;
const mostOfTheirs = 1 / 3;
/** What a pass over ten times the blocks may take an operation, where nothing is searched: they leave the caches. */
const mostGrowth = 2;

const general = ['free-list', 'segregated', 'tlsf', 'buddy', 'multi-pool', 'slab', 'small-object'] as const;
const batches = ['pair', 'lifo', 'fifo', 'random'] as const;
const own = ['f64x4', 'six-f64', 'f32x1024'] as const;
/** In these its free looks through the blocks in use. */
const searched: ReadonlySet<string> = new Set(['fifo', 'random']);

interface Size {
  readonly blocks: number;
  readonly operations: number;
}

/** Times of one workload by allocator, a process each. */
type Times = ReadonlyMap<string, readonly number[]>;

const child = fileURLToPath(new URL('thing-child.js', import.meta.url));

function timeOf(id: string, workload: string, { blocks, operations }: Size): number {
  const isSlow = id.startsWith('thing') && searched.has(workload);
  const args = [child, id, workload, blocks, isSlow ? blocks : operations, passes].map(String);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ended with ${status}: ${stderr}`);
  return Number(stdout);
}

function timesOf(ids: readonly string[], workload: string, size: Size, turns: number): Times {
  const found = new Map<string, number[]>(ids.map((id) => [id, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const id of turn % 2 === 0 ? ids : ids.toReversed()) found.get(id)!.push(timeOf(id, workload, size));
  }
  return found;
}

function figuresOf(workload: string, times: Times): Figure[] {
  const figures = [...times].map(
    ([id, ns]): Figure => ({ name: `${workload}: ${id}`, unit: 'ns', ...overPasses(ns) }),
  );
  const theirs = times.get('thing')!;
  for (const [id, ns] of times) {
    if (id.startsWith('thing')) continue;
    const target = id === 'pool' ? { most: mostOfTheirs } : undefined;
    figures.push(ratio(`${workload}: ${id} over @thi.ng/malloc`, ns, theirs, target));
  }
  return figures;
}

/** Of each allocator: an operation among many blocks over one among a tenth of them. */
function growth(workload: string, few: Times, many: Times): Figure[] {
  return [...few].map(([id, ns]) => {
    const target = id === 'thing' ? undefined : { most: mostGrowth };
    return ratio(`${workload}: ${id}, ten times the blocks`, many.get(id)!, ns, target);
  });
}

await sit(
  'thing',
  'how fast are our TypeScript allocators beside @thi.ng/malloc?',
  { turns: { about: 'processes of each allocator over each workload', value: '7' } },
  ({ smoke, values }): Promise<Found> => {
    const turns = smoke ? 1 : countOf(values.turns, '--turns');
    const size = smoke ? { blocks: 100, operations: 1000 } : { blocks: 10_000, operations: 100_000 };
    const ids = smoke ? ['thing', 'pool'] : ['thing', 'pool', ...general];
    const figures: Figure[] = [];
    for (const workload of batches) {
      const times = timesOf(ids, workload, size, turns);
      figures.push(...figuresOf(workload, times));
      if (!searched.has(workload)) continue;
      const few = timesOf(ids, workload, { ...size, blocks: size.blocks / 10 }, turns);
      figures.push(...growth(workload, few, times));
    }
    const inOne = smoke ? [] : (['thing-offsets', 'linear', 'stack'] as const);
    for (const workload of own) {
      figures.push(...figuresOf(workload, timesOf([...ids, ...inOne], workload, size, turns)));
    }
    return Promise.resolve({
      figures,
      notes: [
        'ns an allocation and its free, or a whole workload of its own; brackets of times: least and most of the processes',
        'the target stands at the fixed-size pool, which is made for batches; the others serve any size, in any order',
      ],
    });
  },
);
