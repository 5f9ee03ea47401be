/** Every mutator: rows that do what they say, the live set and the allocation that its parameters promise. */
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { type Lifetimes, lifetimes, liveWordsOver, livesOn } from '../../../src/trace/lifetimes.ts';
import { type MutatorTrace, mutatorOp, mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { mutators, mutatorTrace } from '../../../src/trace/mutators.ts';
import { type GraphObject, ObjectGraph } from '../../../src/trace/object-graph.ts';

type Settings = Readonly<Record<string, number>>;

const wordBytes = 4;

/** Of each mutator: a small one, the parameter that says how much lives, rows in a hundred that may miss. */
const small: Readonly<Record<string, { settings: Settings; live: string; misses: number }>> = {
  rewiring: { settings: { nodes: 100, steps: 3000 }, live: 'nodes', misses: 40 },
  'cache-service': { settings: { entries: 200, steps: 1600 }, live: 'entries', misses: 1 },
  'binary-trees': { settings: { nodes: 63, steps: 4000 }, live: 'nodes', misses: 0 },
  'growing-list': { settings: { nodes: 300, steps: 3000 }, live: 'nodes', misses: 1 },
  cycles: { settings: { rings: 50, steps: 1000 }, live: 'rings', misses: 10 },
  'slow-consumer': { settings: { queued: 100, steps: 4000 }, live: 'queued', misses: 0 },
  strings: { settings: { strings: 200, steps: 4000 }, live: 'strings', misses: 10 },
};

function traceOf(id: string, settings: Settings = {}, seed = 7): MutatorTrace {
  const program = mutators.find((each) => each.id === id)!;
  return mutatorTrace(program, settings, new Prng(seed));
}

function mostOf(live: Float64Array): number {
  return live.reduce((most, words) => Math.max(most, words), 0);
}

/** What a trace allocates and has live at most, in words, and its rows. */
function amount(trace: MutatorTrace): { allocated: number; live: number; rows: number } {
  const found = lifetimes(trace);
  return {
    allocated: found.allocatedWords[found.made]!,
    live: mostOf(liveWordsOver(found)),
    rows: trace.rows.length / mutatorRowWords,
  };
}

/** Loads, stores and uses that find no object, or not the slot that they name. */
function missesOf({ rows, roots }: MutatorTrace): number {
  const graph = new ObjectGraph(roots);
  let misses = 0;
  for (let at = 0; at < rows.length; at += mutatorRowWords) {
    const [op, second, third, fourth] = rows.subarray(at, at + mutatorRowWords) as unknown as number[];
    const isLoad = op === mutatorOp.load;
    const isStore = op === mutatorOp.store || op === mutatorOp.erase;
    const object = graph.roots[isLoad ? third! : second!];
    if (isLoad && !((object?.slots.length ?? 0) > fourth!)) misses++;
    if (isStore && !((object?.slots.length ?? 0) > third!)) misses++;
    if (op === mutatorOp.use && object === null) misses++;
    graph.row(rows, at);
  }
  return misses;
}

it('there is a small one of each', () => {
  expect(Object.keys(small).toSorted()).toEqual(mutators.map(({ id }) => id).toSorted());
});

describe.each(mutators.map((program) => [program.id, program] as const))('%s', (id, program) => {
  const { settings, live: liveName, misses } = small[id]!;
  const usual = amount(traceOf(id, settings));

  it('is the same for a seed', () => {
    const bytes = (seed: number): Buffer => Buffer.from(traceOf(id, settings, seed).rows.buffer);
    expect(bytes(7).equals(bytes(7))).toBe(true);
    // A list has nothing to draw.
    expect(bytes(8).equals(bytes(7))).toBe(id === 'growing-list');
  });

  it('has few roots, and rows that find what they name', () => {
    const trace = traceOf(id, settings);
    expect(trace.roots).toBeLessThanOrEqual(16);
    expect((100 * missesOf(trace)) / usual.rows).toBeLessThanOrEqual(misses);
  });

  it('has as much live as its parameter says, however long it goes on', () => {
    const doubled = { ...settings, [liveName]: 2 * settings[liveName]! };
    const larger = amount(traceOf(id, doubled)).live / usual.live;
    expect(larger).toBeGreaterThan(1.7);
    expect(larger).toBeLessThan(2.3);
    const longer = amount(traceOf(id, { ...settings, steps: 2 * settings['steps']! })).live / usual.live;
    expect(longer).toBeGreaterThan(0.99);
    expect(longer).toBeLessThan(1.3);
  });

  it('allocates as long as its steps say, and reads between as often as it is told', () => {
    const longer = amount(traceOf(id, { ...settings, steps: 2 * settings['steps']! }));
    // Strings are short in their first turns, and a tree is made beside the steps.
    expect(longer.allocated / usual.allocated).toBeGreaterThan(1.6);
    expect(longer.allocated / usual.allocated).toBeLessThan(2.6);
    const read = amount(traceOf(id, { ...settings, reads: 10 }));
    expect(read.rows).toBeGreaterThan(1.2 * usual.rows);
    expect(read.live / usual.live).toBeGreaterThan(0.8);
    expect(read.live / usual.live).toBeLessThan(1.2);
  });

  it('takes whatever its limits let through, and nothing else', () => {
    const least = Object.fromEntries(
      Object.keys(program.parameters).map((name) => [name, program.limits?.[name]?.[0] ?? 0]),
    );
    for (const steps of [0, 1, 50]) {
      expect(amount(traceOf(id, { ...least, steps })).live).toBeGreaterThanOrEqual(0);
    }
    expect(() => traceOf(id, { colour: 1 })).toThrow(ContractError);
    for (const [name, [lowest, most]] of Object.entries(program.limits ?? {})) {
      expect(program.parameters[name], name).toBeDefined();
      expect(() => traceOf(id, { [name]: most + 1 })).toThrow(
        `${name} must be a whole number from ${lowest} to`,
      );
      expect(() => traceOf(id, { [name]: lowest - 1 })).toThrow(`${name} must be a whole number`);
    }
  });
});

/** Shares of what a trace makes, by its age at death in words allocated: below each bound, and above all. */
function sharesByAge(found: Lifetimes, bounds: readonly number[]): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (let object = 1; object <= found.made; object++) {
    const clock = found.diedAt[object]!;
    const age = clock === livesOn ? Infinity : found.allocatedWords[clock]! - found.allocatedWords[object]!;
    const bound = bounds.findIndex((most) => age <= most);
    counts[bound < 0 ? bounds.length : bound]!++;
  }
  return counts.map((count) => count / found.made);
}

describe('the exact live sets', () => {
  const wordsANode = 6;

  it('binary-trees: its first tree, of any number of nodes', () => {
    expect(amount(traceOf('binary-trees', { nodes: 2 ** 7 - 1 })).live).toBe((2 ** 9 - 1) * wordsANode);
    expect(amount(traceOf('binary-trees', { nodes: 100 })).live).toBe(403 * wordsANode);
  });

  it('growing-list: all of its nodes, the garbage at hand and the next', () => {
    const { live } = amount(traceOf('growing-list', { nodes: 200, steps: 400, bytes: 8, garbage: 1 }));
    // A node of one slot and 8 bytes has 6 words as well.
    expect(live).toBe((200 + 2) * wordsANode);
  });

  it('cycles: rings, closed or not, and the table', () => {
    for (const closedPercent of [0, 50, 100]) {
      const settings = { rings: 10, ringNodes: 5, steps: 500, bytes: 8, closedPercent };
      const table = 12;
      // The new ring, before it takes its place.
      expect(amount(traceOf('cycles', settings)).live).toBe(table + (10 + 1) * 5 * wordsANode);
    }
  });
});

describe('cache-service', () => {
  const brief = { entries: 512, mostBytes: 64 };
  const found = lifetimes(traceOf('cache-service', { ...brief, steps: 2000 }));

  it('has the lifetimes that it was told', () => {
    // Within the request and the next; while a session lasts; longer.
    const [die, later, live] = sharesByAge(found, [800, 8000]) as [number, number, number];
    expect(die).toBeCloseTo(0.9, 1);
    expect(later).toBeCloseTo(0.05, 1);
    expect(live).toBeCloseTo(0.05, 1);
  });

  it('has others where it is told otherwise', () => {
    const other = lifetimes(
      traceOf('cache-service', { ...brief, diePercent: 50, laterPercent: 10, steps: 1000 }),
    );
    const [die, , live] = sharesByAge(other, [800, 8000]) as [number, number, number];
    expect(die).toBeCloseTo(0.5, 1);
    expect(live).toBeGreaterThan(0.3);
  });

  it('keeps a cache whose list and table have the same entries, each once', () => {
    const trace = traceOf('cache-service', { entries: 50, steps: 300 });
    const graph = new ObjectGraph(trace.roots);
    for (let at = 0; at < trace.rows.length; at += mutatorRowWords) graph.row(trace.rows, at);
    const [table, sentinel] = graph.roots as [GraphObject, GraphObject];
    const listed: GraphObject[] = [];
    for (let entry = sentinel.slots[0]!; entry !== sentinel; entry = entry.slots[0]!) {
      expect(entry.slots[0]!.slots[1]).toBe(entry);
      listed.push(entry);
    }
    expect(listed).toHaveLength(50);
    expect(new Set(listed)).toEqual(new Set(table.slots));
  });

  it('evicts what was used least recently', () => {
    // Without looks the cache is a queue: entries die in the order in which they came.
    const trace = traceOf('cache-service', {
      entries: 20,
      steps: 200,
      diePercent: 0,
      laterPercent: 0,
      reads: 0,
    });
    const { diedAt, made } = lifetimes(trace);
    // The table, the list and the sessions come first.
    const kept = [...diedAt.subarray(4, made + 1)].filter((clock, i) => clock > i + 4 + 20);
    expect(kept.length).toBeGreaterThan(3000);
    expect(kept).toEqual(kept.toSorted((a, b) => a - b));
  });
});

describe('slow-consumer', () => {
  it('serves in the order in which it was asked', () => {
    const trace = traceOf('slow-consumer', { queued: 50, steps: 2000 });
    const { diedAt, made } = lifetimes(trace);
    const links = [...diedAt.subarray(1, made + 1)].filter((_, i) => i % 2 === 1);
    expect(links).toEqual(links.toSorted((a, b) => a - b));
    expect(links.filter((clock) => clock === livesOn).length).toBeLessThanOrEqual(50);
  });
});

describe('strings', () => {
  it('have all sizes, and by turns short ones only', () => {
    const { rows } = traceOf('strings', { strings: 500, steps: 4000, joinPercent: 0 });
    const sizes: number[] = [];
    for (let at = mutatorRowWords; at < rows.length; at += mutatorRowWords) {
      if (rows[at] === mutatorOp.new) sizes.push(rows[at + 3]!);
    }
    expect(Math.max(...sizes.slice(0, 1000))).toBeLessThanOrEqual(512);
    const next = sizes.slice(1000, 2000);
    for (const log of [3, 6, 9, 12]) {
      const within = next.filter((bytes) => bytes > 2 ** (log - 1) && bytes <= 2 ** log).length;
      expect(within).toBeGreaterThan(50);
    }
    expect(Math.max(...sizes.slice(2000, 3000))).toBeLessThanOrEqual(512);
  });
});

it.each(mutators.map((program) => [program.id, program] as const))(
  '%s: as it is, has some hundred KiB live or more, and allocates them some times over',
  (_, program) => {
    const { allocated, live } = amount(mutatorTrace(program, {}, new Prng(1)));
    expect(live * wordBytes).toBeGreaterThan(2 ** 18);
    expect(live * wordBytes).toBeLessThan(2 ** 21);
    // More than the largest heap of collector-space.
    expect(allocated / live).toBeGreaterThan(7);
  },
);
