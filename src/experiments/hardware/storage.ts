/** Experiment: how long is a read from a file, out of the system's cache and from the device? */
import { constants } from 'node:fs';
import type { Context, Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import { numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { inferStorage, latencyStorage } from './storage-figures.ts';
import { checkFile, deviceFault, ownFile, ownFileFault, smallestFileBytes } from './storage-file.ts';
import { storageRead, type Way } from './storage-kernel.ts';

const granuleBytes = 2 ** 21;
const mostOwnBytes = 2 ** 36;
const smallestBlock = 4096;
const largestBlock = 2 ** 20;

const blocks = {
  smoke: [smallestBlock],
  quick: [smallestBlock, 2 ** 16],
  full: [smallestBlock, 2 ** 14, 2 ** 16, largestBlock],
} as const;
const ownBytes = { smoke: smallestFileBytes, quick: 2 ** 23, full: 2 ** 26 } as const;

function refusal(way: Way, language: Language): (point: Point, context: Context) => string | null {
  return (point, { machine }) => {
    const file = textAt(point, 'file');
    const fault =
      file === ownFile ? ownFileFault(numberAt(point, 'temporaryBytes'), machine.platform) : checkFile(file);
    if (fault !== null || way === 'cached') return fault;
    if (language === 'typescript' && constants.O_DIRECT === undefined) {
      return 'JavaScript has no direct reads on this system';
    }
    if (way === 'forgotten' && machine.platform !== 'linux') {
      return 'this system has no call that makes its cache forget a file';
    }
    return deviceFault(file);
  };
}

function variant(
  id: string,
  title: string,
  order: 'random' | 'sequential',
  way: Way,
  language: Language = 'native',
): ThreadVariant {
  const fixed = { order, way };
  return { form: 'thread', id, title, kernel: storageRead, language, fixed, refuses: refusal(way, language) };
}

export const storage: Experiment = {
  id: 'storage',
  lab: 'hardware',
  title: 'Reads from a file',
  question: 'How long does a read from a file take, out of the cache of the system and from the device?',
  sources: [
    { title: 'open(2) and posix_fadvise(2)', where: 'O_DIRECT, POSIX_FADV_DONTNEED' },
    { title: 'Axboe, fio: Flexible I/O tester', where: 'https://fio.readthedocs.io, iodepth=1' },
    {
      title: 'Gregg, Systems Performance, 2nd edition',
      where: 'chapter 9, on the latencies of disks; chapter 8, on the page cache',
    },
  ],
  parameters: [
    {
      name: 'file',
      summary: 'a file to read, never written; or "temporary", one of our own in the folder for such',
      unit: 'none',
      values: () => [ownFile],
      check: checkFile,
    },
    {
      name: 'temporaryBytes',
      summary: 'size of the temporary file, which has no name and ends with its process',
      unit: 'B',
      values: ({ profile }) => [ownBytes[profile]],
      check: (value) =>
        typeof value === 'number' &&
        value >= smallestFileBytes &&
        value <= mostOwnBytes &&
        value % granuleBytes === 0
          ? null
          : 'temporaryBytes must be a multiple of 2MiB from 4MiB to 64GiB',
    },
    {
      name: 'blockBytes',
      summary: 'what one read asks for',
      unit: 'B',
      values: ({ profile }) => blocks[profile],
      check: (value) =>
        typeof value === 'number' &&
        value >= smallestBlock &&
        value <= largestBlock &&
        value % smallestBlock === 0
          ? null
          : 'blockBytes must be a multiple of 4KiB from 4KiB to 1MiB',
    },
  ],
  variants: [
    variant('cached-random', 'cached, random', 'random', 'cached'),
    variant('cached-sequential', 'cached, in order', 'sequential', 'cached'),
    variant('direct-random', 'direct, random', 'random', 'direct'),
    variant('direct-sequential', 'direct, in order', 'sequential', 'direct'),
    variant('cold-random', 'through the cache, not in it, random', 'random', 'forgotten'),
    variant('cold-sequential', 'through the cache, not in it, in order', 'sequential', 'forgotten'),
    variant('ts-cached-random', 'TypeScript, cached, random', 'random', 'cached', 'typescript'),
    variant('ts-cached-sequential', 'TypeScript, cached, in order', 'sequential', 'cached', 'typescript'),
    variant('ts-direct-random', 'TypeScript, direct, random', 'random', 'direct', 'typescript'),
  ],
  baseline: { variant: 'cached-random' },
  operation: 'read',
  claims: [latencyStorage],
  infer: inferStorage,
  explain: `These are the last rungs of the ladder: a block of a file out of the system's cache, and from the device below
it. Each read begins when the last has ended (queue depth 1), so a figure is a latency; devices do far more reads a
second when asked for many at once. A cached read is a system call and a copy. A direct read (O_DIRECT) goes past the
cache, from the device into the program's memory. A cold read goes through the cache, which was made to forget the file:
in order, the system reads ahead, so that most reads find their block there already. JavaScript can do all of this but
make the cache forget (cold rows are native only); its readSync costs a little more a call.
The file is one of your own, --set file=PATH, which is opened for reading and nothing else, though cold reads push it out
of the system's cache; or a temporary one, which is unlinked before it is written, so that nothing stays behind. It lies
in TMPDIR, or without that in /tmp, or in /var/tmp where /tmp is in memory or takes no file. That one is small and was
written a moment ago: a device's own cache may still hold it, and a hard disk has short ways in it. For
what a disk really does name a file of many gigabytes. A virtual machine's disk is often a file of its host, and what
is called direct in the guest may come out of the host's memory. On a file system in memory (tmpfs) or without direct
reads there is no device to measure, and those rows are left out.`,
  drawing: `program's memory
   ^ copy            ^
+--|------------+    |
|  | cached     |    | direct: no copy kept
|  system's     |    |
|  page cache   |    |
+--^------------+    |
   | cold            |
+--|-----------------|------+
|  device, its own cache    |
+---------------------------+`,
  chart: {
    kind: 'lines',
    x: 'blockBytes',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time a read by size of a block',
  },
  isCurve: true,
  onRequest: true,
  weight: 0.3,
};
