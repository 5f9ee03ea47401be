/**
 * The file that `linefill layout` reads: a structure's fields, how many elements an array of it has, and the loops
 * that walk over it. A loop says which fields it reads and writes, in which order it visits the elements, and how
 * threads share them out.
 *
 * Two ways to have threads: `threads` share out the elements (by `partition`) and all do the same; or `roles` give
 * each thread fields of its own, and every thread visits every element.
 */
import * as v from 'valibot';
import { UserError } from '../base/errors.ts';

/** Bytes of a scalar type, which are its alignment as well (System V, AArch64 and Windows ABIs, 64 bits). */
const scalarBytes = {
  i8: 1,
  u8: 1,
  bool: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  f32: 4,
  i64: 8,
  u64: 8,
  f64: 8,
  ptr: 8,
} as const;
type ScalarType = keyof typeof scalarBytes;
export type FieldType = ScalarType | 'bytes';
const scalarTypes = Object.keys(scalarBytes) as ScalarType[];
export const fieldTypes: readonly FieldType[] = [...scalarTypes, 'bytes'];

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Items of an array, bytes of `bytes`; 1 for a plain field. */
  readonly length: number;
  readonly itemBytes: number;
  readonly sizeBytes: number;
  readonly alignment: number;
}

/** What one thread of a loop does to each element that it visits. */
export interface Role {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** `whole`: every thread visits every element. */
export type Partition = 'whole' | 'blocks' | 'interleaved';

export interface Loop {
  readonly name: string;
  readonly order: 'sequential' | 'random';
  /** How often it runs, relative to the other loops. */
  readonly weight: number;
  readonly partition: Partition;
  /** One a thread. */
  readonly roles: readonly Role[];
}

export interface LayoutSpec {
  readonly name: string;
  readonly count: number;
  readonly fields: readonly Field[];
  readonly loops: readonly Loop[];
}

/** What to type instead of a word: the command line's own way of guessing. */
export type Guess = (word: string, choices: readonly string[]) => string;

const mostFields = 64;
const mostLoops = 16;
const mostThreads = 64;
const mostFieldBytes = 4096;
const mostCount = 2 ** 32 - 1;
const longestName = 40;

const namePattern = /^[A-Za-z_][\w.-]*$/;
const name = v.pipe(v.string(), v.regex(namePattern, ''), v.maxLength(longestName));
const names = v.array(v.string());
const whole = v.pipe(v.number(), v.integer());
const fieldEntries = {
  name,
  type: v.string(),
  length: v.exactOptional(v.pipe(whole, v.minValue(1), v.maxValue(mostFieldBytes))),
};
const roleEntries = { reads: v.exactOptional(names), writes: v.exactOptional(names) };
const loopEntries = {
  name,
  ...roleEntries,
  order: v.exactOptional(v.picklist(['sequential', 'random'])),
  weight: v.exactOptional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1e6))),
  threads: v.exactOptional(v.pipe(whole, v.minValue(1), v.maxValue(mostThreads))),
  partition: v.exactOptional(v.picklist(['blocks', 'interleaved'])),
  roles: v.exactOptional(
    v.pipe(v.array(v.strictObject(roleEntries)), v.minLength(2), v.maxLength(mostThreads)),
  ),
};
const entries = {
  name,
  count: v.pipe(whole, v.minValue(1), v.maxValue(mostCount)),
  fields: v.pipe(v.array(v.strictObject(fieldEntries)), v.minLength(1), v.maxLength(mostFields)),
  loops: v.pipe(v.array(v.strictObject(loopEntries)), v.minLength(1), v.maxLength(mostLoops)),
};
const schema = v.strictObject(entries);
type Written = v.InferOutput<typeof schema>;
type WrittenLoop = Written['loops'][number];

const seeExample = 'linefill layout --example prints a complete file';

/** What the validator calls its rules, for people. */
const expectations: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a text',
  Array: 'a list',
  Object: 'an object',
  integer: 'a whole number',
  '>0': 'more than 0',
  [`<=${longestName}`]: `at most ${longestName} characters`,
};

/** What a rule about a list's or a number's size means. */
function sizeRule(issue: v.BaseIssue<unknown>): string | null {
  const { type, requirement } = issue as { type: string; requirement?: unknown };
  switch (type) {
    case 'min_length':
      return `must have at least ${String(requirement)} ${requirement === 1 ? 'entry' : 'entries'}`;
    case 'max_length':
      return Array.isArray(issue.input)
        ? `must have at most ${String(requirement)} entries`
        : `must have at most ${String(requirement)} characters`;
    case 'min_value':
      return `must be at least ${String(requirement)}, not ${String(issue.input)}`;
    case 'max_value':
      return `must be at most ${String(requirement)}, not ${String(issue.input)}`;
    case 'regex':
      return `must be a name of letters, digits, _ . and -, not ${JSON.stringify(issue.input)}`;
    default:
      return null;
  }
}

/** `loops[1].reads[0]`. */
function pathText(keys: readonly unknown[]): string {
  const parts = keys.map((key, i) =>
    typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`,
  );
  return parts.length === 0 ? 'the whole' : parts.join('');
}

/** The keys that an object may have, by where it stands. */
function keysAt(keys: readonly unknown[]): readonly string[] {
  const holder = keys.filter((key) => typeof key === 'string').at(-2);
  const listed = { fields: fieldEntries, loops: loopEntries, roles: roleEntries };
  return Object.keys(listed[holder as keyof typeof listed] ?? entries);
}

function shapeError(issue: v.BaseIssue<unknown>, from: string, guess: Guess): UserError {
  const keys = (issue.path ?? []).map(({ key }) => key);
  const where = `${from}: ${pathText(keys)}`;
  const last = issue.path?.at(-1);
  if (issue.expected === 'never') {
    const key = String(last?.key);
    const holder = pathText(keys.slice(0, -1));
    return new UserError(`${from}: ${holder} has an unknown entry "${key}"`, guess(key, keysAt(keys)));
  }
  if (last !== undefined && 'value' in last && last.value === undefined)
    return new UserError(`${where} is missing`, seeExample);
  const size = sizeRule(issue);
  if (size !== null) return new UserError(`${where} ${size}`, seeExample);
  if (issue.type === 'picklist') {
    const { options } = issue as unknown as { options?: readonly string[] };
    const choices = options ?? issue.expected?.match(/\w+/g) ?? [];
    return new UserError(
      `${where} must be ${choices.join(' or ')}, not ${issue.received}`,
      guess(String(issue.input), choices),
    );
  }
  const rule = issue.expected ?? issue.type;
  const received = { Array: 'a list', Object: 'an object' }[issue.received] ?? issue.received;
  return new UserError(`${where} must be ${expectations[rule] ?? rule}, not ${received}`, seeExample);
}

/** What other languages call our types. */
const foreignTypes: ReadonlyMap<string, FieldType> = new Map<string, FieldType>(
  Object.entries({
    char: 'i8',
    'signed char': 'i8',
    'unsigned char': 'u8',
    byte: 'u8',
    short: 'i16',
    int: 'i32',
    unsigned: 'u32',
    uint: 'u32',
    float: 'f32',
    float32: 'f32',
    double: 'f64',
    float64: 'f64',
    number: 'f64',
    long: 'i64',
    'long long': 'i64',
    bigint: 'i64',
    size_t: 'u64',
    usize: 'u64',
    isize: 'i64',
    pointer: 'ptr',
    boolean: 'bool',
    string: 'bytes',
    text: 'bytes',
  } as const),
);

/** "uint32_t" as "u32". */
function shortType(type: string): string {
  const [, unsigned, bits] = /^(u?)int(\d+)(?:_t)?$/.exec(type) ?? [];
  return bits === undefined ? type : `${unsigned === 'u' ? 'u' : 'i'}${bits}`;
}

function typeOf(type: string, where: string, guess: Guess): FieldType {
  const found = fieldTypes.find((known) => known === type);
  if (found !== undefined) return found;
  const lower = type.toLowerCase();
  const meant = foreignTypes.get(lower) ?? fieldTypes.find((known) => known === shortType(lower));
  const cure = meant === undefined ? guess(type, fieldTypes) : `did you mean ${meant}?`;
  const all = `choose from: ${fieldTypes.join(', ')}`;
  throw new UserError(
    `${where}.type: there is no type "${type}"`,
    cure.includes('choose from') ? cure : `${cure} (${all})`,
  );
}

function fieldOf(written: Written['fields'][number], where: string, guess: Guess): Field {
  const type = typeOf(written.type, where, guess);
  if (type === 'bytes' && written.length === undefined) {
    throw new UserError(`${where}: a field of bytes needs a length`, 'for example: "length": 24');
  }
  const itemBytes = type === 'bytes' ? 1 : scalarBytes[type];
  const length = written.length ?? 1;
  const sizeBytes = itemBytes * length;
  if (sizeBytes > mostFieldBytes) {
    const most = mostFieldBytes / itemBytes;
    throw new UserError(
      `${where}: ${length} items of ${type} are ${sizeBytes} bytes`,
      `a field has at most ${mostFieldBytes} bytes: "length": ${most}`,
    );
  }
  return { name: written.name, type, length, itemBytes, sizeBytes, alignment: itemBytes };
}

function refuseTwice(all: readonly { readonly name: string }[], what: string, from: string): void {
  const at = all.findIndex((one, i) => all.findIndex((other) => other.name === one.name) < i);
  if (at < 0) return;
  throw new UserError(
    `${from}: ${what}[${at}].name: "${all[at]!.name}" is there twice`,
    'rename one of them',
  );
}

/** The names of a role's list, each of a field, each once. */
function fieldNames(
  list: readonly string[],
  where: string,
  fields: readonly Field[],
  guess: Guess,
): string[] {
  const all = fields.map((field) => field.name);
  list.forEach((word, at) => {
    if (!all.includes(word))
      throw new UserError(`${where}[${at}]: there is no field "${word}"`, guess(word, all));
    if (list.indexOf(word) < at)
      throw new UserError(`${where}[${at}]: "${word}" is there twice`, 'name a field once');
  });
  return [...list];
}

function roleOf(
  written: { readonly reads?: string[]; readonly writes?: string[] },
  where: string,
  fields: readonly Field[],
  guess: Guess,
): Role {
  const reads = fieldNames(written.reads ?? [], `${where}.reads`, fields, guess);
  const writes = fieldNames(written.writes ?? [], `${where}.writes`, fields, guess);
  if (reads.length + writes.length > 0) return { reads, writes };
  throw new UserError(
    `${where} touches no field`,
    `name some: "reads": ["${fields[0]!.name}"], or "writes"; a field in both is updated`,
  );
}

/** Nothing but a field of its own for each helps where several write one. */
function refuseTwoWriters(roles: readonly Role[], where: string): void {
  roles.forEach(({ writes }, at) => {
    const also = writes.find((field) => roles.slice(0, at).some((role) => role.writes.includes(field)));
    if (also === undefined) return;
    throw new UserError(
      `${where}[${at}].writes: another role writes "${also}", too: that is true sharing, which no layout mends`,
      'give each thread a field of its own, or share out the elements: "threads" and "partition"',
    );
  });
}

function loopOf(written: WrittenLoop, where: string, fields: readonly Field[], guess: Guess): Loop {
  const { order = 'sequential', weight = 1, threads = 1, partition, roles } = written;
  const common = { name: written.name, order, weight };
  if (roles !== undefined) {
    const also = (['reads', 'writes', 'threads', 'partition'] as const).find((key) => key in written);
    if (also !== undefined) {
      throw new UserError(
        `${where} has "roles" and "${also}"`,
        'with roles, every thread has its own reads and writes and visits every element: leave the other out',
      );
    }
    const each = roles.map((role, at) => roleOf(role, `${where}.roles[${at}]`, fields, guess));
    refuseTwoWriters(each, `${where}.roles`);
    return { ...common, partition: 'whole', roles: each };
  }
  if (partition !== undefined && threads === 1) {
    throw new UserError(
      `${where}.partition: one thread has nothing to share out`,
      'for example: "threads": 2',
    );
  }
  const role = roleOf(written, where, fields, guess);
  return {
    ...common,
    partition: threads === 1 ? 'whole' : (partition ?? 'blocks'),
    roles: Array.from({ length: threads }, () => role),
  };
}

function parseJson(json: string, from: string): unknown {
  const body = json.replace(/^\uFEFF/, '').trim();
  if (body === '') throw new UserError(`${from} is empty`, seeExample);
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new UserError(`${from} is not JSON (${(error as Error).message})`, seeExample);
  }
}

/**
 * The specification in a file's text.
 * @param from where the text came from, for messages
 * @throws UserError that names the place in the JSON, what is wrong with it and what to type
 */
export function parseLayout(json: string, from: string, guess: Guess): LayoutSpec {
  const value = parseJson(json, from);
  // The validator takes a list for an object.
  if (Array.isArray(value))
    throw new UserError(`${from}: the whole must be an object, not a list`, seeExample);
  const result = v.safeParse(schema, value);
  if (!result.success) {
    // A mistyped entry is unknown, and what was meant is missing: the former says more.
    const unknown = result.issues.find(({ expected }) => expected === 'never');
    throw shapeError(unknown ?? result.issues[0], from, guess);
  }
  const { fields: written, loops, ...rest } = result.output;
  refuseTwice(written, 'fields', from);
  const fields = written.map((field, at) => fieldOf(field, `${from}: fields[${at}]`, guess));
  refuseTwice(loops, 'loops', from);
  return {
    ...rest,
    fields,
    loops: loops.map((loop, at) => loopOf(loop, `${from}: loops[${at}]`, fields, guess)),
  };
}

/** Fields of a loop that one thread writes while another one touches them, too: truly shared. */
export function racedFields({ partition, roles }: Loop): ReadonlySet<string> {
  if (partition !== 'whole') return new Set();
  const raced = roles.flatMap(({ writes }, at) =>
    writes.filter((field) => roles.some((role, other) => other !== at && role.reads.includes(field))),
  );
  return new Set(raced);
}

/** Names of the fields that a role touches, each once, in the structure's order. */
export function touchedFields({ reads, writes }: Role, fields: readonly Field[]): readonly Field[] {
  return fields.filter((field) => reads.includes(field.name) || writes.includes(field.name));
}
