/** Reading a trace file (file-format.ts), a chunk at a time. */
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../base/errors.ts';
import { Decoder, Nonsense } from './encoding.ts';
import {
  type About,
  checksum,
  chunkHeadBytes,
  fileHeadBytes,
  magic,
  mostAboutBytes,
  mostPayloadBytes,
  version,
} from './file-format.ts';
import { RowMaker, type TraceChunk } from './row-maker.ts';

export interface ReadOptions {
  /** A file that breaks off or is damaged is read as far as it is whole, not refused. */
  readonly allowTruncated?: boolean;
}

/** Where a file stops being a trace, and why. */
class Broken extends Error {
  override readonly name: string = 'Broken';
}

const aheadBytes = 1 << 18;
const recordAgain = 'record or import it again; --allow-truncated takes what is before';

/** A trace file that is being read. */
export class TraceFile {
  readonly about: About;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #decoder: Decoder;
  #at: number;
  /** What was read ahead, and where it stands in the file. */
  #ahead: Buffer = Buffer.alloc(0);
  #aheadAt = 0;
  #cut: string | null = null;

  private constructor(path: string, file: FileHandle, about: About, at: number) {
    this.#path = path;
    this.#file = file;
    this.about = about;
    this.#decoder = new Decoder(about.alignmentBytes);
    this.#at = at;
  }

  /** @throws UserError where there is no trace file */
  static async open(path: string): Promise<TraceFile> {
    const file = await openToRead(path);
    try {
      const head = await bytesAt(file, 0, fileHeadBytes);
      if (head.length < magic.length || !head.subarray(0, magic.length).equals(magic)) {
        throw new UserError(
          `"${path}" is no trace file`,
          'linefill alloc record makes one of a program, linefill alloc import one of a .rep file',
        );
      }
      const at = fileHeadBytes + (head.length < fileHeadBytes ? 0 : head.readUInt32LE(12));
      return new TraceFile(path, file, await aboutIn(path, file, head), at);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** What is wrong with the file behind the last chunk; null: nothing, or it was not reached. */
  get cut(): string | null {
    return this.#cut;
  }

  /** How many operations a whole file has; null where it is not whole. Costs one read. */
  async records(): Promise<number | null> {
    const { size } = await this.#file.stat();
    const head = await bytesAt(this.#file, Math.max(0, size - chunkHeadBytes), chunkHeadBytes);
    if (head.length < chunkHeadBytes || head.readUInt32LE(0) !== 0 || head.readUInt32LE(4) !== 0) return null;
    const sum = checksum(head.subarray(0, 16), head.subarray(chunkHeadBytes));
    return sum === head.readUInt32LE(16) ? head.readDoubleLE(8) : null;
  }

  /**
   * The trace, chunk by chunk; to be read once. Closes the file at its end, also when the reader leaves early.
   * @throws UserError behind the last whole chunk of a file that breaks off or is damaged, unless that is allowed
   */
  async *chunks({ allowTruncated = false }: ReadOptions = {}): AsyncGenerator<TraceChunk> {
    const maker = new RowMaker();
    try {
      for (;;) {
        const chunk = await this.#next(maker);
        if (chunk === null) return;
        yield chunk;
      }
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      const operations = `${maker.rowsMade} operation${maker.rowsMade === 1 ? '' : 's'}`;
      this.#cut = `${error.message} after ${operations}`;
      if (!allowTruncated) throw new UserError(`"${this.#path}" ${this.#cut}`, recordAgain);
    } finally {
      await this.#file.close();
    }
  }

  /** Closes a file whose chunks were not asked for. */
  close(): Promise<void> {
    return this.#file.close();
  }

  async #next(maker: RowMaker): Promise<TraceChunk | null> {
    const head = await this.#bytesAt(this.#at, chunkHeadBytes);
    if (head.length < chunkHeadBytes) throw new Broken('breaks off');
    const [length, records] = [head.readUInt32LE(0), head.readUInt32LE(4)];
    // An operation takes a byte or more.
    if (length > mostPayloadBytes || records > length) throw new Broken('is damaged');
    const payload = await this.#bytesAt(this.#at + chunkHeadBytes, length);
    if (payload.length < length) throw new Broken('breaks off');
    const sum = checksum(head.subarray(0, 16), payload);
    if (sum !== head.readUInt32LE(16) || head.readDoubleLE(8) !== maker.rowsMade) {
      throw new Broken('is damaged');
    }
    this.#at += chunkHeadBytes + length;
    if (length > 0) return this.#decode(payload, records, maker);
    if ((await this.#bytesAt(this.#at, 1)).length > 0) throw new Broken('goes on where it should end,');
    return null;
  }

  /** As many bytes as there are, at most `length`: chunks are small, and a read of each would cost more than it. */
  async #bytesAt(position: number, length: number): Promise<Buffer> {
    let from = position - this.#aheadAt;
    if (from < 0 || from + length > this.#ahead.length) {
      this.#ahead = await bytesAt(this.#file, position, Math.max(length, aheadBytes));
      this.#aheadAt = position;
      from = 0;
    }
    return this.#ahead.subarray(from, from + length);
  }

  #decode(payload: Uint8Array, records: number, maker: RowMaker): TraceChunk {
    try {
      maker.begin(records);
      this.#decoder.tell(payload, maker);
      return maker.finish();
    } catch (error) {
      if (!(error instanceof Nonsense)) throw error;
      throw new Broken(`makes no sense (${error.message})`);
    }
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new UserError(`"${path}" is a folder`, 'name a trace file');
    }
    return file;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    const reason = { ENOENT: 'there is no such file', EACCES: 'no permission' }[code] ?? code;
    throw new UserError(`"${path}" can't be read: ${reason}`, 'check its path');
  }
}

/** As many bytes as there are, at most `length`. */
async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(buffer, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return buffer.subarray(0, at);
}

async function aboutIn(path: string, file: FileHandle, head: Buffer): Promise<About> {
  const torn = new UserError(`"${path}" is torn or damaged in its first bytes`, 'record or import it again');
  if (head.length < fileHeadBytes) throw torn;
  const [written, length] = [head.readUInt32LE(8), head.readUInt32LE(12)];
  const json = length > mostAboutBytes ? null : await bytesAt(file, fileHeadBytes, length);
  if (json === null || checksum(head.subarray(0, 16), json) !== head.readUInt32LE(16)) throw torn;
  if (written !== version) {
    throw new UserError(
      `"${path}" is a trace of format ${written}, and this linefill reads format ${version}`,
      'read it with the linefill that wrote it, or record it again',
    );
  }
  const about = JSON.parse(json.toString()) as About;
  if (!Number.isInteger(about.alignmentBytes)) throw torn;
  return about;
}
