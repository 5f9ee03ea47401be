/**
 * A recording as a model. A sample stands for the bytes between it and the next: of an object of s bytes, with a sample
 * each I bytes by chance, for s / (1 - e^(-s / I)) (V8's and tcmalloc's way of sampling). When it died is known to lie
 * between two looks, and of what died before any look could find it neither size nor more than that: its sizes are
 * taken to be as those of what was found youngest.
 */
import { UserError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import {
  type LifetimeModel,
  mostOffHeap,
  type RecordedPauses,
  shareAt,
  type SizeClass,
  type SurvivalCurve,
} from './lifetime-model.ts';
import type { Recording, Sighting } from './lifetime-model-raw.ts';
import { ageEdges, falling, kaplanMeier, type Lifetime, nearestEdge } from './lifetime-model-survival.ts';

/** Fewer say nothing. */
const fewestSeen = 30;
/** A class of its own needs so many; one whose sizes would lie wide apart without an end, so few. */
const fewestOfClass = 40;
const fewestOfWide = 12;
const wideTimes = 4;
/** The youngest of those found say which sizes are allocated. */
const youngestShare = 0.25;
/** No object is smaller. */
const leastAgeBytes = 16;
/** Up to the age at which three of four samples were first looked at, first looks say what lives. */
const turnShare = 0.75;
/** Where fewer samples were looked at, the curve is a guess. */
const fewestStatuses = 50;
/** Of a death that lies between two looks. */
const deathParts = 4;
const mostSizes = 24;
const mostLivePoints = 120;

/** Bytes that a sampled object of `bytes` stands for. */
export function sampleWeight(bytes: number, intervalBytes: number): number {
  return bytes / -Math.expm1(-bytes / intervalBytes);
}

export interface ModelFacts {
  readonly tool: string;
  readonly threadsLeftOut: number;
}

/** @throws UserError where too little was seen to say anything */
export function modelOf(recording: Recording, { tool, threadsLeftOut }: ModelFacts): LifetimeModel {
  const { head, sightings, unseenBytes, looks, allocatedBytes } = recording;
  if (sightings.length < fewestSeen) throw tooFew(recording);
  const { finestBytes, survival, classes } = survivalOf(recording);
  return {
    tool,
    program: head.program,
    node: head.node,
    recordedAt: head.startedAt,
    elapsedNs: looks.at(-1)!.atNs,
    isComplete: recording.isComplete,
    threadsLeftOut,
    intervalBytes: head.intervalBytes,
    samples: sightings.length + unseenBytes.length,
    looks: looks.length,
    looksNs: looks.reduce((sum, { tookNs }) => sum + tookNs, 0),
    allocatedBytes,
    finestBytes,
    survival,
    classes,
    live: thinned(recording.live),
    offHeap: recording.offHeap.length === 0 ? null : thinned(recording.offHeap),
    pauses: pausesOf(looks.flatMap(({ pauses }) => pauses)),
  };
}

/** A program that works with Buffers has few objects: no longer recording would make a model of what it does. */
function tooFew({ sightings, looks, live, offHeap }: Recording): UserError {
  const problem =
    `only ${sightings.length} sampled objects were found alive at ` +
    `${looks.length} look${looks.length === 1 ? '' : 's'}: too few for a model`;
  const samples = 'record for longer, or take more samples: --samples most';
  const onHeap = Math.max(...live.map(([, bytes]) => bytes));
  const beside = mostOffHeap(offHeap);
  if (beside === null || beside.externalBytes <= onHeap) return new UserError(problem, samples);
  return new UserError(
    `${problem}. Most of the program's memory lies off the heap, where nothing is sampled: at a look up to ` +
      `${formatBytes(beside.arrayBuffersBytes)} in Buffers and other ArrayBuffers, ` +
      `${formatBytes(beside.externalBytes)} in all by V8's count, and ${formatBytes(onHeap)} on the heap`,
    `no collector manages that memory; linefill alloc record sees what is asked of malloc for it. For the few objects: ${samples}`,
  );
}

interface ClassSightings {
  readonly least: number;
  most: number;
  readonly of: Sighting[];
}

/**
 * Each class's part of all samples that is alive at each edge. Looks that find objects for the first time say it of
 * young ages, where each sample was looked at once; looks that find them again say the rest.
 */
function survivalOf(recording: Recording): Pick<LifetimeModel, 'classes' | 'survival' | 'finestBytes'> {
  const { head, sightings, unseenBytes, allocatedBytes } = recording;
  const edges = ageEdges(leastAgeBytes, allocatedBytes);
  const firsts = [...unseenBytes, ...sightings.map(({ firstAgeBytes }) => firstAgeBytes)];
  firsts.sort((a, b) => a - b);
  const looked = countsBy(edges, firsts);
  const turn = nearestEdge(edges, firsts[Math.floor(turnShare * (firsts.length - 1))]!);
  const classes = classesOf(sightings);
  const mix = youngestMix(sightings, classes);
  const parts = classes.map(({ of }, kind) => {
    const early = youngPart(of, looked, edges, mix[kind]!);
    const late = kaplanMeier(followed(of, edges[turn]!), edges.slice(turn));
    const turnPart = early[turn]!;
    return edges.map((_, i) => (i <= turn ? early[i]! : turnPart * (late[i - turn] ?? late.at(-1)!)[1]));
  });
  const finestBytes = firsts[Math.min(fewestStatuses, firsts.length - 1)]!;
  return { ...byBytes(parts, classes, edges, head.intervalBytes), finestBytes };
}

/** Whether a class can end where sizes up to `power` come next. */
function isEnough({ least, of }: ClassSightings, power: number): boolean {
  return of.length >= (power > wideTimes * least ? fewestOfWide : fewestOfClass);
}

/** Bounds of classes: powers of two, as many together as give each enough samples. */
function classesOf(sightings: readonly Sighting[]): ClassSightings[] {
  const classes: ClassSightings[] = [];
  for (const one of sightings.toSorted((a, b) => a.bytes - b.bytes)) {
    const last = classes.at(-1);
    const power = 2 ** Math.ceil(Math.log2(one.bytes));
    if (last === undefined || (one.bytes > last.most && isEnough(last, power))) {
      classes.push({ least: one.bytes, most: power, of: [one] });
    } else {
      last.most = Math.max(last.most, power);
      last.of.push(one);
    }
  }
  const [before, last] = [classes.at(-2), classes.at(-1)];
  if (before === undefined || isEnough({ ...last!, least: before.least }, last!.most)) return classes;
  const joined = { least: before.least, most: last!.most, of: [...before.of, ...last!.of] };
  return [...classes.slice(0, -2), joined];
}

/** How many of the ages are nearest to each edge. */
function countsBy(edges: readonly number[], ages: readonly number[]): number[] {
  const counts = new Array<number>(edges.length).fill(0);
  for (const age of ages) counts[nearestEdge(edges, age)]!++;
  return counts;
}

/** What part of all that is allocated each class is: that of the youngest of those found. */
function youngestMix(sightings: readonly Sighting[], classes: readonly ClassSightings[]): number[] {
  const ages = sightings.map(({ firstAgeBytes }) => firstAgeBytes).toSorted((a, b) => a - b);
  const young = ages[Math.floor(youngestShare * (ages.length - 1))]!;
  const counts = classes.map(({ of }) => of.filter(({ firstAgeBytes }) => firstAgeBytes <= young).length);
  // One more of each: none that was found is never allocated.
  const all = counts.reduce((sum, count) => sum + count + 1, 0);
  return counts.map((count) => (count + 1) / all);
}

/** A class's part at each edge by the looks that first found it; between two steps straight over the age. */
function youngPart(
  of: readonly Sighting[],
  looked: readonly number[],
  edges: readonly number[],
  allocatedPart: number,
): number[] {
  const alive = countsBy(
    edges,
    of.map(({ firstAgeBytes }) => firstAgeBytes),
  );
  const steps = falling(edges.map((age, i) => ({ age, looked: looked[i]!, alive: alive[i]! })));
  const points: [age: number, share: number][] = [[0, allocatedPart]];
  for (const step of steps) {
    const share = Math.min(allocatedPart, step.alive / step.looked);
    if (step.first > 0) points.push([step.first, share]);
    if (step.last > step.first) points.push([step.last, share]);
  }
  return edges.map((edge) => shareAt(points, edge));
}

/** What was watched beyond an age: a death between two looks in parts, spread evenly between them. */
function followed(of: readonly Sighting[], fromAge: number): Lifetime[] {
  return of.flatMap(({ firstAgeBytes, aliveAgeBytes, deadAgeBytes }): Lifetime[] => {
    if (aliveAgeBytes <= fromAge) return [];
    const fromBytes = Math.max(firstAgeBytes, fromAge);
    if (deadAgeBytes === null) return [{ ageBytes: aliveAgeBytes, weight: 1, isCensored: true, fromBytes }];
    return Array.from({ length: deathParts }, (_, part): Lifetime => {
      const way = (part + 0.5) / deathParts;
      const ageBytes = aliveAgeBytes + way * (deadAgeBytes - aliveAgeBytes);
      return { ageBytes, weight: 1 / deathParts, isCensored: false, fromBytes };
    });
  });
}

/** Parts of samples as shares of the bytes that they stand for. */
function byBytes(
  parts: readonly (readonly number[])[],
  classes: readonly ClassSightings[],
  edges: readonly number[],
  intervalBytes: number,
): Pick<LifetimeModel, 'classes' | 'survival'> {
  const weights = classes.map(({ of }) => {
    const all = of.reduce((sum, { bytes }) => sum + sampleWeight(bytes, intervalBytes), 0);
    return all / of.length;
  });
  const bytes = parts.map((part, kind) => part.map((share) => share * weights[kind]!));
  const all = bytes.reduce((sum, [first]) => sum + first!, 0);
  const curve = (row: readonly number[], first: number): SurvivalCurve =>
    edges.map((edge, i) => [edge, i === 0 ? 1 : Math.min(1, row[i]! / first)] as const);
  const pooled = edges.map((_, i) => bytes.reduce((sum, row) => sum + row[i]!, 0));
  return {
    survival: curve(pooled, all),
    classes: classes.map(
      ({ least, most, of }, kind): SizeClass => ({
        leastBytes: least,
        mostBytes: most,
        seen: of.length,
        byteShare: bytes[kind]![0]! / all,
        sizes: sizesOf(of, intervalBytes),
        survival: curve(bytes[kind]!, bytes[kind]![0]!),
      }),
    ),
  };
}

/** Sizes with their shares of the objects, neighbours as one where there are many. */
function sizesOf(sightings: readonly Sighting[], intervalBytes: number): [number, number][] {
  const shares = new Map<number, number>();
  for (const { bytes } of sightings) {
    shares.set(bytes, (shares.get(bytes) ?? 0) + sampleWeight(bytes, intervalBytes) / bytes);
  }
  const total = [...shares.values()].reduce((sum, share) => sum + share, 0);
  const sorted = [...shares].toSorted(([a], [b]) => a - b);
  const isShort = sorted.length <= mostSizes;
  const groups = new Map<number, { bytes: number; share: number }>();
  let before = 0;
  for (const [i, [bytes, objects]] of sorted.entries()) {
    const share = objects / total;
    const place = isShort ? i : Math.floor(before * mostSizes);
    const group = groups.get(place) ?? { bytes: 0, share: 0 };
    groups.set(place, { bytes: group.bytes + bytes * share, share: group.share + share });
    before += share;
  }
  return [...groups.values()].map(({ bytes, share }) => [Math.round(bytes / share), share]);
}

/** Some points of many; the last and the highest among them, of which is told. */
function thinned<T extends readonly number[]>(points: readonly T[]): T[] {
  const step = Math.max(1, points.length / mostLivePoints);
  const places = new Set(Array.from({ length: mostLivePoints }, (_, i) => Math.floor(i * step)));
  for (const column of points.at(-1)!.keys()) {
    places.add(points.reduce((best, point, i) => (point[column]! >= points[best]![column]! ? i : best), 0));
  }
  return points.filter((_, i) => places.has(i));
}

/** V8's names of its collections, and ours. */
const kinds: ReadonlyMap<string, string> = new Map([
  ['Scavenge', 'minor'],
  ['MinorMarkCompact', 'minor'],
  ['MinorMarkSweep', 'minor'],
  ['MarkSweepCompact', 'major'],
  ['IncrementalMarking', 'incremental'],
  ['ProcessWeakCallbacks', 'weak'],
]);

/** Percentiles by nearest rank. */
function pausesOf(pauses: readonly (readonly [string, number])[]): RecordedPauses[] {
  const byKind = new Map<string, number[]>();
  for (const [name, ns] of pauses) {
    const kind = kinds.get(name) ?? name;
    const times = byKind.get(kind);
    if (times === undefined) byKind.set(kind, [ns]);
    else times.push(ns);
  }
  return [...byKind].map(([kind, times]): RecordedPauses => {
    const sorted = times.toSorted((a, b) => a - b);
    const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
    const totalNs = sorted.reduce((sum, ns) => sum + ns, 0);
    return {
      kind,
      count: sorted.length,
      totalNs,
      p50Ns: rank(0.5),
      p99Ns: rank(0.99),
      maxNs: sorted.at(-1)!,
    };
  });
}
