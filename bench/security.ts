/**
 * What do the checker of `linefill alloc check` and glibc's own catch of mimalloc-bench's security cases? Each case is a
 * program with one fault, in up to three sizes, that says NOT_CAUGHT where it gets past it: it is caught if that is not
 * said. The cases are compiled as their own CMakeLists.txt does; they are read from a checkout, never copied here.
 * A checker that ends every program would so catch all, so each also gets programs that are right, of
 * correct-programs.cc: a false alarm is one that does not end with 0, or of which anything is reported.
 *
 *   LINEFILL_MIMALLOC_BENCH   a checkout of github.com/daanx/mimalloc-bench
 *
 * glibc's is libc_malloc_debug.so.0 with MALLOC_CHECK_=3. Where the loader can't find that, it only says so and goes on
 * with what is there: it is asked before, and without it there are no figures of glibc's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '#dist/base/errors.js';
import { checkerPath } from '#dist/native/locate.js';
import { type Figure, sit } from './sitting.ts';

const variable = 'LINEFILL_MIMALLOC_BENCH';
const sizes = { small: '8', medium: '4096', large: '256*1024' } as const;
const cFlags = (
  '-O3 -DNDEBUG -w -Wno-free-nonheap-object -fno-inline -fno-builtin-inline -fno-inline-small-functions ' +
  '-fno-ipa-pure-const'
).split(' ');
const cppFlags = '-O3 -DNDEBUG -w -std=c++17 -fsized-deallocation -DALLOCATION_SIZE=4096'.split(' ');
const timeoutMs = 10_000;
const correctSource = fileURLToPath(new URL('../bench/correct-programs.cc', import.meta.url));
/** What correct-programs.cc can be told to do. */
const correctPrograms = ['edges', 'moves', 'cleared', 'objects', 'handed', 'churn'] as const;

/** The first whose pattern a case's name has. */
const categories: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['double free', /^double_free/],
  ['foreign and misaligned free', /^invalid_free/],
  ['overflow', /_overflow/],
  ['underflow', /_underflow/],
  ['use after free', /_after_free/],
  ['access to an empty block', /_zero_size/],
  ['new and delete that do not match', /delete/],
  ['memory used again at once', /_reuse/],
  ['other', /./],
];

interface Way {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A case in one size. */
interface Program {
  readonly category: string;
  readonly path: string;
}

const debugLibrary = 'libc_malloc_debug.so.0';
const noDebugLibrary = `not there: ${debugLibrary}, which does MALLOC_CHECK_=3 (in glibc from 2.34 on; Debian: package libc6)`;

/** Whether the loader finds a library that it is told to preload: of one that is missing it complains. */
function isPreloadable(library: string): boolean {
  const { status, stderr } = spawnSync('true', [], {
    env: { ...process.env, LD_PRELOAD: library },
    encoding: 'utf8',
  });
  return status === 0 && stderr === '';
}

function ways(hasDebugLibrary: boolean): Way[] {
  const checker = { LD_PRELOAD: checkerPath(), LINEFILL_CHECK_STOP: '1' };
  return [
    { name: 'nothing preloaded', env: {} },
    ...(hasDebugLibrary
      ? [{ name: 'glibc, MALLOC_CHECK_=3', env: { LD_PRELOAD: debugLibrary, MALLOC_CHECK_: '3' } }]
      : []),
    { name: 'alloc check', env: checker },
    { name: 'alloc check --guard', env: { ...checker, LINEFILL_CHECK_GUARD: '1' } },
  ];
}

function compile(compiler: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (status !== 0) throw new UserError(`${compiler} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Compiles the cases whose names have the pattern, each in its sizes. */
function build(folder: string, out: string, pattern: RegExp): Program[] {
  const sources = readdirSync(folder).filter((name) => /\.cc?$/.test(name) && pattern.test(name));
  return sources.toSorted().flatMap((name) => {
    const stem = name.replace(/\.cc?$/, '');
    const category = categories.find(([, has]) => has.test(stem))![0];
    const source = join(folder, name);
    if (name.endsWith('.cc')) {
      const path = join(out, stem);
      compile('c++', [...cppFlags, source, '-o', path]);
      return [{ category, path }];
    }
    return Object.entries(sizes).map(([size, bytes]) => {
      const path = join(out, `${stem}_${size}`);
      compile('cc', [...cFlags, `-DALLOCATION_SIZE=${bytes}`, source, '-o', path]);
      return { category, path };
    });
  });
}

function isCaught({ path }: Program, { env }: Way): boolean {
  const { stdout, error } = spawnSync(path, [], {
    env: { ...process.env, LINEFILL_CHECK_LOG: '/dev/null', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'latin1',
    timeout: timeoutMs,
    maxBuffer: 2 ** 28,
  });
  return error === undefined && !stdout.includes('NOT_CAUGHT');
}

/** How many of the correct programs end otherwise than with 0, or have something reported of them. */
function falseAlarms(path: string, { env }: Way): number {
  const log = `${path}.log`;
  return correctPrograms.filter((which) => {
    rmSync(log, { force: true });
    const { status } = spawnSync(path, [which], {
      env: { ...process.env, LINEFILL_CHECK_LOG: log, ...env },
      timeout: timeoutMs,
    });
    return status !== 0 || (existsSync(log) && /^fault /m.test(readFileSync(log, 'utf8')));
  }).length;
}

await sit(
  'security',
  "what do our checker and glibc's own catch of mimalloc-bench's security cases?",
  {},
  async ({ smoke }) => {
    const checkout = process.env[variable];
    if (process.platform !== 'linux') return { figures: [], notes: ['programs are checked on Linux only'] };
    if (checkout === undefined) {
      return {
        figures: [],
        notes: [`not there: mimalloc-bench (github.com/daanx/mimalloc-bench; its folder in ${variable})`],
      };
    }
    const out = mkdtempSync(join(tmpdir(), 'linefill-security-'));
    try {
      const programs = build(
        join(checkout, 'bench', 'security'),
        out,
        smoke ? /^double_free\.|^one_byte_overflow/ : /./,
      );
      const correct = join(out, 'correct-programs');
      compile('c++', ['-O1', '-fno-builtin', '-std=c++17', '-pthread', correctSource, '-o', correct]);
      const figures: Figure[] = [];
      let best = 0;
      const hasDebugLibrary = isPreloadable(debugLibrary);
      for (const way of ways(hasDebugLibrary)) {
        const caught = programs.filter((program) => isCaught(program, way));
        const countIn = (list: readonly Program[], category: string): number =>
          list.filter((each) => each.category === category).length;
        const isOurs = way.name.startsWith('alloc check');
        figures.push({
          name: `${way.name}: all`,
          value: caught.length,
          of: programs.length,
          unit: 'count',
          ...(isOurs && !smoke ? { target: { least: best + 1 } } : {}),
        });
        if (!isOurs) best = Math.max(best, caught.length);
        figures.push({
          name: `${way.name}: false alarms`,
          value: falseAlarms(correct, way),
          of: correctPrograms.length,
          unit: 'count',
          ...(isOurs ? { target: { most: 0 } } : {}),
        });
        for (const [category] of categories) {
          const of = countIn(programs, category);
          if (of === 0) continue;
          figures.push({
            name: `${way.name}: ${category}`,
            value: countIn(caught, category),
            of,
            unit: 'count',
          });
        }
      }
      return { figures, notes: hasDebugLibrary ? [] : [noDebugLibrary] };
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
);
