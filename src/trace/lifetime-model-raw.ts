/**
 * What a recorded process leaves while it runs: lines of JSON, a head and then one for each look at its heap. A look is
 * a full collection, after which V8 names the samples that still live: an ordinal in the order of allocation and a size.
 * Before and after it the recorder allocates a marker so large that it is sampled, so that the ordinals of what the
 * program allocated between two looks are known, dead or alive, and what the look itself allocated is left out. Only
 * objects of V8's heap are sampled: of what lies beside it, as a Buffer's contents do, a look tells how much there is.
 */
import type { OffHeapPoint } from './lifetime-model.ts';

/** Bytes off the heap: in all, and of that the contents of ArrayBuffers, which Buffers are. */
type OffHeap = readonly [externalBytes: number, arrayBuffersBytes: number];

export interface RecordingHead {
  readonly pid: number;
  readonly node: string;
  readonly program: string;
  readonly startedAt: string;
  readonly intervalBytes: number;
  /** Live when the program began. */
  readonly baseBytes: number;
  /** When the program began. */
  readonly baseOffHeap: OffHeap | null;
}

/** A sampled object: its ordinal and the bytes that V8 says it stands for. */
type Sample = readonly [ordinal: number, standsForBytes: number];

/**
 * Intervals at which no two sizes up to 80 B (112 B at the last) stand for equally many bytes, so that a sample's size
 * can be told: found by trying all.
 */
export const sampleIntervals = { finest: 5760, fine: 20_174, usual: 40_320, coarse: 126_720 } as const;
const grainBytes = 8;
const leastBytes = 16;

/**
 * What says an object's size by the bytes that V8 says a sample stands for: the size times how many of its kind there
 * must have been for one to be sampled, rounded (v8/src/profiler/sampling-heap-profiler.cc, ScaleSample). Where two
 * sizes stand for the same, the smaller is meant.
 */
export function sizeTable(intervalBytes: number): (standsForBytes: number) => number {
  const sizes = new Map<number, number>();
  for (let bytes = leastBytes; bytes < 2 * intervalBytes; bytes += grainBytes) {
    const standsFor = bytes * Math.round(1 / -Math.expm1(-bytes / intervalBytes));
    if (!sizes.has(standsFor)) sizes.set(standsFor, bytes);
  }
  return (standsForBytes) => sizes.get(standsForBytes) ?? standsForBytes;
}

export interface RawLook {
  /** Since the program began. */
  readonly atNs: number;
  /** What the look took of the program. */
  readonly tookNs: number;
  /** Allocated since the look before, by V8's own figures. */
  readonly allocatedBytes: number;
  readonly liveBytes: number;
  /** Null: the system does not tell. */
  readonly offHeap: OffHeap | null;
  /** The program's own collections since the look before. */
  readonly pauses: readonly (readonly [kind: string, ns: number])[];
  /** Ordinals of the marker that ended the look before and of the one that began this; null where it was not sampled. */
  readonly from: number | null;
  readonly to: number | null;
  /** What lives now and did not at the look before, and the reverse; or all that lives, in the last look of all. */
  readonly born?: readonly Sample[];
  readonly dead?: readonly number[];
  readonly all?: readonly Sample[];
}

/** What was seen of a sampled object; ages in bytes that the program allocated. */
export interface Sighting {
  readonly bytes: number;
  /** When a look first found it. */
  readonly firstAgeBytes: number;
  /** When one last found it. */
  readonly aliveAgeBytes: number;
  /** When one found it gone; null: none did. */
  readonly deadAgeBytes: number | null;
}

export interface Recording {
  readonly head: RecordingHead;
  readonly sightings: readonly Sighting[];
  /** Ages by which samples were dead that no look found. */
  readonly unseenBytes: readonly number[];
  readonly looks: readonly RawLook[];
  readonly allocatedBytes: number;
  readonly live: readonly (readonly [allocatedBytes: number, liveBytes: number])[];
  /** What lay off the heap, beside what Node begins with. */
  readonly offHeap: readonly OffHeapPoint[];
  readonly isComplete: boolean;
}

/** The lines that are whole: a process may have been killed while it wrote one. */
function linesOf(text: string): unknown[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

/** A process's recording; null where it did not get so far as to have a head. */
export function readRecording(text: string): Recording | null {
  const [head, ...looks] = linesOf(text) as [RecordingHead | undefined, ...RawLook[]];
  return head === undefined ? null : follow(head, looks);
}

interface Known {
  readonly bytes: number;
  readonly birth: number;
  readonly firstAge: number;
  aliveAt: number;
}

/** Goes through the looks in order. */
function follow(head: RecordingHead, looks: readonly RawLook[]): Recording {
  const sizeOf = sizeTable(head.intervalBytes);
  const known = new Map<number, Known>();
  const sightings: Sighting[] = [];
  const unseenBytes: number[] = [];
  const live: [number, number][] = [[0, 0]];
  const offHeap: OffHeapPoint[] = [];
  const [baseExternal, baseBuffers] = head.baseOffHeap ?? [0, 0];
  let clock = 0;
  const bury = (ordinal: number, one: Known): void => {
    known.delete(ordinal);
    sightings.push(sightingOf(one, clock - one.birth));
  };
  for (const look of looks) {
    const before = clock;
    clock += look.allocatedBytes;
    live.push([clock, Math.max(0, look.liveBytes - head.baseBytes)]);
    if (look.offHeap !== null) {
      const [external, buffers] = look.offHeap;
      offHeap.push([clock, Math.max(0, external - baseExternal), Math.max(0, buffers - baseBuffers)]);
    }
    // 1. What has died.
    const present = look.all === undefined ? null : new Set(look.all.map(([ordinal]) => ordinal));
    const dead = present === null ? look.dead! : [...known.keys()].filter((ordinal) => !present.has(ordinal));
    for (const ordinal of dead) {
      const one = known.get(ordinal);
      if (one !== undefined) bury(ordinal, one);
    }
    for (const one of known.values()) one.aliveAt = clock;
    // 2. What was born since the look before, found or not.
    if (look.from === null || look.to === null) continue;
    const { from, to } = look;
    const each = look.allocatedBytes / (to - from);
    const birthOf = (ordinal: number): number => before + (ordinal - from) * each;
    const found = new Set<number>();
    for (const [ordinal, standsForBytes] of look.born ?? look.all!) {
      if (ordinal <= from || ordinal >= to || known.has(ordinal)) continue;
      const birth = birthOf(ordinal);
      known.set(ordinal, { bytes: sizeOf(standsForBytes), birth, firstAge: clock - birth, aliveAt: clock });
      found.add(ordinal);
    }
    for (let ordinal = from + 1; ordinal < to; ordinal++) {
      if (!found.has(ordinal)) unseenBytes.push(clock - birthOf(ordinal));
    }
  }
  for (const one of known.values()) sightings.push(sightingOf(one, null));
  const isComplete = looks.some(({ all }) => all !== undefined);
  return { head, sightings, unseenBytes, looks, allocatedBytes: clock, live, offHeap, isComplete };
}

function sightingOf({ bytes, birth, firstAge, aliveAt }: Known, deadAgeBytes: number | null): Sighting {
  return { bytes, firstAgeBytes: firstAge, aliveAgeBytes: aliveAt - birth, deadAgeBytes };
}
