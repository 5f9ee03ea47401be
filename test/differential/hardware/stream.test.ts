/**
 * Passes and the loaded chase: native and reference give the same answer and leave the same contents, in every width
 * that this CPU has, from inputs that are copies of one another.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operations, streamReference, touch } from '../../../src/experiments/hardware/bandwidth-reference.ts';
import { linkInOrder, visitingOrder } from '../../../src/kernel/chase-order.ts';
import {
  loadedChase,
  type LoadedArguments,
} from '../../../src/experiments/hardware/loaded-latency-kernels.ts';
import { stream } from '../../../src/experiments/hardware/bandwidth-kernels.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { Prng } from '../../../src/base/prng.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { environment, runNative } from '../../../src/native/binding.ts';

const { features, compiler } = environment();
/** GCC 10 and Clang 16 are the first that can build the loops of SVE. */
const buildsSve = /^(gcc [1-9]\d|clang (1[6-9]|[2-9]\d))/.test(compiler);
/** The argument "width", by name; those that this CPU lacks are refused. */
const widths = { widest: 0, scalar: 1, sse2: 2, neon: 3, avx2: 4, avx512f: 5, sve: 6 } as const;
const isHere = (name: keyof typeof widths): boolean =>
  name === 'widest' || name === 'scalar' || (features[name] && (name !== 'sve' || buildsSve));
const names = Object.keys(widths) as (keyof typeof widths)[];
const runs = { seed: 21, numRuns: 200 };

/** Whole numbers, so that no sum is rounded, whatever its order; the last one is not 0, or it would be filled. */
const contents = (length: number) =>
  fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: length, maxLength: length }).map((numbers) => {
    if (length > 0 && numbers.at(-1) === 0) numbers[length - 1] = 7;
    return numbers;
  });

interface Inputs {
  readonly a: number[];
  readonly b: number[];
  readonly c: number[];
}

const inputs = fc
  .nat({ max: 200 })
  .chain((length) => fc.record<Inputs>({ a: contents(length), b: contents(length), c: contents(length) }));

/** Fresh arrays for an operation: empty where it touches none; `a` at the start of a page. */
function arraysFor({ a, b, c }: Inputs, operation: number) {
  const name = operations[operation]!;
  const region = new (environment().Region)(4096, { alignment: 4096 });
  const written = new Float64Array(region.buffer, 0, name === 'read' ? 0 : a.length);
  if (name !== 'read') written.set(a);
  const reads = ['write', 'fill', 'nt-write'].includes(name) ? 0 : /add|triad/.test(name) ? 2 : 1;
  return {
    a: written,
    b: Float64Array.from(reads > 0 ? b : []),
    c: Float64Array.from(reads > 1 ? c : []),
    tookNs: new Float64Array(1),
  };
}

describe('stream', () => {
  const some = names.filter((name) => isHere(name));

  it.each(some)('agrees for every operation, any contents and any length: %s', (name) => {
    const isNonTemporal = fc.constantFrom(...operations.keys()).filter((operation) => {
      const isScalable = isHere('sve') && ['widest', 'sve'].includes(name);
      const has = isScalable || (process.arch === 'x64' && name !== 'scalar' && features.sse2);
      return has || !operations[operation]!.startsWith('nt-');
    });
    fc.assert(
      fc.property(inputs, isNonTemporal, fc.nat({ max: 3 }), (given, operation, passes) => {
        const [native, typescript] = [arraysFor(given, operation), arraysFor(given, operation)];
        const { a, b, c, tookNs } = native;
        const args = [a, b, c, operation, widths[name], passes, tookNs];
        const { checksum } = runNative('stream', args);
        expect(checksum).toBe(streamReference({ ...typescript, operation, passes }));
        expect([...native.a]).toEqual([...typescript.a]);
        expect([...native.b]).toEqual([...typescript.b]);
        expect([...native.c]).toEqual([...typescript.c]);
        expect(tookNs[0]).toBeGreaterThanOrEqual(0);
      }),
      runs,
    );
  });

  it('does what its operations are called', () => {
    const given = { a: [9, 9, 9], b: [1, 2, 3], c: [10, 20, 30] };
    const left = (name: (typeof operations)[number]): number[] => {
      const operation = operations.indexOf(name);
      const { a, b, c, tookNs } = arraysFor(given, operation);
      runNative('stream', [a, b, c, operation, 1, 1, tookNs]);
      return [...a];
    };
    expect(left('write')).toEqual([3, 3, 3]);
    expect(left('copy')).toEqual([1, 2, 3]);
    expect(left('memcpy')).toEqual([1, 2, 3]);
    expect(left('scale')).toEqual([3, 6, 9]);
    expect(left('add')).toEqual([11, 22, 33]);
    expect(left('triad')).toEqual([31, 62, 93]);
    const bytes = new Uint8Array(Float64Array.from(left('fill')).buffer);
    expect(new Set(bytes)).toEqual(new Set([0x40]));
    const { b, tookNs } = arraysFor(given, 0);
    const none = new Float64Array(0);
    const sum = runNative('stream', [none, b, none, 0, 1, 5, tookNs]).checksum;
    expect(new Float64Array(BigUint64Array.of(sum).buffer)[0]).toBe(5 * (1 + 2 + 3));
  });

  it('touches arrays that end in 0, and leaves others alone', () => {
    const [fresh, used] = [new Float64Array(5000), Float64Array.of(0, 0, 5)];
    expect([...touch(fresh).subarray(4091, 4095)]).toEqual([4092, 4093, 1, 2]);
    expect([...touch(used)]).toEqual([0, 0, 5]);
    const native = new Float64Array(5000);
    const none = new Float64Array(0);
    runNative('stream', [none, native, none, 0, 0, 0, new Float64Array(1)]);
    expect(native).toEqual(fresh);
  });

  it('samples the first, the last and what lies between', () => {
    const answer = (at: number): bigint => {
      const { a, b, c, tookNs } = arraysFor({ a: [], b: [], c: [] }, 2);
      const [to, from] = [new Float64Array(1000), new Float64Array(1000).fill(1)];
      from[at] = 5;
      expect([a.length, b.length, c.length]).toEqual([0, 0, 0]);
      return runNative('stream', [to, from, c, 2, 1, 1, tookNs]).checksum;
    };
    expect(new Set([answer(0), answer(999), answer(16), answer(333)]).size).toBe(4);
  });

  it('finds ends that nobody has written, whoever wrote there before', () => {
    const room = new GroupRoom();
    const point = { workingSetBytes: 4096, threads: 1, way: 'write' };
    const again = () => stream.setup({ point, prng: new Prng(1), room, member: 0, members: 1, cpus: [0] });
    const first = again();
    runNative('stream', inOrder(stream.signature, first));
    expect([first.a[0], first.a.at(-1)]).toEqual([3, 3]);
    const second = again();
    expect(second.a.byteOffset).toBe(first.a.byteOffset);
    expect([second.a[0], second.a.at(-1)]).toEqual([-1, -1]);
    room.close();
  });

  it('refuses what it can’t do, and says what it can', () => {
    const page = () => new Float64Array(new (environment().Region)(4096, { alignment: 4096 }).buffer);
    const [full, none] = [page(), new Float64Array(0)];
    const took = new Float64Array(1);
    const call =
      (...args: unknown[]) =>
      () =>
        runNative('stream', args);
    expect(call(none, page(), none, 11, 0, 1, took)).toThrow(
      '"operation" must be from 0 (read) to 10 (non-temporal triad), not 11',
    );
    expect(call(none, page(), none, 0, 9, 1, took)).toThrow(
      '"width" must be one of 0 (the widest), 1 (scalar)',
    );
    expect(call(full, page(), none, 0, 0, 1, took)).toThrow(
      '"a" must have 0 elements for this operation, not 512',
    );
    expect(call(full, full.slice(1), none, 2, 0, 1, took)).toThrow('"b" must have 512 elements');
    expect(call(full, page(), none, 5, 0, 1, took)).toThrow('"c" must have 512 elements');
    expect(call(full, page(), none, 2, 0, 1, none)).toThrow('"tookNs" must hold at least 1 element');
    expect(call(full, none, none, 8, 1, 1, took)).toThrow('"width" has no non-temporal stores here');
    for (const name of names.filter((each) => !isHere(each))) {
      expect(call(none, page(), none, 0, widths[name], 1, took)).toThrow('"width" must be one of');
    }
  });

  it.skipIf(process.arch !== 'x64')('refuses non-temporal stores to what is not aligned', () => {
    const unaligned = new Float64Array(new (environment().Region)(4096, { alignment: 4096 }).buffer, 8, 64);
    const none = new Float64Array(0);
    expect(() => runNative('stream', [unaligned, none, none, 8, 0, 1, new Float64Array(1)])).toThrow(
      '"a" must start at a multiple of 64 bytes for non-temporal stores',
    );
  });
});

describe('loaded-chase', () => {
  const shared = (words: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(4 * words));

  function chaser(slots: number, hops: number, seed: number): LoadedArguments {
    const order = visitingOrder('in-16-pages', slots, 64, new Prng(seed));
    const cursor = shared(1).fill(order[0]!);
    return {
      links: linkInOrder(shared(16 * slots), order),
      cursor,
      stream: new Float64Array(0),
      laps: shared(1),
      seen: new Float64Array(16),
      member: 0,
      members: 1,
      hops,
      pauseNs: 1,
    };
  }

  const run = (args: LoadedArguments): bigint =>
    runNative('loaded-chase', inOrder(loadedChase.signature, args)).checksum;

  it('chases alone as its reference does, lap after lap, and comes home', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat({ max: 700 }), fc.nat(), (slots, hops, seed) => {
        const [native, typescript] = [chaser(slots, hops, seed), chaser(slots, hops, seed)];
        for (let lap = 1; lap <= 3; lap++) {
          expect(run(native)).toBe(loadedChase.reference(typescript));
          expect([native.laps[0], typescript.laps[0]]).toEqual([lap, lap]);
          expect(native.cursor).toEqual(typescript.cursor);
        }
        const home = chaser(slots, slots, seed);
        const first = home.cursor[0];
        expect(run(home)).toBe(BigInt(first!));
      }),
      { ...runs, numRuns: 60 },
    );
  });

  it('streams no longer than the chase has laps, across the end of 32 bits', () => {
    const streamer = (lap: number): LoadedArguments => {
      const laps = shared(33);
      laps[0] = lap;
      laps[32] = lap - 1;
      return {
        ...chaser(1, 0, 1),
        laps,
        stream: new Float64Array(1024),
        member: 1,
        members: 2,
      };
    };
    for (const lap of [1, 7, 0, 2 ** 31]) {
      const [native, typescript] = [streamer(lap), streamer(lap)];
      expect(run(native)).toBe(BigInt(lap));
      expect(loadedChase.reference(typescript)).toBe(BigInt(lap));
      expect(native.laps).toEqual(typescript.laps);
      expect(native.stream).toEqual(typescript.stream);
    }
  });

  it('refuses to leave its links, and ends the lap all the same', () => {
    const args = chaser(1, 3, 1);
    for (const wild of [64, 2, 0xffff_fffc]) {
      args.links[0] = wild;
      args.laps[0] = 5;
      expect(() => run(args), String(wild)).toThrow("has an offset that is no element's");
      expect([args.laps[0], args.cursor[0]]).toEqual([6, 0]);
    }
    args.links[0] = 0;
    args.cursor[0] = 4096;
    expect(() => run(args)).toThrow("has an offset that is no element's");
  });

  it('refuses what makes no team', () => {
    const args = chaser(1, 1, 1);
    const wrong = (more: Partial<LoadedArguments>) => () => run({ ...args, ...more });
    expect(wrong({ members: 0 })).toThrow('"members" must be from 1 to 1024, not 0');
    expect(wrong({ member: 1 })).toThrow('"member" must be below 1, not 1');
    expect(wrong({ members: 2 })).toThrow('"laps" must have at least 33 elements, not 1');
    expect(wrong({ laps: shared(33), member: 1, members: 2 })).toThrow('"stream" must have at least 512');
    expect(wrong({ pauseNs: 1_000_001 })).toThrow('"pauseNs" must be at most 1000000');
    expect(wrong({ seen: new Float64Array(15) })).toThrow('"seen" must have at least 16');
    expect(wrong({ cursor: shared(0) })).toThrow('"cursor" must have at least 1');
  });
});
