/** The words of `linefill gc step`. */
import { type Command, Option } from 'commander';
import { UserError } from '../../base/errors.ts';
import type { StepPhase } from '../../collectors/step.ts';
import { type Desk, examples } from '../desk.ts';

export interface GcStepOptions {
  readonly mutator: string;
  readonly steps?: number;
  readonly phase?: StepPhase;
}

/** All of them, in their order; the list itself would load the collectors. */
const phases: Readonly<Record<StepPhase, true>> = {
  program: true,
  roots: true,
  trace: true,
  subtract: true,
  restore: true,
  sweep: true,
  address: true,
  update: true,
  move: true,
  release: true,
  done: true,
};

/** `--steps`: how many, from 1 to 10,000. */
function parseSteps(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 10_000) return count;
  throw new UserError(`--steps "${text}" is not a whole number from 1 to 10000`, 'for example: --steps 12');
}

/** Adds `step` to `gc`. */
export function addStep(gc: Command, { io, finish }: Desk): void {
  const step = gc
    .command('step')
    .summary('one collection of a small heap, step by step')
    .description(
      'Runs a small program over a collector and prints the heap at every step of its collection: what the roots name, ' +
        'what is found, looked at, counted, moved and freed.',
    )
    .argument('[collector]', 'its id, see linefill gc explain', 'semi-space')
    .option('--mutator <id>', 'the small program: graph, cycle, young, barrier or list', 'graph')
    .addOption(new Option('--steps <n>', 'only the first so many steps').argParser(parseSteps))
    .addOption(new Option('--phase <name>', 'only steps of this phase').choices(Object.keys(phases)))
    .action(async (collector: string, flags: GcStepOptions) => {
      const { gcStepCommand } = await import('./gc-step.ts');
      finish(gcStepCommand(collector, flags, io));
    });
  examples(step, [
    ['linefill gc step', "Cheney's scan pointer chases the free pointer"],
    ['linefill gc step mark-compact --phase move', 'how objects slide together'],
    [
      'linefill gc step ref-count-cycles --mutator cycle',
      'counts are taken away on trial, and a cycle is found',
    ],
    ['linefill gc step generational --mutator young', 'the nursery fills, and what lives is copied out'],
    ['linefill gc step incremental-snapshot --mutator barrier', 'a write barrier saves an object'],
  ]);
}
