/** `linefill gc step`: one collection of a small heap, step by step, as text. */
import { ContractError, UserError } from '../../base/errors.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { type StepProgram, stepPrograms } from '../../collectors/step-programs.ts';
import { type Steps, stepsOf } from '../../collectors/steps.ts';
import { stepsText } from '../../report/heap-map/steps-text.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';
import type { GcStepOptions } from './gc-step-options.ts';

/** The drawing's width where the screen is wider. */
const mostColumns = 60;

function chosen(id: string): CollectorChoice {
  const found = collectorChoices.find((each) => each.id === id);
  if (found !== undefined) return found;
  const ids = collectorChoices.map((each) => each.id);
  throw new UserError(`there is no collector "${id}"`, meant(id, ids, `collectors: ${ids.join(', ')}`));
}

function programCalled(id: string): StepProgram {
  const found = stepPrograms.find((each) => each.id === id);
  if (found !== undefined) return found;
  const ids = stepPrograms.map((each) => each.id);
  throw new UserError(
    `--mutator: there is no small program "${id}"`,
    meant(id, ids, `choose from: ${ids.join(', ')}`),
  );
}

function stepped(choice: CollectorChoice, program: StepProgram): Steps {
  try {
    return stepsOf(choice, program);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new UserError(`${choice.title}: ${error.message}`, 'take another collector, or another --mutator');
  }
}

/** Programs on which the collector does something. */
function showing(choice: CollectorChoice): string[] {
  return stepPrograms.filter((each) => stepped(choice, each).steps.length > 0).map(({ id }) => id);
}

/** The command. Its result is the exit code. */
export function gcStepCommand(id: string, { mutator, steps: most, phase }: GcStepOptions, io: Io): number {
  const choice = chosen(id);
  const program = programCalled(mutator);
  const steps = stepped(choice, program);
  if (steps.steps.length === 0) {
    throw new UserError(
      `${choice.title} has nothing to show on ${program.id}: it neither collected nor freed anything`,
      `--mutator ${showing(choice).join(', or --mutator ')}`,
    );
  }
  if (phase !== undefined && !steps.steps.some((step) => step.phase === phase)) {
    const phases = [...new Set(steps.steps.map((step) => step.phase))];
    throw new UserError(
      `${choice.title} has no phase "${phase}" here`,
      `--phase ${phases.join(', or --phase ')}`,
    );
  }
  const { columns, colour, unicode } = looksOf(io.stdout, io.env);
  const title = `${choice.title} (${choice.id}) on ${program.title}`;
  io.stdout.write(
    stepsText(steps, title, {
      width: Math.min(columns, mostColumns),
      colour,
      unicode,
      ...(most === undefined ? {} : { most }),
      ...(phase === undefined ? {} : { phase }),
    }),
  );
  return exitCodes.good;
}
