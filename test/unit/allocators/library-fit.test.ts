/** Which traces a library's allocators are given. */
import { describe, expect, it } from 'vitest';
import { unfitPeer } from '../../../src/experiments/allocation/library-fit.ts';
import type { PeerId } from '../../../src/experiments/allocation/peers.ts';
import { environment } from '../../../src/native/binding.ts';
import { type AllocationTrace, TraceWriter } from '../../../src/trace/rows.ts';

function traceOf(...requests: readonly (readonly [bytes: number, alignment: number])[]): AllocationTrace {
  const writer = new TraceWriter();
  for (const [id, [bytes, alignment]] of requests.entries()) writer.alloc(id, bytes, alignment);
  return writer
    .realloc(0, ...requests[0]!)
    .free(0)
    .finish();
}

const plenty = 2 ** 32;

describe("a library's allocators", () => {
  it('a pool for one size serves no other', () => {
    expect(unfitPeer('boost-pool', traceOf([24, 8], [24, 16]), false, plenty)).toBeNull();
    expect(unfitPeer('boost-pool', traceOf([24, 8], [32, 8]), true, plenty)).toMatch(
      /and 2 sizes are asked for/,
    );
    expect(unfitPeer('boost-pool', traceOf([24, 32]), true, plenty)).toMatch(
      /to 16 B, and 32 B are asked for/,
    );
  });

  it('a buffer that takes nothing back has a part where it is named, and where all fits', () => {
    const trace = traceOf([1000, 8], [2000, 8]);
    expect(unfitPeer('pmr-monotonic', trace, false, plenty)).toMatch(/name it to have it/);
    expect(unfitPeer('pmr-monotonic', trace, true, plenty)).toBeNull();
    // Two allocations and a realloc, each with its alignment.
    expect(unfitPeer('pmr-monotonic', trace, true, 4 * 4024)).toBeNull();
    expect(unfitPeer('pmr-monotonic', trace, true, 4 * 4024 - 1)).toMatch(
      /3\.93 KiB, is more than a quarter/,
    );
  });

  it('the others serve every trace', () => {
    for (const id of ['malloc', 'pmr-pool'] as const) {
      expect(unfitPeer(id, traceOf([8, 8], [9, 4096]), false, 0)).toBeNull();
    }
  });

  it('who gives blocks out of line has no part in what asks for such', () => {
    for (const { id, keptAlignmentBytes } of environment().peers().general) {
      if (keptAlignmentBytes === 0) continue;
      const asking = (alignment: number): string | null =>
        unfitPeer(id as PeerId, traceOf([24, 8], [alignment, alignment]), false, plenty);
      expect(asking(keptAlignmentBytes)).toBeNull();
      if (keptAlignmentBytes < 4096) expect(asking(2 * keptAlignmentBytes)).toMatch(/blocks out of line/);
    }
  });
});
