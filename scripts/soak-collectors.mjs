/**
 * The part of `npm run soak` that is about collectors: random mutators, some of them the lab's own, over a collector in
 * both languages, and at intervals beside the oracle of reachability.
 */
import { isDeepStrictEqual } from 'node:util';

const rowsATrace = 20_000;
/** Rows between two looks of the oracle, beside those behind every full collection that a trace asks for. */
const rowsALook = 997;
/** Of so many traces one is the lab's own. */
const ownEvery = 4;
const rowWords = 4;
const newRow = 1;
const collectRow = 8;
/** How often a row of each kind comes, from `new` on. */
const weights = [6, 4, 6, 1, 2, 1, 1, 0.02, 0.02];

/** A trace of random rows: any rows are one. In every second one root 0 keeps a table, so that more lives, and longer. */
function randomTrace(prng, rows) {
  const roots = 2 + prng.below(12);
  const mostSlots = 1 + prng.below(8);
  const mostBytes = prng.below(2) === 0 ? 64 : 1200;
  const table = prng.below(2) === 0 ? 0 : 8 + prng.below(300);
  const trace = new Uint32Array(rows * rowWords);
  if (table > 0) trace.set([newRow, 0, table, 0]);
  const all = weights.reduce((sum, weight) => sum + weight);
  const anyOp = () => {
    let drawn = prng.unit() * all;
    return (
      1 +
      Math.max(
        0,
        weights.findIndex((weight) => (drawn -= weight) < 0),
      )
    );
  };
  /** A root, not the table's; an object in a root, and a slot of it. */
  const anyRoot = () => (table > 0 ? 1 + prng.below(roots - 1) : prng.below(roots));
  const anySlot = () => {
    if (table > 0 && prng.below(2) === 0) return [0, prng.below(table)];
    return [prng.below(roots), prng.below(mostSlots + 1)];
  };
  for (let at = table > 0 ? rowWords : 0; at < trace.length; at += rowWords) {
    const op = anyOp();
    trace[at] = op;
    if (op === newRow) trace.set([anyRoot(), prng.below(mostSlots + 1), prng.below(mostBytes + 1)], at + 1);
    else if (op === 2) trace.set([anyRoot(), ...anySlot()], at + 1);
    else if (op === 3) trace.set([...anySlot(), prng.below(roots)], at + 1);
    else if (op === 4) trace.set(anySlot(), at + 1);
    else if (op === 5) trace.set([anyRoot(), prng.below(roots)], at + 1);
    else if (op < collectRow) trace[at + 1] = anyRoot();
  }
  return { rows: trace, roots };
}

/** A mutator of the lab's with little alive, as long as its steps make it, to so many rows. */
function ownTrace({ mutators, mutatorTrace }, prng, rows) {
  const program = mutators[prng.below(mutators.length)];
  const { rows: all, roots } = mutatorTrace(
    program,
    { steps: 1 + prng.below(4000), reads: prng.below(3), [program.sizing.live]: 8 + prng.below(500) },
    prng,
  );
  return { rows: all.subarray(0, rows * rowWords), roots };
}

/** What is wrong with a heap, by the oracle; null: nothing. Both are walked from the roots, side by side. */
function misses({ object }, { heap, roots, extraWords }, graph) {
  const offsets = new Map();
  const taken = new Set();
  const grey = [];
  const match = (at, expected) => {
    if (expected === null) return at === 0;
    if (offsets.has(expected)) return offsets.get(expected) === at;
    if (at === 0 || taken.has(at) || object.slotsOf(heap, at) !== expected.slots.length) return false;
    const data = at + object.objectHeaderWords + extraWords + expected.slots.length;
    if (expected.bytes > 0 && heap[data] !== expected.number) return false;
    const last = Math.ceil(expected.bytes / 4) - 1;
    if (last > 0 && heap[data + last] !== ~expected.number >>> 0) return false;
    offsets.set(expected, at);
    taken.add(at);
    grey.push(expected);
    return true;
  };
  for (const [i, root] of graph.roots.entries()) {
    if (!match(roots[i], root)) return `root ${i} names ${roots[i]}, not object ${root?.number}`;
  }
  for (let from = grey.pop(); from !== undefined; from = grey.pop()) {
    const first = offsets.get(from) + object.objectHeaderWords + extraWords;
    for (const [slot, target] of from.slots.entries()) {
      if (match(heap[first + slot], target)) continue;
      return `slot ${slot} of object ${from.number} names ${heap[first + slot]}, not object ${target?.number}`;
    }
  }
  return null;
}

/** Where a run takes place: a heap full of rubbish, and all else that it is given. */
function placeOf({ counts, pauses }, image, trace) {
  const roots = new Uint32Array(trace.roots);
  return {
    heap: image.slice(),
    roots,
    scratch: new Uint32Array(image.length + roots.length),
    answers: new Uint32Array(trace.rows.length / rowWords),
    counts: new Float64Array(counts.countNumbers),
    pauses: new Float64Array(pauses.pauseRoom(64)),
  };
}

/** Runs a trace here, the oracle beside it; what the oracle finds, or null. */
function runHere(library, { kind, settings }, place, trace) {
  const { Mutator, ObjectGraph, PauseLog, unwatched } = library;
  const { heap, scratch, roots, answers, counts } = place;
  const room = { heap, scratch, roots, pauses: new PauseLog(place.pauses), watcher: unwatched };
  const mutator = new Mutator(kind.make, room, settings);
  const graph = new ObjectGraph(trace.roots);
  const { collector } = mutator;
  const view = { heap, roots, extraWords: collector.extraWords };
  let row = 0;
  let wrong = null;
  for (; row < answers.length && wrong === null; row++) {
    const answer = mutator.row(trace.rows, row * rowWords);
    if (answer < 0) break;
    answers[row] = answer;
    graph.row(trace.rows, row * rowWords);
    const isCollect = trace.rows[row * rowWords] === collectRow;
    if (!isCollect && row % rowsALook !== 0) continue;
    wrong = misses(library, view, graph);
    if (wrong === null && isCollect) wrong = leftOver(kind, settings, collector, graph);
    if (wrong !== null) wrong = `after row ${row}: ${wrong}`;
  }
  room.pauses.close();
  collector.finish();
  collector.counts.write(counts);
  counts[counts.length - 1] = row;
  return wrong ?? misses(library, view, graph);
}

/** After a full collection: what is there beyond what can be reached, where nothing may be, or was lost count of. */
function leftOver(kind, settings, collector, graph) {
  let held = 0;
  collector.objects(() => held++);
  const reached = graph.reachable().size;
  const isRight = kind.keeps === 'nothing' ? held === reached : held >= reached;
  if (!isRight) return `the heap holds ${held} objects, of which ${reached} can be reached`;
  const { allocatedObjects, freedObjects } = collector.counts;
  const left = allocatedObjects - freedObjects;
  // A lazy sweep counts what it frees when it comes to it.
  const isLazy = kind.id === 'mark-sweep' && settings[0] === 1;
  if (isLazy ? left >= held : left === held) return null;
  return `the heap holds ${held} objects, and ${left} were made and not freed`;
}

function runNative({ binding }, { kind, settings }, place, trace) {
  const { heap, scratch, roots, answers, counts, pauses } = place;
  const given = Uint32Array.from(settings);
  binding.runNative(kind.kernel, [heap, scratch, roots, given, trace.rows, answers, counts, pauses]);
}

/** What differs between two runs, or null. */
function difference(here, native) {
  for (const [name, what] of [
    ['answers', 'row'],
    ['heap', "heap's word"],
    ['roots', 'root'],
  ]) {
    const at = here[name].findIndex((each, i) => each !== native[name][i]);
    if (at >= 0) return `${what} ${at}: ${here[name][at]} in TypeScript, ${native[name][at]} natively`;
  }
  if (isDeepStrictEqual(here.counts, native.counts)) return null;
  return `the counts: ${here.counts} in TypeScript, ${native.counts} natively`;
}

/** A choice's settings by turns: its own, and small random ones, which make rare things frequent, if it takes them. */
function settingsOf(library, choice, prng, heapWords) {
  if (choice.settings.length === 0 || prng.below(2) === 0) return choice.settings;
  // Small ones more often than others: flags and ages are small, and 0 and 1 are at the edge of much.
  const anyNumber = () => prng.below(2 ** (1 + prng.below(7)));
  const settings = choice.settings.map((usual) => (prng.below(3) === 0 ? usual : anyNumber()));
  const heap = new Uint32Array(heapWords);
  const room = { heap, scratch: new Uint32Array(heapWords + 1), roots: new Uint32Array(1) };
  try {
    choice.kind.make(
      { ...room, pauses: new library.PauseLog(new Float64Array(0)), watcher: library.unwatched },
      settings,
    );
    return settings;
  } catch (error) {
    if (error instanceof library.ContractError) return choice.settings;
    throw error;
  }
}

/** One trace of that seed over one collector: rows that were done, and what differs, or null. */
export function compareCollections(library, choice, most, seed) {
  const prng = new library.Prng(seed);
  const rows = Math.min(rowsATrace, most);
  const trace = seed % ownEvery === 0 ? ownTrace(library, prng, rows) : randomTrace(prng, rows);
  // From heaps that are soon exhausted to ones that are seldom collected.
  const heapWords = choice.kind.leastWords + 16 * prng.below(16 * 2 ** prng.below(9));
  const settings = settingsOf(library, choice, prng, heapWords);
  const chosen = { kind: choice.kind, settings };
  const image = Uint32Array.from({ length: heapWords }, () => prng.next());
  const [here, native] = [placeOf(library, image, trace), placeOf(library, image, trace)];
  const wrong = runHere(library, chosen, here, trace);
  runNative(library, chosen, native, trace);
  const done = here.counts.at(-1);
  const what = wrong ?? difference(here, native);
  return {
    // A trace that finds no memory at its first row would go on for ever.
    done: Math.max(1, done),
    wrong: what === null ? null : `settings ${settings.join(' ') || 'none'}, ${heapWords} words: ${what}`,
  };
}
