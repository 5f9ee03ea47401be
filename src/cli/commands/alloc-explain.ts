/** `linefill alloc explain`: what an allocator does, and what a workload asks for; nothing is measured. */
import { type HeapChoice, heapChoices, oneSizeChoices } from '../../allocators/heaps.ts';
import { UserError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { wordsOfAllocator } from '../../experiments/allocation/allocator-words.ts';
import { wrap } from '../../report/lines.ts';
import { outlineOf } from '../../trace/outline.ts';
import { type Workload, workloads, workloadTrace } from '../../trace/workloads.ts';
import { doing, explainingLooks, inBlocks, listing, type Looks, section } from '../explained.ts';
import { exitCodes, type Io } from '../io.ts';
import { defaultSeed } from '../measuring-options.ts';
import { meant } from '../nearest.ts';

const orders: Readonly<Record<Workload['order'], string>> = {
  any: 'Blocks come back in any order.',
  lifo: 'The last block comes back first, so that a stack can serve it.',
  'at-once': 'Blocks come back all at once, so that a linear allocator can serve it.',
};

const choices: readonly HeapChoice[] = [...heapChoices, ...oneSizeChoices];

/** A workload that an allocator of the order can serve. */
const drawn: Readonly<Record<Workload['order'], string>> = {
  any: 'larson',
  lifo: 'batch-lifo',
  'at-once': 'request-resets',
};

function all(looks: Looks): string {
  return inBlocks([
    listing('Allocators of ours, in C++ and in TypeScript', choices, looks),
    listing('Workloads to run them on', workloads, looks),
    wrap(
      'One of them: linefill alloc explain <id>. A workload over every allocator: linefill alloc replay <id>',
      looks.width,
    ),
  ]);
}

function allocator({ id, title, kind }: HeapChoice, looks: Looks): string {
  const words = wordsOfAllocator(kind.id);
  return inBlocks([
    looks.paint('strong', wrap(`${title} (${id})`, looks.width)),
    ...(words === null
      ? []
      : [
          ...doing(words, looks),
          section('Costs', words.costs, looks),
          section('Source', words.source, looks),
        ]),
    wrap(
      `Draw it: linefill alloc map ${kind.parameterFor === undefined ? drawn[kind.order] : 'batch-random'} --allocator ${id}`,
      looks.width,
    ),
  ]);
}

function workload(one: Workload, looks: Looks): string {
  const { width, paint } = looks;
  const { id, title, source, order, leaves, parameters } = one;
  const { rows, allocations, peakLiveBytes, peakLiveBlocks } = outlineOf(
    workloadTrace(one, {}, new Prng(defaultSeed)),
  );
  const asked =
    `As it is, ${formatCount(rows)} operations, ${formatCount(allocations)} of them allocations; ` +
    `${formatCount(peakLiveBlocks)} blocks live at most, and ${formatBytes(peakLiveBytes)}.`;
  const left = leaves === true ? ' It ends with blocks in use.' : '';
  const numbers = Object.entries(parameters).map(
    ([name, value]) => `  ${name}: ${name.endsWith('Bytes') ? formatBytes(value) : formatCount(value)}`,
  );
  const run =
    order === 'at-once'
      ? `Draw it: linefill alloc map ${id} --allocator linear`
      : `Run it: linefill alloc replay ${id}`;
  return inBlocks([
    paint('strong', wrap(`${title} (${id})`, width)),
    wrap(`${asked} ${orders[order]}${left}`, width),
    [paint('strong', 'Numbers of its own (--set)'), ...numbers].join('\n'),
    section('Source', source, looks),
    wrap(run, width),
  ]);
}

/** The command; null lists the allocators and the workloads. Its result is the exit code. */
export function allocExplainCommand(id: string | null, io: Io): number {
  const looks = explainingLooks(io);
  const choice = choices.find((each) => each.id === id || each.kind.id === id);
  const known = workloads.find((each) => each.id === id);
  if (id !== null && choice === undefined && known === undefined) {
    const ids = [...choices, ...workloads].map((each) => each.id);
    throw new UserError(
      `there is no allocator of ours and no workload "${id}"`,
      meant(id, ids, 'linefill alloc explain lists them'),
    );
  }
  if (choice !== undefined) io.stdout.write(allocator(choice, looks));
  else io.stdout.write(known === undefined ? all(looks) : workload(known, looks));
  return exitCodes.good;
}
