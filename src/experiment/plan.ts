/**
 * From an experiment and a context to groups of arms: the sweep laid out, with what was left out and why. Pure, so that
 * every fresh process has the same plan as its parent, and takes over what that one found to fit.
 */
import { own, type Point, type Scalar } from '../kernel/kernel.ts';
import type { ArmReference, Context, Experiment, Variant } from './experiment.ts';

export type Settings = Readonly<Record<string, readonly Scalar[]>>;

/** A variant at one value of every parameter. */
export interface Arm {
  /** Unique in its group: the variant, and the compared coordinates. */
  readonly key: string;
  readonly variant: Variant;
  /** All coordinates: group, compared, and what the variant fixes. */
  readonly point: Point;
  /** True for the second run of the baseline under another name. */
  readonly twin: boolean;
}

/** Arms that take turns. */
export interface ArmGroup {
  readonly key: string;
  readonly point: Point;
  readonly arms: readonly Arm[];
  readonly baseline: string;
}

export interface PlannedGroup extends ArmGroup {
  readonly footprintBytes: number;
}

export interface Layout {
  readonly groups: readonly PlannedGroup[];
  readonly leftOut: readonly { readonly what: string; readonly reason: string }[];
}

/** The name under which the baseline runs a second time. */
export const twinSuffix = ' (again)';

/** `workingSetBytes=65536 threads=2`, in the parameters' order; 'all' for an empty point. */
export function pointKey(point: Point): string {
  const text = Object.entries(point)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return text === '' ? 'all' : text;
}

/** Where an arm or a group is, by the experiment's parameters that say so: what a variant fixes, its title tells. */
function whereOf(experiment: Experiment, point: Point): string {
  const names = new Set(experiment.parameters.map(({ name }) => name));
  const told = Object.entries(point).filter(([name, value]) => names.has(name) && value !== own);
  return pointKey(Object.fromEntries(told));
}

/** An arm as the list of what was left out names it: `tcmalloc (workload=larson)`; its title alone where that says it. */
export function describeArm(
  experiment: Experiment,
  { variant, point }: Pick<Arm, 'variant' | 'point'>,
): string {
  const where = whereOf(experiment, point);
  return where === 'all' ? variant.title : `${variant.title} (${where})`;
}

/** The key of an arm, from its variant and its compared coordinates. */
export function armKey(variant: string, at: Point): string {
  const text = pointKey(at);
  return text === 'all' ? variant : `${variant} ${text}`;
}

/** The key that a reference names: its compared coordinates in the experiment's order. */
export function referenceKey(experiment: Experiment, reference: ArmReference): string {
  const at: Record<string, Scalar> = {};
  for (const parameter of experiment.parameters) {
    const value = reference.at?.[parameter.name];
    if (parameter.compared === true && value !== undefined) at[parameter.name] = value;
  }
  return armKey(reference.variant, at);
}

function product(names: readonly { name: string; values: readonly Scalar[] }[]): Record<string, Scalar>[] {
  let points: Record<string, Scalar>[] = [{}];
  for (const { name, values } of names) {
    points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return points;
}

/**
 * Values of a parameter, each once: what the user set, else what the profile takes. The baseline's own value of a
 * compared parameter is always among them: without it nothing could be compared.
 */
function valuesOf(experiment: Experiment, compared: boolean, context: Context, settings: Settings) {
  return experiment.parameters
    .filter((parameter) => (parameter.compared === true) === compared)
    .map((parameter) => {
      const { name } = parameter;
      const base = compared ? experiment.baseline.at?.[name] : undefined;
      const wanted = settings[name] ?? parameter.values(context);
      return { name, values: [...new Set(base === undefined ? wanted : [...wanted, base])] };
    });
}

/** All points of the groups, and at each what the variants may become there. */
function sweep(experiment: Experiment, context: Context, settings: Settings): Omit<ArmGroup, 'baseline'>[] {
  const inside = product(valuesOf(experiment, true, context, settings));
  const points = product(valuesOf(experiment, false, context, settings));
  return points
    .filter((point) => experiment.skips?.(point, context, settings) !== true)
    .map((groupPoint) => {
      const arms = experiment.variants.flatMap((variant) =>
        inside.flatMap((at): Arm[] => {
          const point = { ...groupPoint, ...at, ...variant.fixed };
          if (experiment.skips?.(point, context, settings, variant.id) === true) return [];
          return [{ key: armKey(variant.id, at), variant, point, twin: false }];
        }),
      );
      return { key: pointKey(groupPoint), point: groupPoint, arms };
    });
}

/** The arms, and the baseline among them once more; null where it is none of them: then nothing could be compared. */
function withTwin(experiment: Experiment, arms: readonly Arm[]): readonly Arm[] | null {
  const baseline = referenceKey(experiment, experiment.baseline);
  const base = arms.find((arm) => arm.key === baseline);
  if (base === undefined) return null;
  if (experiment.comparesNothing === true) return arms;
  return [...arms, { ...base, key: base.key + twinSuffix, twin: true }];
}

/**
 * Lays the sweep out. A group is left out when its footprint exceeds the context's memory budget, an arm when its
 * variant refuses or its team needs more CPUs than the run has. A group without its baseline is no group.
 */
export function layOut(experiment: Experiment, context: Context, settings: Settings): Layout {
  const groups: PlannedGroup[] = [];
  const leftOut: { what: string; reason: string }[] = [];
  const told = new Set<string>();
  const leave = (what: string, reason: string): void => {
    if (!told.has(`${what}: ${reason}`)) leftOut.push({ what, reason });
    told.add(`${what}: ${reason}`);
  };
  const baseline = referenceKey(experiment, experiment.baseline);
  for (const { key, point: groupPoint, arms: all } of sweep(experiment, context, settings)) {
    const able = all.filter((arm) => {
      const reason = refusal(arm.variant, arm.point, context);
      if (reason !== null) leave(describeArm(experiment, arm), reason);
      return reason === null;
    });
    const where = whereOf(experiment, groupPoint);
    const arms = withTwin(experiment, able);
    if (arms === null) {
      leave(where, `its baseline, ${baseline}, can't run there`);
      continue;
    }
    const footprintBytes = footprintOf(arms);
    if (footprintBytes > context.memoryBudgetBytes) {
      const needs = `needs ${mebibytes(footprintBytes)} MiB`;
      leave(where, `${needs}; half of the available memory is ${mebibytes(context.memoryBudgetBytes)} MiB`);
      continue;
    }
    groups.push({ key, point: groupPoint, arms, baseline, footprintBytes });
  }
  return { groups, leftOut };
}

/** The arms of a layout, by the keys of their groups: what another process needs to have the same groups. */
export type ArmKeys = Readonly<Record<string, readonly string[]>>;

export function armKeysOf({ groups }: Layout): ArmKeys {
  return Object.fromEntries(groups.map(({ key, arms }) => [key, arms.map((arm) => arm.key)]));
}

/** The groups of a layout once more, without asking again what fits: that may take longer than what is measured. */
export function layOutAgain(
  experiment: Experiment,
  context: Context,
  settings: Settings,
  keys: ArmKeys,
): ArmGroup[] {
  const baseline = referenceKey(experiment, experiment.baseline);
  return sweep(experiment, context, settings).flatMap(({ key, point, arms: all }) => {
    const arms = withTwin(
      experiment,
      all.filter((arm) => keys[key]?.includes(arm.key) === true),
    );
    return arms === null ? [] : [{ key, point, arms, baseline }];
  });
}

/** Bytes of a group's inputs, what arms share once. */
function footprintOf(arms: readonly Arm[]): number {
  const shared = new Map<string, number>();
  let bytes = 0;
  for (const { variant, point } of arms) {
    const { kernel } = variant;
    bytes += kernel.footprintBytes(point);
    for (const [key, part] of Object.entries(kernel.sharedBytes?.(point) ?? {})) {
      if (shared.has(key)) bytes -= part;
      shared.set(key, part);
    }
  }
  return bytes;
}

/**
 * What a quick run spares that the full profile takes: whole variants, and values of a parameter. Of a sweep of numbers
 * it is how many of them stand.
 */
export function leftToFull(
  experiment: Experiment,
  context: Context,
  settings: Settings,
): readonly { readonly what: string; readonly reason: string }[] {
  if (context.profile !== 'quick') return [];
  const reason = 'in the full profile only';
  const full: Context = { ...context, profile: 'full' };
  const taken = (layout: Layout): Set<string> =>
    new Set(layout.groups.flatMap(({ arms }) => arms.map(({ variant }) => variant.id)));
  const [here, there] = [context, full].map((each) => taken(layOut(experiment, each, settings))) as [
    Set<string>,
    Set<string>,
  ];
  const variants = experiment.variants
    .filter(({ id }) => there.has(id) && !here.has(id))
    .map(({ title }) => ({ what: title, reason }));
  const values = experiment.parameters
    .filter(({ name }) => settings[name] === undefined)
    .flatMap((parameter) => {
      const some = parameter.values(context);
      const more = parameter.values(full).filter((value) => !some.includes(value));
      if (more.length === 0) return [];
      const numbers = more.every((value) => typeof value === 'number');
      const which = numbers && more.length > fewValues ? `${more.length} more values` : more.join(', ');
      return [{ what: `${parameter.name}: ${which}`, reason }];
    });
  return [...variants, ...values];
}

/** Up to so many values are named one by one. */
const fewValues = 4;

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

function refusal(variant: Variant, point: Point, context: Context): string | null {
  if (variant.form === 'team') {
    const members = variant.members(point);
    if (members > context.cpus.length) {
      return `needs ${members} CPUs; this run has ${context.cpus.length}`;
    }
  }
  return variant.refuses?.(point, context) ?? null;
}

/** Comparisons whose verdicts the experiment prints: what the error level is divided by. */
export function comparisonCount(experiment: Experiment, layout: Layout): number {
  if (experiment.isCurve === true) return Math.max(1, experiment.claims.length);
  if (experiment.comparesWithin === 'language') {
    const families = layout.groups.flatMap(({ arms }) => {
      const languages = arms.filter(({ twin }) => !twin).map(({ variant }) => variant.language);
      return [...new Set(languages)].map((one) => languages.filter((each) => each === one).length - 1);
    });
    return Math.max(1, ...families);
  }
  return layout.groups.reduce(
    (sum, group) => sum + group.arms.filter((arm) => arm.key !== group.baseline && !arm.twin).length,
    0,
  );
}
