/**
 * The kernel of the bandwidth experiment: passes over one to three arrays of float64, by operation and width.
 * Native twin: native/kernels/stream.cc.
 */
import { ContractError } from '../../base/errors.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { arraysOf, type Operation, operations, streamReference, touch } from './bandwidth-reference.ts';

const signature = {
  a: 'observed float64[]',
  b: 'observed float64[]',
  c: 'observed float64[]',
  operation: 'uint32',
  width: 'uint32',
  passes: 'uint32',
  tookNs: 'observed float64[]',
} as const;
export type StreamArguments = Arguments<typeof signature>;

/** In the order of the kernel's argument "width". */
const widths = ['widest', 'scalar', 'sse2', 'neon', 'avx2', 'avx512', 'sve'] as const;
export type Width = (typeof widths)[number];

/**
 * Where a way stands: at every working set; at one a level and at the end of the curve; at one a level; or there in the
 * full profile only.
 */
export type View = 'main' | 'end' | 'side' | 'rare';

/** One way to pass over the arrays: the coordinate `way` names it. */
export interface Way {
  readonly operation: Operation;
  readonly width: Width;
  readonly language: 'native' | 'typescript';
  /** By several threads; else by one. */
  readonly isTeam: boolean;
  readonly view: View;
}

function way(operation: Operation, view: View, width: Width = 'widest'): Way {
  return { operation, width, language: 'native', isTeam: false, view };
}

function typescript(operation: Operation, view: View): Way {
  return { operation, width: 'scalar', language: 'typescript', isTeam: false, view };
}

function team(one: Way): Way {
  return { ...one, isTeam: true };
}

/** The operations that have loops of each width. */
const looped = ['read', 'write', 'copy', 'scale', 'add', 'triad'] as const;

/** `read-sse2`, `write-sse2`, ... */
function waysBy(width: Width): Record<string, Way> {
  return Object.fromEntries(
    looped.map((operation) => [`${operation}-${width}`, way(operation, 'rare', width)]),
  );
}

/** All ways, by name. Widths that may be the widest need no way of their own. */
export const ways: Readonly<Record<string, Way>> = {
  read: way('read', 'main'),
  write: way('write', 'main'),
  copy: way('copy', 'main'),
  triad: way('triad', 'main'),
  ...waysBy('scalar'),
  'read-scalar': way('read', 'end', 'scalar'),
  'copy-scalar': way('copy', 'end', 'scalar'),
  'triad-scalar': way('triad', 'end', 'scalar'),
  ...waysBy('sse2'),
  ...waysBy('avx2'),
  ...waysBy('neon'),
  scale: way('scale', 'rare'),
  add: way('add', 'rare'),
  memcpy: way('memcpy', 'side'),
  fill: way('fill', 'rare'),
  'nt-write': way('nt-write', 'side'),
  'nt-copy': way('nt-copy', 'side'),
  'nt-triad': way('nt-triad', 'rare'),
  'ts-read': typescript('read', 'side'),
  'ts-write': typescript('write', 'rare'),
  'ts-copy': typescript('copy', 'side'),
  'ts-scale': typescript('scale', 'rare'),
  'ts-add': typescript('add', 'rare'),
  'ts-triad': typescript('triad', 'side'),
  'ts-memcpy': typescript('memcpy', 'rare'),
  'ts-fill': typescript('fill', 'rare'),
  'team-read': team(way('read', 'main')),
  'team-copy': team(way('copy', 'main')),
  'team-triad': team(way('triad', 'main')),
  'team-read-scalar': team(way('read', 'end', 'scalar')),
  'team-copy-scalar': team(way('copy', 'end', 'scalar')),
  'team-triad-scalar': team(way('triad', 'end', 'scalar')),
  'team-write': team(way('write', 'rare')),
  'team-scale': team(way('scale', 'rare')),
  'team-add': team(way('add', 'rare')),
  'team-fill': team(way('fill', 'rare')),
  'team-memcpy': team(way('memcpy', 'rare')),
  'team-nt-write': team(way('nt-write', 'rare')),
  'team-nt-copy': team(way('nt-copy', 'rare')),
  'team-nt-triad': team(way('nt-triad', 'rare')),
  'team-ts-triad': team(typescript('triad', 'rare')),
};

/** The way at a point. Throws ContractError where it names none. */
export function wayAt(point: Point): Way {
  const name = textAt(point, 'way');
  const found = Object.hasOwn(ways, name) ? ways[name] : undefined;
  if (found === undefined) throw new ContractError(`there is no way called ${name}`);
  return found;
}

const elementBytes = 8;
const lineBytes = 64;
/** Eight vectors of the widest unit: arrays are whole multiples of what a turn of any loop handles. */
const turnElements = 64;
/**
 * Where `b`, `c` and `a` start within a page, in elements: at one and the same offset they would compete for the same
 * sets, and a load would wait for the store whose address ends in the same 12 bits.
 */
const starts = { b: 0, c: 168, a: 336 } as const;
const pageElements = 512;
/** Bytes that a member moves in a call, so that calls last about equally long whatever runs the loop. */
const bytesOfCall = { native: 8 * 2 ** 20, scalar: 2 * 2 ** 20, typescript: 512 * 2 ** 10 } as const;
/** What no operation leaves. */
const unwritten = -1;
/** Elements from one member's time to the next: none shares a line pair with another. */
const timeStride = 16;

/** Elements of each array that a member's operation touches: all members' arrays together are the working set. */
export function elementsAt(point: Point): number {
  const { reads, writes } = arraysOf[wayAt(point).operation];
  const arrays = (reads + writes) * numberAt(point, 'threads');
  const elements = Math.floor(numberAt(point, 'workingSetBytes') / arrays / elementBytes);
  return Math.max(turnElements, elements - (elements % turnElements));
}

function passesAt(point: Point): number {
  const { operation, width, language } = wayAt(point);
  const { reads, writes } = arraysOf[operation];
  const bytes = (reads + writes) * elementsAt(point) * elementBytes;
  const wanted = bytesOfCall[language === 'native' && width === 'scalar' ? 'scalar' : language];
  return Math.max(1, Math.floor(wanted / bytes));
}

/** Bytes that one call of all members reads and writes, as the program names them. */
export function callBytes(point: Point): number {
  const { reads, writes } = arraysOf[wayAt(point).operation];
  const arrays = (reads + writes) * numberAt(point, 'threads');
  return arrays * elementsAt(point) * elementBytes * passesAt(point);
}

type Arrays = Pick<StreamArguments, 'a' | 'b' | 'c'>;

/** What a thread reads, which it never writes, and what it writes, whose contents nobody reads. */
interface Memory {
  readonly input: Float64Array;
  readonly output: Float64Array;
}

/** All ways that take turns in a group go through the same memory, each through its part of it. */
function partsOf({ input, output }: Memory, point: Point): Arrays {
  const length = elementsAt(point);
  const { reads, writes } = arraysOf[wayAt(point).operation];
  // Beside `b`, where `c` starts by its own offset in a page.
  const second = Math.ceil(length / pageElements) * pageElements + starts.c;
  return {
    a: output.subarray(starts.a, starts.a + writes * length),
    b: input.subarray(starts.b, starts.b + (reads > 0 ? length : 0)),
    c: input.subarray(second, second + (reads > 1 ? length : 0)),
  };
}

/** Elements of each of the two arrays: a member's share of the set, and what its offsets take. */
function memoryElements(point: Point): number {
  const share = numberAt(point, 'workingSetBytes') / numberAt(point, 'threads') / elementBytes;
  return Math.max(turnElements, Math.ceil(share)) + 2 * pageElements;
}

function memoryOfThread({ room, point }: Place): Memory {
  const make = (): Float64Array => room.array('float64', memoryElements(point), 4096);
  return {
    input: room.share('input', () => touch(make())),
    output: room.share('output', () => make().fill(1)),
  };
}

/**
 * The members' memories of the last team: a team's room would make them anew for every arm. Untouched: a member's first
 * call touches what it uses on its own CPU.
 */
let lastTeam: { readonly key: string; readonly memories: readonly Memory[] } | null = null;

function memoryOfMember({ room, point, member, members }: Place): Memory {
  const elements = memoryElements(point);
  const key = `${elements} x ${members}`;
  if (lastTeam?.key !== key) {
    // Let go first: both may not fit.
    lastTeam = null;
    const make = (): Float64Array => room.shared('float64', elements, 4096);
    const memories = Array.from({ length: members }, () => ({ input: make(), output: make() }));
    lastTeam = { key, memories };
  }
  return lastTeam.memories[member]!;
}

function setup(place: Place): StreamArguments {
  const { point, room, member, members } = place;
  const { operation, width } = wayAt(point);
  const memory = members === 1 ? memoryOfThread(place) : memoryOfMember(place);
  const times = room.share('times', () => room.shared('float64', members * timeStride, 128));
  const parts = partsOf(memory, point);
  // Or one who writes nothing would pass for the one before.
  for (const at of [0, parts.a.length - 1]) if (at < parts.a.length) parts.a[at] = unwritten;
  return {
    ...parts,
    operation: operations.indexOf(operation),
    width: widths.indexOf(width),
    passes: passesAt(point),
    tookNs: times.subarray(member * timeStride),
  };
}

/** A group's arms share two arrays, which those that read account for. */
function footprintBytes(point: Point): number {
  const isCounted = ['read', 'team-read'].includes(textAt(point, 'way'));
  return isCounted ? 2 * numberAt(point, 'workingSetBytes') : 0;
}

/**
 * Point: workingSetBytes (of all arrays of all threads together), threads, way. One operation is a line's worth of
 * bytes read or written.
 */
export const stream: Kernel<typeof signature> = defineKernel({
  id: 'stream',
  summary: 'passes over arrays: reads, writes, copies, scales, adds',
  signature,
  setup,
  reference: streamReference,
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: callBytes(point) / lineBytes, bytes: callBytes(point) }),
  footprintBytes,
});

/** GB/s of the last call: the bytes of all members in the time of the slowest. */
export function rateOf({ a, b, c, passes, tookNs }: StreamArguments): { rate: number } {
  let [slowestNs, members] = [0, 0];
  for (let at = 0; at < tookNs.length; at += timeStride, members++) {
    slowestNs = Math.max(slowestNs, tookNs[at]!);
  }
  const bytes = (a.length + b.length + c.length) * elementBytes * passes * members;
  return { rate: bytes / slowestNs };
}

/** Additions that last as long as so many bytes take to move where they move fastest. */
const bytesAnAddition = 32;

const addsPoint = (point: Point): Point => ({
  adds: Math.ceil(Math.max(bytesOfCall.native, numberAt(point, 'workingSetBytes')) / bytesAnAddition),
});

/** The core's cycle beside the passes, in calls that last about as long. Point: workingSetBytes. */
export const cycleAdds: Kernel<typeof dependentAdds.signature> = {
  ...dependentAdds,
  setup: (place: Place) => dependentAdds.setup({ ...place, point: addsPoint(place.point) }),
  work: (point) => dependentAdds.work(addsPoint(point)),
};
