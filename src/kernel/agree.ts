/**
 * Do two runs of a kernel give the same answer? Checksums must be equal, and every element of every written array
 * the same value: -0 is not 0, and NaN is NaN, whose payload JavaScript leaves open. A kernel may state a relative
 * tolerance instead; then the checksums, which are made of rounded values, are not compared.
 */
import type { Agreement, Kernel } from './kernel.ts';
import { answerArrays } from './signature.ts';

export interface Answer {
  readonly checksum: bigint;
  readonly args: Readonly<Record<string, unknown>>;
}

type Elements = ArrayBufferView & { readonly length: number; readonly [index: number]: number | bigint };

/** Compares memory first, which is many times as fast as element by element. */
function areSameBytes(a: Elements, b: Elements): boolean {
  const bytesOf = (view: Elements): Uint8Array =>
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function agree(a: number | bigint, b: number | bigint, agreement: Agreement): boolean {
  if (Object.is(a, b)) return true;
  if (agreement.kind === 'exact' || typeof a === 'bigint' || typeof b === 'bigint') return false;
  const distance = Math.abs(a - b);
  // Infinity is near to nothing but itself.
  return Number.isFinite(distance) && distance <= agreement.tolerance * Math.max(Math.abs(a), Math.abs(b));
}

function show(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function differs(name: string, a: Elements, b: Elements, agreement: Agreement): string | null {
  if (a.length !== b.length) return `"${name}" has ${a.length} elements in one and ${b.length} in the other`;
  if (areSameBytes(a, b)) return null;
  for (let i = 0; i < a.length; i++) {
    if (agree(a[i]!, b[i]!, agreement)) continue;
    return `"${name}"[${i}] is ${show(a[i]!)} in one and ${show(b[i]!)} in the other`;
  }
  return null;
}

/** Null when both answers agree under the kernel's rule; else a sentence that says where they first differ. */
export function disagreement(kernel: Kernel, one: Answer, other: Answer): string | null {
  for (const name of answerArrays(kernel.signature)) {
    const found = differs(name, one.args[name] as Elements, other.args[name] as Elements, kernel.agreement);
    if (found !== null) return `${kernel.id}: ${found}`;
  }
  if (kernel.agreement.kind === 'exact' && one.checksum !== other.checksum) {
    return `${kernel.id}: the checksum is ${one.checksum} in one and ${other.checksum} in the other`;
  }
  return null;
}
