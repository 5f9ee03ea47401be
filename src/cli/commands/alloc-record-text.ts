/** What `linefill alloc record` says when the program has ended: the traces, and all that is missing in them. */
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { refusalText } from '../../base/whole-file.ts';
import { formatBytes, formatCount, formatNs, formatNumber } from '../../base/units.ts';
import { oneLine, wrap } from '../../report/lines.ts';
import type { Ending } from '../launch.ts';
import { fewestOperations, type Kept, type Left, type Refusal, type Trace } from './alloc-record-raws.ts';

/** How long what the command has started may go on after it. */
export const mostWaitMs = 2000;

function lineOf({ saved }: Trace, name: string): string {
  const { head, records, threads, bytes, rawBytes } = saved;
  const perOperation = formatNumber(bytes / records, 2);
  return (
    `${oneLine(name)}: ${oneLine(head.program)}, process ${head.pid}: ${formatCount(records)} operations of ` +
    `${threads} thread${threads === 1 ? '' : 's'}; ${formatBytes(bytes)}, ${perOperation} B an operation ` +
    `(${formatBytes(rawBytes)} while it ran)\n`
  );
}

/** What was not recorded, of a process. */
function lossesOf({ saved }: Trace): string {
  const { head, dropped } = saved;
  const lines: string[] = [];
  if (head.missed > 0) {
    const why =
      head.stopped === 0
        ? 'made in handlers of signals that interrupted the recorder'
        : `after the recorder had to stop: ${reasonOf(head.stopped)}`;
    lines.push(`Process ${head.pid}: ${formatCount(head.missed)} operations are missing, ${why}.\n`);
  }
  if (dropped > 0) {
    lines.push(
      `Process ${head.pid}: ${formatCount(dropped)} frees are left out, of blocks whose allocation is missing.\n`,
    );
  }
  return lines.join('');
}

function reasonOf(error: number): string {
  const [code] = Object.entries(constants.errno).find(([, value]) => value === error) ?? [`error ${error}`];
  // Its file is its own: it could write there when it began.
  if (code === 'EACCES') return 'the process gave up the rights (setuid) that its recording needs';
  return refusalText(code);
}

/** Processes of which there is nothing, by the reason. */
function refusedText(refusals: readonly Refusal[]): string {
  const reason = ({ error }: Refusal): string =>
    error === null ? 'the recording has no beginning, for an early end or a full disk' : reasonOf(error);
  return [...new Set(refusals.map(reason))]
    .map((why) => {
      const { size } = new Set(refusals.filter((one) => reason(one) === why).map(({ pid }) => pid));
      return `${size} process${size === 1 ? '' : 'es'} could not be recorded: ${why}.\n`;
    })
    .join('');
}

/** What still runs: "1 process was still running ...". */
function runningText({ size }: ReadonlySet<number>): string {
  if (size === 0) return '';
  const [were, its, it] =
    size === 1
      ? ['process was', 'its recording is', 'it is']
      : ['processes were', 'their recordings are', 'they are'];
  return (
    `${size} ${were} still running when the recording ended, up to ${mostWaitMs / 1000} s after the command: ` +
    `${its} not complete; ${it} left out. ` +
    'A program that goes into the background is recorded where it is told to stay in front.\n'
  );
}

/** The traces but the first, in a line; each in its own where all were asked for. */
function othersText(others: readonly Trace[], out: string, everyProcess: boolean): string {
  const names = others.map(({ place }) => join(dirname(out), basename(place)));
  if (everyProcess || others.length === 1) return others.map((trace, i) => lineOf(trace, names[i]!)).join('');
  if (others.length === 0) return '';
  const operations = others.reduce((sum, { saved }) => sum + saved.records, 0);
  return (
    `${others.length} more traces, ${oneLine(out)}.<pid>: from ${oneLine(names[0]!)} to ${oneLine(names.at(-1)!)}, ` +
    `${formatCount(operations)} operations together; --every-process lists each.\n`
  );
}

export interface RecordReport extends Left, Kept {
  readonly running: ReadonlySet<number>;
  readonly ending: Ending;
  readonly command: readonly string[];
  /** Python is told to ask malloc for each object. */
  readonly isPoolless: boolean;
  readonly out: string;
  readonly everyProcess: boolean;
}

/** Why there is no trace at all. */
function nothingText({ refusals, failures, running, command: [program = ''] }: RecordReport): string {
  const why = failuresText(failures) + refusedText(refusals) + runningText(running);
  if (why !== '') return `\nRecorded nothing.\n${why}`;
  return (
    `\nRecorded nothing: "${oneLine(program)}" was not reached by the preloaded recorder, or allocates nothing by ` +
    'malloc. A static program, one with special rights (setuid), one of another architecture or C library, or one ' +
    'that has an allocator of its own linked in can not be recorded.\n'
  );
}

function failuresText(failures: readonly string[]): string {
  return failures.map((message) => `Not kept: ${oneLine(message)}.\n`).join('');
}

/** 'The program was ended by SIGSEGV.'; nothing where it ended by itself, which the exit code says. */
function endingText({ signal }: Ending): string {
  return signal === null ? '' : `The program was ended by ${signal}.\n`;
}

/** What may be missing without any sign of it. */
function doubtText({ main, refusals, ending, isPoolless }: RecordReport): string {
  if (main === null || main.saved.head.parentPid !== process.pid) return '';
  const { records, head } = main.saved;
  if (/^python[\d.]*$/.test(basename(head.program)) && !isPoolless) {
    return (
      'Python serves its small objects from pools of its own, which malloc does not see: with PYTHONMALLOC=malloc in ' +
      'its environment each object is recorded.\n'
    );
  }
  if (records >= fewestOperations || refusals.length > 0 || ending.signal !== null) return '';
  return (
    `The command's own trace has fewer than ${formatCount(fewestOperations)} operations. Where its process became another ` +
    'program (exec) that is not named here, the recorder did not reach that one: its environment was cleared (env -i), ' +
    'it is static, or a limit leaves the recorder no room (ulimit -v, ulimit -n).\n'
  );
}

/** All of it, in lines of so many columns at most, ending with an end of line. */
export function recordText(report: RecordReport, columns: number): string {
  const text = reportText(report) + endingText(report.ending);
  return text
    .split('\n')
    .map((line) => wrap(line, columns, '', '  '))
    .join('\n');
}

function reportText(report: RecordReport): string {
  const { main, others, small, failures, refusals, running, ending, out, everyProcess } = report;
  if (main === null && others.length === 0) return nothingText(report);
  const traces = main === null ? others : [main, ...others];
  const isOwn = main?.saved.head.parentPid === process.pid;
  const whose = isOwn ? "the command's own" : 'the largest; of the command itself there is none';
  return [
    `\nRecorded in ${formatNs(ending.elapsedNs)}:\n`,
    main === null ? '' : lineOf(main, `${out}, ${whose}`),
    othersText(others, out, everyProcess),
    doubtText(report),
    ...traces.map(lossesOf),
    failuresText(failures),
    refusedText(refusals),
    runningText(running),
    small === 0
      ? ''
      : `${small} more process${small === 1 ? '' : 'es'} had fewer than ${formatCount(fewestOperations)} operations each: ` +
        '--every-process keeps them.\n',
  ].join('');
}
