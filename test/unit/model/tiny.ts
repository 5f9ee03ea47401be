/** Machines small enough to follow by hand, and streams of whole lines. */
import { type AddressStream, listed, type MachineNumbers, strided } from '../../../src/model/index.ts';

/** Two lines, then four lines, of 64 bytes, fully associative. */
export const tiny: MachineNumbers = {
  levels: [
    { sizeBytes: 128, ways: 2, lineBytes: 64, latencyNs: 1 },
    { sizeBytes: 256, ways: 4, lineBytes: 64, latencyNs: 4 },
  ],
  memoryLatencyNs: 100,
};

/** Room for pages of lines in its second level. */
export const roomy: MachineNumbers = {
  ...tiny,
  levels: [tiny.levels[0]!, { sizeBytes: 2 ** 20, ways: 16, lineBytes: 64, latencyNs: 4 }],
};

export const lines = (...numbers: readonly number[]): AddressStream =>
  listed({ base: 0, offsets: numbers.map((line) => 64 * line), bytes: 8 });
export const ascending = (count: number): AddressStream =>
  strided({ base: 0, count, strideBytes: 64, bytes: 8 });
