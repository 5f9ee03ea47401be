/**
 * What a group and an arm are called. A run names them by key; here their points are told apart into what the whole
 * group shares and what an arm adds, and both are put in words: `workingSetBytes: 65536` is "working set 64 KiB".
 */
import type { Measurement } from '../../experiment/run.ts';
import type { Point, Scalar } from '../../kernel/kernel.ts';
import type { ExperimentText } from './experiment-text.ts';
import { count, plain, plainQuantity } from './quantity.ts';

/** The metric that every measurement of a time has. */
export const timeMetric = 'time';

export interface Coordinate {
  readonly name: string;
  readonly value: Scalar;
}

export interface Arm {
  readonly measurement: Measurement;
  readonly label: string;
  /** Coordinates that tell this arm from the group's others with the same variant. */
  readonly own: readonly Coordinate[];
}

export interface ArmGroup {
  readonly key: string;
  /** Coordinates that all arms of the group share, and that tell the groups apart. */
  readonly coordinates: readonly Coordinate[];
  readonly label: string;
  readonly arms: readonly Arm[];
}

/** One experiment's measurements of one metric, in the run's order. */
export interface Arrangement {
  readonly metric: string;
  readonly unit: string;
  readonly groups: readonly ArmGroup[];
  /** Coordinates that are the same everywhere. */
  readonly constant: readonly Coordinate[];
}

const unitEndings: readonly (readonly [string, string])[] = [
  ['Bytes', 'B'],
  ['Ns', 'ns'],
  ['Us', 'us'],
  ['Ms', 'ms'],
];

/** A parameter's unit: as declared, or as its name ends. */
export function unitOf(name: string, text: ExperimentText | null): string {
  const declared = text?.parameters?.find((parameter) => parameter.name === name)?.unit;
  if (declared === 'B') return 'B';
  return unitEndings.find(([ending]) => name.length > ending.length && name.endsWith(ending))?.[1] ?? '';
}

/** 'workingSetBytes' as 'working set'. */
export function nameInWords(name: string): string {
  const ending = unitEndings.find(([end]) => name.length > end.length && name.endsWith(end))?.[0] ?? '';
  return name
    .slice(0, name.length - ending.length)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

/** A coordinate's value with its unit. */
export function valueInWords(value: Scalar, unit: string): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (unit !== '') return plainQuantity(value, unit);
  return Number.isSafeInteger(value) ? count(value) : plain(value);
}

/** 'working set 64 KiB'. */
export function coordinateInWords({ name, value }: Coordinate, text: ExperimentText | null): string {
  const words = nameInWords(name);
  if (typeof value === 'boolean') return value ? words : `not ${words}`;
  return `${words} ${valueInWords(value, unitOf(name, text))}`;
}

/** Several coordinates, or a text for none. */
export function coordinatesInWords(
  coordinates: readonly Coordinate[],
  text: ExperimentText | null,
  none = '',
): string {
  return coordinates.map((coordinate) => coordinateInWords(coordinate, text)).join(', ') || none;
}

/** A variant's title; its id where no text names it. */
export function variantTitle(variant: string, text: ExperimentText | null): string {
  return text?.variants.find((one) => one.id === variant)?.title ?? variant;
}

/** A metric's title. */
export function metricTitle(metric: string, text: ExperimentText | null): string {
  if (metric === timeMetric) return 'time';
  return text?.metrics?.find((one) => one.id === metric)?.title ?? metric;
}

/** The metrics of some measurements, time first. */
export function metricsOf(measurements: readonly Measurement[]): string[] {
  const metrics = [...new Set(measurements.map((one) => one.metric))];
  return metrics.toSorted((a, b) => Number(b === timeMetric) - Number(a === timeMetric));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function distinct(measurements: readonly Measurement[], name: string): number {
  return new Set(measurements.map((one) => one.point[name])).size;
}

function pick(point: Point, names: readonly string[]): Coordinate[] {
  return names.flatMap((name) => {
    const value = point[name];
    return value === undefined ? [] : [{ name, value }];
  });
}

function armLabel(measurement: Measurement, own: readonly Coordinate[], text: ExperimentText | null): string {
  const parts = [variantTitle(measurement.variant, text), ...own.map((one) => coordinateInWords(one, text))];
  return parts.join(', ') + (measurement.twin ? ' (twin)' : '');
}

/** Arranges the measurements of one experiment and metric by group and arm. */
export function arrange(
  measurements: readonly Measurement[],
  metric: string,
  text: ExperimentText | null,
): Arrangement {
  const rows = measurements.filter((one) => one.metric === metric);
  const names = [...new Set(rows.flatMap((one) => Object.keys(one.point)))];
  const byGroup = [...groupBy(rows, (one) => one.group).entries()];
  const constant = names.filter((name) => distinct(rows, name) === 1);
  const shared = names.filter(
    (name) => !constant.includes(name) && byGroup.every(([, group]) => distinct(group, name) === 1),
  );
  // What a variant fixes is in its title already.
  const byVariant = [...groupBy(rows, (one) => one.variant).values()];
  const own = names.filter(
    (name) =>
      !constant.includes(name) &&
      !shared.includes(name) &&
      !byVariant.every((arms) => distinct(arms, name) === 1),
  );
  const groups = byGroup.map(([key, group]): ArmGroup => {
    const coordinates = pick(group[0]!.point, shared);
    const arms = group.map((measurement): Arm => {
      const mine = pick(measurement.point, own);
      return { measurement, own: mine, label: armLabel(measurement, mine, text) };
    });
    return { key, coordinates, label: coordinatesInWords(coordinates, text), arms };
  });
  return { metric, unit: rows[0]?.unit ?? '', groups, constant: pick(rows[0]?.point ?? {}, constant) };
}
