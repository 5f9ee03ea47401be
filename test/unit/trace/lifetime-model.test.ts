/** Recordings whose program is known: what is made of them, and of that. */
import { describe, expect, test } from 'vitest';
import type { UserError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import {
  ageAt,
  largestDistance,
  type LifetimeModel,
  mostOffHeap,
  scaled,
  shareAt,
  steadyLiveBytes,
} from '../../../src/trace/lifetime-model.ts';
import { lifetimeModelText, parseLifetimeModel } from '../../../src/trace/lifetime-model-file.ts';
import { modelOf } from '../../../src/trace/lifetime-model-make.ts';
import {
  type RawLook,
  readRecording,
  sampleIntervals,
  sizeTable,
} from '../../../src/trace/lifetime-model-raw.ts';
import { traceSurvival } from '../../../src/trace/lifetime-model-trace.ts';
import { lifetimes, liveWords } from '../../../src/trace/lifetimes.ts';
import { mutatorTrace } from '../../../src/trace/mutator.ts';
import { ageScale, modelScale, scaleText } from '../../../src/trace/lifetime-model-scale.ts';
import { modelled } from '../../../src/trace/mutators/modelled.ts';

const intervalBytes = sampleIntervals.fine;
const MiB = 2 ** 20;

interface Shape {
  readonly bytes: number;
  /** Draws a lifetime in bytes allocated. */
  readonly age: (prng: Prng) => number;
}

const exponential = (mean: number) => (prng: Prng) => -mean * Math.log(1 - prng.unit());

/** What V8 says that a sample of an object stands for. */
const standsFor = (bytes: number): number => bytes * Math.round(1 / -Math.expm1(-bytes / intervalBytes));

/** A recording of a program that allocates `shapes` in turn by bytes, looked at now and then. */
function recorded(shapes: readonly Shape[], allocatedBytes: number, looks: number, seed = 1): string {
  const prng = new Prng(seed);
  const head = {
    pid: 1,
    node: '20.20.2',
    program: 'node app.js',
    startedAt: '2026-11-21T12:00:00.000Z',
    intervalBytes,
    baseBytes: 1000,
    baseOffHeap: [300, 100] as const,
  };
  const lines: unknown[] = [head];
  const living = new Map<number, { dies: number; bytes: number }>();
  let known = new Set<number>();
  let [clock, ordinal] = [0, 1];
  for (let look = 1; look <= looks; look++) {
    const from = ordinal++;
    const end = Math.round((look - 0.5 * prng.unit()) * (allocatedBytes / looks));
    const stretch = end - clock;
    for (let at = clock + intervalBytes / 2; at < end; at += intervalBytes) {
      const { bytes, age } = shapes[prng.below(shapes.length)]!;
      living.set(ordinal++, { dies: at + age(prng), bytes });
    }
    clock = end;
    for (const [each, { dies }] of living) if (dies <= clock) living.delete(each);
    const all = [...living].map(([each, { bytes }]): [number, number] => [each, standsFor(bytes)]);
    const line = {
      atNs: 1e6 * look,
      tookNs: 1000,
      allocatedBytes: stretch,
      liveBytes: 1000 + intervalBytes * living.size,
      offHeap: [300 + 50 * MiB + look, 100 + 20 * MiB - look],
      pauses: [
        ['Scavenge', 1000 * look],
        ['MarkSweepCompact', 5000],
      ],
      from,
      to: ordinal++,
    } satisfies RawLook;
    const dead = [...known].filter((each) => !living.has(each));
    lines.push(
      look === looks ? { ...line, all } : { ...line, born: all.filter(([each]) => !known.has(each)), dead },
    );
    known = new Set(living.keys());
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

const facts = { tool: 'linefill 1.2.3', threadsLeftOut: 0 };

function modelFrom(text: string): LifetimeModel {
  return modelOf(readRecording(text)!, facts);
}

/** Shapes with the share that lives at an age. */
const programs: readonly { name: string; shapes: readonly Shape[]; truth: (age: number) => number }[] = [
  {
    name: 'most die young',
    shapes: [
      ...Array.from({ length: 9 }, (): Shape => ({ bytes: 48, age: () => 200 })),
      { bytes: 48, age: exponential(16 * MiB) },
    ],
    truth: (age) => (age < 200 ? 1 : 0.1 * Math.exp(-age / (16 * MiB))),
  },
  {
    name: 'a queue of one length',
    shapes: [{ bytes: 112, age: () => 24 * MiB }],
    truth: (age) => (age < 24 * MiB ? 1 : 0),
  },
  {
    name: 'some live for ever',
    shapes: [
      { bytes: 32, age: exponential(2 * MiB) },
      { bytes: 32, age: exponential(2 * MiB) },
      { bytes: 32, age: exponential(2 * MiB) },
      { bytes: 32, age: () => Infinity },
    ],
    truth: (age) => 0.25 + 0.75 * Math.exp(-age / (2 * MiB)),
  },
];

describe.each(programs)('a program where $name', ({ shapes, truth }) => {
  const model = modelFrom(recorded(shapes, 256 * MiB, 40));

  test('has a survival curve near its own', () => {
    for (let age = model.finestBytes; age < 200 * MiB; age *= 1.5) {
      // Where it falls at once an age may be off by what lies between two looks.
      const near = [age / 1.3, age, age * 1.3].map(truth);
      const share = shareAt(model.survival, age);
      expect(share).toBeGreaterThan(Math.min(...near) - 0.06);
      expect(share).toBeLessThan(Math.max(...near) + 0.06);
    }
  });

  test('has a trace made of its model whose exact curve is near that, and whose live set is as asked', () => {
    const program = modelled(model);
    const [allocatedWords, live] = [2 ** 17, 2 ** 15];
    const trace = mutatorTrace(program, { allocatedWords, liveWords: live }, new Prng(3));
    const scale = ageScale(model, live);
    const ages = model.survival.map(([age]) => age * scale);
    const curve = scaled(traceSurvival(trace, ages), 1 / scale);
    expect(largestDistance(model.survival, curve).distance).toBeLessThan(0.08);
    // The trace is shorter than the longest lifetimes: less lives at once than would in the end.
    expect(liveWords(trace)).toBeGreaterThan(0.25 * live);
    expect(liveWords(trace)).toBeLessThan(1.5 * live);
  });
});

test('sizes have lifetimes of their own', () => {
  const short = { bytes: 24, age: exponential(MiB) };
  const long = { bytes: 4000, age: exponential(64 * MiB) };
  const { classes } = modelFrom(recorded([short, long], 256 * MiB, 40));
  expect(classes.map(({ leastBytes, mostBytes }) => [leastBytes, mostBytes])).toEqual([
    [24, 32],
    [4000, 4096],
  ]);
  const [small, large] = classes.map(({ survival }) => shareAt(survival, 16 * MiB));
  expect(small).toBeLessThan(0.02);
  // In truth 0.78.
  expect(large).toBeGreaterThan(0.6);
  expect(large).toBeLessThan(0.96);
  expect(classes.map(({ sizes }) => sizes)).toEqual([[[24, 1]], [[4000, 1]]]);
});

test('a recording that breaks off has what was seen until then', () => {
  const whole = recorded(programs[0]!.shapes, 128 * MiB, 40);
  const cut = modelFrom(whole.slice(0, Math.floor(whole.length / 2)));
  expect(cut.isComplete).toBe(false);
  expect(cut.looks).toBeLessThan(39);
  expect(cut.looks).toBeGreaterThan(10);
  expect(modelFrom(whole).isComplete).toBe(true);
  expect(readRecording('')).toBeNull();
});

test('a look whose marker was not sampled is left out, and the clock goes on', () => {
  const lines = recorded(programs[2]!.shapes, 256 * MiB, 40)
    .trimEnd()
    .split('\n');
  const without = lines.map((line, i) => (i === 7 ? line.replace(/"to":\d+/, '"to":null') : line));
  const [all, fewer] = [lines, without].map((each) => readRecording(each.join('\n'))!);
  expect(fewer!.allocatedBytes).toBe(all!.allocatedBytes);
  expect(fewer!.sightings.length).toBeLessThan(all!.sightings.length);
});

test('the collections of the program and what lived are summed up', () => {
  const model = modelFrom(recorded(programs[1]!.shapes, 64 * MiB, 20));
  expect(model.pauses).toEqual([
    { kind: 'minor', count: 20, totalNs: 210_000, p50Ns: 10_000, p99Ns: 20_000, maxNs: 20_000 },
    { kind: 'major', count: 20, totalNs: 100_000, p50Ns: 5000, p99Ns: 5000, maxNs: 5000 },
  ]);
  expect(model.live[0]).toEqual([0, 0]);
  expect(Math.abs(model.live.at(-1)![1] - 24 * MiB)).toBeLessThan(MiB);
  expect(Math.abs(steadyLiveBytes(model.survival) - 24 * MiB)).toBeLessThan(3 * MiB);
  expect(model.offHeap!.map(([, ...bytes]) => bytes)).toEqual(
    Array.from({ length: 20 }, (_, i) => [50 * MiB + i + 1, 20 * MiB - i - 1]),
  );
  expect(mostOffHeap(model.offHeap!)).toEqual({
    externalBytes: 50 * MiB + 20,
    arrayBuffersBytes: 20 * MiB - 1,
  });
});

test('the most that lived is kept of many looks', () => {
  const lines = recorded(programs[1]!.shapes, 64 * MiB, 300)
    .trimEnd()
    .split('\n');
  const spiked = lines.map((line, i) => {
    if (i === 0) return line;
    const look = JSON.parse(line) as RawLook;
    const at = { 140: { liveBytes: 1e9 }, 152: { offHeap: [2e9, 0] }, 177: { offHeap: [0, 3e9] } }[i] ?? {};
    return JSON.stringify({ ...look, ...at });
  });
  const { live, offHeap } = modelFrom(spiked.join('\n'));
  expect(live.length).toBeLessThan(125);
  expect(Math.max(...live.map(([, bytes]) => bytes))).toBe(1e9 - 1000);
  expect(mostOffHeap(offHeap!)).toEqual({ externalBytes: 2e9 - 300, arrayBuffersBytes: 3e9 - 100 });
  expect(live.at(-1)![0]).toBe(modelFrom(lines.join('\n')).allocatedBytes);
});

test('too little is no model', () => {
  const text = recorded(programs[1]!.shapes, intervalBytes * 20, 1);
  const tooFew = /only \d+ sampled objects were found alive at 1 look: too few for a model/;
  const messageOf = (looks: string): string => {
    try {
      modelFrom(looks);
    } catch (error) {
      return `${(error as UserError).message}; ${(error as UserError).cure}`;
    }
    return '';
  };
  // What a program of Buffers has lies elsewhere: longer recording would not help.
  expect(messageOf(text)).toMatch(tooFew);
  expect(messageOf(text)).toMatch(
    /off the heap.* 20 MiB in Buffers .* 50 MiB in all .*linefill alloc record/,
  );
  const without = text.replace(/"offHeap":\[[^\]]*\]/, '"offHeap":null');
  expect(messageOf(without)).toMatch(tooFew);
  expect(messageOf(without)).not.toContain('off the heap');
  expect(
    modelFrom(
      recorded(programs[1]!.shapes, 64 * MiB, 20).replaceAll(/"offHeap":\[[^\]]*\]/g, '"offHeap":null'),
    ).offHeap,
  ).toBeNull();
});

test('a size is told by the bytes that its sample stands for', () => {
  for (const interval of Object.values(sampleIntervals)) {
    const sizeOf = sizeTable(interval);
    for (let bytes = 16; bytes <= 80; bytes += 8) {
      expect(sizeOf(bytes * Math.round(1 / -Math.expm1(-bytes / interval)))).toBe(bytes);
    }
    expect(sizeOf(5 * interval)).toBe(5 * interval);
  }
});

test('an age is found again by its share', () => {
  const curve = [
    [0, 1],
    [10, 0.5],
    [20, 0.5],
    [40, 0.1],
  ] as const;
  expect([0.75, 0.3, 0.05].map((share) => ageAt(curve, share))).toEqual([5, 30, 40]);
});

describe('a model file', () => {
  const model = modelFrom(recorded(programs[0]!.shapes, 64 * MiB, 20));
  const text = lifetimeModelText(model);
  const changed = (change: (value: Record<string, unknown>) => void): string => {
    const value = JSON.parse(text) as Record<string, unknown>;
    change(value);
    return JSON.stringify(value);
  };

  test('is read as it was written, but for digits that nobody needs', () => {
    const again = parseLifetimeModel(text, '"app.gc.json"');
    expect(lifetimeModelText(again)).toBe(text);
    expect(largestDistance(again.survival, model.survival).distance).toBeLessThan(0.001);
    expect({ ...again, survival: [], classes: [] }).toEqual({ ...model, survival: [], classes: [] });
  });

  test('of the version before is read, without what lay off the heap', () => {
    const old = changed((v) => {
      v['version'] = 1;
      delete v['offHeap'];
    });
    expect(parseLifetimeModel(old, '"x"')).toEqual({ ...parseLifetimeModel(text, '"x"'), offHeap: null });
  });

  test.each([
    ['text that is no JSON', () => text.slice(0, 99), /^"x" is no recorded model: /],
    ['other JSON', () => '{"format":"linefill-run"}', /^"x" is no recorded model$/],
    [
      'another version',
      () => changed((v) => (v['version'] = 9)),
      /^"x" is of version 9 of its format; .* reads 1 and 2$/,
    ],
    ['a missing field', () => changed((v) => delete v['samples']), /^"x": samples is missing$/],
    [
      'a field of another type',
      () => changed((v) => (v['program'] = 7)),
      /^"x": program must be a text, not 7$/,
    ],
    [
      'a share above 1',
      () => changed((v) => ((v['classes'] as { byteShare: number }[])[0]!.byteShare = 2)),
      /^"x": classes\[0\]\.byteShare must be 1 or less, not 2$/,
    ],
    [
      'a curve that rises',
      () =>
        changed(
          (v) =>
            (v['survival'] = [
              [0, 1],
              [5, 0.2],
              [9, 0.4],
            ]),
        ),
      /^"x": survival must have ages that ascend from 0 and shares that fall from 1$/,
    ],
    ['no class', () => changed((v) => (v['classes'] = [])), /^"x": classes must have an entry or more$/],
  ])('with %s is refused by name', (_, make, message) => {
    expect(() => parseLifetimeModel(make(), '"x"')).toThrow(message);
  });
});

describe('unless it is told, a made trace has live', () => {
  const usual = (
    bytes: number,
    ageMiB: number,
  ): { liveBytes: number; objects: number; model: LifetimeModel } => {
    const model = modelFrom(recorded([{ bytes, age: () => ageMiB * MiB }], 256 * MiB, 40));
    const { liveWords: words, allocatedWords } = modelled(model).parameters;
    // What it settles in.
    expect(allocatedWords).toBeGreaterThanOrEqual(4 * words);
    return { liveBytes: 4 * words, objects: (4 * allocatedWords) / bytes, model };
  };

  test("the program's own, where that is little", () => {
    const { liveBytes, objects, model } = usual(2000, 1);
    expect(liveBytes / steadyLiveBytes(model.survival)).toBeCloseTo(1, 3);
    // Half of what the program made: no more is.
    expect(objects / ((128 * MiB) / 2000)).toBeCloseTo(1, 3);
  });

  test('what a million operations turn over, where objects are small', () => {
    const { liveBytes, objects } = usual(112, 64);
    expect(objects / 150_000).toBeCloseTo(1, 2);
    expect(liveBytes / ((150_000 * 112) / 4)).toBeCloseTo(1, 2);
  });

  test('8 MiB, where they are large', () => {
    expect(usual(20_000, 64).liveBytes).toBe(8 * MiB);
  });
});

test('what scale a made trace has is said, and what is cut', () => {
  const model = modelFrom(
    recorded(
      [
        { bytes: 24, age: () => MiB },
        { bytes: 4000, age: () => MiB },
      ],
      64 * MiB,
      20,
    ),
  );
  const live = steadyLiveBytes(model.survival);
  const whole = modelScale(model, live / 4);
  expect(whole).toEqual({ age: 1, mostObjectBytes: 8 * Math.floor(live / 16 / 8), cutShare: 0 });
  expect(scaleText(whole)).toBe("ages are multiplied by 1.00, sizes are the program's own");
  const small = modelScale(model, 2 ** 12);
  expect(small.age).toBeCloseTo(2 ** 14 / live, 6);
  expect(small.mostObjectBytes).toBe(1024);
  // Half of the samples are of each size, and a large one stands for little more than itself.
  expect(small.cutShare).toBeCloseTo(model.classes[1]!.byteShare, 6);
  expect(scaleText(small)).toMatch(
    /^ages are multiplied by 0\.0\d+, sizes are the program's own, but objects of more than 1 KiB, 5\d% of the bytes, are made as several$/,
  );
  const { words } = lifetimes(
    mutatorTrace(modelled(model), { liveWords: 2 ** 12, allocatedWords: 2 ** 15 }, new Prng(1)),
  );
  // Tables and the table of tables are the trace's own.
  expect(Math.max(...words.filter((each) => each % 2 === 0 && each !== 66))).toBe(256);
});

test('a made trace is the same for the same seed, and another for another', () => {
  const program = modelled(modelFrom(recorded(programs[2]!.shapes, 64 * MiB, 20)));
  const rows = (seed: number): Uint32Array =>
    mutatorTrace(program, { allocatedWords: 2 ** 12, liveWords: 2 ** 10 }, new Prng(seed)).rows;
  expect(rows(1)).toEqual(rows(1));
  expect(rows(2)).not.toEqual(rows(1));
});
