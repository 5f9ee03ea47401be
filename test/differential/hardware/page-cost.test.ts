/** Pages from the system: both languages bring in as many, the system counts as many faults, and all go back. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pageCost,
  pageWipe,
  phaseMetrics,
  unitBytes,
} from '../../../src/experiments/hardware/page-cost-kernels.ts';
import { environment, runNative } from '../../../src/native/binding.ts';

const page = environment().pageBytes ?? 4096;
const hugeBytes = 2 ** 21;
const small = 0;
const transparent = 1;
const explicit = 2;

function args(bytes: number, kind = small, populate = 0, strideBytes = page) {
  return { bytes, strideBytes, kind, populate, phasesNs: new Float64Array(4) };
}

function call({ bytes, strideBytes, kind, populate, phasesNs }: ReturnType<typeof args>, samples = 1) {
  return runNative('page-cost', [bytes, strideBytes, kind, populate, phasesNs], { samples });
}

/** Minor faults of each sample; null where the system counts none. */
function faults(timed: ReturnType<typeof call>): (number | null)[] {
  const { columns } = environment();
  const at = columns.indexOf('minorFaults');
  return Array.from({ length: timed.samples.length / columns.length }, (_, i) => {
    const count = timed.samples[i * columns.length + at]!;
    return Number.isNaN(count) ? null : count;
  });
}

const isLinux = process.platform === 'linux';
const modePath = '/sys/kernel/mm/transparent_hugepage/enabled';
const mode = existsSync(modePath) ? (/\[(\w+)\]/.exec(readFileSync(modePath, 'utf8'))?.[1] ?? '') : 'never';

/** Pages of this process's address space. */
function mappedPages(): number {
  return Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]);
}

describe('page-cost', () => {
  it('brings in as many strides as JavaScript does, for any amount and stride', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1, 7, 64, page), (count, stride) => {
        const made = args(count * stride, small, 0, stride);
        expect(call(made).checksum).toBe(pageCost.reference(made));
        expect(pageCost.reference(made)).toBe(BigInt(2 * count));
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  // Other systems count faults for the process only, or not at all.
  it.skipIf(!isLinux)('takes a fault for each base page, twice', () => {
    const pages = 512;
    const [count] = faults(call(args(pages * page), 3)).toSorted((a, b) => a! - b!);
    expect(count).toBeGreaterThanOrEqual(2 * pages);
    expect(count).toBeLessThan(2 * pages * 1.2);
  });

  // Without them there is nothing to count.
  it.skipIf(mode === 'never')('takes a fault for each huge page, where the system gives any', () => {
    const wanted = 4;
    const { Region } = environment();
    const region = new Region(wanted * hugeBytes, { pages: 'transparent' });
    new Uint8Array(region.buffer).fill(1);
    const given = region.hugeBytes();
    region.dispose();
    if (given === null || given < wanted * hugeBytes) return;
    const [count] = faults(call(args(wanted * hugeBytes, transparent), 3)).toSorted((a, b) => a! - b!);
    expect(count).toBeGreaterThanOrEqual(2 * wanted);
    expect(count).toBeLessThan((2 * wanted * hugeBytes) / page / 10);
  });

  // The address space is told by /proc.
  it.skipIf(!isLinux)('leaves nothing mapped, whether it succeeds or is refused', () => {
    const made = args(2 ** 22);
    call(made);
    const before = mappedPages();
    for (let i = 0; i < 50; i++) {
      call(made);
      expect(() => call(args(2 ** 50))).toThrow('asked, but only');
    }
    // The collector's own heap may have grown a little.
    expect(mappedPages() - before).toBeLessThan((20 * 2 ** 22) / page);
  });

  it('notes what each step took, within the time of the whole', () => {
    const made = args(2 ** 22);
    const { samples } = call(made);
    const steps = [...made.phasesNs];
    for (const ns of steps) expect(ns).toBeGreaterThan(0);
    const wholeNs = samples[environment().columns.indexOf('elapsedNs')]!;
    expect(steps.reduce((sum, ns) => sum + ns, 0)).toBeLessThanOrEqual(wholeNs);
    const metrics = phaseMetrics(made);
    expect(Object.keys(metrics)).toEqual(['firstNs', 'giveBackNs', 'againNs', 'unmapNs']);
    expect(metrics['firstNs']).toBeCloseTo((made.phasesNs[0]! * unitBytes) / made.bytes, 9);
    expect(metrics['unmapNs']).toBeCloseTo((made.phasesNs[3]! * unitBytes) / made.bytes, 9);
  });

  it('refuses what makes no sense, and pages that are not to be had', () => {
    expect(() => call(args(2 ** 20, 3))).toThrow(
      '"kind" must be 0 (small), 1 (transparent) or 2 (explicit), not 3',
    );
    expect(() => call(args(2 ** 20, small, 2))).toThrow('"populate" must be 0 (touched) or 1 (populated)');
    expect(() => call(args(page + 1))).toThrow('"bytes" must be a multiple of "strideBytes"');
    expect(() => call(args(0))).toThrow('"bytes" must be');
    expect(() => call(args(1, small, 0, 0))).toThrow('"strideBytes" must be at least 1, not 0');
    expect(() => runNative('page-cost', [page, page, 0, 0, new Float64Array(3)])).toThrow(
      '"phasesNs" must be of at least 4 elements, not 3',
    );
    // More of the pool than any machine has.
    expect(() => call(args(2 ** 46, explicit))).toThrow(/^page-cost: \S/);
  });
});

describe('page-wipe', () => {
  it('leaves zeroes, as JavaScript does', () => {
    fc.assert(
      fc.property(fc.nat({ max: 5000 }), fc.nat({ max: 3 }), (length, passes) => {
        const [one, other] = [new Uint8Array(length).fill(7), new Uint8Array(length).fill(7)];
        const { checksum } = runNative('page-wipe', [one, passes]);
        expect(checksum).toBe(pageWipe.reference({ memory: other, passes }));
        expect(one).toEqual(other);
        expect(one.every((byte) => byte === (passes === 0 ? 7 : 0))).toBe(true);
      }),
      { seed: 12, numRuns: 60 },
    );
  });
});
