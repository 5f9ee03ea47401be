/** Experiment: what reference counting frees, when, and what it makes of every assignment. */
import { formatBytes, formatCount, formatNs } from '../../base/units.ts';
import { collectorChoice } from '../../collectors/plans.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, Profile, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { describeRatio, judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { numberAt, textAt } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics, observeCollector } from './collector-metrics.ts';
import { collectorVariant } from './collector-variants.ts';
import type { mutateSignature } from './mutate-kernels.ts';
import {
  type CountedProgram,
  countedPrograms,
  countingPrograms,
  garbageObjects,
  pairObjectBytes,
} from './reference-counting-programs.ts';
import type { Arguments } from '../../kernel/signature.ts';

/** How long each program goes on. A list's life is looked at before it dies, and after: a list has 2,000 nodes. */
const steps: Readonly<Record<Profile, Readonly<Record<CountedProgram, readonly number[]>>>> = {
  smoke: { assignments: [500], 'growing-list': [500], pairs: [500] },
  quick: { assignments: [4000], 'growing-list': [5000], pairs: [1000] },
  full: { assignments: [4000], 'growing-list': [1000, 3000, 5000, 7000, 9000], pairs: [1000, 4000] },
};

const counting = [
  'ref-count',
  'ref-count-cycles',
  'ref-count-deferred',
  'ref-count-deferred-cycles',
] as const;
const tracing = ['mark-sweep', 'semi-space'] as const;

function variant(id: string, language: Language): ThreadVariant {
  const made = collectorVariant(
    collectorChoice(id),
    language,
    language === 'typescript' ? { only: 'full' } : {},
    countingPrograms,
  );
  const observe = (args: Arguments<typeof mutateSignature>): Readonly<Record<string, number>> => ({
    ...observeCollector(args),
    garbageObjects: garbageObjects(args),
  });
  return { ...made, observe: observe as (args: never) => Readonly<Record<string, number>> };
}

/** Groups of a program, from few steps to many. */
function groupsOf(findings: Findings, program: CountedProgram): readonly Group[] {
  return findings.groups
    .filter(({ point }) => textAt(point, 'mutator') === program)
    .toSorted((a, b) => numberAt(a.point, 'steps') - numberAt(b.point, 'steps'));
}

/** All values of a metric, of every process; none where it was not taken. */
function valuesOf(findings: Findings, group: Group, id: string, metric: string): readonly number[] {
  const row = findings.measurement(group, { variant: id }, metric);
  return row?.processes.flatMap(({ raw }) => raw) ?? [];
}

function mostOf(findings: Findings, groups: readonly Group[], id: string, metric: string): number | null {
  const values = groups.flatMap((group) => valuesOf(findings, group, id, metric));
  return values.length === 0 ? null : Math.max(...values);
}

/** The median of a metric in the group where it is largest. */
function largestMedian(
  findings: Findings,
  groups: readonly Group[],
  id: string,
  metric: string,
): number | null {
  const medians = groups.flatMap((group) => {
    const row = findings.measurement(group, { variant: id }, metric);
    return row === null ? [] : [row.summary.median];
  });
  return medians.length === 0 ? null : Math.max(...medians);
}

function notMeasured(program: string): Judgement {
  return withoutEffect(
    'inconclusive',
    `The program that this takes (${program}) was not run with reference counting.`,
  );
}

/** Pairs are made, but not by all that the claim compares. */
function notDone({ point }: Group, objects: number): Judgement {
  const heapBytes = numberAt(point, 'heapBytes');
  const pairBytes = objects * pairObjectBytes;
  const bytes = formatBytes(heapBytes);
  if (pairBytes < heapBytes) return notMeasured('pairs');
  return withoutEffect(
    'inconclusive',
    `Counts alone would keep ${formatBytes(pairBytes)} of pairs, and ran out of memory in the heap of ${bytes}: take ` +
      'fewer steps, or --set heapBytes.',
  );
}

const immediate: Claim = {
  id: 'refcount-immediate',
  statement: 'Reference counting frees at once, without pauses.',
  source: 'zero objects awaiting collection',
  judge(findings): Judgement {
    const groups = groupsOf(findings, 'growing-list');
    const waiting = mostOf(findings, groups, 'ref-count', 'garbageObjects');
    const pauses = mostOf(findings, groups, 'ref-count', 'pauses');
    if (waiting === null || pauses === null) return notMeasured('growing-list');
    const others = [...counting.slice(1), ...tracing].flatMap((id) => {
      const most = mostOf(findings, groups, id, 'garbageObjects');
      return most === null ? [] : [`${id} ${formatCount(most)}`];
    });
    const looks = `${groups.length} ${groups.length === 1 ? 'moment' : 'moments'}`;
    const beside = others.length === 0 ? '' : `, where others have at most: ${others.join(', ')}`;
    const waits = `At ${looks} of a program without cycles ${formatCount(waiting)} objects await collection${beside}.`;
    if (waiting > 0) return withoutEffect('refuted', waits);
    const { point } = groups.at(-1)!;
    if (numberAt(point, 'steps') <= numberAt(point, 'nodes'))
      return withoutEffect('inconclusive', `${waits} But no list died: that takes more steps than nodes.`);
    if (pauses === 0)
      return withoutEffect('supported', `${waits} No release came to 64 objects, none was a pause.`);
    const longest = largestMedian(findings, groups, 'ref-count', 'maxPauseNs');
    const traced = largestMedian(findings, groups, 'mark-sweep', 'maxPauseNs');
    const than = !traced ? '' : `; mark-sweep's longest takes ${formatNs(traced)}`;
    return withoutEffect(
      'refuted',
      `${waits} That half holds. Not so the other: when the last reference to a list goes, all of it is freed in one ` +
        `pause of ${formatNs(longest ?? 0)} from its 64th object on${than}.`,
    );
  },
};

const leaks: Claim = {
  id: 'refcount-leaks-cycles',
  statement:
    'Two objects that name each other are never freed by counts alone; a cycle collector frees them.',
  source: 'leaked; a cycle collector frees them',
  judge(findings): Judgement {
    const group = groupsOf(findings, 'pairs').at(-1);
    const kept = (id: string): number | null =>
      group === undefined ? null : mostOf(findings, [group], id, 'garbageObjects');
    const [plain, cycles] = [kept('ref-count'), kept('ref-count-cycles')];
    if (group === undefined) return notMeasured('pairs');
    const made = 2 * numberAt(group.point, 'steps');
    if (plain === null || cycles === null) return notDone(group, made);
    const others = ['ref-count-deferred', 'ref-count-deferred-cycles', ...tracing].flatMap((id) => {
      const most = kept(id);
      return most === null ? [] : [`${id} ${formatCount(most)}`];
    });
    const sentence =
      `Of ${formatCount(made)} objects in dropped pairs counts alone keep ${formatCount(plain)}; with trial deletion ` +
      `${formatCount(cycles)} are left after a collection.${others.length === 0 ? '' : ` Beside them: ${others.join(', ')}.`}`;
    return withoutEffect(plain === made && cycles === 0 ? 'supported' : 'refuted', sentence);
  },
};

const assignmentCost: Claim = {
  id: 'refcount-assignment-cost',
  statement: 'With reference counting every assignment pays.',
  source: 'slower mutator',
  judge(findings): Judgement {
    const group = groupsOf(findings, 'assignments').at(-1);
    if (group === undefined) return notMeasured('assignments');
    const ratio = findings.ratio(group, { variant: 'ref-count' }, { variant: 'mark-sweep' });
    const judged = judgeSlower(
      ratio,
      'A program of assignments, with reference counting against mark-sweep,',
    );
    const beside = counting.slice(1).flatMap((id) => {
      const other = findings.ratio(group, { variant: id }, { variant: 'mark-sweep' });
      return 'missing' in other ? [] : [`${id} ${describeRatio(other)}`];
    });
    const told = beside.length === 0 ? '' : ` The others against it: ${beside.join(', ')}.`;
    return { ...judged, sentence: `${judged.sentence}${told}` };
  },
};

export const referenceCounting: Experiment = {
  id: 'reference-counting',
  lab: 'collection',
  title: 'Reference counting',
  question: 'What does reference counting free, when does it, and what do assignments pay for it?',
  sources: [
    {
      title: 'Collins, A method for overlapping and erasure of lists (CACM 3, 1960)',
      where: 'a count in every object',
    },
    {
      title: 'Deutsch and Bobrow, An efficient, incremental, automatic garbage collector (CACM 19, 1976)',
      where: 'roots that are not counted',
    },
    {
      title: 'Bacon and Rajan, Concurrent cycle collection in reference counted systems (ECOOP 2001)',
      where: 'section 3: the synchronous collector of cycles',
    },
  ],
  parameters: [
    {
      name: 'mutator',
      summary: `the program: ${countedPrograms.join(', ')}`,
      unit: 'none',
      values: () => countedPrograms,
      check: (value) =>
        countedPrograms.includes(value as string)
          ? null
          : `mutator must be one of ${countedPrograms.join(', ')}`,
    },
    {
      name: 'steps',
      summary: 'how long a program goes on, in steps of its own',
      unit: 'items',
      values: ({ profile }) => [...new Set(Object.values(steps[profile]).flat())].toSorted((a, b) => a - b),
      check: (value) => checkWhole(value, 'steps', 1, 40_000),
    },
    {
      name: 'nodes',
      summary: 'nodes of a list, and those among which references are set',
      unit: 'items',
      values: () => [2000],
      check: (value) => checkWhole(value, 'nodes', 2, 10_000),
    },
    {
      name: 'heapBytes',
      summary: 'the heap, large enough for all that a program makes of cycles',
      unit: 'B',
      values: () => [2 ** 19],
      check: (value) => checkWhole(value, 'heapBytes', 2 ** 18, 2 ** 28),
    },
  ],
  variants: [
    ...[...tracing, ...counting].map((id) => variant(id, 'native')),
    ...[...tracing, ...counting].map((id) => variant(id, 'typescript')),
  ],
  skips: (point, { profile }, settings) =>
    (profile !== 'full' && point['only'] === 'full') ||
    (settings['steps'] === undefined &&
      !steps[profile][textAt(point, 'mutator') as CountedProgram].includes(numberAt(point, 'steps'))),
  baseline: { variant: 'mark-sweep' },
  operation: 'operation of the program',
  metrics: [
    {
      id: 'garbageObjects',
      title: 'objects that nothing reaches in the end, and that are not free',
      unit: 'objects',
      better: 'less',
    },
    ...collectorMetrics(
      'maxPauseNs',
      'pauses',
      'countChanges',
      'stores',
      'peakUsedBytes',
      'peakScratchBytes',
    ),
  ],
  claims: [immediate, leaks, assignmentCost],
  explain: `Every object has a count of the references to it, from slots of others and from roots. An assignment raises
the count of what is named now and lowers the count of what was named before; at zero the object is freed, what it named
loses a count, and so on. So nothing waits to be collected, and no heap is ever looked through. But each assignment writes
to two objects that the program may not have been about to touch, and the last reference to a large structure frees all of
it at once: a release of 64 objects or more is logged as a pause, its clock begins at the 64th. And objects that name each
other keep each other's counts above zero for ever.

Trial deletion finds those: an object whose count fell, though not to zero, may be all that held a cycle. From each such
candidate the counts of references from inside are taken away; what has a count left is named from outside, and it and all
that it reaches get their counts back; the rest is garbage. Deferred counting counts slots alone. An object without a
count waits in a table until the roots are looked at; assignments to roots cost nothing, and the dead wait.

assignments sets references at random among 2,000 nodes that live on: nothing is allocated or freed, so a tracing
collector has nothing to do, and all that is slower is the counting (with what the program itself costs in both). growing-list
makes lists of 2,000 nodes and drops each whole, with garbage between any two nodes; it is looked at in the middle of a list. pairs makes pairs of objects that name each other, drops them, and asks for a collection in the end.
What of it is garbage is found by an oracle that walks the program's own objects, and is a count: no chance is in it.`,
  drawing: `root -> |A: 1| -> |B: 2| <- |C: 1| <- root
A's root goes:  A: 0, freed;   B: 1
root -> |D: 2| <=> |E: 1|
D's root goes:  D: 1           E: 1     kept for ever
trial:  take D's and E's names for each other away
        D: 0  E: 0    nobody outside: both are garbage`,
  chart: {
    kind: 'bars',
    x: 'mutator',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an operation of a program, collections included',
  },
  isCurve: true,
  onRequest: true,
  weight: 0.37,
};
