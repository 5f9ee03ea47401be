/**
 * The run file's schema, and the only way from text to a Run. A file may come from another machine, another year or
 * another program, so nothing of it is believed before it has been checked here.
 *
 * Long arrays of numbers are checked by plain loops: a validator's bookkeeping for each of a million samples would
 * cost more than parsing them.
 */
import * as v from 'valibot';
import { UserError } from '../base/errors.ts';
import { isClosed } from '../base/is-closed.ts';
import { pauseNames } from '../collectors/pauses.ts';
import type { Run } from './run.ts';
import { noiseColumns, runFormat, schemaVersion } from './run.ts';
import { describeIssue } from './schema-issue.ts';
import { runWords } from './schema-words.ts';

const text = v.string();
const flag = v.boolean();
// JSON has no infinity, but 1e999 parses to one.
const number = v.pipe(v.number(), v.finite());
const count = v.pipe(number, v.integer(), v.minValue(0));
const scalar = v.union([number, text, flag]);
const point = v.record(text, scalar);
const texts = v.array(text);

/** An array of which every element passes `accepts`; `items` is its JSON Schema. */
function row<T>(accepts: (value: unknown) => boolean, expected: string, items: object) {
  return v.pipe(
    v.custom<readonly T[]>(Array.isArray),
    v.rawCheck<readonly T[]>(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value;
      const key = input.findIndex((value) => !accepts(value));
      if (key < 0) return;
      const value = input[key];
      const path: [v.ArrayPathItem] = [{ type: 'array', origin: 'value', input: [...input], key, value }];
      addIssue({ expected, received: JSON.stringify(value) ?? 'undefined', path });
    }),
    v.metadata({ jsonSchema: { type: 'array', items } }),
  );
}

const numbers = row<number>(Number.isFinite, 'a number', { type: 'number' });
const counts = row<number>(
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  'a whole number of 0 or more',
  { type: 'integer', minimum: 0 },
);
const maybeNumbers = row<number | null>(
  (value) => value === null || Number.isFinite(value),
  'a number or null',
  { type: ['number', 'null'] },
);

function fact<const S extends v.GenericSchema>(value: S) {
  return v.object({
    value: v.nullable(value),
    origin: v.picklist(['reported', 'measured', 'missing']),
    from: text,
  });
}

const cpu = v.object({
  id: count,
  core: v.nullable(number),
  package: v.nullable(number),
  node: v.nullable(number),
  siblings: counts,
  kind: v.nullable(v.picklist(['performance', 'efficiency'])),
});

const ways = v.nullable(number);
const cacheKind = v.picklist(['data', 'instruction', 'unified']);
const tlbKind = v.picklist(['data', 'instruction', 'unified', 'load', 'store']);
const toldOfCache = { level: count, kind: cacheKind, sizeBytes: count, lineBytes: count, ways };
const cache = v.object({ ...toldOfCache, cpus: counts });
const cpuidCache = v.object({ ...toldOfCache, sets: v.nullable(number), sharedBy: v.nullable(number) });
const tlb = v.object({ level: count, kind: tlbKind, pageBytes: counts, entries: count, ways });

const machine = v.object({
  id: text,
  fingerprint: text,
  platform: text,
  architecture: text,
  osRelease: text,
  cpuModel: fact(text),
  cpus: fact(v.array(cpu)),
  caches: fact(v.array(cache)),
  allocators: fact(v.array(v.object({ id: text, version: v.nullable(text) }))),
  cpuidCaches: fact(v.array(cpuidCache)),
  tlbs: fact(v.array(tlb)),
  lineBytes: fact(number),
  lastLevelBytes: fact(number),
  memoryLevels: fact(v.array(v.object({ upToBytes: v.nullable(number), latencyNs: number }))),
  measuredCaches: fact(
    v.array(v.object({ level: count, sizeBytes: number, latencyNs: number, ways: v.nullable(number) })),
  ),
  cpuDistances: fact(v.array(v.object({ from: count, to: count, oneWayNs: number }))),
  cpuGroups: fact(v.array(counts)),
  pageBytes: fact(number),
  hugePages: fact(v.array(v.object({ pageBytes: number, total: count, free: count }))),
  transparentHugePages: fact(text),
  hugePagesGiven: fact(number),
  transparentHugePagesDefrag: fact(text),
  numaNodes: fact(number),
  memoryTotalBytes: fact(number),
  memoryAvailableBytes: fact(number),
  cgroupMemoryBytes: fact(number),
  cgroupCpus: fact(number),
  virtualisation: fact(text),
  governor: fact(text),
  turbo: fact(flag),
  smt: fact(flag),
  addressRandomisation: fact(text),
  isa: fact(texts),
  counters: fact(texts),
  clockResolutionNs: fact(number),
  clockCostNs: fact(number),
  compiler: fact(text),
  compilerFlags: fact(text),
  node: text,
  v8: text,
});

const surroundings = v.object({
  loadAverage: fact(number),
  memoryPressure: fact(number),
  cpuPressure: fact(number),
});

const conduct = v.object({
  experiment: text,
  processes: count,
  stopped: v.picklist(['narrow', 'budget', 'processes', 'interrupted', 'failed']),
  elapsedMs: number,
  samplingMs: number,
  inputsMs: number,
  checkingMs: number,
  comparisons: count,
  alpha: number,
  regimes: v.nullable(text),
  cpus: counts,
  crossChecked: count,
});

const noise = v.object(v.entriesFromList(noiseColumns, v.exactOptional(maybeNumbers)));

/** Every column must have an entry a sample, or readers would pair a time with another sample's round. */
const processSamples = v.pipe(
  v.object({
    process: count,
    rounds: counts,
    raw: numbers,
    regimes: counts,
    noise: v.exactOptional(noise),
    memberNs: v.exactOptional(v.array(numbers)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { raw, noise: beside = {}, ...own } = dataset.value;
    const columns = [...named(own, []), ...named(beside, ['noise'])];
    const odd = columns.find(({ column }) => column.length !== raw.length);
    if (odd === undefined) return;
    const [first, ...rest] = odd.keys.map(
      (key): v.ObjectPathItem => ({ type: 'object', origin: 'value', input: {}, key, value: odd.column }),
    );
    const expected = `${raw.length} entries, one a sample`;
    addIssue({ expected, received: `${odd.column.length}`, path: [first!, ...rest] });
  }),
);

/** The arrays among some fields, and how to get at them. */
function named(
  fields: object,
  path: readonly string[],
): { keys: readonly string[]; column: readonly unknown[] }[] {
  return Object.entries(fields).flatMap(([key, column]: [string, unknown]) =>
    Array.isArray(column) ? [{ keys: [...path, key], column }] : [],
  );
}

const summary = v.object({
  samples: count,
  processes: count,
  median: number,
  low: v.nullable(number),
  high: v.nullable(number),
  confidence: v.nullable(number),
  error: number,
  unstable: flag,
  outliers: count,
});

const measurement = v.object({
  experiment: text,
  group: text,
  arm: text,
  variant: text,
  point,
  language: v.picklist(['native', 'typescript', 'crossing']),
  form: v.picklist(['thread', 'team', 'scenario']),
  kernel: text,
  twin: flag,
  metric: text,
  unit: text,
  better: v.exactOptional(v.nullable(v.picklist(['less', 'more']))),
  rawUnit: text,
  divisor: number,
  iterations: number,
  operations: number,
  bytes: number,
  checksum: text,
  processes: v.array(processSamples),
  summary,
});

const comparison = v.object({
  experiment: text,
  group: text,
  arm: text,
  baseline: text,
  metric: text,
  regime: count,
  processes: count,
  ratio: number,
  low: v.nullable(number),
  high: v.nullable(number),
  confidence: v.nullable(number),
  floor: v.nullable(number),
  result: v.picklist(['faster', 'slower', 'no-difference', 'inconclusive']),
});

const probe = v.object({
  experiment: text,
  group: text,
  process: count,
  block: count,
  pingPongNs: v.nullable(number),
  chaseNs: number,
  fixedNs: number,
  regime: count,
});

const timeline = v.object({
  experiment: text,
  group: text,
  arm: text,
  variant: text,
  point,
  wallNs: number,
  lost: count,
  pauses: v.array(v.tuple([v.picklist(pauseNames), number, number])),
});

const verdict = v.object({
  experiment: text,
  claim: text,
  statement: text,
  source: text,
  status: v.picklist(['supported', 'refuted', 'inconclusive', 'not-applicable']),
  sentence: text,
  effect: v.nullable(v.object({ value: number, low: number, high: number, unit: text })),
  measured: v.exactOptional(text),
});

const prediction = v.object({
  experiment: text,
  group: text,
  arm: text,
  value: number,
  misses: v.array(v.object({ level: text, perOperation: number })),
  notes: texts,
});

const inference = v.object({
  experiment: text,
  id: text,
  title: text,
  unit: text,
  value: v.nullable(number),
  low: v.nullable(number),
  high: v.nullable(number),
  processes: count,
  reported: v.nullable(number),
  reportedBy: v.nullable(text),
  note: v.nullable(text),
});

const schema = v.object({
  format: v.literal(runFormat),
  schemaVersion: v.literal(schemaVersion),
  tool: v.object({ name: text, version: text }),
  startedAt: v.pipe(text, v.isoTimestamp()),
  complete: flag,
  profile: v.picklist(['smoke', 'quick', 'full']),
  seed: count,
  budgetMs: number,
  settings: v.record(text, v.array(scalar)),
  machine,
  surroundings,
  conduct: v.array(conduct),
  measurements: v.array(measurement),
  comparisons: v.array(comparison),
  probes: v.array(probe),
  timelines: v.exactOptional(v.array(timeline)),
  words: v.exactOptional(v.array(runWords)),
  leftOut: v.array(v.object({ experiment: text, what: text, reason: text })),
  inferences: v.array(inference),
  predictions: v.array(prediction),
  verdicts: v.array(verdict),
  warnings: texts,
});

type Plain<T> = T extends readonly (infer E)[]
  ? readonly Plain<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Plain<T[K]> }
    : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** A field that stands in the schema or in Run alone, or has another type there, makes this line fail to compile. */
true satisfies Same<Plain<v.InferOutput<typeof schema>>, Plain<Run>>;

/** For the generator of schema/run.schema.json; everybody else calls `parseRun` or `checkRun`. */
export const runSchema: v.GenericSchema<unknown, Run> = schema;

/**
 * What is wrong with `value` as a run, at the first place where something is: a path and a sentence. Null: it is a
 * run. For a file's text, use `parseRun`.
 */
export function faultOf(value: unknown): string | null {
  const result = v.safeParse(schema, value, { abortEarly: true });
  return result.success ? null : describeIssue(result.issues[0]);
}

/**
 * The run in a run file's text. What the schema does not know is dropped.
 * @param from where the text came from, for messages.
 * @throws UserError when it is empty, cut off, not JSON, not a run file, from a newer linefill, or has a field that
 *   is missing or of the wrong type (the first one is named)
 */
export function parseRun(json: string, from: string): Run {
  const value = parseJson(json, from);
  if (!isRecord(value) || value['format'] !== runFormat) {
    throw new UserError(
      `${from} is JSON, but not a linefill run: its "format" is not "${runFormat}"`,
      'give the file that linefill run wrote: linefill-run-<time>.json',
    );
  }
  const version = value['schemaVersion'];
  if (typeof version === 'number' && version > schemaVersion) {
    throw new UserError(
      `${from} was written by a newer linefill (schema ${version}); this one reads ${schemaVersion}`,
      'npm i -g linefill@latest',
    );
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new UserError(
    `${from} is not a valid run file: ${describeIssue(result.issues[0])}`,
    'it was changed after linefill wrote it, or linefill has a bug: measure again with linefill run',
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(json: string, from: string): unknown {
  const body = json.trim();
  if (body === '') throw new UserError(`${from} is empty`, 'measure again: linefill run');
  try {
    return JSON.parse(body);
  } catch (error) {
    if (body.startsWith('{') && !isClosed(body)) {
      throw new UserError(
        `${from} is cut off after ${json.length} characters: it starts as JSON and ends in the middle`,
        'copy it again from where it was written, or measure again: linefill run',
      );
    }
    throw new UserError(
      `${from} is not JSON (${(error as Error).message})`,
      'give the file that linefill run wrote: linefill-run-<time>.json',
    );
  }
}
