/**
 * Does our chase say what multichase says? The same size, stride, TLB group, kind of page and number of chains, in
 * turns. multichase is found as LINEFILL_MULTICHASE or on the PATH (github.com/google/multichase: make multichase).
 */
import { Prng } from '#dist/base/prng.js';
import { groupedOrder, linkInOrder } from '#dist/kernel/chase-order.js';
import { cursorsOn, pointerChase } from '#dist/kernel/pointer-chase.js';
import { GroupRoom } from '#dist/measure/room.js';
import { timeNative } from '#dist/measure/thread-arm.js';
import { environment } from '#dist/native/binding.js';
import { agreement, figureIn, find, type Peer, sayOn } from './peer.ts';
import { countOf, type Figure, sit, someOf } from './sitting.ts';

const within = { most: 1.05, least: 1 / 1.05 };
const KiB = 2 ** 10;
const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** multichase's own group, which a TLB holds. */
const smallGroup = 256 * KiB;
/** As multichase: the best of some samples, the first of which does not count. */
const samples = 5;
const sampleNs = 100e6;
const calibrationHops = 4096;

/** A place for a link; multichase's are pointers. */
const placeBytes = 8;
/** From slot to slot a chain's place turns by so many. */
const turnOfSlot = 5;
const mostChains = 16;

interface Case {
  readonly id: string;
  readonly bytes: number;
  readonly strideBytes: number;
  readonly groupBytes: number;
  readonly huge?: boolean;
  readonly chains?: number;
}

/** Footprint is size / stride lines; a group of the whole set meets the TLB at every hop. */
const cases: readonly Case[] = [
  { id: '16k', bytes: 16 * KiB, strideBytes: 64, groupBytes: smallGroup },
  { id: '512k', bytes: 512 * KiB, strideBytes: 64, groupBytes: smallGroup },
  { id: '2m', bytes: 2 * MiB, strideBytes: 64, groupBytes: smallGroup },
  { id: '1g', bytes: GiB, strideBytes: 256, groupBytes: smallGroup },
  { id: '1g-whole', bytes: GiB, strideBytes: 256, groupBytes: GiB },
  { id: '1g-huge', bytes: GiB, strideBytes: 256, groupBytes: GiB, huge: true },
  ...[2, 4, 8, 10].map((chains) => ({
    id: `1g-chains-${chains}`,
    bytes: GiB,
    strideBytes: 256,
    groupBytes: smallGroup,
    chains,
  })),
];

/**
 * Moves a chain's places within their slots, so that each chain has places of its own, as multichase's have: chains that
 * shared one cycle would touch fewer lines, and find more of them in the cache.
 */
function moveApart(order: Uint32Array, strideBytes: number, chain: number, chains: number): void {
  const places = strideBytes / placeBytes;
  const first = chain * Math.floor(places / chains);
  for (let i = 0; i < order.length; i++) {
    const slot = order[i]! / strideBytes;
    order[i]! += ((first + turnOfSlot * slot) % places) * placeBytes;
  }
}

/** ns a load in new memory on one CPU. */
function ourNs(
  { bytes, strideBytes, groupBytes, huge = false, chains = 1 }: Case,
  seed: number,
  cpu: number,
): number {
  const room = new GroupRoom();
  environment().pin(cpu);
  try {
    const links = room.array('uint32', bytes / 4, 4096, huge ? 'transparent' : 'small');
    const cursors = Uint32Array.from({ length: chains }, (_, chain) => {
      const prng = new Prng(seed * mostChains + chain);
      const order = groupedOrder(bytes / strideBytes, strideBytes, groupBytes / strideBytes, prng);
      if (chains > 1) moveApart(order, strideBytes, chain, chains);
      linkInOrder(links, order);
      return cursorsOn(order, 1)[0]!;
    });
    const nsOf = (hops: number): number => {
      const { elapsedNs } = timeNative(pointerChase.id, [links, cursors, hops], { warmup: 0, iterations: 1 });
      return elapsedNs / hops;
    };
    const hops = Math.ceil(sampleNs / nsOf(calibrationHops));
    nsOf(hops);
    return Math.min(...Array.from({ length: samples }, () => nsOf(hops))) / chains;
  } finally {
    room.close();
    environment().unpin();
  }
}

function peerOf(each: Case, path: string, cpu: number): Peer {
  const { id, bytes, strideBytes, groupBytes, huge = false, chains = 1 } = each;
  const size = ['-m', String(bytes), '-s', String(strideBytes), '-T', String(Math.min(groupBytes, bytes))];
  const kind = [...(huge ? ['-H'] : []), ...(chains > 1 ? ['-c', `parallel${chains}`] : [])];
  let turn = 0;
  return {
    name: `a load, ${id}`,
    unit: 'ns',
    target: within,
    ours: () => Promise.resolve(ourNs(each, ++turn, cpu)),
    theirs: () => figureIn(sayOn([cpu], path, [...size, ...kind, '-X']), /^\s*([\d.]+)\s*$/m, path),
    close: () => Promise.resolve(),
  };
}

await sit(
  'ladder',
  'does our chase say what multichase says?',
  {
    turns: { about: 'of multichase and ours', value: '7' },
    of: { about: 'what to compare', value: cases.map(({ id }) => id).join(',') },
  },
  async ({ smoke, values }) => {
    const turns = smoke ? 1 : countOf(values.turns, '--turns');
    const ids = someOf(
      values.of,
      '--of',
      cases.map(({ id }) => id),
    );
    const path = find('LINEFILL_MULTICHASE', 'multichase');
    if (path === null || find('LINEFILL_TASKSET', 'taskset') === null) {
      const tool =
        path === null ? 'multichase (github.com/google/multichase: make multichase)' : 'taskset (util-linux)';
      return {
        figures: [],
        notes: [`not installed: ${tool}; put it on the PATH, or its path in LINEFILL_MULTICHASE`],
      };
    }
    const cpu = environment().allowedCpus.at(-1) ?? 0;
    const figures: Figure[] = [];
    const notes: string[] = [];
    for (const each of cases.filter(({ id }) => ids.includes(id))) {
      if (smoke && each.bytes > MiB) continue;
      const found = await agreement(peerOf(each, path, cpu), turns);
      figures.push(...found.figures);
      notes.push(...found.notes);
    }
    return { figures, notes };
  },
);
