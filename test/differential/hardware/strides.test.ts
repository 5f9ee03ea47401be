/** Native and reference follow the same links to the same end, whatever the strides, the sets and the pages. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { stridedChase } from '../../../src/experiments/hardware/stride-and-associativity-kernels.ts';
import { pageAdds, pageChase } from '../../../src/experiments/hardware/tlb-reach-kernels.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import type { Kernel, Point } from '../../../src/kernel/kernel.ts';
import { inOrder, type Signature } from '../../../src/kernel/signature.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { runNative } from '../../../src/native/binding.ts';

/** Sets up twice from one seed and runs each language over its own inputs, twice in a row. */
function expectAgreement<S extends Signature>(kernel: Kernel<S>, point: Point): void {
  const rooms = [new GroupRoom(), new GroupRoom()] as const;
  try {
    const [native, typescript] = rooms.map((room) =>
      kernel.setup({ point, prng: new Prng(9), room, member: 0, members: 1, cpus: [] }),
    ) as [ReturnType<typeof kernel.setup>, ReturnType<typeof kernel.setup>];
    const one = runNative(kernel.id, inOrder(kernel.signature, native), { iterations: 2 }).checksum;
    kernel.reference(typescript);
    const other = kernel.reference(typescript);
    const found = disagreement(
      kernel as unknown as Kernel,
      { checksum: one, args: native },
      { checksum: other, args: typescript },
    );
    expect(found, JSON.stringify(point)).toBeNull();
  } finally {
    for (const room of rooms) room.close();
  }
}

describe('stride-and-associativity', () => {
  const strides = [8, 12, 64, 96, 4096, 4160, 65_536];

  it('agrees on walks in either order', () => {
    for (const strideBytes of strides) {
      for (const order of ['sequential', 'in-page']) {
        const point = { arrangement: 'walk', order, addresses: 'all', strideBytes, workingSetBytes: 2 ** 17 };
        expectAgreement(stridedChase, point);
      }
    }
  });

  it('agrees on a few, from one on', () => {
    for (const strideBytes of strides) {
      for (const addresses of ['1', '2', '9', 24]) {
        expectAgreement(stridedChase, { arrangement: 'apart', addresses, strideBytes });
        expectAgreement(stridedChase, { arrangement: 'pairs', addresses, strideBytes });
      }
    }
  });
});

describe('tlb-reach', () => {
  it('agrees however the lines lie', () => {
    for (const spacing of ['line', 'page', 'huge-page', 'anywhere']) {
      for (const pageCount of [1, 3, 33, ...(spacing === 'huge-page' ? [] : [1030])]) {
        expectAgreement(pageChase, { spacing, pageCount, pageBytes: 4096, pages: 'small' });
      }
    }
  });

  it('agrees on the chain of additions beside them', () => {
    for (const pageCount of [1, 2000]) expectAgreement(pageAdds, { pageCount });
  });
});
