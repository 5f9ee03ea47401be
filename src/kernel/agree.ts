/**
 * Do two runs of a kernel give the same answer? Checksums must be equal, and every written array equal bit for
 * bit (so -0 differs from 0, and NaN equals itself), unless the kernel states a tolerance.
 */
import type { Agreement, Kernel } from './kernel.ts';
import { answerArrays } from './signature.ts';

export interface Answer {
  readonly checksum: bigint;
  readonly args: Readonly<Record<string, unknown>>;
}

type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array;

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (Buffer.compare(a, b) === 0) return -1;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}

function differs(name: string, a: ArrayBufferView, b: ArrayBufferView, agreement: Agreement): string | null {
  const at = firstDifference(bytesOf(a), bytesOf(b));
  if (at < 0) return null;
  const index = Math.floor(at / ((a as Numbers).BYTES_PER_ELEMENT ?? 1));
  const [left, right] = [a as Numbers, b as Numbers];
  if (agreement.kind === 'relative' && left.length === right.length) {
    const bad = left.findIndex((value: number, i: number) => {
      const other = right[i]!;
      return !(Math.abs(value - other) <= agreement.tolerance * Math.max(Math.abs(value), Math.abs(other)));
    });
    if (bad < 0) return null;
  }
  return `"${name}"[${index}] is ${left[index]} in one and ${right[index]} in the other`;
}

/** Null when both answers agree under the kernel's rule; else a sentence that says where they differ. */
export function disagreement(kernel: Kernel, one: Answer, other: Answer): string | null {
  for (const name of answerArrays(kernel.signature)) {
    const found = differs(
      name,
      one.args[name] as ArrayBufferView,
      other.args[name] as ArrayBufferView,
      kernel.agreement,
    );
    if (found !== null) return `${kernel.id}: ${found}`;
  }
  if (kernel.agreement.kind === 'exact' && one.checksum !== other.checksum) {
    return `${kernel.id}: the checksum is ${one.checksum} in one and ${other.checksum} in the other`;
  }
  return null;
}
