/**
 * An experiment in brief: what a run of its lab, or of it alone, takes of a long experiment of the standard set, so
 * that it ends within a lab's time: some of the points that the standard quick run has, in the full profile more of them.
 */
import type { Context, Experiment, Profile } from './experiment.ts';
import { type Layout, layOut, leftToFull, type Settings } from './plan.ts';

/** An experiment in brief, and what it is a part of. */
export interface InBrief extends Experiment {
  readonly whole: Experiment;
}

function isInBrief(experiment: Experiment): experiment is InBrief {
  return 'whole' in experiment;
}

type LeftOut = Layout['leftOut'][number];

/** What the experiment goes by in brief: no more than the quick profile. */
function withinQuick(context: Context): Context {
  return context.profile === 'full' ? { ...context, profile: 'quick' } : context;
}

/** The experiment in brief; as it is where it has no such form, and in the smoke profile, which is brief for all. */
export function inBrief(whole: Experiment, profile: Profile): Experiment {
  const { brief, skips, parameters, variants } = whole;
  if (brief === undefined || profile === 'smoke') return whole;
  const short: InBrief = {
    ...whole,
    whole,
    weight: brief.weight[profile],
    parameters: parameters.map((parameter) => ({
      ...parameter,
      values: (context) => parameter.values(withinQuick(context)),
    })),
    variants: variants.map((variant) => {
      const { refuses } = variant;
      if (refuses === undefined) return variant;
      return { ...variant, refuses: (point, context) => refuses(point, withinQuick(context)) };
    }),
    skips: (point, context, settings, variant) =>
      skips?.(point, withinQuick(context), settings, variant) === true ||
      brief.skips(point, context, variant),
  };
  return short;
}

/** True where the settings name a parameter of the experiment: then what was asked for is measured, whole. */
export function isSet({ parameters }: Experiment, settings: Settings): boolean {
  return parameters.some(({ name }) => settings[name] !== undefined);
}

/** What a run spares, in words: of an experiment in brief what the standard set takes, of another what a full run does. */
export function spared(experiment: Experiment, context: Context, settings: Settings): LeftOut[] {
  if (!isInBrief(experiment)) return [...leftToFull(experiment, context, settings)];
  const reason = `left to the standard set: linefill run${context.profile === 'full' ? ' --profile full' : ''}`;
  const keys = (of: Experiment): Map<string, Set<string>> => {
    const { groups } = layOut(of, context, settings);
    return new Map(groups.map(({ key, arms }) => [key, new Set(arms.map((arm) => arm.key))]));
  };
  const taken = keys(experiment);
  const all = keys(experiment.whole);
  const groups = [...all.keys()].filter((key) => !taken.has(key));
  const named =
    groups.length > fewGroups
      ? [`${groups.length} of ${all.size} points, from ${groups[0]!} to ${groups.at(-1)!}`]
      : groups;
  const arms = [...taken].flatMap(([key, here]) => {
    const left = [...(all.get(key) ?? [])].filter((arm) => !here.has(arm));
    return left.length === 0 ? [] : [`${key}: ${left.join(', ')}`];
  });
  return [...named, ...arms].map((what) => ({ what, reason }));
}

/** Up to so many groups are named one by one. */
const fewGroups = 4;
