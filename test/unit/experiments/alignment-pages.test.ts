/** Where accesses lie on a machine whose pages have 16 KiB. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import {
  unalignedAdd,
  unalignedChase,
  unalignedLoad,
  unalignedStore,
} from '../../../src/experiments/hardware/alignment-kernels.ts';
import type { Kernel, Room } from '../../../src/kernel/kernel.ts';
import * as binding from '../../../src/native/binding.ts';

const pageBytes = 16_384;

beforeEach(() => {
  const real = binding.environment();
  vi.spyOn(binding, 'environment').mockReturnValue({ ...real, pageBytes });
});
afterEach(() => vi.restoreAllMocks());

it.each([unalignedLoad, unalignedStore, unalignedChase, unalignedAdd] as unknown as Kernel[])(
  '$id begins its memory at a page, so that the ends of pages are where they are meant to be',
  (kernel) => {
    const alignments: (number | undefined)[] = [];
    const room = {
      array: (_: string, length: number, alignment?: number) => {
        alignments.push(alignment);
        return new Uint8Array(length);
      },
      share: (_: string, make: () => unknown) => make(),
    } as unknown as Room;
    const point = {
      boundary: 'page',
      offsetBytes: 62,
      widthBytes: 8,
      passes: 1,
      passesAcross: 1,
      hops: 1,
    };
    const args = kernel.setup({ point, prng: new Prng(1), room, member: 0, members: 1, cpus: [] });
    expect(args).toMatchObject({ first: pageBytes - 2 });
    expect(alignments).toEqual([pageBytes]);
  },
);
