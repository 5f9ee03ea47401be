/** Two runs side by side, for the terminal. */
import type { ArmChange } from '../experiment/arm-change.ts';
import type { RunComparison } from '../experiment/compare-runs.ts';
import { pointText } from './cells.ts';
import { oneLine, type Paint, painter, wrap } from './lines.ts';
import {
  exactText,
  formatQuantity,
  formatShare,
  formatTimes,
  formatTimesRange,
  scaleFor,
} from './numbers.ts';
import { type Cell, type Column, renderTable, type Row } from './table.ts';

export interface ComparisonTextOptions {
  readonly columns: number;
  readonly colour: boolean;
  /** Incomparable runs are compared all the same, and said to be. */
  readonly isForced: boolean;
}

interface Frame {
  readonly width: number;
  readonly paint: Paint;
}

const partNames: Readonly<Record<string, string>> = {
  cpuModel: 'CPU',
  caches: 'caches',
  osRelease: 'system',
  compiler: 'compiler',
  compilerFlags: 'compiler flags',
  node: 'Node.js',
  v8: 'V8',
  architecture: 'architecture',
  profile: 'profile',
};

const columns: readonly Column[] = [
  { header: 'arm', align: 'left', least: 12 },
  { header: 'then', align: 'right', spare: 0 },
  { header: 'now', align: 'right' },
  { header: 'ratio', align: 'right' },
  { header: 'interval', align: 'left' },
  { header: 'outcome', align: 'left' },
];

/** The comparison as text, with a last end of line. */
export function comparisonText(comparison: RunComparison, options: ComparisonTextOptions): string {
  const frame: Frame = { width: options.columns, paint: painter(options.colour) };
  const { incomparable } = comparison;
  const isRefused = incomparable.length > 0 && !options.isForced;
  const blocks = [
    incomparableText(comparison, options.isForced, frame),
    ...(isRefused ? [] : [armsText(comparison, frame), reasonsText(comparison, frame)]),
    comparison.warnings.map((warning) => wrap(oneLine(warning), frame.width, 'Warning: ', '  ')).join('\n'),
    isRefused ? '' : unmatchedText(comparison, frame),
    isRefused
      ? wrap('Nothing was compared. To compare them all the same: --force', frame.width)
      : frame.paint('strong', wrap(summary(comparison), frame.width)),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function incomparableText(
  { incomparable }: RunComparison,
  isForced: boolean,
  { width, paint }: Frame,
): string {
  if (incomparable.length === 0) return '';
  const lines = incomparable.map(({ what, before, after }) =>
    wrap(
      oneLine(`${partNames[what]}: ${before ?? 'unknown'} then, ${after ?? 'unknown'} now`),
      width,
      '  ',
      '    ',
    ),
  );
  const forced = isForced ? ' They are compared because of --force: what differs may be the cause.' : '';
  return [paint('doubt', wrap(`These runs are incomparable.${forced}`, width)), ...lines].join('\n');
}

function armsText({ arms }: RunComparison, { width, paint }: Frame): string {
  const rows: Row[] = [];
  let place = '';
  for (const change of arms) {
    const here = `${change.experiment}, ${groupName(change)}`;
    if (here !== place) rows.push({ across: oneLine(here) });
    place = here;
    rows.push(armRow(change));
  }
  return renderTable(columns, rows, { width, paint });
}

function armRow(change: ArmChange): Row {
  const scale = scaleFor(change.before, change.unit);
  const metric = change.metric === 'time' ? '' : `, ${change.metric}`;
  return [
    { text: oneLine(armName(change) + metric) },
    { text: oneLine(formatQuantity(change.before, change.unit, scale)) },
    { text: oneLine(formatQuantity(change.after, change.unit, scale)) },
    { text: formatTimes(change.ratio) },
    { text: change.exact ? exactText : formatTimesRange(change.low, change.high) },
    outcomeCell(change),
  ];
}

/** Of what is not judged, only how it changed. */
function outcomeCell({ outcome, result }: ArmChange): Cell {
  if (outcome === null) return { text: result === 'more' || result === 'less' ? result : '-', style: 'dim' };
  if (outcome === 'regressed') return { text: outcome, style: 'bad' };
  if (outcome === 'inconclusive') return { text: outcome, style: 'doubt' };
  return { text: result === 'faster' ? 'better' : 'no worse', style: 'good' };
}

/** An arm's coordinates: those that its group's key names, or the others. */
function coordinates({ point, group }: ArmChange, ofGroup: boolean): string {
  const shared = new Set(group.split(' ').map((part) => part.split('=')[0]));
  return pointText(
    Object.fromEntries(Object.entries(point).filter(([name]) => shared.has(name) === ofGroup)),
  );
}

function groupName(change: ArmChange): string {
  return coordinates(change, true) || change.group;
}

function armName(change: ArmChange): string {
  return [change.variant, coordinates(change, false)].filter((part) => part !== '').join(', ');
}

/** Why arms are inconclusive, each reason once. */
function reasonsText({ arms }: RunComparison, { width }: Frame): string {
  const reasons = new Map<string, number>();
  for (const { reason } of arms) if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return [...reasons]
    .map(([reason, count]) => wrap(oneLine(`Inconclusive, ${count}: ${reason}.`), width, '', '  '))
    .join('\n');
}

/** More than these are counted, not listed. */
const mostListed = 8;

function unmatchedText({ unmatched }: RunComparison, { width }: Frame): string {
  if (unmatched.length === 0) return '';
  const rest = unmatched.length - mostListed;
  return [
    'Not compared:',
    ...unmatched.slice(0, mostListed).map((line) => wrap(oneLine(line), width, '  ', '    ')),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ].join('\n');
}

function summary({ arms, outcome, threshold }: RunComparison): string {
  if (arms.length === 0) return 'Inconclusive: no arm is in both runs.';
  const shown = arms.filter((arm) => arm.outcome === null).length;
  if (shown === arms.length) return 'Inconclusive: of what is in both runs, neither way is better.';
  const count = (of: ArmChange['outcome']): number => arms.filter((arm) => arm.outcome === of).length;
  const counts = `${count('regressed')} regressed, ${count('equal-or-better')} equal or better, ${count('inconclusive')} inconclusive`;
  const words = {
    regressed: 'Regressed',
    'equal-or-better': 'Equal or better',
    inconclusive:
      'Inconclusive: measure both again, with more processes (--profile full) or a quieter machine',
  }[outcome];
  const beside =
    shown === 0
      ? ''
      : ` ${shown} more ${shown === 1 ? 'is' : 'are'} shown and not judged: neither way is better.`;
  return `${words}. Of ${arms.length - shown} arms: ${counts}, at a threshold of ${formatShare(threshold)}.${beside}`;
}
