/** Writing a trace file (file-format.ts), an operation at a time. */
import { WholeFile } from '../base/whole-file.ts';
import { Encoder, type Hearer } from './encoding.ts';
import {
  type About,
  checksum,
  chunkHeadBytes,
  chunkRecords,
  fileHeadBytes,
  magic,
  payloadBytes,
  version,
} from './file-format.ts';

const togetherBytes = 1 << 16;

/** Writes a trace file; the file stands at its place when `finish` returns. */
export class TraceFileWriter implements Hearer {
  readonly #file: WholeFile;
  readonly #encoder: Encoder;
  #records = 0;
  #bytes = 0;
  /** Small chunks are written together. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** @throws UserError where nothing can be written at `path`; so do the others */
  constructor(path: string, about: About) {
    this.#encoder = new Encoder(payloadBytes, about.alignmentBytes);
    this.#file = new WholeFile(path);
    const json = Buffer.from(JSON.stringify(about));
    const head = Buffer.alloc(fileHeadBytes);
    magic.copy(head);
    head.writeUInt32LE(version, 8);
    head.writeUInt32LE(json.length, 12);
    head.writeUInt32LE(checksum(head.subarray(0, 16), json), 16);
    this.#write(head);
    this.#write(json);
  }

  /** Operations so far. */
  get records(): number {
    return this.#records + this.#encoder.records;
  }

  alloc(bytes: number, alignmentBytes: number, thread: number, isZeroed: boolean): void {
    this.#makeRoom();
    this.#encoder.alloc(bytes, alignmentBytes, thread, isZeroed);
  }

  free(distance: number, thread: number): void {
    this.#makeRoom();
    this.#encoder.free(distance, thread);
  }

  realloc(distance: number, bytes: number, alignmentBytes: number, thread: number): void {
    this.#makeRoom();
    this.#encoder.realloc(distance, bytes, alignmentBytes, thread);
  }

  checkpoint(): void {
    this.#makeRoom();
    this.#encoder.checkpoint();
  }

  reset(): void {
    this.#makeRoom();
    this.#encoder.reset();
  }

  clock(nanoseconds: number): void {
    this.#makeRoom();
    this.#encoder.clock(nanoseconds);
  }

  /** Returns how large the file is, and how many operations are in it. */
  finish(): { bytes: number; records: number } {
    if (!this.#encoder.isEmpty) this.#chunk();
    this.#chunk();
    this.#flush();
    this.#file.finish();
    return { bytes: this.#bytes, records: this.#records };
  }

  /** Leaves the place as it was. */
  abandon(): void {
    this.#file.abandon();
  }

  #makeRoom(): void {
    if (this.#encoder.isFull || this.#encoder.records >= chunkRecords) this.#chunk();
  }

  #chunk(): void {
    const { records } = this.#encoder;
    const payload = this.#encoder.take();
    const head = Buffer.alloc(chunkHeadBytes);
    head.writeUInt32LE(payload.length, 0);
    head.writeUInt32LE(records, 4);
    head.writeDoubleLE(this.#records, 8);
    head.writeUInt32LE(checksum(head.subarray(0, 16), payload), 16);
    this.#write(head);
    // The encoder goes on in these bytes.
    this.#write(payload.slice());
    this.#records += records;
  }

  #write(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#bytes += bytes.length;
    if (this.#pendingBytes >= togetherBytes) this.#flush();
  }

  #flush(): void {
    this.#file.write(Buffer.concat(this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
