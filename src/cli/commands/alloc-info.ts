/** `linefill alloc info app.trace`: what is in a trace file. */
import { resolve } from 'node:path';
import { formatBytes, formatCount, formatNs } from '../../base/units.ts';
import { oneLine, wrap } from '../../report/lines.ts';
import { type Bucket, type Contents, ContentsCounter } from '../../trace/contents.ts';
import type { About } from '../../trace/file-format.ts';
import { TraceFile } from '../../trace/file-reader.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';

export interface InfoOptions {
  readonly json?: boolean;
  readonly allowTruncated?: boolean;
}

/** The command. */
export async function allocInfoCommand(path: string, options: InfoOptions, io: Io): Promise<number> {
  const file = await TraceFile.open(resolve(io.cwd, path));
  const { about } = file;
  const counter = new ContentsCounter(about.alignmentBytes);
  for await (const chunk of file.chunks(options)) counter.add(chunk);
  const contents = counter.finish(about.clock !== undefined);
  if (file.cut !== null) io.stderr.write(`"${path}" ${file.cut}: what follows is of those.\n`);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify({ about, cut: file.cut, contents }, null, 2)}\n`);
  } else io.stdout.write(infoText(path, about, contents, looksOf(io.stdout, io.env).columns));
  return exitCodes.good;
}

const labelColumns = 13;
const fewestTextColumns = 24;

function originOf(path: string, { source, program, pid, startedAt }: About): string {
  const of = program === undefined ? '' : ` ${source === 'imported' ? 'from' : 'of'} ${oneLine(program)}`;
  const process = pid === undefined ? '' : `, process ${pid}`;
  return `${oneLine(path)}: ${source}${of}${process}${startedAt === undefined ? '' : `, ${startedAt}`}`;
}

/** Counts with their names, those that are 0 left out. */
function named(counts: readonly (readonly [count: number, one: string, many?: string])[]): string {
  return counts
    .filter(([count]) => count > 0)
    .map(([count, one, many = `${one}s`]) => `${formatCount(count)} ${count === 1 ? one : many}`)
    .join(', ');
}

function operationsText(contents: Contents): string {
  const kinds = named([
    [contents.allocations, 'alloc'],
    [contents.zeroedAllocations, 'zeroed alloc'],
    [contents.reallocations, 'realloc'],
    [contents.frees, 'free'],
    [contents.checkpoints, 'checkpoint'],
    [contents.resets, 'reset'],
  ]);
  const aligned = named([[contents.alignedAllocations, 'alloc']]);
  const time = contents.elapsedNs === null ? '' : `; in ${formatNs(contents.elapsedNs)}`;
  const extra = aligned === '' ? '' : `; ${aligned} with an alignment of their own`;
  return `${formatCount(contents.operations)}${kinds === '' ? '' : `: ${kinds}`}${extra}${time}`;
}

function blocks(count: number): string {
  return `${formatCount(count)} block${count === 1 ? '' : 's'}`;
}

/** Each bucket with its share. */
function bucketsText(buckets: readonly Bucket[], name: (bucket: Bucket) => string): string {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return 'none';
  const share = (count: number): string => {
    const percent = (100 * count) / total;
    return percent < 0.1 ? '<0.1%' : `${Number(percent.toPrecision(percent < 1 ? 1 : 3))}%`;
  };
  return buckets.map((bucket) => `${name(bucket)} ${share(bucket.count)}`).join(', ');
}

function threadsText({ threads, crossThreadFrees }: Contents): string {
  const frees = `${formatCount(crossThreadFrees)} frees of another thread's block`;
  const busiest = threads
    .toSorted((a, b) => b.allocations - a.allocations)
    .slice(0, 4)
    .map(({ thread, allocations }) => `thread ${thread} ${formatCount(allocations)}`);
  const rest = threads.length > busiest.length ? ', ...' : '';
  return `${threads.length}; ${frees}; allocs: ${busiest.join(', ')}${rest}`;
}

/** A line a figure, wrapped behind its name. */
function infoText(path: string, about: About, contents: Contents, columns: number): string {
  const { liveBytes, liveBlocks, peakLiveBytes, peakLiveBlocks, clampedSizes } = contents;
  const lines: [string, string][] = [
    ['operations', operationsText(contents)],
    ['ids', formatCount(contents.ids)],
    [
      'requested',
      `${formatBytes(contents.requestedBytes)}, at most ${formatBytes(contents.largestBytes)} at once`,
    ],
    ['peak live', `${formatBytes(peakLiveBytes)}; ${blocks(peakLiveBlocks)}`],
    ['live at end', `${formatBytes(liveBytes)} in ${blocks(liveBlocks)}`],
    ['sizes', bucketsText(contents.sizes, ({ to }) => `to ${formatBytes(to)}`)],
    [
      'lifetimes',
      `${bucketsText(contents.lifetimes, ({ to }) => (to === 1 ? '1' : `to ${formatCount(to)}`))} (operations until freed)`,
    ],
    ['threads', threadsText(contents)],
  ];
  if (clampedSizes > 0) lines.push(['too large', `${formatCount(clampedSizes)} sizes of 4 GiB and more`]);
  if ((about.missed ?? 0) > 0) lines.push(['missing', `${formatCount(about.missed!)} operations`]);
  const width = Math.max(fewestTextColumns, columns - labelColumns);
  const text = lines.map(([label, value]) => {
    const wrapped = wrap(value, width, '').split('\n');
    return wrapped.map((line, i) => `${(i === 0 ? label : '').padEnd(labelColumns)}${line}`).join('\n');
  });
  return `${wrap(originOf(path, about), columns)}\n${text.join('\n')}\n`;
}
