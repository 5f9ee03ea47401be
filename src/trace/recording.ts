/** A recorded process as a trace file. */
import type { About } from './file-format.ts';
import { TraceFileWriter } from './file-writer.ts';
import { mallocAlignmentBytes } from './malloc-alignment.ts';
import { type Merged, mergeThreads } from './merge.ts';
import { type RawHead, RawRecording } from './raw-recording.ts';

export interface SavedRecording extends Merged {
  readonly head: RawHead;
  readonly records: number;
  /** Of the trace file, and of what the recorder wrote. */
  readonly bytes: number;
  readonly rawBytes: number;
}

/**
 * Writes what the recorder left at `rawPath` as a trace at `path`. @param tool who writes it
 * @throws UserError where one can't be read or the other not written
 */
export function saveRecording(rawPath: string, path: string, tool: string): SavedRecording {
  const recording = new RawRecording(rawPath);
  try {
    const { head, bytes: rawBytes } = recording;
    const about: About = {
      source: 'recorded',
      tool,
      alignmentBytes: mallocAlignmentBytes,
      program: head.program,
      pid: head.pid,
      parentPid: head.parentPid,
      startedAt: new Date(head.startedMs).toISOString(),
      clock: 'CLOCK_MONOTONIC, ns',
      missed: head.missed,
    };
    const writer = new TraceFileWriter(path, about);
    try {
      const merged = mergeThreads(recording, writer);
      return { ...merged, ...writer.finish(), head, rawBytes };
    } catch (error) {
      writer.abandon();
      throw error;
    }
  } finally {
    recording.close();
  }
}

/** How many operations the recorder left at `rawPath`, `most` at most, and whose they are. */
export function countOperations(rawPath: string, most: number): { head: RawHead; records: number } {
  const recording = new RawRecording(rawPath);
  try {
    let records = 0;
    for (const stream of recording.streams) {
      for (let step = stream.step(); step !== 'end' && records < most; step = stream.step()) {
        if (step !== 'stamp') records++;
      }
    }
    return { head: recording.head, records };
  } finally {
    recording.close();
  }
}
