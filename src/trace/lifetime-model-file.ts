/** Recorded models in files: JSON, read with every check, written whole. */
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { UserError } from '../base/errors.ts';
import { writeWhole } from '../base/whole-file.ts';
import type { LifetimeModel, SurvivalCurve } from './lifetime-model.ts';

const format = 'linefill-lifetimes';
const version = 2;
/** Nothing was recorded off the heap then. */
const versionWithoutOffHeap = 1;

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const count = v.pipe(amount, v.integer());
const share = v.pipe(amount, v.maxValue(1));
const positive = v.pipe(amount, v.gtValue(0));

/** Ages ascend from 0, shares fall from 1. */
function isCurve(points: [number, number][]): boolean {
  const [first] = points;
  return (
    first?.[0] === 0 &&
    first[1] === 1 &&
    points.every((point, i) => i === 0 || (point[0] > points[i - 1]![0] && point[1] <= points[i - 1]![1]))
  );
}

const curveRule = 'ages that ascend from 0 and shares that fall from 1';
const curve = v.pipe(
  v.array(v.tuple([amount, share])),
  v.minLength(2, 'two points or more'),
  v.check(isCurve, curveRule),
);
const sizes = v.pipe(v.array(v.tuple([positive, share])), v.minLength(1, 'an entry or more'));
const classes = v.pipe(
  v.array(
    v.object({
      leastBytes: positive,
      mostBytes: positive,
      seen: count,
      byteShare: share,
      sizes,
      survival: curve,
    }),
  ),
  v.minLength(1, 'an entry or more'),
);
const schema = v.object({
  tool: v.string(),
  program: v.string(),
  node: v.string(),
  recordedAt: v.pipe(v.string(), v.isoTimestamp()),
  elapsedNs: amount,
  isComplete: v.boolean(),
  threadsLeftOut: count,
  intervalBytes: positive,
  samples: count,
  looks: count,
  looksNs: amount,
  allocatedBytes: positive,
  finestBytes: amount,
  survival: curve,
  classes,
  live: v.array(v.tuple([amount, amount])),
  offHeap: v.nullable(v.array(v.tuple([amount, amount, amount]))),
  pauses: v.array(
    v.object({
      kind: v.string(),
      count,
      totalNs: amount,
      p50Ns: amount,
      p99Ns: amount,
      maxNs: amount,
    }),
  ),
});

/** What the validator calls its rules, for people. */
const expectations: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object',
  integer: 'a whole number',
  finite: 'a finite number',
  iso_timestamp: 'a time such as 2026-01-31T12:00:00.000Z',
  '>=0': '0 or more',
  '<=1': '1 or less',
  '>0': 'more than 0',
};

const cure = 'linefill gc record -o app.gc.json -- node app.js makes one';

/** An issue as where it is and what should be there: `classes[0].byteShare must be 1 or less, not 7`. */
function describe(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }, i) =>
    typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`,
  );
  const where = path.length === 0 ? 'the whole' : path.join('');
  const last = issue.path?.at(-1);
  if (last !== undefined && 'value' in last && last.value === undefined) return `${where} is missing`;
  if (issue.type === 'check' || issue.type === 'min_length') return `${where} must have ${issue.message}`;
  const rule = issue.expected ?? issue.type;
  const received = { Array: 'a list', Object: 'an object' }[issue.received] ?? issue.received;
  return `${where} must be ${expectations[rule] ?? expectations[issue.type] ?? rule}, not ${received}`;
}

/** What stands at the head of a file, whatever else it is. */
function headOf(value: unknown): { readonly format?: unknown; readonly version?: unknown } {
  return typeof value === 'object' && value !== null ? value : {};
}

/**
 * The model in a file's text; `from` names it in messages.
 * @throws UserError that names what is wrong
 */
export function parseLifetimeModel(text: string, from: string): LifetimeModel {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${from} is no recorded model: ${(error as Error).message}`, cure);
  }
  const head = headOf(value);
  if (head.format !== format) throw new UserError(`${from} is no recorded model`, cure);
  const isOld = head.version === versionWithoutOffHeap;
  if (head.version !== version && !isOld) {
    throw new UserError(
      `${from} is of version ${String(head.version)} of its format; this linefill reads ${versionWithoutOffHeap} and ${version}`,
      'record it again, or use the linefill that wrote it',
    );
  }
  const whole = isOld ? { ...head, offHeap: null } : value;
  const { success, output, issues } = v.safeParse(schema, whole, { abortEarly: true });
  if (!success) throw new UserError(`${from}: ${describe(issues[0])}`, cure);
  return output;
}

/** The model in a file. @throws UserError where there is none, it can't be read, or something in it is wrong */
export async function readLifetimeModel(path: string): Promise<LifetimeModel> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`there is no file "${path}"`, cure);
    if (code === 'EISDIR') throw new UserError(`"${path}" is a folder`, 'name the file in it');
    throw new UserError(`"${path}" can't be read: ${message}`);
  }
  return parseLifetimeModel(text.replace(/^\uFEFF/, ''), `"${path}"`);
}

function rounded(curveToRound: SurvivalCurve): SurvivalCurve {
  return curveToRound.map(([age, part]) => [Math.round(age), Number(part.toPrecision(6))] as const);
}

/** A model as the text of its file. */
export function lifetimeModelText(model: LifetimeModel): string {
  const short = {
    ...model,
    survival: rounded(model.survival),
    classes: model.classes.map((one) => ({ ...one, survival: rounded(one.survival) })),
  };
  return `${JSON.stringify({ format, version, ...short })}\n`;
}

/** Writes a model to a file, whole or not at all. @throws UserError when nothing can be written there */
export async function writeLifetimeModel(path: string, model: LifetimeModel): Promise<void> {
  await writeWhole(path, lifetimeModelText(model));
}
