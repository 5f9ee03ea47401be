/** Experiment: how long a load from memory takes while other CPUs draw on the memory, more and more of it. */
import type { Context, Experiment, TeamVariant } from '../../experiment/experiment.ts';
import { numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { inferLoaded } from './loaded-latency-figures.ts';
import { idlePauseNs, loadedChase, loadOf } from './loaded-latency-kernels.ts';
import { checkWhole, lastLevelBytes, wholePages, workingSetParameter } from './sizes.ts';

const longestPauseNs = 1_000_000;
/** So many links are built in a second or so. */
const mostBytes = 2 ** 31;
/** Pauses after each page, from none to next to no load. */
const pausesNs = [1, 25, 50, 100, 200, 400, 800, 1600, 6400, idlePauseNs];
const fewPausesNs = [1, 50, 200, 400, 1600, idlePauseNs];

/** Beyond the last level, for the chase and for each stream. */
function workingSets(context: Context): number[] {
  if (context.profile === 'smoke') return [2 ** 20];
  const times = context.profile === 'quick' ? 2 : 4;
  return [wholePages(Math.min(mostBytes, times * lastLevelBytes(context)))];
}

/** All CPUs but one; in the full profile also one, and half of them. With one CPU: one, which is then left out. */
function streamerCounts({ profile, cpus }: Context): number[] {
  const most = Math.max(1, cpus.length - 1);
  return profile === 'full' ? [...new Set([1, Math.ceil(most / 2), most])] : [most];
}

function pauses({ profile }: Context): readonly number[] {
  if (profile === 'smoke') return [1, idlePauseNs];
  return profile === 'quick' ? fewPausesNs : pausesNs;
}

/** TypeScript stands at both ends of the curve. */
function skips(
  point: Point,
  _context: Context,
  settings: Readonly<Record<string, readonly Scalar[]>>,
): boolean {
  if (point['language'] !== 'typescript' || settings['pauseNs'] !== undefined) return false;
  return ![1, idlePauseNs].includes(numberAt(point, 'pauseNs'));
}

function variant(id: string, title: string, language: 'native' | 'typescript'): TeamVariant {
  return {
    form: 'team',
    id,
    title,
    kernel: loadedChase,
    language,
    fixed: { language },
    members: (point) => 1 + numberAt(point, 'streamers'),
    observe: loadOf,
  };
}

export const loadedLatency: Experiment = {
  id: 'loaded-latency',
  lab: 'hardware',
  title: 'Latency under load',
  question: 'How much longer does a load from memory take while other CPUs draw on the memory?',
  sources: [
    { title: 'Intel Memory Latency Checker', where: '--loaded_latency: a delay injected between requests' },
    { title: 'google/multichase, multiload', where: 'https://github.com/google/multichase' },
    {
      title: 'Esmaili-Dokht and others, A Mess of Memory System Benchmarking (MICRO 2024)',
      where: 'bandwidth-latency curves',
    },
  ],
  parameters: [
    workingSetParameter(
      'memory that the chase goes through; each streaming CPU goes through as much of its own',
      workingSets,
      2 ** 16,
      mostBytes,
    ),
    {
      name: 'streamers',
      summary: 'CPUs that stream beside the one that chases',
      unit: 'threads',
      values: streamerCounts,
      check: (value, { cpus }) => checkWhole(value, 'streamers', 1, Math.max(1, cpus.length - 1)),
    },
    {
      name: 'pauseNs',
      summary: 'how long a streaming CPU rests after each 4 KiB that it has read; 1: not at all',
      unit: 'none',
      compared: true,
      values: pauses,
      check: (value) => checkWhole(value, 'pauseNs', 1, longestPauseNs),
    },
  ],
  variants: [variant('native', 'native', 'native'), variant('typescript', 'TypeScript', 'typescript')],
  skips,
  baseline: { variant: 'native', at: { pauseNs: idlePauseNs } },
  operation: 'load',
  metrics: [
    { id: 'latency', title: 'latency of the chase alone', unit: 'ns', better: 'less' },
    { id: 'load', title: 'bandwidth of the streaming CPUs', unit: 'GB/s', better: 'more' },
  ],
  claims: [],
  infer: inferLoaded,
  isCurve: true,
  onRequest: true,
  explain: `One CPU follows dependent loads through more memory than any cache holds: its time a load is the latency of
memory. The other CPUs meanwhile read memory of their own from end to end, as fast as they can, or with a pause after
each page. The shorter the pause the more they draw. What they really drew is measured while the chase runs, and the
latency is to be read beside that, not beside the pause. A memory system answers in about the same time until it is
well loaded; then requests queue, and the latency climbs while the bandwidth hardly grows: that knee is what a busy
server meets. A few CPUs may not be enough to reach it. The streams also take the chase's room in a shared cache, so a
working set that partly fits one shows that too. The chase visits all lines of sixteen pages in a random order, then of
another sixteen: no prefetcher foresees it, and address translation hardly costs. Pages are the system's own.
The members run different code, and a lap is over for all when the chase has done its loads. The TypeScript team does
the same with typed arrays and Atomics, and draws less.`,
  drawing: `CPU a   chase    o -> o -> o -> o -> o -> o ...  ns a load
                        |
CPU b   stream  ====== . ====== . ====== .       GB/s
CPU c   stream  ====== . ====== . ====== .       GB/s
                 4 KiB  pause
                        |
                 one memory serves them all`,
  chart: {
    kind: 'lines',
    x: 'pauseNs',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time a load by pause of the streaming CPUs',
  },
  weight: 0.3,
};
