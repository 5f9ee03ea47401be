/** What a kernel is set up with, and where its memory lies. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Kernel, Place } from '../../../src/kernel/kernel.ts';
import { GroupRoom, scoped } from '../../../src/measure/room.ts';
import { inputSeed } from '../../../src/kernel/input-seed.ts';
import { setUp } from '../../../src/measure/thread-arm.ts';
import { environment } from '../../../src/native/binding.ts';
import { makeKernel } from '../experiment/made.ts';

describe('the seed of inputs', () => {
  it('is equal for equal points, whatever their texts: those choose among the same inputs', () => {
    expect(inputSeed(7, { size: 10, order: 'random' })).toBe(inputSeed(7, { size: 10, order: 'strided' }));
    expect(inputSeed(7, { size: 10 })).toBe(inputSeed(7, { size: 10, on: true }));
  });

  it('differs with the run’s seed, a number, and a number’s name', () => {
    const seeds = [
      inputSeed(7, { size: 10 }),
      inputSeed(8, { size: 10 }),
      inputSeed(7, { size: 11 }),
      inputSeed(7, { sizes: 10 }),
      inputSeed(7, {}),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('is a 32-bit word that spreads over neighbouring sizes', () => {
    const seeds = Array.from({ length: 1000 }, (_, size) => inputSeed(1, { size }));
    expect(new Set(seeds).size).toBe(1000);
    for (const seed of seeds) expect(seed).toBe(seed >>> 0);
  });

  it('gives a kernel the same random words each time it is set up, as each member', () => {
    const setup = ({ prng, member, members }: Place) => ({ word: prng.next(), member, members });
    const kernel = { ...makeKernel(), setup } as unknown as Kernel;
    const seat = { room: new GroupRoom(), seed: 5, cpus: [0] };
    const first = setUp(kernel, { size: 3 }, seat);
    expect(setUp(kernel, { size: 3 }, seat)).toEqual(first);
    expect(first).toMatchObject({ member: 0, members: 1 });
    expect(setUp(kernel, { size: 3 }, seat, 1, 2)).toEqual({ ...first, member: 1, members: 2 });
  });
});

describe('a room', () => {
  const rooms: GroupRoom[] = [];
  afterEach(() => {
    for (const room of rooms.splice(0)) room.close();
  });
  const made = (): GroupRoom => {
    rooms.push(new GroupRoom());
    return rooms.at(-1)!;
  };

  it('gives zeroed arrays at the alignment asked, by their real addresses', () => {
    const room = made();
    for (const alignment of [64, 128, 256, 4096]) {
      const own = room.array('float64', 100, alignment);
      const shared = room.shared('uint32', 100, alignment);
      expect(room.addressOf(own) % BigInt(alignment)).toBe(0n);
      expect(room.addressOf(shared) % BigInt(alignment)).toBe(0n);
      expect(environment().addressOf(shared)).toBe(room.addressOf(shared));
      expect([own.length, shared.length]).toEqual([100, 100]);
      expect(own.every((value) => value === 0) && shared.every((value) => value === 0)).toBe(true);
      expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
    expect(room.addressOf(room.array('uint8', 3)) % 64n).toBe(0n);
  });

  it('gives every element type, and none of it', () => {
    const room = made();
    for (const element of ['int32', 'uint32', 'float32', 'float64', 'uint8', 'uint64'] as const) {
      expect(room.array(element, 5)).toHaveLength(5);
      expect(room.shared(element, 5)).toHaveLength(5);
      expect(room.array(element, 0)).toHaveLength(0);
      expect(room.shared(element, 0)).toHaveLength(0);
    }
  });

  it('shares by key, once made', () => {
    const room = made();
    let times = 0;
    const make = (): number => ++times;
    expect([room.share('a', make), room.share('a', make), room.share('b', make)]).toEqual([1, 1, 2]);
    expect([room.share('none', () => undefined), room.share('none', make)]).toEqual([undefined, undefined]);
  });

  it('keeps what is shared under one scope from another', () => {
    const room = made();
    const [one, other] = [scoped(room, 'one'), scoped(room, 'other')];
    expect(one.share('line', () => 1)).toBe(1);
    expect(other.share('line', () => 2)).toBe(2);
    expect(one.share('line', () => 3)).toBe(1);
    expect(room.share('line', () => 4)).toBe(4);
    const array = one.shared('uint32', 4, 256);
    expect(one.addressOf(array)).toBe(room.addressOf(array));
    expect(one.array('int32', 4)).toHaveLength(4);
  });

  it('takes its pages back when it closes but detaches no array, and closes twice', () => {
    const room = new GroupRoom();
    const own = room.array('float64', 100_000).fill(1);
    const shared = room.shared('float64', 10).fill(1);
    room.close();
    expect(own.length).toBe(100_000);
    expect(own.every((value) => value === 0)).toBe(true);
    expect(shared.every((value) => value === 1)).toBe(true);
    room.close();
  });
});
