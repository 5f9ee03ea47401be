/** From the text of an option to its value. Every refusal says what to type instead. */
import { UserError } from '../base/errors.ts';
import { type Profile, profiles } from '../experiment/experiment.ts';
import { parseCpuList } from '../machine/cpu-list.ts';
import { meant } from './nearest.ts';

/** `--profile`. */
export function parseProfile(text: string): Profile {
  const found = profiles.find((profile) => profile === text);
  if (found !== undefined) return found;
  throw new UserError(`there is no profile "${text}"`, meant(text, profiles));
}

/** `--seed`: a 32-bit unsigned integer. */
export function parseSeed(text: string): number {
  const seed = /^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(text) ? Number(text) : Number.NaN;
  if (seed >= 0 && seed < 2 ** 32) return seed;
  throw new UserError(`--seed "${text}" is not a whole number from 0 to 4294967295`, 'for example: --seed 7');
}

/** `--repeat`: how often, from 1 to 10,000. */
export function parseRepeat(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 10_000) return count;
  throw new UserError(`--repeat "${text}" is not a whole number from 1 to 10000`, 'for example: --repeat 10');
}

const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };
const longestMs = 86_400_000;

/** `--budget`: a duration with its unit, in ms. */
export function parseBudget(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(text.replaceAll(' ', ''));
  const [, amount, unit = ''] = match ?? [];
  const example = 'for example: --budget 60s, 500ms, 2m';
  if (match === null) throw new UserError(`--budget "${text}" is not a time`, example);
  if (unit === '')
    throw new UserError(`--budget "${text}" has no unit`, `did you mean ${amount}s? (ms, s, m, h)`);
  const factor = durations[unit.toLowerCase()];
  if (factor === undefined) {
    throw new UserError(
      `--budget "${text}": there is no unit "${unit}"`,
      meant(unit, Object.keys(durations)),
    );
  }
  const ms = Number(amount) * factor;
  if (ms > 0 && ms <= longestMs) return ms;
  throw new UserError(`--budget "${text}" must be more than nothing and at most 24h`, example);
}

/** `--cpus`: numbers and ranges, in the order given, each once. */
export function parseCpus(text: string): number[] {
  try {
    const cpus = [...new Set(text.split(',').flatMap((part) => parseCpuList(part)))];
    if (cpus.length > 0) return cpus;
  } catch {
    // Said below, with what to type.
  }
  throw new UserError(`--cpus "${text}" is not a list of CPUs`, 'for example: --cpus 0,1 or --cpus 0-3');
}

/** The given CPUs, all of which must be among those that this process may use. */
export function checkCpus(cpus: readonly number[], allowed: readonly number[]): readonly number[] {
  const unknown = cpus.find((cpu) => !allowed.includes(cpu));
  if (unknown === undefined || allowed.length === 0) return cpus;
  const near = allowed.toSorted((a, b) => Math.abs(a - unknown) - Math.abs(b - unknown))[0]!;
  throw new UserError(
    `--cpus: there is no CPU ${unknown} that this process may use`,
    `did you mean ${near}? (it may use ${allowed.join(', ')})`,
  );
}

/** `--threshold`: a share as '5%' or '0.05'. */
export function parseThreshold(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  const example = 'for example: --threshold 5% or --threshold 0.05';
  if (Number.isNaN(value)) throw new UserError(`--threshold "${text}" is not a share`, example);
  if (value < 1) return value;
  throw new UserError(
    `--threshold "${text}" is 100% or more`,
    match?.[2] === '' ? `did you mean ${value}%?` : example,
  );
}

const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};
const countUnits: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9 };

/** A number, where `isBytes` with a unit of bytes, else with k, M or G for thousands; null: it is none. */
export function parseAmount(text: string, isBytes: boolean): number | null {
  const match = /^(-?\d[\d_]*(?:\.\d+)?(?:e\d{1,2})?) ?([a-z]*)$/i.exec(text.trim());
  if (match === null) return null;
  const unit = match[2]!.toLowerCase();
  const factor = unit === '' ? 1 : (isBytes ? sizeUnits : countUnits)[unit];
  if (factor === undefined) return null;
  const amount = Number(match[1]!.replaceAll('_', '')) * factor;
  // 4.35 * 100 is 434.99999999999994.
  return Math.abs(amount - Math.round(amount)) < 1e-6 ? Math.round(amount) : amount;
}
