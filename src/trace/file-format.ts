/**
 * Trace files: what a program asked of its allocator, in two or three bytes an operation, written once from the front
 * to the back and read so, a chunk in memory at a time.
 *
 *   magic "LFTRACE\n", version u32, length u32, checksum u32, length bytes of JSON (About)
 *   chunks: payload bytes u32, operations u32, operations before f64, checksum u32, payload (encoding.ts)
 *   the last chunk has no payload; only a whole file has it
 *
 * Numbers are little-endian. A checksum is the CRC-32 of what follows it, and of the numbers before it in its head. A
 * file that breaks off or is damaged serves the operations of the chunks before, and an error that says how many. A
 * chunk is small, so that those are nearly all that were whole: its head costs less than a tenth of a byte an operation.
 */
import { crc32 } from 'node:zlib';

export const magic: Buffer = Buffer.from('LFTRACE\n');
export const version: number = 1;
export const fileHeadBytes: number = magic.length + 12;
export const chunkHeadBytes: number = 20;
/** A chunk is written when one of the two is reached; with one that is torn off no more is lost. */
export const payloadBytes: number = 1 << 10;
export const chunkRecords: number = 256;
/** What a reader takes: there are files with larger chunks. */
export const mostPayloadBytes: number = 1 << 16;
export const mostAboutBytes: number = 1 << 16;

/** What stands at the beginning of a file: where the trace comes from. */
export interface About {
  readonly source: 'recorded' | 'imported' | 'made';
  /** Who wrote the file. */
  readonly tool: string;
  /** The alignment of a request that asks for none. */
  readonly alignmentBytes: number;
  /** The first word of the recorded program's command line; of an imported trace its file's name. */
  readonly program?: string;
  readonly pid?: number;
  readonly parentPid?: number;
  /** ISO 8601. */
  readonly startedAt?: string;
  /** The clock that the times between operations are from; absent: there are none. */
  readonly clock?: string;
  /** Operations that could not be recorded: in signal handlers that interrupted the recorder. */
  readonly missed?: number;
}

/** @param head the numbers that stand before the checksum */
export function checksum(head: Uint8Array, body: Uint8Array): number {
  // In this order: of no bytes at all Node.js gives 0, whatever the sum was before.
  return crc32(head, crc32(body));
}
