/**
 * `npm run soak`: both languages replay random traces over every general allocator, each also in the debug wrapper, and
 * over every pool of blocks of one size, and must agree in every answer, in the heap's image and in the books; and random
 * mutators over every collector, where the oracle of reachability must agree, too. `-- --rows 1000000` says how many rows
 * each gets (10 million an allocator and a million a collector unless told), `--seed 7` where to start (the clock unless
 * told), `--only tlsf,semi-space` which,
 * `--lab collection` which of the two labs, `--minutes 30` when to end at the latest, `--asan` that the addon is built
 * with ASan and UBSan and loaded. Its dist/ must have been built. What differs is said with the seed of its trace, and
 * then nothing more is run.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { asanEnvironment } from './asan-addon.mjs';
import { root, succeeds } from './command.mjs';
import { compareCollections } from './soak-collectors.mjs';
import { comparePools, poolKinds } from './soak-pools.mjs';

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

/** Each of a kind's parameters in turn; of blocks of one size any that serves some of the requests. */
function parameterOf({ parameters, parameterFor }, { mostBytes }, prng, number) {
  if (parameterFor === undefined) return Object.entries(parameters)[number % Object.keys(parameters).length];
  const bytes = parameterFor(1 + prng.below(mostBytes), 2 ** prng.below(12));
  return [`of ${bytes} B`, bytes];
}

/**
 * One trace of that seed over one allocator, each of its parameters in turn: rows that were done, and what differs, or
 * null.
 */
function compareHeaps(library, kind, most, seed, number) {
  const { Prng, heapChurn, replay, stackChurn } = library;
  const rows = Math.min(rowsATrace, most);
  const prng = new Prng(seed);
  const size = 1 + prng.below(8);
  const churn = {
    rows,
    ids: 1 + prng.below(2000),
    mostBytes: 2 ** (4 + prng.below(10)),
    order: kind.order,
    reallocEvery: 11,
    checkpointEvery: 20_000,
    alignedEvery: 9,
    sizedEvery: 3,
    markEvery: 20,
    wrongEvery: 200,
  };
  // Every second trace of a stack has markers, which it has none of in the debug wrapper.
  const trace = kind.id === 'stack' && number % 2 === 1 ? stackChurn(prng, churn) : heapChurn(prng, churn);
  const [name, parameter] = parameterOf(kind, churn, prng, number);
  // 16 KiB to 2 MiB, full of the same rubbish.
  const heap = new Uint32Array(2048 * 2 ** size);
  for (let i = 0; i < heap.length; i++) heap[i] = prng.next();
  const other = heap.slice();
  const here = replay.replayHeap(kind.make, heap, parameter, trace);
  const native = replayNative({ ...library, kind, heap: other, parameter, trace });
  const wrong = difference(here, native, heap, other);
  return { done: rows, wrong: wrong === null ? null : `${name} ${rows} rows: ${wrong}`.trim() };
}

/** The modules that the parts use: some by a name of their own, the exports of the others side by side. */
async function load() {
  const dist = (path) => import(new URL(`../dist/${path}.js`, import.meta.url).href);
  const named = {
    replay: 'allocators/heap-replay',
    replayRows: 'allocators/replay',
    poolLayout: 'allocators/pool-layout',
    sharedPools: 'allocators/shared-pool',
    binding: 'native/binding',
    object: 'collectors/object',
    counts: 'collectors/counts',
    pauses: 'collectors/pauses',
  };
  const pools = ['pool', 'checked-pool', 'scan-pool', 'mutex-pool', 'lock-free-pool', 'cached-pool'];
  const spread = [
    'allocators/allocation',
    'allocators/heaps',
    'base/errors',
    'base/prng',
    'trace/churn',
    'trace/heap-churn',
    'trace/stack-churn',
    'collectors/collector',
    'collectors/mutate',
    'collectors/pauses',
    'collectors/plans',
    'trace/mutators',
    'trace/object-graph',
  ];
  const entries = await Promise.all(
    Object.entries(named).map(async ([name, path]) => [name, await dist(path)]),
  );
  const all = async (paths) => Object.assign({}, ...(await Promise.all(paths.map(dist))));
  return {
    ...(await all(spread)),
    ...Object.fromEntries(entries),
    pools: await all(pools.map((name) => `allocators/${name}`)),
  };
}

/** What is soaked, by lab: each with its own number of rows unless told. */
function subjects(library, { only, lab }) {
  const { heaps, oneSizeHeaps, debugHeaps, debugOneSizeHeaps, collectorChoices } = library;
  const allocator = { lab: 'allocation', rows: 10_000_000, beside: '' };
  const allocators = [...heaps, ...oneSizeHeaps, ...debugHeaps, ...debugOneSizeHeaps].map((kind) => ({
    ...allocator,
    id: kind.id,
    compare: (...how) => compareHeaps(library, kind, ...how),
  }));
  const pools = poolKinds(library).map((kind) => ({
    ...allocator,
    id: kind.id,
    compare: (...how) => comparePools(library, kind, ...how),
  }));
  const collectors = collectorChoices.map((choice) => ({
    id: choice.id,
    lab: 'collection',
    rows: 1_000_000,
    beside: ', the oracle beside them',
    compare: (...how) => compareCollections(library, choice, ...how),
  }));
  return [...allocators, ...pools, ...collectors].filter(
    (each) => (only?.includes(each.id) ?? true) && (lab === undefined || lab === each.lab),
  );
}

/** Soaks one subject until so many rows are done, or the time is over; null: something differs. */
export function soakOne({ id, compare }, { rows, seed, untilMs, say }) {
  let done = 0;
  let said = performance.now();
  for (let number = 0; done < rows && performance.now() < untilMs; number++) {
    const found = compare(rows - done, seed + number, number);
    if (found.wrong !== null) {
      say(`${id}: DIFFERS with seed ${seed + number}: ${found.wrong}`);
      return null;
    }
    done += found.done;
    if (performance.now() - said < 10_000) continue;
    said = performance.now();
    say(`${id}: ${done} of ${rows} rows, ${number + 1} traces`);
  }
  return done;
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
    const done = soakOne(subject, { rows: asked, seed, untilMs, say });
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
