/**
 * The part of `npm run soak` that is about pools of blocks of one size: random traces, wrong ones among them where a
 * pool checks what it is given, over a pool in both languages.
 */

const rowsATrace = 20_000;
const rowWords = 4;
const mostThreads = 6;

/** What the lab has of one kind: how it is made and replayed in TypeScript, and the kernel that does so natively. */
function singlePool({ PoolAllocator, pools, poolLayout, replayRows }, kind) {
  const Kind = { pool: pools.Pool, checked: pools.CheckedPool, scan: pools.ScanPool }[kind];
  return {
    id: kind === 'pool' ? 'plain-pool' : `${kind}-pool`,
    kernel: kind === 'pool' ? 'pool-replay' : `pool-${kind}-replay`,
    // The plain pool takes what it is given.
    isChecked: kind !== 'pool',
    threads: () => undefined,
    shape: ({ blockBytes, capacity }) => poolLayout.poolShape(kind, blockBytes, capacity),
    sizes: ({ blockBytes, capacity }) => [blockBytes, capacity],
    replay({ blockBytes, capacity }, run) {
      const pool = Kind.create(blockBytes, capacity, run.heap);
      return replayRows.replay(new PoolAllocator(pool, blockBytes), run);
    },
  };
}

function sharedPool({ pools, sharedPools, replayRows }, kind) {
  const Kind = { mutex: pools.MutexPool, 'lock-free': pools.LockFreePool, cached: pools.CachedPool }[kind];
  return {
    id: `${kind}-pool`,
    kernel: `${kind}-pool-replay`,
    isChecked: true,
    threads: (prng) => 1 + prng.below(mostThreads),
    shape: ({ blockBytes, capacity, threads }) =>
      sharedPools.sharedPoolShape(kind, blockBytes, capacity, threads),
    sizes: ({ blockBytes, capacity, threads }) => [blockBytes, capacity, threads],
    replay({ blockBytes, capacity, threads }, run) {
      sharedPools.makeSharedPool(kind, blockBytes, capacity, run.heap, threads);
      const views = Array.from({ length: threads }, (_, thread) => Kind.open(run.heap, thread));
      return replayRows.replayThreads(views, blockBytes, run);
    },
  };
}

/** All kinds of pools there are. */
export function poolKinds(library) {
  return [
    ...['pool', 'checked', 'scan'].map((kind) => singlePool(library, kind)),
    ...['mutex', 'lock-free', 'cached'].map((kind) => sharedPool(library, kind)),
  ];
}

/** One trace of that seed over one pool: rows that were done, and what differs, or null. */
export function comparePools({ Prng, churnTrace, binding }, kind, most, seed) {
  const prng = new Prng(seed);
  const rows = Math.min(rowsATrace, most);
  const blockBytes = 1 + prng.below(2 ** (1 + prng.below(10)));
  const capacity = 1 + prng.below(2 ** (1 + prng.below(12)));
  const setting = { blockBytes, capacity, threads: kind.threads(prng) };
  const { heapWords, blockWords } = kind.shape(setting);
  const trace = churnTrace(prng, {
    rows,
    ids: capacity + 5,
    mostBytes: blockBytes,
    capacity,
    checkpointEvery: 5000,
    wrongEvery: kind.isChecked && prng.below(2) === 0 ? 2 + prng.below(30) : 0,
    heapWords,
    threads: setting.threads,
  });
  const heap = Uint32Array.from({ length: heapWords + prng.below(20) }, () => prng.next());
  const other = heap.slice();
  const [answers, found] = [0, 1].map(() => new Int32Array(trace.rows.length / rowWords));
  const offsets = () => new Uint32Array(Math.max(1, trace.ids));
  const here = kind.replay(setting, { heap, blockWords, trace: trace.rows, offsets: offsets(), answers });
  const args = [other, ...kind.sizes(setting), trace.rows, offsets(), found];
  const { checksum } = binding.runNative(kind.kernel, args);
  const native = { answers: found, heap: other, hash: checksum };
  return { done: rows, wrong: difference({ answers, heap, hash: here }, native) };
}

/** What differs between two replays, or null. */
function difference(here, native) {
  for (const [name, what] of [
    ['answers', 'row'],
    ['heap', "heap's word"],
  ]) {
    const at = here[name].findIndex((each, i) => each !== native[name][i]);
    if (at >= 0) return `${what} ${at}: ${here[name][at]} in TypeScript, ${native[name][at]} natively`;
  }
  return here.hash === native.hash ? null : `the hash: ${here.hash} in TypeScript, ${native.hash} natively`;
}
