/**
 * `linefill gc`: which collector would serve a program best, and what each of them does. The commands below it stand in
 * files of their own; what they do is loaded when one is chosen.
 */
import type { Command } from 'commander';
import { type Desk, examples } from '../desk.ts';
import { addExplain } from './gc-explain-options.ts';
import { addGcMap } from './gc-map-options.ts';
import { addGcInfo, addGcRecord } from './gc-record-options.ts';
import { addGcRun } from './gc-run-options.ts';
import { addStep } from './gc-step-options.ts';

/** What stands below `gc`, in the order in which help shows it. */
const adders: readonly ((gc: Command, desk: Desk) => void)[] = [
  addGcRun,
  addGcRecord,
  addGcInfo,
  addExplain,
  addStep,
  addGcMap,
];

/** Adds `gc` and all that is below it. */
export function addGc(program: Command, desk: Desk): void {
  const gc = program
    .command('gc')
    .summary('which collector serves a program best, and how each works')
    .description(
      'Runs a program of objects over every garbage collector of the lab, in C++ and in TypeScript, and says what each ' +
        'costs in pauses, time and memory.',
    )
    .helpCommand(false)
    .action(() => gc.outputHelp());
  // Options after a recorded program's name are the program's own.
  gc.enablePositionalOptions();
  for (const add of adders) add(gc, desk);
  examples(gc, [
    ['linefill gc run rewiring', 'a program over all collectors'],
    ['linefill gc explain semi-space', 'how a copying collector works, and what it costs'],
  ]);
}
