/**
 * `--set param=v1,v2`: values that replace a parameter's own, checked by the parameter itself before anything runs. A
 * comma that belongs to a value, as a path may have one, is written `\,`; no other backslash means anything.
 */
import { Option } from 'commander';
import { UserError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import type { Context, Experiment, Parameter } from '../experiment/experiment.ts';
import type { Scalar } from '../kernel/kernel.ts';
import { meant, nearest } from './nearest.ts';
import { parseAmount } from './values.ts';

export interface Setting {
  readonly name: string;
  readonly values: readonly string[];
}

const separator = /(?<!\\),/;

/** One `--set`, taken apart; `example` is one that would do. */
export function parseSetting(text: string, example = 'workingSetBytes=64KiB,1MiB'): Setting {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at)).trim();
  const values = text
    .slice(at + 1)
    .split(separator)
    .map((value) => value.replaceAll('\\,', ',').trim())
    .filter((value) => value !== '');
  if (at >= 0 && name !== '' && values.length > 0) return { name, values };
  throw new UserError(`--set "${text}" is not param=value`, `for example: --set ${example}`);
}

/** One of `--set`'s numbers: whole, of a name that says bytes with or without a unit. */
export function wholeNumber({ name, values }: Setting): number {
  const isBytes = name.endsWith('Bytes');
  const value = values.length === 1 ? parseAmount(values[0]!, isBytes) : null;
  if (value !== null && Number.isInteger(value) && value >= 0) return value;
  throw new UserError(
    `--set ${name}=${values.join(',')} is not one whole number`,
    `for example: --set ${name}=${isBytes ? '64KiB' : 1000}`,
  );
}

/** `--set` for numbers: repeatable, a value each. */
export function numbersOption(about: string, example: string): Option {
  return new Option('--set <name=value>', about).argParser((text: string, before?: readonly Setting[]) => [
    ...(before ?? []),
    parseSetting(text, example),
  ]);
}

function show(value: Scalar, { unit }: Parameter): string {
  return unit === 'B' && typeof value === 'number' ? formatBytes(value).replace(' ', '') : String(value);
}

/** A value in the type of those that the parameter has by itself; what has a unit is a number, unless it is one of those. */
function typed(text: string, parameter: Parameter, usual: readonly Scalar[]): Scalar {
  const shown = usual.map((value) => show(value, parameter));
  const kinds = new Set(usual.map((value) => typeof value));
  if (usual.includes(text)) return text;
  if (kinds.has('number') || parameter.unit !== 'none') {
    const amount = parseAmount(text, parameter.unit === 'B');
    if (amount !== null) return amount;
    const units = parameter.unit === 'B' ? 'a size such as 64KiB or 1MiB' : 'a number such as 8 or 10k';
    throw new UserError(
      `--set ${parameter.name}: "${text}" is not ${units}`,
      `usual values: ${shown.join(', ')}`,
    );
  }
  if (kinds.has('boolean')) {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new UserError(
      `--set ${parameter.name}: "${text}" is not true or false`,
      meant(text, ['true', 'false']),
    );
  }
  return text;
}

/** What to do about a text that was refused; `isOneOfMany` where it may be a piece of a value with a comma. */
function cureOf(
  value: Scalar,
  usual: readonly Scalar[],
  parameter: Parameter,
  isOneOfMany: boolean,
): string | null {
  const isText = typeof value === 'string';
  const near = isText ? nearest(value, usual.map(String)) : closest(value, usual, parameter);
  if (near !== null) return `did you mean ${near}?`;
  return isText && isOneOfMany ? String.raw`a comma inside a value is written \,` : null;
}

interface Setter {
  readonly parameter: Parameter;
  readonly experiment: Experiment;
  readonly context: Context;
  readonly isOneOfMany: boolean;
}

function checked(text: string, { parameter, experiment, context, isOneOfMany }: Setter): Scalar {
  const usual = parameter.values({ ...context, profile: 'full' });
  const value = typed(text, parameter, usual);
  const fault = parameter.check(value, context);
  if (fault === null) return value;
  const cure = cureOf(value, usual, parameter, isOneOfMany) ?? `see linefill explain ${experiment.id}`;
  throw new UserError(`--set ${parameter.name}=${text}, for ${experiment.id}: ${fault}`, cure);
}

/** The usual number nearest to one that was refused. */
function closest(value: Scalar, usual: readonly Scalar[], parameter: Parameter): string | null {
  const distance = (other: Scalar): number => Math.abs(Number(other) - Number(value));
  const numbers = usual.filter((other) => typeof other === 'number' && other !== value);
  const near = numbers.toSorted((a, b) => distance(a) - distance(b))[0];
  return near === undefined ? null : show(near, parameter);
}

/**
 * The settings of a run, by parameter name: every value checked by every chosen experiment that has the parameter.
 * @throws UserError for a parameter that none of them has, one that is set twice, or a value that one refuses
 */
export function settingsFor(
  settings: readonly Setting[],
  experiments: readonly Experiment[],
  context: Context,
): Record<string, Scalar[]> {
  const result: Record<string, Scalar[]> = {};
  for (const { name, values } of settings) {
    if (Object.hasOwn(result, name)) {
      throw new UserError(`--set ${name} is given twice`, `give all values at once: --set ${name}=a,b`);
    }
    const owners = experiments.flatMap((experiment) =>
      experiment.parameters
        .filter((one) => one.name === name)
        .map((parameter) => ({ experiment, parameter })),
    );
    if (owners.length === 0) {
      const names = [...new Set(experiments.flatMap(({ parameters }) => parameters.map((one) => one.name)))];
      throw new UserError(
        `--set ${name}: none of the chosen experiments has such a parameter`,
        meant(name, names) || 'linefill explain <id> names those of an experiment',
      );
    }
    const perOwner = owners.map(({ experiment, parameter }) =>
      values.map((value) =>
        checked(value, { parameter, experiment, context, isOneOfMany: values.length > 1 }),
      ),
    );
    // Owners agree on what a value means: a name carries its unit.
    result[name] = [...new Set(perOwner[0])];
  }
  return result;
}
