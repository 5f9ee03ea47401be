/**
 * What the preloaded recorder leaves (native/preload/raw-trace.h, whose twin this is): operations thread by thread, each
 * thread's in its own numbering of blocks, with stamps now and then.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../base/errors.ts';

const magic = 'LFRAW01\n';
const headBytes = 64 << 10;
const chunkBytes = 128 << 10;
const chunkMagic = 0x4b4e_4843;
const chunkHeadBytes = 24;
const programAt = 64;
const programBytes = 256;

const op = {
  stamp: 1,
  alloc: 2,
  allocZeroed: 3,
  alignment: 4,
  free: 5,
  block: 6,
  thread: 7,
  blockOfThread: 8,
  freeNamed: 9,
  reallocNamed: 10,
} as const;
const shortFree = 0x80;
const shortAlloc = 0xc0;
const shortGrain = 8;

export interface RawHead {
  readonly pid: number;
  readonly parentPid: number;
  readonly firstThread: number;
  readonly startedMs: number;
  readonly clockNs: number;
  readonly missed: number;
  /** The error number for which recording stopped; 0: it did not. */
  readonly stopped: number;
  readonly program: string;
}

interface RawChunk {
  readonly at: number;
  readonly firstBlock: number;
  readonly startNs: number;
}

/** A recording of one process: its head, and a stream a thread. */
export class RawRecording {
  readonly head: RawHead;
  /** Of the file, holes left out. */
  readonly bytes: number;
  readonly streams: ThreadStream[] = [];
  readonly #file: number;

  /** @throws UserError where the file is not what a recorder leaves */
  constructor(path: string) {
    this.#file = openSync(path, 'r');
    const head = this.read(0, programAt + programBytes);
    if (head.length < programAt + programBytes || head.toString('latin1', 0, magic.length) !== magic) {
      closeSync(this.#file);
      throw new UserError(`"${path}" is no recording`, 'record again: linefill alloc record');
    }
    const number = (at: number): number => Number(head.readBigUInt64LE(at));
    const program = head.subarray(programAt);
    this.head = {
      pid: head.readUInt32LE(8),
      parentPid: head.readUInt32LE(12),
      firstThread: head.readUInt32LE(16),
      startedMs: number(24) / 1e6,
      clockNs: number(32),
      missed: number(48),
      stopped: number(56),
      program: program.toString('utf8', 0, program.indexOf(0)),
    };
    const { size, blocks } = fstatSync(this.#file);
    this.bytes = Math.min(size, blocks * 512);
    this.#findStreams(size, number(40));
  }

  /** As many bytes as there are, at most `length`. */
  read(position: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(this.#file, buffer, 0, length, position));
  }

  close(): void {
    closeSync(this.#file);
  }

  #findStreams(size: number, chunks: number): void {
    const byThread = new Map<number, RawChunk[]>();
    for (let n = 0; n < chunks && headBytes + n * chunkBytes < size; n++) {
      const at = headBytes + n * chunkBytes;
      const head = this.read(at, chunkHeadBytes);
      // A chunk that was never begun: the process ended, or the disk was full.
      if (head.length < chunkHeadBytes || head.readUInt32LE(0) !== chunkMagic) continue;
      const thread = head.readUInt32LE(4);
      const chunk = {
        at,
        firstBlock: Number(head.readBigUInt64LE(8)),
        startNs: Number(head.readBigUInt64LE(16)),
      };
      const known = byThread.get(thread);
      if (known === undefined) byThread.set(thread, [chunk]);
      else known.push(chunk);
    }
    for (const [thread, list] of byThread) this.streams.push(new ThreadStream(this, thread, list));
  }
}

/** What a step of a stream has come upon. */
export type Step = 'stamp' | 'alloc' | 'free' | 'realloc' | 'end';

/** The operations of a thread, one after another: `step` says what the next one is, the fields say of what. */
export class ThreadStream {
  readonly thread: number;
  /** On the recorder's clock, at the last stamp. */
  timeNs = 0;
  bytes = 0;
  /** 0: the usual one. */
  alignmentBytes = 0;
  isZeroed = false;
  /** The block that is freed or resized: the thread that allocated it, and its number there. */
  owner = 0;
  block = 0;
  /** Of an alloc and a realloc: the number that the block has from now on, in this thread's numbering. */
  number = 0;
  readonly #recording: RawRecording;
  readonly #chunks: RawChunk[];
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  /** The number of the next block that this thread allocates. */
  #nextBlock = 0;
  #operand = 0;

  constructor(recording: RawRecording, thread: number, chunks: RawChunk[]) {
    this.#recording = recording;
    this.thread = thread;
    this.#chunks = chunks;
    this.timeNs = chunks[0]?.startNs ?? 0;
  }

  step(): Step {
    this.alignmentBytes = 0;
    this.isZeroed = false;
    for (;;) {
      const first = this.#bytes[this.#at] ?? 0;
      if (first >= shortAlloc) {
        this.#at++;
        return this.#alloc((first - shortAlloc + 1) * shortGrain);
      }
      if (first >= shortFree) {
        this.#at++;
        return this.#own('free', first - shortFree + 1);
      }
      if (first === 0) {
        if (!this.#open()) return 'end';
        return 'stamp';
      }
      const step = this.#long(first);
      if (step !== null) return step;
    }
  }

  /** An operation with an operand; null where more belongs to it. */
  #long(first: number): Step | null {
    this.#operand = this.#readOperand(first % 8);
    switch (first >> 3) {
      case op.stamp:
        this.timeNs += this.#operand;
        return 'stamp';
      case op.allocZeroed:
        this.isZeroed = true;
        return this.#alloc(this.#operand);
      case op.alloc:
        return this.#alloc(this.#operand);
      case op.alignment:
        this.alignmentBytes = this.#operand;
        return null;
      case op.free:
        return this.#own('free', this.#operand);
      case op.block:
        this.#own('free', this.#operand);
        return null;
      case op.thread:
        this.owner = this.#operand;
        return null;
      case op.blockOfThread:
        this.block = this.#operand;
        return null;
      case op.freeNamed:
        return 'free';
      case op.reallocNamed:
        this.bytes = this.#operand;
        this.number = this.#nextBlock++;
        return 'realloc';
      default:
        throw new UserError('the recording makes no sense', 'record again, and report it if it stays so');
    }
  }

  #alloc(bytes: number): Step {
    this.bytes = bytes;
    this.number = this.#nextBlock++;
    return 'alloc';
  }

  #own(step: Step, distance: number): Step {
    this.owner = this.thread;
    this.block = this.#nextBlock - distance;
    return step;
  }

  #readOperand(length: number): number {
    let [value, scale] = [0, 1];
    for (let i = 1; i <= length; i++, scale *= 256) value += this.#bytes[this.#at + i]! * scale;
    this.#at += 1 + length;
    return value;
  }

  /** The next chunk; false where there is none. */
  #open(): boolean {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return false;
    this.#bytes = this.#recording.read(chunk.at, chunkBytes);
    this.#at = chunkHeadBytes;
    this.#nextBlock = chunk.firstBlock;
    this.timeNs = chunk.startNs;
    return true;
  }
}
