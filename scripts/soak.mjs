/**
 * `npm run soak`: both languages replay random traces over every general allocator, each also in the debug wrapper, and
 * must agree in every answer, in the heap's image and in the books; and random mutators over every collector, where the
 * oracle of reachability must agree, too. `-- --rows 1000000` says how many rows each gets (10 million an allocator and a
 * million a collector unless told), `--seed 7` where to start (the clock unless told), `--only tlsf,semi-space` which,
 * `--lab collection` which of the two labs, `--minutes 30` when to end at the latest, `--asan` that the addon is built
 * with ASan and UBSan and loaded. Its dist/ must have been built. What differs is said with the seed of its trace, and
 * then nothing more is run.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { asanEnvironment } from './asan-addon.mjs';
import { root, succeeds } from './command.mjs';
import { soakCollector } from './soak-collectors.mjs';

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
  const [replay, binding, object, counts, pauses, ...spread] = await Promise.all(
    [
      'allocators/heap-replay.js',
      'native/binding.js',
      'collectors/object.js',
      'collectors/counts.js',
      'collectors/pauses.js',
      'allocators/heaps.js',
      'base/errors.js',
      'base/prng.js',
      'trace/heap-churn.js',
      'collectors/collector.js',
      'collectors/mutate.js',
      'collectors/pauses.js',
      'collectors/plans.js',
      'trace/mutators.js',
      'trace/object-graph.js',
    ].map(dist),
  );
  return Object.assign({ replay, binding, object, counts, pauses }, ...spread);
}

/** Soaks one allocator; rows that were done, or null where something differs. */
function soakAllocator(library, kind, { rows, seed, untilMs, say }) {
  const parameters = Object.entries(kind.parameters);
  let done = 0;
  for (let number = 0; done < rows && performance.now() < untilMs; number++) {
    const [name, parameter] = parameters[number % parameters.length];
    const some = Math.min(rowsATrace, rows - done);
    const wrong = compare({ library, kind, parameter, rows: some, seed: seed + number });
    if (wrong !== null) {
      say(`${kind.id} ${name}: DIFFERS with seed ${seed + number}, ${some} rows: ${wrong}`);
      return null;
    }
    done += some;
  }
  return done;
}

/** What is soaked, by lab: each with its own number of rows unless told. */
function subjects(library, { only, lab }) {
  const { heaps, debugHeaps, collectorChoices } = library;
  const allocators = [...heaps, ...debugHeaps].map((kind) => ({
    id: kind.id,
    lab: 'allocation',
    rows: 10_000_000,
    beside: '',
    soak: (how) => soakAllocator(library, kind, how),
  }));
  const collectors = collectorChoices.map((choice) => ({
    id: choice.id,
    lab: 'collection',
    rows: 1_000_000,
    beside: ', the oracle beside them',
    soak: (how) => soakCollector(library, choice, how),
  }));
  return [...allocators, ...collectors].filter(
    (each) => (only?.includes(each.id) ?? true) && (lab === undefined || lab === each.lab),
  );
}

/** Soaks all that is asked for; the exit status. */
async function soak({ rows, seed, minutes, only, lab }) {
  const library = await load();
  const all = subjects(library, { only, lab });
  if (all.length === 0) {
    process.stderr.write('nothing is called that; leave --only and --lab out for all\n');
    return 2;
  }
  const started = performance.now();
  const untilMs = started + minutes * 60_000;
  const say = (text) => process.stdout.write(`${text}\n`);
  let total = 0;
  let isWhole = true;
  for (const subject of all) {
    const asked = rows ?? subject.rows;
    const done = subject.soak({ rows: asked, seed, untilMs, say });
    if (done === null) return 1;
    total += done;
    isWhole &&= done >= asked;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    say(
      `${subject.id}: ${done.toLocaleString('en')} rows, TypeScript and native${subject.beside}, ` +
        `from seed ${seed}: no difference (${seconds} s so far)`,
    );
  }
  say(
    `${total.toLocaleString('en')} rows over ${all.length} allocators and collectors, in both languages: ` +
      'no difference',
  );
  if (!isWhole) say(`the time was over before all were done: --minutes ${minutes}`);
  return isWhole ? 0 : 1;
}

async function main() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: { rows: text, seed: text, only: text, lab: text, minutes: text, asan: { type: 'boolean' } },
  });
  const rows = values.rows === undefined ? undefined : Number(values.rows);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const minutes = Number(values.minutes ?? 24 * 60);
  if (!(rows === undefined || (Number.isInteger(rows) && rows > 0)) || !Number.isInteger(seed)) {
    process.stderr.write('--rows and --seed must be whole numbers\n');
    return 2;
  }
  if (!(minutes > 0) || !['allocation', 'collection', undefined].includes(values.lab)) {
    process.stderr.write('--minutes must be above 0, --lab allocation or collection\n');
    return 2;
  }
  if (values.asan) {
    const environment = asanEnvironment();
    if (environment === null) return 1;
    const told = ['rows', 'only', 'lab', 'minutes'].filter((name) => values[name] !== undefined);
    const options = told.flatMap((name) => [`--${name}`, values[name]]);
    const args = [join(root, 'scripts', 'soak.mjs'), '--seed', String(seed), ...options];
    return succeeds(process.execPath, args, environment) ? 0 : 1;
  }
  const { only, lab } = values;
  return soak({ rows, seed, minutes, only: only?.split(','), lab });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
