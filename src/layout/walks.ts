/**
 * From a form and a loop to what the field-walk kernel does: where the arrays lie in one block of memory, and which
 * accesses an element costs. Every form has the same accesses in the same order; only the addresses differ.
 */
import type { AccessMode, Stream, Walk, WalkedArray } from '../kernel/field-walk.ts';
import type { Form } from './forms.ts';
import { type Field, type Loop, racedFields, type Role, touchedFields } from './spec.ts';
import { alignUp } from './struct.ts';
import { visitsOf } from './visits.ts';

const pageBytes = 4096;
/** A call shorter than this many visits would measure the call. */
const leastVisits = 4096;

/**
 * Bytes from page to page at which arrays begin: at the same offset within a page they would compete for the same
 * cache sets, and a load would wait for the store to another array whose address ends in the same 12 bits. A whole
 * number of line pairs, so that all begin at one.
 */
function staggerBytes(lineBytes: number): number {
  return 17 * 2 * lineBytes;
}

/** Where each array of a form begins, and the bytes of all. */
export function placeArrays(
  { arrays }: Form,
  count: number,
  lineBytes: number,
): { readonly starts: readonly number[]; readonly bytes: number } {
  const starts: number[] = [];
  let end = 0;
  arrays.forEach(({ struct }, i) => {
    const offset = (i * staggerBytes(lineBytes)) % pageBytes;
    const start = offset + alignUp(Math.max(0, end - offset), pageBytes);
    starts.push(start);
    end = start + struct.sizeBytes * count;
  });
  return { starts, bytes: end };
}

/** A copy of bytes takes them by sixteens, and touches the first and the last. */
const copiedBytes = 16;

/** Where a field is touched, from its start: every item of an array, every sixteen of bytes. */
function touchesOf({ type, length, itemBytes }: Field): number[] {
  if (type !== 'bytes') return Array.from({ length }, (_, item) => item * itemBytes);
  const starts = Array.from({ length: Math.ceil(length / copiedBytes) }, (_, i) => i * copiedBytes);
  return [...new Set([...starts, length - 1])];
}

function modeOf({ reads, writes }: Role, { name }: Field): AccessMode {
  if (!writes.includes(name)) return 'read';
  return reads.includes(name) ? 'update' : 'write';
}

/** As wide as the narrowest field that the loop writes: what counts is which lines it writes. */
function widthOf({ roles }: Loop, fields: readonly Field[]): Walk['widthBytes'] {
  const written = fields.filter(({ name }) => roles.some(({ writes }) => writes.includes(name)));
  const narrowest = Math.min(8, ...written.map(({ itemBytes }) => itemBytes));
  return narrowest === 8 ? 8 : narrowest === 4 ? 4 : 1;
}

/** The accesses of one element by one thread, in the order of the declaration, whatever the form. */
function streamsOf(form: Form, role: Role, starts: readonly number[], fields: readonly Field[]): Stream[] {
  return touchedFields(role, fields).flatMap((field) => {
    const at = form.arrays.findIndex(({ struct }) => struct.members.some((member) => member.field === field));
    const { struct } = form.arrays[at]!;
    const { offsetBytes } = struct.members.find((member) => member.field === field)!;
    return touchesOf(field).map((inside) => ({
      offsetBytes: starts[at]! + offsetBytes + inside,
      strideBytes: struct.sizeBytes,
      mode: modeOf(role, field),
    }));
  });
}

/** A form as the kernel walks over it for a loop. */
export function walkedArray(
  form: Form,
  loop: Loop,
  { fields, count }: { readonly fields: readonly Field[]; readonly count: number },
  lineBytes: number,
): WalkedArray {
  const { starts, bytes } = placeArrays(form, count, lineBytes);
  const repeats = Math.ceil(leastVisits / count);
  const touched = loop.roles.map((role, thread) => {
    const bytesEach = touchedFields(role, fields).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return bytesEach * visitsOf(loop, thread, count).count;
  });
  return {
    memoryBytes: bytes,
    visits: count * repeats,
    touchedBytes: repeats * touched.reduce((sum, each) => sum + each, 0),
    walkOf: (member) => ({
      streams: streamsOf(form, loop.roles[member]!, starts, fields),
      widthBytes: widthOf(loop, fields),
      sumsReads: racedFields(loop).size === 0,
      elements: { ...visitsOf(loop, member, count), isShuffled: loop.order === 'random', repeats },
    }),
  };
}
