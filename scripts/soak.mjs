/**
 * `npm run soak`: both languages replay random traces over every general allocator, each also in the debug wrapper, and
 * must agree in every answer, in the heap's image and in the books. `-- --rows 1000000` says how many rows each
 * allocator gets (10 million unless told), `--seed 7` where to start (the clock unless told), `--only tlsf,slab` which
 * allocators, `--asan` that the addon is built with ASan and UBSan and loaded. Its dist/ must have been built. What
 * differs is said with the seed of its trace, and then nothing more is run.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { asanEnvironment } from './asan-addon.mjs';
import { root, succeeds } from './command.mjs';

const rowsATrace = 200_000;

/** Replays natively, as replayHeap does here. */
function replayNative({ replay, binding, kind, heap, parameter, trace }) {
  const answers = new Int32Array(trace.rows.length / 4);
  const summary = new Float64Array(replay.summaryNumbers);
  const tables = [new Uint32Array(trace.ids), new Uint32Array(trace.ids)];
  const args = [heap, parameter, trace.rows, ...tables, answers, summary];
  const { checksum } = binding.runNative(kind.replay, args);
  return { answers, ...replay.readSummary(summary), hash: checksum };
}

/** What differs between two replays, or null. */
function difference(here, native, heap, other) {
  const row = here.answers.findIndex((answer, i) => answer !== native.answers[i]);
  if (row >= 0) return `row ${row}: ${here.answers[row]} in TypeScript, ${native.answers[row]} natively`;
  const word = heap.findIndex((each, i) => each !== other[i]);
  if (word >= 0) return `word ${word} of the heap: ${heap[word]} in TypeScript, ${other[word]} natively`;
  if (here.hash !== native.hash) return `the hash: ${here.hash} in TypeScript, ${native.hash} natively`;
  if (isDeepStrictEqual([here.books, here.bySize], [native.books, native.bySize])) return null;
  return `the books: ${JSON.stringify(here.books)} and ${JSON.stringify(native.books)}`;
}

/** One trace of that seed over one allocator; what differs, or null. */
function compare({ library, kind, parameter, rows, seed }) {
  const { Prng, heapChurn, replay } = library;
  const prng = new Prng(seed);
  const size = 1 + prng.below(8);
  const trace = heapChurn(prng, {
    rows,
    ids: 1 + prng.below(2000),
    mostBytes: 2 ** (4 + prng.below(10)),
    order: kind.order,
    reallocEvery: 11,
    checkpointEvery: 20_000,
    alignedEvery: 9,
    sizedEvery: 3,
  });
  // 2 KiB to 1 MiB, full of the same rubbish.
  const heap = new Uint32Array(2048 * 2 ** size);
  for (let i = 0; i < heap.length; i++) heap[i] = prng.next();
  const other = heap.slice();
  const here = replay.replayHeap(kind.make, heap, parameter, trace);
  const native = replayNative({ ...library, kind, heap: other, parameter, trace });
  return difference(here, native, heap, other);
}

async function load() {
  const dist = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
  const [heaps, replay, prng, binding, churn] = await Promise.all([
    dist('allocators/heaps.js'),
    dist('allocators/heap-replay.js'),
    dist('base/prng.js'),
    dist('native/binding.js'),
    dist('trace/heap-churn.js'),
  ]);
  return { ...heaps, replay, binding, ...prng, ...churn };
}

async function soak({ rows, seed, only }) {
  const library = await load();
  const kinds = [...library.heaps, ...library.debugHeaps].filter(({ id }) => only?.includes(id) ?? true);
  const started = performance.now();
  let all = 0;
  for (const kind of kinds) {
    const parameters = Object.entries(kind.parameters);
    let done = 0;
    for (let number = 0; done < rows; number++) {
      const [name, parameter] = parameters[number % parameters.length];
      const some = Math.min(rowsATrace, rows - done);
      const wrong = compare({ library, kind, parameter, rows: some, seed: seed + number });
      if (wrong !== null) {
        process.stdout.write(
          `${kind.id} ${name}: DIFFERS with seed ${seed + number}, ${some} rows: ${wrong}\n`,
        );
        return false;
      }
      done += some;
    }
    all += done;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(`${kind.id}: ${done} rows from seed ${seed}, no difference (${seconds} s so far)\n`);
  }
  process.stdout.write(`${all} rows over ${kinds.length} allocators, no difference\n`);
  return true;
}

async function main() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: { rows: text, seed: text, only: text, asan: { type: 'boolean' } },
  });
  const rows = Number(values.rows ?? 10_000_000);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  if (!(Number.isInteger(rows) && rows > 0) || !Number.isInteger(seed)) {
    process.stderr.write('--rows and --seed must be whole numbers\n');
    return 2;
  }
  if (values.asan) {
    const environment = asanEnvironment();
    if (environment === null) return 1;
    const only = values.only === undefined ? [] : ['--only', values.only];
    const args = [join(root, 'scripts', 'soak.mjs'), '--rows', String(rows), '--seed', String(seed), ...only];
    return succeeds(process.execPath, args, environment) ? 0 : 1;
  }
  return (await soak({ rows, seed, only: values.only?.split(',') })) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
