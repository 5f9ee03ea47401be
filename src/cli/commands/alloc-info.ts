/** `linefill alloc info app.trace`: what is in a trace file. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatNs } from '../../base/units.ts';
import { oneLine, wrap } from '../../report/lines.ts';
import { type Bucket, type Contents, ContentsCounter } from '../../trace/contents.ts';
import type { About } from '../../trace/file-format.ts';
import { TraceFile } from '../../trace/file-reader.ts';
import { workloads } from '../../trace/workloads.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';

export interface InfoOptions {
  readonly json?: boolean;
  readonly allowTruncated?: boolean;
}

/** @throws UserError where a workload was meant, which is no file */
function refuseWorkload(word: string, io: Io): void {
  if (existsSync(resolve(io.cwd, word)) || !workloads.some(({ id }) => id === word)) return;
  throw new UserError(
    `"${word}" is a workload of the lab, and info reads a trace file`,
    `linefill alloc map ${word} draws it, linefill alloc replay ${word} serves it`,
  );
}

/** The command. */
export async function allocInfoCommand(path: string, options: InfoOptions, io: Io): Promise<number> {
  refuseWorkload(path, io);
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

/** What a larger size is counted as. */
const countedBytes = 2 ** 32 - 1;
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

function shareText(share: number): string {
  const percent = 100 * share;
  if (share < 1 && percent >= 99.95) return '>99.9%';
  return percent < 0.1 ? '<0.1%' : `${Number(percent.toPrecision(percent < 1 ? 1 : 3))}%`;
}

/** Each bucket with its share. */
function bucketsText(buckets: readonly Bucket[], name: (bucket: Bucket) => string): string {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return 'none';
  return buckets.map((bucket) => `${name(bucket)} ${shareText(bucket.count / total)}`).join(', ');
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

/** How many of the blocks that were freed were so by then. */
function lifetimesText({ lifetimes }: Contents): string {
  if (lifetimes.length === 0) return 'none was freed';
  const total = lifetimes.reduce((sum, { count }) => sum + count, 0);
  let sum = 0;
  const shares = lifetimes.map(({ to, count }) => {
    sum += count;
    return { to, text: shareText(sum / total) };
  });
  // A share that looks as the one before it says nothing.
  const within = shares
    .filter(({ text }, i) => text !== shares[i - 1]?.text)
    .map(({ to, text }, i) => {
      const unit = i > 0 ? '' : to === 1 ? ' operation' : ' operations';
      return `within ${formatCount(to)}${unit} ${text}`;
    });
  return `of what was freed, freed ${within.join(', ')}`;
}

/** A line a figure, wrapped behind its name. */
function infoText(path: string, about: About, contents: Contents, columns: number): string {
  const { liveBytes, liveBlocks, peakLiveBytes, peakLiveBlocks, clampedSizes } = contents;
  // A total below that size has none of those in it.
  const atLeast = (bytes: number): string =>
    `${clampedSizes > 0 && bytes >= countedBytes ? 'at least ' : ''}${formatBytes(bytes)}`;
  const sizes = `${formatCount(clampedSizes)} size${clampedSizes === 1 ? '' : 's'} of 4 GiB and more`;
  const counted =
    clampedSizes === 0 ? '' : ` (${sizes} ${clampedSizes === 1 ? 'is' : 'are'} counted as that)`;
  const lines: [string, string][] = [
    ['operations', operationsText(contents)],
    ['ids', formatCount(contents.ids)],
    [
      'requested',
      `${atLeast(contents.requestedBytes)}; the largest request ${atLeast(contents.largestBytes)}${counted}`,
    ],
    ['peak live', `${atLeast(peakLiveBytes)}; ${blocks(peakLiveBlocks)}`],
    ['live at end', `${atLeast(liveBytes)} in ${blocks(liveBlocks)}`],
    ['sizes', bucketsText(contents.sizes, ({ to }) => `to ${formatBytes(to)}`)],
    ['lifetimes', lifetimesText(contents)],
    ['threads', threadsText(contents)],
  ];
  if ((about.missed ?? 0) > 0) lines.push(['missing', `${formatCount(about.missed!)} operations`]);
  const width = Math.max(fewestTextColumns, columns - labelColumns);
  const text = lines.map(([label, value]) => {
    const wrapped = wrap(value, width, '').split('\n');
    return wrapped.map((line, i) => `${(i === 0 ? label : '').padEnd(labelColumns)}${line}`).join('\n');
  });
  return `${wrap(originOf(path, about), columns)}\n${text.join('\n')}\n`;
}
