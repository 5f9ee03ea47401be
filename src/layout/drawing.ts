/**
 * A picture of arrays in memory: a row for each cache line, a character for each byte (two bytes where lines are
 * longer than a terminal), a letter for each field. Capital letters are elements 0, 2, ..., small ones 1, 3, ...; a
 * dot is a hole. At most 78 columns.
 */
import type { FormArray } from './forms.ts';
import { periodOf } from './lines.ts';
import type { Field } from './spec.ts';
import type { Struct } from './struct.ts';

const mostCells = 64;
/** More rows of one array than this are cut off. */
const mostRows = 8;
/** Rows of an array whose elements share lines; its pattern may take many more to repeat. */
const enoughRows = 3;
const hole = '.';
const lastLetter = 26;
const margin = 6;
export const drawingColumns: number = margin + mostCells + 3;

/** The letter of the field at a place of the declaration; beyond the alphabet all look alike. */
export function letterOf(index: number): string {
  return index < lastLetter ? String.fromCodePoint(65 + index) : '#';
}

function rowsOf({ sizeBytes }: Struct, count: number, lineBytes: number): number {
  const all = Math.ceil((sizeBytes * count) / lineBytes);
  const period = (periodOf(sizeBytes, lineBytes) * sizeBytes) / lineBytes;
  const ofElement = Math.ceil(sizeBytes / lineBytes);
  const wanted = sizeBytes > lineBytes ? ofElement + 1 : enoughRows;
  return Math.min(all, Math.min(period, wanted), mostRows);
}

/** What lies at a byte of the array. */
function cellAt(struct: Struct, byte: number, count: number, fields: readonly Field[]): string {
  const element = Math.floor(byte / struct.sizeBytes);
  if (element >= count) return ' ';
  const inside = byte % struct.sizeBytes;
  const found = struct.members.find(
    ({ field, offsetBytes }) => inside >= offsetBytes && inside < offsetBytes + field.sizeBytes,
  );
  if (found === undefined) return hole;
  const letter = letterOf(fields.indexOf(found.field));
  return element % 2 === 0 ? letter : letter.toLowerCase();
}

function ruler(cells: number, bytesPerCell: number): string {
  let text = '';
  for (let cell = 0; cell < cells; cell += 8) text += String(cell * bytesPerCell).padEnd(8);
  return `${' '.repeat(margin + 2)}${text.trimEnd()}`;
}

function drawArray(
  { name, struct }: FormArray,
  count: number,
  lineBytes: number,
  fields: readonly Field[],
): string[] {
  const cells = Math.min(mostCells, lineBytes);
  const bytesPerCell = lineBytes / cells;
  const rows = rowsOf(struct, count, lineBytes);
  const lines = Array.from({ length: rows }, (_, row) => {
    const text = Array.from({ length: cells }, (__, cell) =>
      cellAt(struct, row * lineBytes + cell * bytesPerCell, count, fields),
    );
    return `${String(row * lineBytes).padStart(margin)} |${text.join('')}|`;
  });
  const more = rows * lineBytes < struct.sizeBytes * count ? ['...'.padStart(margin)] : [];
  return [`${name}: ${struct.sizeBytes} B each`, ruler(cells, bytesPerCell), ...lines, ...more];
}

/** The arrays' first lines, as rows of text; `fields` in the order of their letters. */
export function drawArrays(
  arrays: readonly FormArray[],
  count: number,
  lineBytes: number,
  fields: readonly Field[],
): string[] {
  return arrays.flatMap((array) => drawArray(array, count, lineBytes, fields));
}
