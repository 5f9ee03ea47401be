/** Experiment: pauses for the young against pauses for everything, what is promoted, and what each barrier costs. */
import { formatInterval, formatNs, formatNumber, formatRatio } from '../../base/units.ts';
import { collectorChoice } from '../../collectors/plans.ts';
import type { Claim, Judgement, VerdictStatus } from '../../experiment/claim.ts';
import type { Experiment, Language, Parameter, Profile, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { withoutEffect } from '../../experiment/judging.ts';
import { type Point, textAt } from '../../kernel/kernel.ts';
import { mutators } from '../../trace/mutators.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorVariant } from './collector-variants.ts';
import { generationFigures, generationMetrics } from './generation-figures.ts';

const cards = 'generational';
const ids = mutators.map(({ id }) => id);
const observe = generationFigures as (args: never) => Readonly<Record<string, number>>;

function variant(id: string, title: string, language: Language = 'native', fixed: Point = {}): ThreadVariant {
  return { ...collectorVariant(collectorChoice(id), language, fixed), title, observe };
}

/** A parameter of the mutator's, or of the collector's. */
function size(
  name: string,
  summary: string,
  values: Readonly<Record<Profile, number>>,
  [least, most]: readonly [number, number],
): Parameter {
  return {
    name,
    summary,
    unit: 'items',
    values: ({ profile }) => [values[profile]],
    check: (value) => checkWhole(value, name, least, most),
  };
}

/** What the source has: 10 ms against 500 ms, and 999 of 1,000 pauses are short. */
const [claimedTimes, claimedToOne] = [50, 999];

interface Found {
  readonly low: number;
  readonly high: number;
  readonly median: number;
}

/** A metric with its interval; null where it was not taken, or too few processes give none. */
function found(findings: Findings, group: Group, metric: string): Found | null {
  const row = findings.measurement(group, { variant: cards }, metric);
  if (row === null) return null;
  const { low, high, median } = row.summary;
  return low === null || high === null ? null : { low, high, median };
}

function medianOf(findings: Findings, group: Group, metric: string): number | null {
  return findings.measurement(group, { variant: cards }, metric)?.summary.median ?? null;
}

/** "N times" is supported at the square root of N and beyond, as everywhere in the lab. */
function supports({ low, high }: Found, times: number): VerdictStatus {
  const least = Math.sqrt(times);
  if (low >= least) return 'supported';
  return high < least ? 'refuted' : 'inconclusive';
}

/** One that is refuted refutes the whole, one that is open leaves it open. */
function weakest(statuses: readonly VerdictStatus[]): VerdictStatus {
  const has = new Set(statuses);
  if (has.has('refuted')) return 'refuted';
  return has.has('inconclusive') ? 'inconclusive' : 'supported';
}

function judgeGroup(findings: Findings, group: Group): Judgement {
  const where = `Over ${textAt(group.point, 'mutator')}`;
  const fulls = medianOf(findings, group, 'fullPauses');
  if (fulls === null) return withoutEffect('inconclusive', `${where} nothing was measured.`);
  if (fulls === 0) {
    return withoutEffect(
      'inconclusive',
      `${where} the old generation was never full: there is no pause to compare with; a smaller --set heapPercent has one.`,
    );
  }
  const [times, toOne] = [found(findings, group, 'fullOverMinor'), found(findings, group, 'minorPerFull')];
  if (times === null || toOne === null) {
    return withoutEffect(
      'inconclusive',
      `${where} too few processes give an interval: run a larger profile, or with a larger --budget.`,
    );
  }
  const [minorNs, fullNs] = ['minorPauseNs', 'fullPauseNs'].map((id) => medianOf(findings, group, id) ?? 0);
  const short = (100 * toOne.median) / (toOne.median + 1);
  return {
    status: weakest([supports(times, claimedTimes), supports(toOne, claimedToOne)]),
    sentence:
      `${where} a pause for the young takes ${formatNs(minorNs!)} and one for everything ${formatNs(fullNs!)}, ` +
      `${formatRatio(times.median)} ${formatInterval(times.low, times.high)} as long; the source says ${claimedTimes}x ` +
      `(at least ${formatRatio(Math.sqrt(claimedTimes))} counts as support). ${formatNumber(short, 4)}% of the pauses ` +
      `are for the young, ${formatNumber(toOne.median)} ${formatInterval(toOne.low, toOne.high)} to one; the source says ` +
      `99.9% (at least ${formatNumber(Math.sqrt(claimedToOne))} to one counts as support).`,
    effect: { value: times.median, low: times.low, high: times.high, unit: 'x' },
  };
}

const minorShorter: Claim = {
  id: 'minor-shorter',
  statement: 'Minor pauses are far shorter than major ones, and far more frequent.',
  source: '10 ms against 500 ms; 99.9% short',
  judge(findings): Judgement {
    const judged = findings.groups.map((group) => judgeGroup(findings, group));
    if (judged.length === 0) return withoutEffect('inconclusive', 'Nothing was measured.');
    const effects = judged.flatMap(({ effect }) => (effect === null ? [] : [effect]));
    return {
      status: weakest(judged.map(({ status }) => status)),
      sentence: judged.map(({ sentence }) => sentence).join(' '),
      effect: effects.toSorted((a, b) => a.value - b.value)[0] ?? null,
    };
  },
};

export const generationsExperiment: Experiment = {
  id: 'generations',
  lab: 'collection',
  title: 'Generations',
  question: 'How much shorter are pauses for the young, and what does it cost to know who names them?',
  sources: [
    {
      title:
        'Lieberman and Hewitt, A Real-Time Garbage Collector Based on the Lifetimes of Objects, CACM 26(6), 1983',
      where: 'generations',
    },
    { title: 'Ungar, Generation Scavenging, SDE 1984', where: 'ages, promotion, the remembered set' },
    {
      title: 'Hölzle, A Fast Write Barrier for Generational Garbage Collectors, OOPSLA 1993',
      where: 'the barrier that only marks a card',
    },
    {
      title: 'Jones, Hosking and Moss, The Garbage Collection Handbook (2012)',
      where: 'chapters 9 and 11: cards against store buffers',
    },
  ],
  parameters: [
    {
      name: 'mutator',
      summary: `the program: ${ids.join(', ')}`,
      unit: 'none',
      values: () => ['cache-service'],
      check: (value) => (ids.includes(value as string) ? null : `mutator must be one of ${ids.join(', ')}`),
    },
    size(
      'heapPercent',
      'the heap, in percent of what is live at most',
      { smoke: 400, quick: 150, full: 150 },
      [100, 10_000],
    ),
    size('entries', 'of cache-service: what it keeps', { smoke: 256, quick: 2500, full: 10_000 }, [
      1,
      2 ** 20,
    ]),
    size('steps', 'how long the program goes on', { smoke: 500, quick: 3500, full: 13_000 }, [1, 2 ** 20]),
    size('mostBytes', 'bytes of data of an object, at most', { smoke: 64, quick: 64, full: 64 }, [
      0,
      2 ** 16,
    ]),
    size('reads', 'looks at what it has, in each step', { smoke: 0, quick: 0, full: 0 }, [0, 1000]),
    size(
      'nurseryWords',
      'words of each half of the nursery; 0: an eighth of the heap',
      { smoke: 256, quick: 2048, full: 2048 },
      [0, 2 ** 26],
    ),
    size(
      'promotionAge',
      'pauses for the young that an object survives until it is promoted',
      { smoke: 2, quick: 2, full: 2 },
      [1, 7],
    ),
  ],
  variants: [
    variant(cards, 'cards, the old swept'),
    variant('generational-buffer', 'store buffer, the old swept'),
    variant('generational-scan', 'no barrier: all of the old is looked at'),
    variant('generational-compact', 'cards, the old slides', 'native', { only: 'full' }),
    variant('generational-compact-buffer', 'store buffer, the old slides', 'native', { only: 'full' }),
    variant('mark-sweep', 'no generations: marking and sweeping'),
    variant(cards, 'TypeScript: cards, the old swept', 'typescript', { only: 'full' }),
    variant('generational-buffer', 'TypeScript: store buffer, the old swept', 'typescript', { only: 'full' }),
  ],
  skips: (point, { profile }) => profile !== 'full' && point['only'] === 'full',
  baseline: { variant: cards },
  operation: 'operation of the program',
  metrics: generationMetrics,
  claims: [minorShorter],
  explain: `Most objects die young. So they are born in a small space of their own, and when that is full only it is
collected: what lives there is copied out, what died costs nothing. Objects that have survived often enough are promoted
into the old generation, which is collected only when it is full, with everything else. A pause for the young is as long as
what lives of them; a pause for everything as long as all that lives. The ratio between the two is not a constant: it
grows with the live set and shrinks with the nursery, and 10 ms against 500 ms is that of a heap of gigabytes.

An old object may name a young one that nothing else names. Looking at all of the old for such references would make every
pause as long as a full one: "no barrier" does that. So every store pays a little. With cards it marks the 512 bytes that
it wrote into, without a question; the collection then looks at each slot of each card that was marked, most of them in
vain. A store buffer asks first, and writes down the slot only where an old object begins to name a young one: hardly any
store, and hardly a slot is looked at in vain. "Slots looked at" shows what either saves, "time outside pauses" what the
barrier costs the program; the arm without one pays nothing there, but after its long pauses the program finds the caches
cold. A cache that links its entries in order of use writes into old objects all the time, the worst case for cards.

Survival says what share of what was allocated lived through its first collection, and of that through its second. Counts
are exact; pauses are of one run each. A collection of everything is counted as one pause, with the promotion of all the
young in it.`,
  drawing: `roots -> nursery |a|x|b|xxxx|   x dead: costs nothing
                  ^             a survives: copied
old      |A|B|..|C|D|           b is due: promoted
cards    |0|0|..1....|          C was stored to
buffer   slot 1 of C            or: this slot names b`,
  chart: {
    kind: 'bars',
    x: 'mutator',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Pause for the young, median',
    metric: 'minorPauseNs',
  },
  onRequest: true,
  weight: 0.37,
};
