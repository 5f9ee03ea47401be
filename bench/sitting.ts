/**
 * What all benches share: their options, and the form in which they show their figures. A figure stands with its
 * interval, its target where there is one, and the load that the machine was under.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { UserError } from '#dist/base/errors.js';
import { formatInterval, formatNs, formatNumber, formatRatio } from '#dist/base/units.js';

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** How the value is shown: a time in ns, a ratio, a percentage, a rate in GB/s, or a count. */
  readonly unit: 'ns' | 'x' | '%' | 'GB/s' | 'count';
  /** For a count: of how many. */
  readonly of?: number;
  readonly low?: number;
  readonly high?: number;
  /** What the project has set itself. */
  readonly target?: { readonly most?: number; readonly least?: number };
}

export interface Found {
  readonly figures: readonly Figure[];
  /** Sentences below the figures: what was missing, what to make of it. */
  readonly notes?: readonly string[];
}

/** An option beside `--smoke` and `--json`: what it means, and its value unless told. */
export type Options = Readonly<Record<string, { readonly about: string; readonly value: string }>>;

export interface Asked<T extends Options> {
  /** Seconds in total, for tests: structure, not figures. */
  readonly smoke: boolean;
  readonly values: Readonly<Record<keyof T, string>>;
}

function usage(bench: string, options: Options): string {
  const lines = Object.entries(options).map(([name, { about, value }]) => `  --${name} ${value}: ${about}`);
  return [
    `npm run bench -- ${bench}, with`,
    ...lines,
    '  --smoke: seconds only',
    '  --json: as data',
    '',
  ].join('\n');
}

/** Reads an option as a whole number of at least 1. Throws UserError. */
export function countOf(text: string, option: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UserError(`${option} must be a whole number of at least 1, not ${text}`);
}

/** Reads an option as some of what there is to choose from. Throws UserError. */
export function someOf<T>(text: string, option: string, all: readonly T[]): T[] {
  return text.split(',').map((word) => {
    const found = all.find((each) => String(each) === word);
    if (found === undefined) throw new UserError(`${option} must be among ${all.join(', ')}, not ${word}`);
    return found;
  });
}

/** Ends the process: what was wrong for a user's error, all of it for any other. */
function fail(error: unknown, bench: string, options: Options): never {
  const code = (error as { code?: unknown }).code;
  const isUsers =
    error instanceof UserError || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'));
  if (!isUsers) throw error;
  process.stderr.write(`${(error as Error).message}\n${usage(bench, options)}`);
  process.exit(2);
}

function shownValue({ value, unit, of }: Figure): string {
  switch (unit) {
    case 'ns':
      return formatNs(value);
    case 'x':
      return formatRatio(value);
    case 'count':
      return of === undefined ? String(value) : `${value} of ${of}`;
    default:
      return `${formatNumber(value)} ${unit}`;
  }
}

/** 'met' or 'MISSED', with the bound. */
function shownTarget(figure: Figure): string {
  const { value, unit, target } = figure;
  if (target === undefined) return '';
  const bounds: string[] = [];
  const bound = (limit: number): string => shownValue({ name: '', value: limit, unit });
  if (target.least !== undefined) bounds.push(`at least ${bound(target.least)}`);
  if (target.most !== undefined) bounds.push(`at most ${bound(target.most)}`);
  const met = value >= (target.least ?? -Infinity) && value <= (target.most ?? Infinity);
  return `${bounds.join(', ')}: ${met ? 'met' : 'MISSED'}`;
}

function shownInterval({ low, high, unit }: Figure): string {
  if (low === undefined || high === undefined) return '';
  return unit === 'ns' ? `[${formatNs(low)}, ${formatNs(high)}]` : formatInterval(low, high);
}

function table(figures: readonly Figure[]): string {
  const rows = figures.map((each) => [each.name, shownValue(each), shownInterval(each), shownTarget(each)]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `  ${row.map((cell, i) => (i === 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ')}`,
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

interface Parsed<T extends Options> extends Asked<T> {
  readonly json: boolean;
  readonly help: boolean;
}

function parse<const T extends Options>(options: T): Parsed<T> {
  const flags = { smoke: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const strings = Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' }] as const));
  const parsed = parseArgs({ options: { ...strings, ...flags } }).values as Record<string, unknown>;
  const values = Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [name, (parsed[name] as string | undefined) ?? value]),
  ) as Record<keyof T, string>;
  const isSet = (flag: string): boolean => parsed[flag] === true;
  return { smoke: isSet('smoke'), json: isSet('json'), help: isSet('help'), values };
}

/** Runs a bench as a program: reads its options, measures, shows what was found on stdout. */
export async function sit<const T extends Options>(
  bench: string,
  question: string,
  options: T,
  measure: (asked: Asked<T>) => Promise<Found>,
): Promise<void> {
  try {
    const asked = parse(options);
    if (asked.help) {
      process.stdout.write(usage(bench, options));
      return;
    }
    const [loadBefore] = loadavg() as [number];
    const began = performance.now();
    const { figures, notes = [] } = await measure(asked);
    const seconds = (performance.now() - began) / 1000;
    const [loadAfter] = loadavg() as [number];
    if (asked.json) {
      process.stdout.write(`${JSON.stringify({ bench, figures, notes, loadBefore, loadAfter, seconds })}\n`);
      return;
    }
    const load = `load ${loadBefore.toFixed(2)} before and ${loadAfter.toFixed(2)} after, on ${cpus().length} CPUs`;
    const sentences = [...notes, `${load}; ${seconds.toFixed(0)} s; Node ${process.versions.node}`];
    const below = sentences.map((text) => `  ${text}\n`).join('');
    process.stdout.write(`${bench}: ${question}\n${table(figures)}${below}`);
  } catch (error) {
    fail(error, bench, options);
  }
}
