/** Experiment: how long do objects live, by program, and what of them does a nursery see? */
import { formatInterval, formatNumber } from '../../base/units.ts';
import { collectorChoice } from '../../collectors/plans.ts';
import type { Claim, Effect, Judgement, VerdictStatus } from '../../experiment/claim.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { withoutEffect } from '../../experiment/judging.ts';
import { own, textAt } from '../../kernel/kernel.ts';
import { mutators } from '../../trace/mutators.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics, countFigures, type Observed } from './collector-metrics.ts';
import { Counts } from '../../collectors/counts.ts';
import { collectorVariant } from './collector-variants.ts';
import { lifetimeFigures, lifetimeMetrics } from './lifetime-figures.ts';

const ids = mutators.map(({ id }) => id);
/** Those that come nearest to what programs do; the full profile has all. */
const programs = {
  smoke: ['cache-service', 'slow-consumer'],
  quick: ['cache-service', 'binary-trees', 'growing-list', 'slow-consumer'],
} as const;
const exact = 'exact';
/** The source's shares. */
const claimed = { youngPercent: 90, laterPercent: 5, liveOnPercent: 5 } as const;
type Share = keyof typeof claimed;
/** What survives may be twice what the source says: of what was young 20%, and 10% live on. */
const within = 2;
const mostSurvivors: number = within * (100 - claimed.youngPercent);
const mostLivingOn: number = within * claimed.liveOnPercent;

interface OfTrace extends Observed {
  readonly roots: Uint32Array;
}

const observeTrace = ({ trace, roots }: OfTrace): Readonly<Record<string, number>> =>
  lifetimeFigures({ rows: trace, roots: roots.length });

const observeNursery = ({ counts }: Observed): Readonly<Record<string, number>> => {
  const { survival1Percent, survival2Percent, promotedPercent } = countFigures(Counts.read(counts));
  return Object.fromEntries(
    Object.entries({ survival1Percent, survival2Percent, promotedPercent }).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    ),
  );
};

/** A heap with room to spare: no time is reported. */
const heapPercent = 400;

function variant(
  id: string,
  collector: string,
  title: string,
  observe: (args: never) => Readonly<Record<string, number>>,
): ThreadVariant {
  const { timeline: _, ...ran } = collectorVariant(collectorChoice(collector), 'native', { heapPercent });
  return { ...ran, id, title, observe };
}

interface Shared {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A share with its interval; null where it was not taken. A count has no noise: where processes are too few for an
 * interval, it is from the least to the most that any of their programs has.
 */
function shareOf(findings: Findings, group: Group, share: Share): Shared | null {
  const row = findings.measurement(group, { variant: exact }, share);
  if (row === null) return null;
  const { median: value, low, high } = row.summary;
  if (low !== null && high !== null) return { value, low, high };
  const all = row.processes.flatMap(({ raw }) => raw);
  return { value, low: Math.min(...all), high: Math.max(...all) };
}

/** Whether a share stays below a bound. */
function atMost({ low, high }: { low: number; high: number }, most: number): VerdictStatus {
  if (high <= most) return 'supported';
  return low > most ? 'refuted' : 'inconclusive';
}

/** One that is refuted refutes the whole, one that is open leaves it open. */
function weakest(statuses: readonly VerdictStatus[]): VerdictStatus {
  if (statuses.includes('refuted')) return 'refuted';
  return statuses.includes('inconclusive') ? 'inconclusive' : 'supported';
}

const answers: Readonly<Record<VerdictStatus, string>> = {
  supported: 'no more survive than the source has, within the bounds below',
  refuted: 'more survive than the source has, beyond the bounds below',
  inconclusive: 'too near to a bound to say',
  'not-applicable': '',
};

function judgeProgram(findings: Findings, group: Group): Judgement {
  const where = `On ${textAt(group.point, 'mutator')}`;
  const [young, later, liveOn] = (['youngPercent', 'laterPercent', 'liveOnPercent'] as const).map((share) =>
    shareOf(findings, group, share),
  );
  if (!young || !later || !liveOn)
    return withoutEffect('inconclusive', `${where} the program is too short to tell.`);
  const survivors = { low: 100 - young.high, high: 100 - young.low };
  const status = weakest([atMost(survivors, mostSurvivors), atMost(liveOn, mostLivingOn)]);
  const say = ({ value, low, high }: Shared): string =>
    `${formatNumber(value)}% ${formatInterval(low, high)}`;
  const effect: Effect = { ...young, unit: '%' };
  const sentence = `${where} ${say(young)} die young, ${say(later)} a little later, ${say(liveOn)} live on: ${answers[status]}.`;
  return { status, sentence, effect };
}

const youngDie: Claim = {
  id: 'young-die',
  statement: '90% of objects die young, 5% a little later, and 5% live on.',
  source: '90%, 5%, 5%, on each workload',
  judge(findings): Judgement {
    const judged = findings.groups.map((group) => judgeProgram(findings, group));
    if (judged.length === 0) return withoutEffect('inconclusive', 'Nothing was measured.');
    const effects = judged.flatMap(({ effect }) => (effect === null ? [] : [effect]));
    const rule =
      `Counted as support: at most ${mostSurvivors}% survive their youth, a tenth of what is live at most, and at most ` +
      `${mostLivingOn}% live on, twice what the source says. That fewer survive is no fault; what dies a little later is ` +
      `what else survived. Where processes are too few for an interval, brackets hold the least and the most that were counted.`;
    return {
      status: weakest(judged.map(({ status }) => status)),
      sentence: [...judged.map(({ sentence }) => sentence), rule].join(' '),
      effect: effects.toSorted((a, b) => a.value - b.value)[0] ?? null,
    };
  },
};

export const objectLifetimes: Experiment = {
  id: 'object-lifetimes',
  lab: 'collection',
  title: 'How long objects live',
  question: 'Do most objects die young, in every program?',
  sources: [
    {
      title: 'Ungar, Generation scavenging (SDE 1984)',
      where: 'young objects die young',
    },
    {
      title:
        'Hertz, Blackburn, Moss, McKinley and Stefanovic, Error-free garbage collection traces: how to cheat and not get ' +
        'caught (SIGMETRICS 2002)',
      where: 'exact lifetimes: the Merlin algorithm',
    },
  ],
  parameters: [
    {
      name: 'mutator',
      summary: `the program: ${ids.join(', ')}`,
      unit: 'none',
      values: ({ profile }) => (profile === 'full' ? ids : programs[profile]),
      check: (value) => (ids.includes(value as string) ? null : `mutator must be one of ${ids.join(', ')}`),
    },
    {
      name: 'steps',
      summary: `how long the program goes on, in steps of its own; "${own}": as it is defined`,
      unit: 'items',
      values: () => [own],
      check: (value) => (value === own ? null : checkWhole(value, 'steps', 1, 2 ** 22)),
    },
  ],
  variants: [
    variant(
      exact,
      'semi-space',
      'from the trace, exact',
      observeTrace as (args: never) => Record<string, number>,
    ),
    variant(
      'nursery',
      'generational',
      'as a nursery sees it',
      observeNursery as (args: never) => Record<string, number>,
    ),
  ],
  baseline: { variant: exact },
  operation: 'program',
  metrics: [
    ...lifetimeMetrics,
    ...collectorMetrics('survival1Percent', 'survival2Percent', 'promotedPercent'),
  ],
  claims: [youngDie],
  explain: `A generational collector bets that most objects die soon after they are made. Whether they do is a property of the
program. Here the age of an object is what the program allocated after it until nothing could reach it any more. That is
known exactly: each object is stamped when it loses a reference, and in the end what died hands its time on to what it
alone named. To die young is to die before a tenth of what is live at most was allocated; a little later is before as much
as is live at most was; the rest lives on. Objects made too late in the program for that to be known are left out.

A service that answers requests is made here so that 90% of its objects die with the request, 5% are kept by a session and
5% go into a cache: what is measured should be what was put in. A queue is the opposite: what comes first goes first, and
all live equally long. A list that grows loses all of its nodes at once.

The nursery's own view is coarser: what survives a collection of the young is whatever could be reached at that moment,
also what was made just before. Each process draws its program anew, so that an interval is over programs. All figures are
counts, the same in both languages; no time is reported.`,
  drawing: `made  |====| dead          90%: with the request
      |=========| dead      5%: with the session
      |======================...  5%: in the cache
      0    10%       100%   of what is live at most
      young |  later  | lives on`,
  chart: {
    kind: 'bars',
    x: 'mutator',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'Objects that die young',
    metric: 'youngPercent',
  },
  isCurve: true,
  figuresOnly: true,
  onRequest: true,
  weight: 0.37,
};
