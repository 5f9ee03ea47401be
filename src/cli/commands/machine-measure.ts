/** `linefill machine --measure`: the ladder of this machine in one table, inferred beside reported, and kept. */
import { contradictions } from '../../experiment/contradictions.ts';
import type { Inference } from '../../experiment/inference.ts';
import type { Experiment, Profile } from '../../experiment/experiment.ts';
import type { Run } from '../../experiment/run.ts';
import { formatCpuList } from '../../machine/index.ts';
import { makeProfile } from '../../machine/profile.ts';
import type { Machine } from '../../machine/types.ts';
import { inferredCells, inferredHeaders, type InferredCells } from '../../report/inferred.ts';
import { oneLine, painter, wrap } from '../../report/lines.ts';
import { type Cell, type Column, renderTable } from '../../report/table.ts';
import { Interrupts } from '../interrupts.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { keepProfile } from '../profile-place.ts';
import { ProgressLine } from '../progress.ts';

export interface MeasuringOptions {
  readonly json?: boolean;
  readonly profile: Profile;
  readonly seed: number;
}

/** From the core outwards; what is in no rung follows. */
const rungs = [
  /^core-clock|^cache-levels|^line-size/,
  /^l1-/,
  /^l2-/,
  /^l3-/,
  /^l4-/,
  /^ram-/,
  /tlb/,
  /bandwidth/,
];

function rungOf({ id }: Inference): number {
  const found = rungs.findIndex((rung) => rung.test(id));
  return found < 0 ? rungs.length : found;
}

/** Which CPUs share a cache: what is reported, beside the groups that are near one another. */
function sharing(machine: Machine): InferredCells[] {
  const caches = (machine.caches.value ?? []).filter(({ kind }) => kind !== 'instruction');
  const levels = [...new Set(caches.map(({ level }) => level))].toSorted((a, b) => a - b);
  const near = machine.cpuGroups.value?.map(formatCpuList).join(' | ') ?? 'n/a';
  return levels.map((level) => {
    const groups = caches.filter((cache) => cache.level === level).map(({ cpus }) => formatCpuList(cpus));
    const isLast = level === levels.at(-1);
    return {
      what: `L${level} cache: shared by CPUs`,
      value: isLast ? near : '',
      range: '',
      reported: groups.join(' | '),
      reportedBy: 'the system',
      note: '',
    };
  });
}

function table(cells: readonly InferredCells[], io: Io): string {
  const looks = looksOf(io.stdout, io.env);
  const [what, value, range, reported, by] = inferredHeaders;
  const columns: Column[] = [
    { header: what, align: 'left', least: 18 },
    { header: value, align: 'right' },
    { header: range, align: 'left' },
    { header: reported, align: 'right' },
    { header: by, align: 'left', spare: 0 },
  ];
  const rows = cells.map((each): Cell[] => [
    { text: oneLine(each.what) },
    { text: each.value },
    { text: each.range },
    { text: each.reported },
    { text: oneLine(each.reportedBy) },
  ]);
  return renderTable(columns, rows, { width: looks.columns, paint: painter(looks.colour) });
}

async function measured(
  options: MeasuringOptions,
  io: Io,
  lab: Lab,
): Promise<{ run: Run; isInterrupted: boolean }> {
  const experiments = (await lab.experiments()).filter(
    (experiment: Experiment) => experiment.lab === 'hardware' && experiment.infer !== undefined,
  );
  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  const interrupts = new Interrupts(io, (text) => line.note(text));
  const { profile, seed } = options;
  try {
    const request = { experiments, profile, settings: {}, cpus: null, seed, budgetMs: null };
    const run = await lab.measure(request, (event) => line.update(event), interrupts.signal);
    return { run, isInterrupted: interrupts.signal.aborted };
  } finally {
    line.clear();
    interrupts.release();
  }
}

/** The command. Its result is the exit code. */
export async function machineMeasureCommand(options: MeasuringOptions, io: Io, lab: Lab): Promise<number> {
  const { run, isInterrupted } = await measured(options, io, lab);
  const { machine } = run;
  const figures = run.inferences.toSorted((a, b) => rungOf(a) - rungOf(b));
  const profile = makeProfile(machine, figures, run.startedAt, `linefill ${lab.version}`);
  const found = contradictions(machine, figures);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify({ ...profile, contradictions: found }, null, 2)}\n`);
  } else {
    const { columns } = looksOf(io.stdout, io.env);
    const cells = [...figures.map(inferredCells), ...sharing(machine)];
    const notes = cells.flatMap(({ note }) => (note === '' ? [] : [note]));
    const said = [
      ...(found.length === 0
        ? ['No contradiction: what was measured agrees with what is reported.']
        : found.map((text) => `Contradiction: ${text}`)),
      ...notes,
      ...run.warnings.map((text) => `Warning: ${text}`),
    ];
    io.stdout.write(
      `${table(cells, io)}\n\n${said.map((text) => wrap(oneLine(text), columns)).join('\n')}\n`,
    );
  }
  if (isInterrupted) {
    io.stderr.write('Interrupted: no profile was kept.\n');
    return exitCodes.interrupted;
  }
  if (options.profile === 'smoke') {
    io.stderr.write('The smoke profile only shows that all of it works: nothing was kept.\n');
    return exitCodes.good;
  }
  io.stderr.write(`Profile: ${await keepProfile(profile, io.env)}\n`);
  return exitCodes.good;
}
