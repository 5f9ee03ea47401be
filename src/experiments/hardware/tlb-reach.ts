/** Experiment: how many pages do the TLBs hold, and what does a load cost whose translation they do not? */
import { formatBytes } from '../../base/units.ts';
import { comparisonAlpha } from '../../experiment/analyse.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { overProcesses } from '../../experiment/inference.ts';
import { judgeFigure, judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { checkWhole, hugePagesMissing } from './sizes.ts';
import { hugePageBytes, observeHugeShare, pageAdds, pageChase } from './tlb-reach-kernels.ts';
import { countAt, costsOver, cycleNs, inferTlb, stepsOf } from './tlb-reach-levels.ts';
import { inferWalks } from './tlb-reach-walks.ts';

/** The first TLBs of today's cores hold 32 to 96 entries, the second ones 1,024 to 4,096: where steps are looked for. */
const quickCounts = [16, 32, 64, 80, 96, 256, 1024, 2048, 3072, 4096, 8192, 12_288];
const smokeCounts = [16, 80, 256];
/** Where TypeScript, which shows the same steps again, is looked at. */
const briefCounts = new Set([16, 64, 80, 256, 1024, 4096, 16_384]);
/** Densely where first TLBs end, and farther than any second one, up to tables that no second cache holds. */
const fullSpans = [
  { from: 16, to: 160, perOctave: 8 },
  { from: 192, to: 8192, perOctave: 4 },
  { from: 16_384, to: 262_144, perOctave: 1 },
] as const;
/**
 * The largest span: 2 GiB, of which the source's claim speaks. In a guest less: memory that nobody touched for a while
 * may have gone back to the host, page by page, and takes seconds to come again.
 */
const spanBytes = { metal: 2 ** 31, guest: 2 ** 29 } as const;
/** Beyond as many pages only those of 4 KiB are gone round, and beyond the other none. */
const mostSteps = 65_536;
const mostWalked = 262_144;
/** A span that every machine has memory for. */
const leastSpan = 8192;
/** Arrays of a span that a group has at most: what it may take of the memory budget. */
const spansOfGroup = 4;
/** 2 MiB pages cost what it takes to zero them: no more than this many. */
const mostHugePages = { smoke: 16, quick: 96, full: 384 } as const;
const mostPages = 2 ** 19;
const mostLinkedBytes = 2 ** 32;
const defaultPageBytes = 4096;

const pageBytesOf = ({ machine }: Context): number => machine.pageBytes.value ?? defaultPageBytes;

/** The full profile goes as far as the memory allows. */
function pageCounts(context: Context): readonly number[] {
  if (context.profile === 'smoke') return smokeCounts;
  if (context.profile === 'quick') return quickCounts;
  const counts = fullSpans.flatMap(({ from, to, perOctave }) => {
    const steps = Math.floor(Math.log2(to / from) * perOctave);
    return Array.from({ length: steps + 1 }, (_, i) => Math.round(from * 2 ** (i / perOctave)));
  });
  const isGuest = context.machine.virtualisation.value?.includes('virtual machine') === true;
  const span = spanBytes[isGuest ? 'guest' : 'metal'] / pageBytesOf(context);
  const fits = (pages: number): boolean =>
    pages <= span && spansOfGroup * pages * pageBytesOf(context) <= context.memoryBudgetBytes;
  return [...new Set([...counts, span])]
    .filter((pages) => pages <= leastSpan || fits(pages))
    .toSorted((a, b) => a - b);
}

type Settings = Readonly<Record<string, readonly Scalar[]>>;

/** Numbers of 2 MiB pages that are tried: none larger than the profile takes, or an eighth of the memory allows. */
function isTooManyHuge(pages: number, { profile, memoryBudgetBytes }: Context): boolean {
  return pages > mostHugePages[profile] || pages * hugePageBytes > memoryBudgetBytes / 4;
}

/** Each group takes pages of 1 GiB anew, which are zeroed whole: one number an octave, and the most. */
function isSparedGigantic(pages: number, { profile }: Context): boolean {
  return profile !== 'full' || !(Number.isInteger(Math.log2(pages)) || pages === mostHugePages.full);
}

/**
 * Some arms stand at some numbers only: those in 2 MiB pages end where memory does, TypeScript is looked at here and
 * there, and any line of the span is loaded where that is largest. What the system has no huge pages for is laid out at
 * the smallest number, so that it is told once.
 */
function skips(point: Point, context: Context, settings: Settings): boolean {
  const counts = (settings['pageCount'] ?? pageCounts(context)) as readonly number[];
  const pages = numberAt(point, 'pageCount');
  if (point['spacing'] === undefined) return false;
  if (point['spacing'] === 'anywhere') return pages !== Math.max(...counts);
  if (settings['pageCount'] === undefined && pages > (point['pages'] === 'small' ? mostWalked : mostSteps))
    return true;
  if (point['language'] === 'typescript')
    return settings['pageCount'] === undefined && !briefCounts.has(pages);
  const kind = point['pages'];
  if (kind !== 'transparent' && kind !== 'explicit' && kind !== 'gigantic') return false;
  const isAsked = settings['pageCount'] !== undefined;
  // Where any lines are loaded, another arm takes from that pool.
  if (kind === 'gigantic' && pages === Math.max(...counts)) return true;
  if (kind === 'gigantic' && !isAsked && isSparedGigantic(pages, context)) return true;
  const least = Math.min(...counts);
  if (hugePagesMissing(kind, least * hugePageBytes, context) !== null) return pages !== least;
  return point['spacing'] === 'huge-page' && isTooManyHuge(pages, context);
}

interface Way {
  readonly spacing: 'line' | 'page' | 'huge-page' | 'anywhere';
  readonly pages?: 'small' | 'transparent' | 'explicit' | 'gigantic';
}

function chase(id: string, title: string, { spacing, pages = 'small' }: Way): ThreadVariant {
  return {
    form: 'thread',
    id,
    title,
    kernel: pageChase,
    language: 'native',
    fixed: { spacing, pages },
    refuses: (point, context) => {
      const bytes = pageChase.footprintBytes(point);
      if (bytes > mostLinkedBytes) {
        return `${formatBytes(bytes)} of links: a link of 32 bits reaches ${formatBytes(mostLinkedBytes)}`;
      }
      return pages === 'small' ? null : hugePagesMissing(pages, bytes, context);
    },
    ...(spacing === 'anywhere' ? { observe: observeHugeShare } : {}),
  };
}

function largest(findings: Findings): Group | undefined {
  return findings.groups.toSorted((a, b) => countAt(b) - countAt(a))[0];
}

const claimCount = 2;

const tlbMiss: Claim = {
  id: 'tlb-miss',
  statement:
    'A load whose translation the TLB does not hold takes many cycles longer than one that it holds.',
  source: '10-100 cycles over 1',
  judge(findings): Judgement {
    const { levels } = stepsOf(findings, 'pages-4k');
    const walk = levels[2] ?? levels[1];
    if (walk === undefined) {
      return withoutEffect(
        'inconclusive',
        'Over the pages of this run no load took longer for its translation.',
      );
    }
    const cycles = costsOver(levels[0], walk.nsOf, cycleNs(findings));
    const figure = overProcesses(cycles, comparisonAlpha(claimCount));
    if (figure.low !== null && figure.low <= 0) {
      return withoutEffect(
        'inconclusive',
        'In some processes of this run loads whose translation misses took no longer: something disturbed them.',
      );
    }
    const judged = judgeFigure(
      figure,
      { low: 10, high: 100, unit: 'cycles' },
      `What a miss of ${levels[2] === undefined ? 'the TLB' : 'both TLBs'} adds to a load`,
    );
    const second = overProcesses(costsOver(levels[0], levels[1]!.nsOf, cycleNs(findings))).value;
    const between =
      levels[2] === undefined || second === null || second <= 0
        ? ''
        : ` A miss of the first that the second holds adds ${second.toFixed(1)}.`;
    return { ...judged, sentence: judged.sentence + between };
  },
};

/** Less than this share in huge pages is not having them. */
const mostlyHuge = 0.9;

const hugePagesHelp: Claim = {
  id: 'huge-pages-help',
  statement:
    'Pages of 2 MiB cover 2 GiB with 1,024 entries instead of 524,288: random access over a large set gets faster.',
  source: 'faster',
  judge(findings): Judgement {
    const group = largest(findings);
    if (group === undefined) return withoutEffect('inconclusive', 'No number of pages was measured.');
    const huge = findings.measurement(group, { variant: 'anywhere-2m' });
    if (huge === null) {
      const reason = hugePagesMissing('transparent', hugePageBytes, findings);
      return reason === null
        ? withoutEffect('inconclusive', 'The span in which any lines are loaded was left out of this run.')
        : withoutEffect('not-applicable', `There are no huge pages to compare with: ${reason}.`);
    }
    const share =
      findings.measurement(group, { variant: 'anywhere-2m' }, 'hugeShare')?.summary.median ?? null;
    if (share !== null && share < mostlyHuge) {
      const percent = Math.round(100 * share);
      return withoutEffect('not-applicable', `Of the set in huge pages the system gave ${percent}% as such.`);
    }
    const span = formatBytes(countAt(group) * numberAt(group.point, 'pageBytes'));
    const ratio = findings.ratio(group, { variant: 'anywhere-4k' }, { variant: 'anywhere-2m' });
    return judgeSlower(ratio, `Following links anywhere in ${span} of small pages rather than huge ones`);
  },
};

export const tlbReach: Experiment = {
  id: 'tlb-reach',
  lab: 'hardware',
  title: 'What the TLBs reach',
  question: 'How many pages do the TLBs hold, and what does a load cost whose translation they do not?',
  sources: [
    {
      title: 'Drepper, What Every Programmer Should Know About Memory (2007)',
      where: 'sections 3.3.2 and 4',
    },
    {
      title:
        'Saavedra and Smith, Measuring Cache and TLB Performance (IEEE Transactions on Computers 44, 1995)',
      where: 'pages 1223-1235',
    },
    { title: 'Linux, Documentation/admin-guide/mm/transhuge.rst', where: 'Objective' },
  ],
  parameters: [
    {
      name: 'pageCount',
      summary: 'how many pages are gone round, one load in each',
      unit: 'items',
      values: pageCounts,
      check: (value) => checkWhole(value, 'pageCount', 1, mostPages),
    },
    {
      name: 'pageBytes',
      summary: "from one load to the next in small pages: the system's page, unless told",
      unit: 'B',
      values: (context) => [pageBytesOf(context)],
      check: (value) =>
        typeof value === 'number' && value >= 4096 && value <= 65_536 && Number.isInteger(Math.log2(value))
          ? null
          : 'pageBytes must be a power of two from 4KiB to 64KiB',
    },
  ],
  variants: [
    { form: 'thread', id: 'cycle', title: 'one addition, one cycle', kernel: pageAdds, language: 'native' },
    chase('lines-packed', 'as many lines, packed densely', { spacing: 'line' }),
    chase('pages-4k', 'a line in each small page', { spacing: 'page' }),
    chase('steps-in-2m', 'the same lines in 2 MiB pages', { spacing: 'page', pages: 'transparent' }),
    chase('pages-2m', 'a line in each 2 MiB page', { spacing: 'huge-page', pages: 'transparent' }),
    chase('pages-2m-explicit', 'a line in each 2 MiB page of the pool', {
      spacing: 'huge-page',
      pages: 'explicit',
    }),
    chase('steps-in-1g', 'the same lines in 1 GiB pages', { spacing: 'huge-page', pages: 'gigantic' }),
    {
      ...chase('ts-pages-4k', 'a line in each small page, TypeScript', { spacing: 'page' }),
      language: 'typescript',
      fixed: { spacing: 'page', pages: 'small', language: 'typescript' },
    },
    chase('anywhere-4k', 'any lines of the span, small pages', { spacing: 'anywhere' }),
    chase('anywhere-2m', 'any lines of the span, 2 MiB pages', { spacing: 'anywhere', pages: 'transparent' }),
    chase('anywhere-1g', 'any lines of the span, 1 GiB pages', { spacing: 'anywhere', pages: 'gigantic' }),
  ],
  skips,
  baseline: { variant: 'cycle' },
  operation: 'load',
  metrics: [{ id: 'hugeShare', title: 'share in huge pages', unit: '', better: null }],
  claims: [tlbMiss, hugePagesHelp],
  infer: (findings) => [...inferTlb(findings), ...inferWalks(findings)],
  isCurve: true,
  onRequest: true,
  explain: `Programs name memory by virtual addresses; what is there lies in pages, and where a page lies is in the
page tables, themselves in memory. A core keeps the last translations that it needed in a small table, the TLB, with a
larger and slower one behind it. Here one line of each page is loaded, page after page in a random order, each load's
address being the value of the load before: over few pages all translations are near, over more of them the first TLB
overflows, then the second, and each load waits until the page tables were walked. In each page another line is taken,
since lines at one offset would compete for one set of the cache. As many lines packed densely show what the lines
themselves cost, without the TLB; the difference is the translation. Beyond the second TLB the time still rises: the
tables take 8 bytes a page and leave the caches, too. From the caches' sizes follows where that should be, and what a
walk costs is told for the numbers of pages between; the reach is where the curve climbs from one to the next. One page of
2 MiB takes one entry instead of 512; loads that lie a small page apart within such pages show whether the TLB takes them so. A guest's huge pages are not huge to the TLB unless the
host backs them with huge pages of its own. Pages of 1 GiB must be set aside in a pool, best when the system starts.
The full profile loads any lines of 2 GiB in pages of each size, where memory allows, and in a guest of 512 MiB, since
its memory may first have to come from the host: --set pageCount=524288 with a longer --budget asks for all. The quick
profile loads any lines of a smaller span.
TypeScript loads the same lines, with a check of each index.`,
  drawing: `virtual pages, a line in each, at another offset

page 0 |#               |   TLB: page -> frame
page 1 | #              |   0 -> 7
page 2 |  #             |   1 -> 3    64 or so entries,
page 3 |   #            |   2 -> 9    then a larger TLB,
 ...   |    ...         |   ...       then a walk:

walk: root -> table -> table -> table -> frame
       up to four loads before the one asked for`,
  chart: {
    kind: 'lines',
    x: 'pageCount',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time a load by the number of pages',
  },
  weight: 0.37,
};
