/** Who can run a mutator: each collector that a user can choose, in both languages. */
import { ContractError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import type { Context, Language, Parameter, ThreadVariant } from '../../experiment/experiment.ts';
import { own, type Point } from '../../kernel/kernel.ts';
import { mutators } from '../../trace/mutators.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { tellsOfCollector } from './collector-metrics.ts';
import {
  heapWordsAt,
  type MutateKernel,
  mutateKernels,
  type MutatorSource,
  ownMutators,
} from './mutate-kernels.ts';

/** What collectors run: traces of a source, by kernels over them. */
export interface Programs {
  readonly source: MutatorSource;
  readonly kernels: ReadonlyMap<string, MutateKernel>;
}

const ownPrograms: Programs = { source: ownMutators, kernels: mutateKernels };
const wordBytes = 4;

/** The coordinates in which a choice differs from its kind's usual settings. */
function settingsOf({ kind, settings }: CollectorChoice): Point {
  return Object.fromEntries(
    kind.settings.flatMap(({ name, default: usual }, i) =>
      settings[i] === usual ? [] : [[name, settings[i]!]],
    ),
  );
}

/** Words that a point's program has live at most, or why there is no such program. */
function liveAt(source: MutatorSource, point: Point): number | string {
  try {
    return source.outline(point).liveWords;
  } catch (error) {
    if (error instanceof ContractError) return error.message;
    throw error;
  }
}

/** A collector in a language; `fixed` has the mutator and the heap, unless those are parameters of the experiment. */
export function collectorVariant(
  choice: CollectorChoice,
  language: Language,
  fixed: Point = {},
  programs: Programs = ownPrograms,
): ThreadVariant {
  const { source, kernels } = programs;
  const isNative = language === 'native';
  const { leastWords } = choice.kind;
  return {
    form: 'thread',
    id: isNative ? choice.id : `ts-${choice.id}`,
    title: isNative ? choice.title : `TypeScript, ${choice.title}`,
    kernel: kernels.get(choice.kind.id)!,
    language,
    fixed: { ...fixed, ...settingsOf(choice) },
    refuses: (point) => {
      // A kernel of another program, put in place of this one, has a heap of its own.
      if (programs === ownPrograms && point['mutator'] === undefined) return null;
      const live = liveAt(source, point);
      if (typeof live === 'string') return live;
      const words = heapWordsAt(point, live);
      if (words >= leastWords) return null;
      return `a heap of ${formatBytes(words * wordBytes)} is less than the ${formatBytes(leastWords * wordBytes)} that it can work in`;
    },
    ...tellsOfCollector,
  };
}

/** The same without the times of its pauses: where there are too many arms for a picture, or no pause is of interest. */
export function withoutTimeline(variant: ThreadVariant): ThreadVariant {
  const { timeline: _, ...others } = variant;
  return others;
}

/** Near relatives of another, which a quick run spares. */
const relatives: ReadonlySet<string> = new Set([
  'mark-sweep-lazy',
  'ref-count-deferred-cycles',
  'ref-count-coalesced',
  'incremental-insertion',
  'generational-buffer',
  'generational-scan',
  'generational-compact',
  'generational-compact-buffer',
]);

/** A smoke run takes these: one that moves, one that doesn't, one that does both. */
const inSmoke: ReadonlySet<string> = new Set(['semi-space', 'mark-sweep', 'generational']);

/** As Experiment.skips is asked: whether a variant of `collectorVariants` is none of the profile's. */
export function isSpared(point: Point, { profile }: Context, variant: string | undefined): boolean {
  if (profile === 'smoke') return variant !== undefined && !inSmoke.has(variant);
  return profile === 'quick' && point['only'] === 'full';
}

/** All of them in native code; `only` says that a variant is one of the full profile's. */
export function nativeVariants(fixed: Point = {}): ThreadVariant[] {
  return collectorChoices.map((choice) =>
    collectorVariant(choice, 'native', relatives.has(choice.id) ? { ...fixed, only: 'full' } : fixed),
  );
}

/**
 * Why a collector is not run in TypeScript by a kernel of these; null: it is. A worker can mark only in a shared heap, as
 * marking-pauses has it: here its marking would be one long pause, which no user of it would see.
 */
export function noTypeScript({ kind }: CollectorChoice): string | null {
  return kind.id === 'concurrent' ? 'its worker needs a shared heap: linefill run marking-pauses' : null;
}

/** With them those in TypeScript, without near relatives. */
export function collectorVariants(fixed: Point = {}): ThreadVariant[] {
  const apart = collectorChoices.filter(
    (choice) => !relatives.has(choice.id) && noTypeScript(choice) === null,
  );
  const typescript = { ...fixed, only: 'full' };
  return [
    ...nativeVariants(fixed),
    ...apart.map((choice) => collectorVariant(choice, 'typescript', typescript)),
  ];
}

const mutatorIds = mutators.map(({ id }) => id);

/** Which of the lab's programs runs: the first one, or some of them in the full profile. */
export function mutatorParameter(inFull: number): Parameter {
  return {
    name: 'mutator',
    summary: `the program: ${mutatorIds.join(', ')}`,
    unit: 'none',
    values: ({ profile }) => mutatorIds.slice(0, profile === 'full' ? inFull : 1),
    check: (value) =>
      mutatorIds.includes(value as string) ? null : `mutator must be one of ${mutatorIds.join(', ')}`,
  };
}

/** How long it goes on: all mutators have steps. In the full profile as it is defined. */
export function stepsParameter(smoke: number, quick: number): Parameter {
  return {
    name: 'steps',
    summary: `how long the program goes on, in steps of its own; "${own}": as it is defined`,
    unit: 'items',
    values: ({ profile }) => [{ smoke, quick, full: own }[profile]],
    check: (value) => (value === own ? null : checkWhole(value, 'steps', 1, 2 ** 26)),
  };
}

/** How large and how busy the program is, where its own numbers shall not say so. */
export const sizeParameters: readonly Parameter[] = [
  {
    name: 'liveBytes',
    summary: `what the program can reach at most; "${own}": as it is defined`,
    unit: 'B',
    values: () => [own],
    check: (value) => (value === own ? null : checkWhole(value, 'liveBytes', 1, 2 ** 31)),
  },
  {
    name: 'rateBytes',
    summary: `what it allocates in each thousand operations; "${own}": as it is defined`,
    unit: 'B',
    values: () => [own],
    check: (value) => (value === own ? null : checkWhole(value, 'rateBytes', 1, 2 ** 31)),
  },
];
