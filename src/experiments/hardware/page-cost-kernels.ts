/**
 * Memory from the system and back: pages are mapped, brought in, given back, brought in again, and unmapped; and, to
 * compare, memory that is there already is zeroed. Native twins: native/kernels/page-cost.cc.
 */
import { defineKernel, type Kernel, numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { environment, type Pages } from '../../native/binding.ts';

const costSignature = {
  bytes: 'size',
  strideBytes: 'uint32',
  kind: 'uint32',
  populate: 'uint32',
  phasesNs: 'observed float64[]',
} as const;
const wipeSignature = { memory: 'uint8[]', passes: 'uint32' } as const;

/** In the order in which the native kernel numbers them. */
const kinds: readonly Pages[] = ['small', 'transparent', 'explicit'];
/** Times are per so many bytes, whatever the pages: so that those of small and huge pages can be compared. */
export const unitBytes = 4096;
const fallbackPageBytes = 4096;
const phases = 4;
/** Zeroing is quick: several times a call, so that it lasts about as long as bringing the pages in. */
const wipePasses = 4;
/** What the collector has not given back yet, in calls. */
const uncollected = 4;

const bytesAt = (point: Point): number => numberAt(point, 'mappedBytes');

function pageBytes(): number {
  return environment().pageBytes ?? fallbackPageBytes;
}

/** A buffer of the language's own, one byte of each page written; dropped at once. Returns the pages. */
function touchNew(bytes: number, strideBytes: number): number {
  const memory = new Uint8Array(new ArrayBuffer(bytes));
  let pages = 0;
  for (let at = 0; at < bytes; at += strideBytes) {
    memory[at] = 1;
    pages += memory[at]!;
  }
  return pages;
}

/** Point: mappedBytes, pages ('small', 'transparent', 'explicit'), way ('touch' or 'populate'). */
export const pageCost: Kernel<typeof costSignature> = defineKernel({
  id: 'page-cost',
  summary: 'maps pages, brings them in, gives them back, again, and unmaps them',
  signature: costSignature,
  setup: ({ point, room }) => ({
    bytes: bytesAt(point),
    strideBytes: pageBytes(),
    kind: kinds.indexOf(textAt(point, 'pages') as Pages),
    populate: textAt(point, 'way') === 'populate' ? 1 : 0,
    phasesNs: room.array('float64', phases),
  }),
  reference({ bytes, strideBytes }) {
    // 1. Map `bytes`. 2. Bring all pages in: write a byte every `strideBytes`.
    const first = touchNew(bytes, strideBytes);
    // 3. Give the pages back, and 4. bring them in again. 5. Unmap: JavaScript drops a buffer and takes another; when
    // the pages go back is the collector's affair. Answer: how many strides of memory came in.
    return BigInt(first + touchNew(bytes, strideBytes));
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: bytesAt(point) / unitBytes, bytes: bytesAt(point) }),
  footprintBytes: (point) => uncollected * bytesAt(point),
});

/** Point: mappedBytes, pages. */
export const pageWipe: Kernel<typeof wipeSignature> = defineKernel({
  id: 'page-wipe',
  summary: 'writes zeroes to memory that is there already',
  signature: wipeSignature,
  setup: ({ point, room }) => ({
    memory: room.array('uint8', bytesAt(point), 4096, textAt(point, 'pages') as Pages).fill(1),
    passes: wipePasses,
  }),
  // 1. `passes` times, 2. write zero to every byte. Answer: the bytes written.
  reference({ memory, passes }) {
    for (let pass = 0; pass < passes; pass++) memory.fill(0);
    return BigInt(passes * memory.length);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: (wipePasses * bytesAt(point)) / unitBytes,
    bytes: wipePasses * bytesAt(point),
  }),
  footprintBytes: bytesAt,
});

/** What each step of a call took, for each `unitBytes`. */
export function phaseMetrics({ bytes, phasesNs }: Arguments<typeof costSignature>): Record<string, number> {
  const [first, giveBack, again, unmap] = Array.from(phasesNs, (ns) => (ns * unitBytes) / bytes);
  return { firstNs: first!, giveBackNs: giveBack!, againNs: again!, unmapNs: unmap! };
}
