/**
 * `linefill alloc record -o app.trace -- <command...>`: runs a program as if it had been started by itself, with a
 * library preloaded into it and into all that it starts, and leaves a trace of each process.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatNs, formatNumber } from '../../base/units.ts';
import { checkPlace } from '../../base/whole-file.ts';
import { recorderPath } from '../../native/locate.ts';
import { countOperations, type SavedRecording, saveRecording } from '../../trace/recording.ts';
import { oneLine } from '../../report/lines.ts';
import { exitCodes, type Io, type Lab } from '../io.ts';
import { codeOf, type Ending, launch, Relay, StartError, startComplaint } from '../launch.ts';
import { type OutOptions, tracePlace } from './alloc-import.ts';

export interface RecordOptions extends OutOptions {
  /** Keep the traces of small processes too. */
  readonly everyProcess?: boolean;
}

/** A process that did less is a shell on its way to a program, more often than not. */
const fewestOperations = 1000;

/** What one process, or one of the programs that a process was by exec, left. */
interface Raw {
  readonly path: string;
  readonly pid: number;
  /** How many programs the process was before. */
  readonly image: number;
  readonly parentPid: number;
  readonly bytes: number;
  readonly isSmall: boolean;
}

/** How long what the command has started may go on after it. */
const mostWaitMs = 2000;
const pollMs = 50;
/** `.raw-` and six letters. */
const folderSuffixLetters = 11;

interface Trace {
  readonly place: string;
  readonly saved: SavedRecording;
}

/** The command. Its result is the program's own exit code. */
export async function allocRecordCommand(
  command: readonly string[],
  options: RecordOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  const [program] = command;
  if (program === undefined || program === '') {
    throw new UserError(
      'alloc record needs a program to run',
      'for example: linefill alloc record -o app.trace -- node app.js',
    );
  }
  const place = checkPlace(tracePlace(options, io));
  const folder = mkdtempSync(join(dirname(place), `.${basename(place)}.raw-`));
  try {
    const { ending, running } = await runRecorded(command, folder, io);
    const raws = rawsIn(folder, running);
    const traces = keep(raws, place, options, `linefill ${lab.version}`);
    io.stderr.write(reportOf({ traces, raws, running, ending, program, options }));
    return traces.length === 0 && codeOf(ending) === 0 ? exitCodes.bad : codeOf(ending);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Recorded {
  readonly ending: Ending;
  /** Processes that went on when the command had ended, by their ids. */
  readonly running: ReadonlySet<number>;
}

/** Runs the program with the recorder in it, and waits a little for what it started. @throws UserError where it can't be run */
async function runRecorded(command: readonly string[], folder: string, io: Io): Promise<Recorded> {
  const relay = new Relay(io);
  const library = preloadable(recorderPath());
  try {
    const others = io.env['LD_PRELOAD'] ?? '';
    const ending = await launch(command, io, relay, {
      LD_PRELOAD: others === '' ? library.path : `${library.path}:${others}`,
      LINEFILL_RECORD: folder,
    });
    let running = runningIn(folder);
    for (
      let waitedMs = 0;
      running.size > 0 && waitedMs < mostWaitMs && !relay.isStopped;
      waitedMs += pollMs
    ) {
      await setTimeout(pollMs);
      running = runningIn(folder);
    }
    return { ending, running };
  } catch (error) {
    if (error instanceof StartError) throw startComplaint(command[0]!, error, io);
    throw error;
  } finally {
    relay.release();
    library.release();
  }
}

/** LD_PRELOAD is a list in which spaces and colons separate: a library below such a name is copied to elsewhere. */
export function preloadable(path: string): { readonly path: string; readonly release: () => void } {
  if (!/[\s:]/.test(path)) return { path, release: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'linefill-recorder-'));
  const copy = join(folder, 'recorder.so');
  copyFileSync(path, copy);
  return { path: copy, release: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Which processes still write into the folder, or would at their first allocation: it is in the environment that they
 * were started with, or a recording of theirs is mapped.
 */
function runningIn(folder: string): Set<number> {
  // What mkdtemp has added is of this run alone, and spelt alike in both.
  const name = basename(folder).slice(-folderSuffixLetters);
  const text = (path: string): string => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      // It has ended, or is somebody else's.
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  const isOurs = (pid: string): boolean =>
    text(`/proc/${pid}/environ`).includes(`${name}\0`) || text(`/proc/${pid}/maps`).includes(`${name}/`);
  return new Set(pids.filter(isOurs).map(Number));
}

/** What the folder has, of processes that have ended: others still write theirs. */
function rawsIn(folder: string, running: ReadonlySet<number>): Raw[] {
  return readdirSync(folder).flatMap((name): Raw[] => {
    const [, pid, image] = /^(\d+)-(\d+)\.raw$/.exec(name) ?? [];
    if (pid === undefined || running.has(Number(pid))) return [];
    const path = join(folder, name);
    const { head, records } = countOperations(path, fewestOperations);
    if (records === 0) return [];
    const { parentPid } = head;
    const isSmall = records < fewestOperations;
    return [{ path, pid: Number(pid), image: Number(image), parentPid, isSmall, bytes: statSync(path).size }];
  });
}

/** The command's own process, as the program that it was in the end; if that was not recorded, the largest. */
function mainOf(raws: readonly Raw[]): Raw | undefined {
  const own = raws.filter(({ parentPid }) => parentPid === process.pid);
  if (own.length > 0) return own.toSorted((a, b) => b.image - a.image)[0];
  return raws.toSorted((a, b) => b.bytes - a.bytes)[0];
}

/** Writes the traces: the command's own at `place`, the others beside it by their process. */
function keep(raws: readonly Raw[], place: string, options: RecordOptions, tool: string): Trace[] {
  const main = mainOf(raws);
  if (main === undefined) return [];
  const isKept = ({ isSmall }: Raw): boolean => options.everyProcess === true || !isSmall;
  const others = raws
    .filter((raw) => raw !== main && isKept(raw))
    .toSorted((a, b) => a.pid - b.pid || a.image - b.image);
  const named = others.map((raw) => {
    const isLast = raws.every(({ pid, image }) => pid !== raw.pid || image <= raw.image);
    return { raw, place: `${place}.${raw.pid}${isLast ? '' : `.${raw.image}`}` };
  });
  return [{ raw: main, place }, ...named].map((one) => {
    return { place: one.place, saved: saveRecording(one.raw.path, one.place, tool) };
  });
}

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
        : `after the recorder had to stop: ${errorName(head.stopped)}`;
    lines.push(`Process ${head.pid}: ${formatCount(head.missed)} operations are missing, ${why}.\n`);
  }
  if (dropped > 0) {
    lines.push(
      `Process ${head.pid}: ${formatCount(dropped)} frees are left out, of blocks whose allocation is missing.\n`,
    );
  }
  return lines.join('');
}

function errorName(number: number): string {
  const [name] = Object.entries(constants.errno).find(([, value]) => value === number) ?? [`error ${number}`];
  return name === 'ENOSPC' ? 'the disk is full' : name;
}

interface Report {
  readonly traces: readonly Trace[];
  readonly raws: readonly Raw[];
  readonly running: ReadonlySet<number>;
  readonly ending: Ending;
  readonly program: string;
  readonly options: RecordOptions;
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

function reportOf({ traces, raws, running, ending, program, options }: Report): string {
  const [main, ...others] = traces;
  if (main === undefined && running.size > 0) return `\nRecorded nothing.\n${runningText(running)}`;
  if (main === undefined) {
    return (
      `\nRecorded nothing: "${oneLine(program)}" was not reached by the preloaded recorder, or allocates nothing by ` +
      'malloc.\n  A static program, one with special rights (setuid), one of another architecture or C library, or one that\n' +
      '  has an allocator of its own linked in can not be recorded.\n'
    );
  }
  const left = raws.length - traces.length;
  const isOwn = main.saved.head.parentPid === process.pid;
  const whose = isOwn ? "the command's own" : 'the largest; of the command itself there is none';
  return [
    `\nRecorded in ${formatNs(ending.elapsedNs)}:\n`,
    lineOf(main, `${options.out}, ${whose}`),
    othersText(others, options.out, options.everyProcess === true),
    ...traces.map(lossesOf),
    runningText(running),
    left === 0
      ? ''
      : `${left} more process${left === 1 ? '' : 'es'} had fewer than ${formatCount(fewestOperations)} operations each: ` +
        '--every-process keeps them.\n',
  ].join('');
}
