/**
 * From an experiment and a context to groups of arms: the sweep laid out, with what was left out and why. Pure, so
 * that the parent and every fresh process lay out the same plan.
 */
import type { Point, Scalar } from '../kernel/kernel.ts';
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

export interface PlannedGroup {
  readonly key: string;
  readonly point: Point;
  readonly arms: readonly Arm[];
  readonly baseline: string;
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
  const inside = product(valuesOf(experiment, true, context, settings));
  const baseline = referenceKey(experiment, experiment.baseline);
  for (const groupPoint of product(valuesOf(experiment, false, context, settings))) {
    if (experiment.skips?.(groupPoint, context, settings) === true) continue;
    const key = pointKey(groupPoint);
    const arms: Arm[] = [];
    for (const variant of experiment.variants) {
      for (const at of inside) {
        const point = { ...groupPoint, ...at, ...variant.fixed };
        if (experiment.skips?.(point, context, settings, variant.id) === true) continue;
        const reason = refusal(variant, point, context);
        if (reason !== null) leave(`${variant.title} (${pointKey(point)})`, reason);
        else arms.push({ key: armKey(variant.id, at), variant, point, twin: false });
      }
    }
    const base = arms.find((arm) => arm.key === baseline);
    if (base === undefined) {
      leave(key, `its baseline, ${baseline}, can't run there`);
      continue;
    }
    if (experiment.comparesNothing !== true) arms.push({ ...base, key: base.key + twinSuffix, twin: true });
    const footprintBytes = footprintOf(arms);
    if (footprintBytes > context.memoryBudgetBytes) {
      const needs = `needs ${mebibytes(footprintBytes)} MiB`;
      leave(key, `${needs}; half of the available memory is ${mebibytes(context.memoryBudgetBytes)} MiB`);
      continue;
    }
    groups.push({ key, point: groupPoint, arms, baseline, footprintBytes });
  }
  return { groups, leftOut };
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
  return layout.groups.reduce(
    (sum, group) => sum + group.arms.filter((arm) => arm.key !== group.baseline && !arm.twin).length,
    0,
  );
}
