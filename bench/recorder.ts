/**
 * By how much does `linefill alloc record` slow a program down? Loops that do nothing but allocate and free, the worst
 * that there is, and programs as they are; each alone and with the recorder in it, turn by turn. A loop is timed from
 * within, a program from its start to its end; CPU time beside it, since a busy machine stretches the other.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from '#dist/native/binding.js';
import { recorderPath } from '#dist/native/locate.js';
import { countOperations } from '#dist/trace/recording.js';
import { find } from './peer.ts';
import { overPasses } from './passes.ts';
import { countOf, type Figure, type Found, sit } from './sitting.ts';

const target = { most: 2 };
const source = fileURLToPath(new URL('../bench/recorded-loop.cc', import.meta.url));

interface Program {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether it prints its own time. */
  readonly isLoop: boolean;
}

interface Cost {
  readonly elapsedNs: number;
  readonly cpuNs: number;
}

function runOnce({ command, isLoop }: Program, variables: Readonly<Record<string, string>>): Cost {
  const [program, ...words] = command;
  const used = (): number => {
    const { userNs, systemNs } = environment().childUsage();
    return (userNs ?? 0) + (systemNs ?? 0);
  };
  const before = used();
  const began = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(program!, words, {
    encoding: 'utf8',
    env: { ...process.env, ...variables },
  });
  const elapsedNs = Number(process.hrtime.bigint() - began);
  if (status !== 0) throw new Error(`${command.join(' ')}: ended with ${status}: ${stderr}`);
  return { elapsedNs: isLoop ? Number(stdout) : elapsedNs, cpuNs: used() - before };
}

/** What was recorded, and how much was written for it. */
function recordedIn(folder: string): { records: number; bytes: number } {
  let [records, bytes] = [0, 0];
  for (const name of readdirSync(folder)) {
    records += countOperations(join(folder, name), Infinity).records;
    bytes += statSync(join(folder, name)).blocks * 512;
  }
  return { records, bytes };
}

function compare(program: Program, library: string, scratch: string, turns: number): Found {
  const folder = join(scratch, 'raw');
  const ratios: Record<keyof Cost, number[]> = { elapsedNs: [], cpuNs: [] };
  let last = { records: 0, bytes: 0 };
  for (let turn = 0; turn < turns; turn++) {
    mkdirSync(folder);
    const alone = (): Cost => runOnce(program, {});
    const recorded = (): Cost => runOnce(program, { LD_PRELOAD: library, LINEFILL_RECORD: folder });
    const [first, second] = turn % 2 === 0 ? [alone(), recorded()] : [recorded(), alone()];
    const [without, within] = turn % 2 === 0 ? [first, second] : [second, first];
    for (const time of ['elapsedNs', 'cpuNs'] as const) ratios[time].push(within[time] / without[time]);
    if (turn === turns - 1) last = recordedIn(folder);
    rmSync(folder, { recursive: true });
  }
  const { name, isLoop } = program;
  const goal = isLoop ? { target } : {};
  const figures: Figure[] = [
    { name: `${name}: recorded over alone`, unit: 'x', ...overPasses(ratios.elapsedNs), ...goal },
    { name: `${name}: the same in CPU time`, unit: 'x', ...overPasses(ratios.cpuNs) },
  ];
  const each = (last.bytes / Math.max(1, last.records)).toFixed(1);
  return { figures, notes: [`${name}: ${last.records} operations, ${each} B written for each`] };
}

function loopsIn(scratch: string, rounds: number): Program[] {
  const loop = join(scratch, 'recorded-loop');
  const compiler = process.env['CXX'] ?? 'c++';
  const { status } = spawnSync(compiler, ['-std=c++20', '-O2', '-pthread', '-o', loop, source]);
  if (status !== 0) return [];
  return ['pair', 'batch', 'churn'].flatMap((what) =>
    [1, 2].map((threads) => ({
      name: `${what}, ${threads} thread${threads === 1 ? '' : 's'}`,
      command: [loop, what, String(rounds), String(threads)],
      isLoop: true,
    })),
  );
}

function programsIn(scratch: string): Program[] {
  const script =
    'const d=[];for(let i=0;i<1e5;i++)d.push({i,s:String(i)});for(let i=0;i<5;i++)JSON.parse(JSON.stringify(d))';
  const compiler = find('CXX', 'c++');
  const python = find('LINEFILL_PYTHON', 'python3');
  const lines =
    'import json; d=[{"a":i,"b":str(i),"c":[i]*5} for i in range(60000)]; json.loads(json.dumps(d))';
  return [
    { name: 'node, a script', command: [process.execPath, '-e', script], isLoop: false },
    ...(compiler === null
      ? []
      : [
          {
            name: 'the C++ compiler',
            command: [compiler, '-std=c++20', '-O1', '-c', '-o', join(scratch, 'loop.o'), source],
            isLoop: false,
          },
        ]),
    ...(python === null
      ? []
      : [{ name: 'python3, a script', command: [python, '-c', lines], isLoop: false }]),
  ];
}

await sit(
  'recorder',
  'what does it cost to be recorded?',
  { turns: { about: 'runs of each program, alone and recorded', value: '7' } },
  async ({ smoke, values }) => {
    const turns = smoke ? 1 : countOf(values.turns, '--turns');
    const scratch = mkdtempSync(join(tmpdir(), 'linefill-recorder-'));
    try {
      const loops = loopsIn(scratch, smoke ? 10_000 : 5_000_000);
      const programs = [...loops, ...(smoke ? [] : programsIn(scratch))];
      const found = programs.map((program) => compare(program, recorderPath(), scratch, turns));
      const missing = loops.length === 0 ? ['no C++ compiler (c++, or CXX): the loops are left out'] : [];
      return {
        figures: found.flatMap(({ figures }) => figures),
        notes: [...missing, ...found.flatMap(({ notes = [] }) => notes)],
      };
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
);
