/**
 * Memory for a group's inputs: mapped regions for one thread, SharedArrayBuffers for a team, aligned as asked and
 * all released when the group is done.
 */
import type { Room, RoomArrays } from '../kernel/kernel.ts';
import { environment, type Pages, type Region } from '../native/binding.ts';

const constructors = {
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  uint64: BigUint64Array,
} as const;

function view<T extends keyof RoomArrays>(
  element: T,
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
): RoomArrays[T] {
  return new constructors[element](buffer as ArrayBuffer, offset, length) as unknown as RoomArrays[T];
}

function release(region: Region): void {
  try {
    region.discard();
  } catch {
    region.dispose();
  }
}

/** The same room, with what it shares kept apart from what others share: a team's own line is not another's. */
export function scoped(room: Room, scope: string): Room {
  return {
    array: (element, length, alignment, pages) => room.array(element, length, alignment, pages),
    shared: (element, length, alignment) => room.shared(element, length, alignment),
    addressOf: (array) => room.addressOf(array),
    hugeBytes: (array) => room.hugeBytes(array),
    share: (key, make) => room.share(`${scope}/${key}`, make),
  };
}

/** A room whose own arrays lie in `own`, and what it shares in `inputs`, which outlives it. */
export function sharingWith(inputs: GroupRoom, own: GroupRoom): Room {
  let home = own;
  return {
    array: (element, length, alignment, pages) => home.array(element, length, alignment, pages),
    shared: (element, length, alignment) => home.shared(element, length, alignment),
    addressOf: (array) => own.addressOf(array),
    hugeBytes: (array) => own.hugeBytes(array) ?? inputs.hugeBytes(array),
    share: (key, make) =>
      inputs.share(key, () => {
        home = inputs;
        try {
          return make();
        } finally {
          home = own;
        }
      }),
  };
}

/**
 * A room whose memory lives until `close()`. That gives the pages back but leaves the (now zero) arrays attached: the
 * first detached ArrayBuffer of a process makes V8 check for detachment in every typed-array loop from then on, and
 * all TypeScript after it would be measured slower.
 */
export class GroupRoom implements Room {
  readonly #regions: Region[] = [];
  readonly #shared = new Map<string, unknown>();

  array<T extends keyof RoomArrays>(
    element: T,
    length: number,
    alignment = 64,
    pages: Pages = 'system',
  ): RoomArrays[T] {
    const bytes = length * constructors[element].BYTES_PER_ELEMENT;
    const native = environment();
    const region = new native.Region(Math.max(1, bytes), { alignment, pages });
    this.#regions.push(region);
    return view(element, region.buffer, 0, length);
  }

  shared<T extends keyof RoomArrays>(element: T, length: number, alignment = 64): RoomArrays[T] {
    const bytes = length * constructors[element].BYTES_PER_ELEMENT;
    const buffer = new SharedArrayBuffer(bytes + alignment);
    const address = environment().addressOf(new Uint8Array(buffer));
    const offset = Number((BigInt(alignment) - (address % BigInt(alignment))) % BigInt(alignment));
    return view(element, buffer, offset, length);
  }

  share<T>(key: string, make: () => T): T {
    if (!this.#shared.has(key)) this.#shared.set(key, make());
    return this.#shared.get(key) as T;
  }

  addressOf(array: ArrayBufferView): bigint {
    return environment().addressOf(array);
  }

  hugeBytes(array: ArrayBufferView): number | null {
    return this.#regions.find(({ buffer }) => buffer === array.buffer)?.hugeBytes() ?? null;
  }

  close(): void {
    for (const region of this.#regions) release(region);
    this.#regions.length = 0;
    this.#shared.clear();
  }
}
