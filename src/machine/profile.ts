/**
 * What was inferred of a machine, kept so that later runs choose their working sets by the caches that are there and
 * not by those that are reported. A profile belongs to one machine: its id is that machine's.
 */
import * as v from 'valibot';
import { measured, type Fact } from './fact.ts';
import type { Inference } from './figure.ts';
import type { Machine, MeasuredCache } from './types.ts';

const profileFormat = 'linefill-machine';
const profileVersion = 1;

const nullable = v.nullable(v.number());
const figure = v.object({
  experiment: v.string(),
  id: v.string(),
  title: v.string(),
  unit: v.string(),
  value: nullable,
  low: nullable,
  high: nullable,
  processes: v.number(),
  reported: nullable,
  reportedBy: v.nullable(v.string()),
  note: v.nullable(v.string()),
});
const schema = v.object({
  format: v.literal(profileFormat),
  version: v.literal(profileVersion),
  machineId: v.string(),
  measuredAt: v.pipe(v.string(), v.isoTimestamp()),
  tool: v.string(),
  figures: v.array(figure),
});

export interface MachineProfile {
  readonly format: typeof profileFormat;
  readonly version: typeof profileVersion;
  readonly machineId: string;
  /** ISO time. */
  readonly measuredAt: string;
  readonly tool: string;
  readonly figures: readonly Inference[];
}

/** A profile of `machine` made of figures; `measuredAt` as ISO time, `tool` with its version. */
export function makeProfile(
  machine: Machine,
  figures: readonly Inference[],
  measuredAt: string,
  tool: string,
): MachineProfile {
  return {
    format: profileFormat,
    version: profileVersion,
    machineId: machine.id,
    measuredAt,
    tool,
    figures: [...figures],
  };
}

/** The profile in a file's text; null for anything else, and for another machine's: a profile is a help, no input. */
export function parseProfile(text: string, machineId: string): MachineProfile | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { success, output } = v.safeParse(schema, value);
  return success && output.machineId === machineId ? output : null;
}

/** The caches among a profile's figures: those whose size and latency were told, nearest first. */
export function cachesOf(figures: readonly Pick<Inference, 'id' | 'value'>[]): MeasuredCache[] {
  const valueOf = (id: string): number | null => figures.find((one) => one.id === id)?.value ?? null;
  return [1, 2, 3, 4].flatMap((level) => {
    const [sizeBytes, latencyNs] = [valueOf(`l${level}-size`), valueOf(`l${level}-latency`)];
    if (sizeBytes === null || latencyNs === null) return [];
    return [{ level, sizeBytes, latencyNs, ways: valueOf(`l${level}-ways`) }];
  });
}

/** A copy of `machine` that knows the caches of its profile. */
export function withProfile(machine: Machine, { figures, measuredAt }: MachineProfile): Machine {
  const caches = cachesOf(figures);
  if (caches.length === 0) return machine;
  const measuredCaches: Fact<readonly MeasuredCache[]> = measured(caches, `the profile of ${measuredAt}`);
  return { ...machine, measuredCaches };
}
