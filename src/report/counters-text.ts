/**
 * The counts of a program in the words of the lab, as a table that fits where it is printed: what was counted, how
 * often, at which rate; n/a where there is no count, and below the table why not.
 */
import { formatBytes, formatCount, formatNs, formatNumber } from '../base/units.ts';
import {
  type Figure,
  figuresOf,
  intervalAlpha,
  type ProgramCounts,
  type ProgramRun,
  type RateKind,
  uncountedNs,
} from '../experiment/program-counts.ts';
import { replicatesNeeded } from '../stats/index.ts';
import { oneLine, painter, wrap } from './lines.ts';
import { formatConfidence, formatShare, notAvailable, scaleFor } from './numbers.ts';
import { type Cell, type Column, renderTable } from './table.ts';

/** What each figure is called; in the lab's words. */
const words: Readonly<Record<string, string>> = {
  elapsed: 'elapsed',
  'task-clock': 'CPU time (task clock)',
  'user-time': 'CPU time in the program',
  'system-time': 'CPU time in the kernel',
  cycles: 'CPU cycles',
  instructions: 'instructions',
  'stalled-cycles-backend': 'cycles that waited for data or a free unit',
  'branch-misses': 'branches predicted wrongly',
  'L1-dcache-load-misses': 'loads that missed L1',
  'cache-references': 'accesses to the last level',
  'cache-misses': 'accesses that missed the last level',
  'LLC-load-misses': 'loads that missed the last level',
  'dTLB-load-misses': 'TLB misses of loads',
  'page-faults': 'page faults',
  'minor-faults': 'minor faults: pages touched for the first time',
  'major-faults': 'major faults: pages read from a disk',
  'context-switches': 'context switches',
  'cpu-migrations': 'moves to another CPU',
  'peak-resident': 'peak resident set',
};

/** The lab's words for a figure or an event. */
export function eventWords(id: string): string {
  return words[id] ?? id;
}

const rateTexts: Readonly<Record<RateKind, (rate: number) => string>> = {
  cpus: (rate) => `${formatNumber(rate)} CPUs`,
  hertz: (rate) => `${formatNumber(rate / 1e9)} GHz`,
  perCycle: (rate) => `${formatNumber(rate)} a cycle`,
  shareOfCycles: (rate) => `${formatShare(rate)} of the cycles`,
  perThousandInstructions: (rate) => `${formatNumber(rate)} in 1,000 instructions`,
  perCpuSecond: (rate) =>
    `${rate < 1000 ? formatNumber(rate) : formatCount(Number(rate.toPrecision(3)))} a second`,
};

function valueText(value: number, unit: Figure['unit']): string {
  if (unit === 'ns') return formatNs(value);
  return unit === 'B' ? formatBytes(value) : formatCount(Math.round(value));
}

function intervalText({ low, high, unit }: Figure): string {
  if (low === null || high === null) return notAvailable;
  if (unit !== 'ns') return `${valueText(low, unit)} to ${valueText(high, unit)}`;
  const scale = scaleFor(high, 'ns');
  return `${formatNumber(low / scale.divisor)} to ${formatNumber(high / scale.divisor)} ${scale.unit}`;
}

/** Asked of the shell when it was typed, so it is shown as a shell would take it. */
function commandText(command: readonly string[]): string {
  const quoted = command.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return oneLine(quoted.join(' '));
}

function titleText({ command, runs, asked }: ProgramCounts): string {
  if (asked === 1) return `Counts of: ${commandText(command)}`;
  const times = runs.length === 1 ? '1 run' : `${formatCount(runs.length)} runs`;
  return `Counts of ${times} of: ${commandText(command)}`;
}

function noteOf(figure: Figure, isBound: boolean): string {
  if (figure.value === null) return '';
  const parts = [
    ...(isBound && figure.id === 'peak-resident' ? ['at most'] : []),
    ...(figure.userOnly ? ['without the kernel'] : []),
    ...(figure.share < 1 ? [`scaled, counted ${formatShare(figure.share)}`] : []),
  ];
  return parts.join('; ');
}

interface Shown {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

function tableOf(counts: ProgramCounts, figures: readonly Figure[]): Shown {
  const isBound = counts.peakResident?.isBound === true;
  const notes = figures.map((figure) => noteOf(figure, isBound));
  const isRepeated = counts.runs.length > 1;
  const hasIntervals = figures.some(({ low }) => low !== null);
  const hasNotes = notes.some((note) => note !== '');
  const columns: Column[] = [
    { header: 'what', align: 'left', least: 16 },
    { header: isRepeated ? 'median' : 'count', align: 'right' },
    ...(hasIntervals ? [{ header: 'interval', align: 'right' as const }] : []),
    { header: 'rate', align: 'left' },
    ...(hasNotes ? [{ header: 'note', align: 'left' as const }] : []),
    { header: "perf's name", align: 'left', spare: 0 },
  ];
  const rows = figures.map((figure, i): Cell[] => {
    const { id, value, unit, rate } = figure;
    const dim = value === null ? { style: 'dim' as const } : {};
    const isOfAllRuns = id === 'peak-resident';
    return [
      { text: eventWords(id), ...dim },
      { text: value === null ? notAvailable : valueText(value, unit), ...dim },
      ...(hasIntervals ? [{ text: isOfAllRuns ? '' : intervalText(figure), ...dim }] : []),
      { text: rate === null ? '' : rateTexts[rate.kind](rate.value) },
      ...(hasNotes ? [{ text: notes[i]! }] : []),
      { text: counts.counters.some(({ name }) => name === id) ? id : '', style: 'dim' },
    ];
  });
  return { columns, rows };
}

const neverCounted = 'it had no turn while the program ran, which was too short, or others held the counter';

function listOf(names: readonly string[]): string {
  return names.map((name) => eventWords(name).split(':')[0]!).join(', ');
}

/** Why there are no counts: a sentence a reason, all hardware counters as one where they share it. */
function reasonTexts({ counters }: ProgramCounts, figures: readonly Figure[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { name, reason } of counters) {
    const figure = figures.find(({ id }) => id === name);
    if (figure?.source === 'counter' && figure.value !== null) continue;
    const key = oneLine(reason ?? neverCounted);
    byReason.set(key, [...(byReason.get(key) ?? []), name]);
  }
  const hardware = counters.filter((counter) => counter.hardware).map(({ name }) => name);
  const isTold = (name: string): boolean => figures.some(({ id, value }) => id === name && value !== null);
  return [...byReason].map(([reason, names]) => {
    const areAll = hardware.length > 0 && hardware.every((name) => names.includes(name));
    const absent = names.filter((name) => !isTold(name) && !(areAll && hardware.includes(name)));
    const missing = [
      ...(areAll ? ['all hardware counters'] : []),
      ...(absent.length > 0 ? [listOf(absent)] : []),
    ];
    const told = names.filter(isTold);
    const parts = [
      ...(missing.length === 0 ? [] : [`n/a: ${missing.join(', ')}.`]),
      ...(told.length === 0 ? [] : [`Not counted, but told by the system at the end: ${listOf(told)}.`]),
    ];
    return `${parts.join(' ')} Reason: ${reason}`;
  });
}

/** 'ended with exit code 3'; null for success. */
function endingText({ exitCode, signal }: ProgramRun): string | null {
  if (signal !== null) return `was ended by ${signal}`;
  return exitCode === 0 ? null : `ended with exit code ${exitCode}`;
}

function endingTexts({ runs, asked }: ProgramCounts): string[] {
  const endings = runs.map(endingText).filter((text) => text !== null);
  const stopped = runs.length < asked ? [`Stopped after ${runs.length} of ${asked} runs.`] : [];
  if (runs.length === 1) return [...stopped, ...endings.map((text) => `The program ${text}.`)];
  const kinds = [...new Set(endings)].map((kind) => {
    const times = endings.filter((text) => text === kind).length;
    return `${times} of ${runs.length} runs ${kind.replace(/^was /, times === 1 ? 'was ' : 'were ')}.`;
  });
  return [...stopped, ...kinds];
}

function intervalNote({ runs, asked }: ProgramCounts, figures: readonly Figure[]): string[] {
  if (asked === 1) return [];
  const confidence = figures.find((figure) => figure.confidence !== null)?.confidence ?? null;
  if (confidence !== null)
    return [`Medians of ${runs.length} runs; intervals at ${formatConfidence(confidence)}.`];
  const least = replicatesNeeded(intervalAlpha);
  return [`Medians; an interval takes ${least} runs at least: --repeat ${least}.`];
}

function notesOf(counts: ProgramCounts, figures: readonly Figure[]): string[] {
  const missedNs = uncountedNs(counts);
  const some = (test: (figure: Figure) => boolean): boolean =>
    figures.some((figure) => figure.value !== null && test(figure));
  const when = (condition: boolean, text: string): string[] => (condition ? [text] : []);
  return [
    ...endingTexts(counts),
    ...intervalNote(counts, figures),
    ...when(
      some(({ rate }) => rate?.kind === 'perCpuSecond'),
      'A second in a rate is a second of CPU time.',
    ),
    ...when(
      some(({ share }) => share < 1),
      'Scaled: there were more events than hardware counters, so they took turns; a count is what was seen in its ' +
        'part of the time, taken to the whole. Read small differences with care.',
    ),
    ...when(
      counts.peakResident?.isBound === true,
      'The peak resident set may be smaller: the system lets a new process begin with what it shares with the one ' +
        'that started it.',
    ),
    ...when(
      missedNs !== null,
      `${formatNs(missedNs ?? 0)} of CPU time went uncounted: the system stops counting in a program that changes ` +
        'its user (setuid, sudo).',
    ),
    ...reasonTexts(counts, figures),
  ];
}

/** The whole text, with an end of line. No line is wider than `columns` where that is not very narrow. */
export function renderCounters(
  counts: ProgramCounts,
  { columns: width, colour }: { readonly columns: number; readonly colour: boolean },
): string {
  const paint = painter(colour);
  const figures = figuresOf(counts);
  const { columns, rows } = tableOf(counts, figures);
  const notes = notesOf(counts, figures).map((note) => wrap(note, width));
  const title = wrap(titleText(counts), width);
  const blocks = [
    `${paint('strong', title)}\n${renderTable(columns, rows, { width, paint })}`,
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ];
  return `${blocks.join('\n\n')}\n`;
}
