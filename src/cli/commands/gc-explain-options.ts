/** The words of `linefill gc explain`. */
import type { Command } from 'commander';
import { type Desk, examples } from '../desk.ts';

/** Adds `explain` to `gc`. */
export function addExplain(gc: Command, { io, finish }: Desk): void {
  const explain = gc
    .command('explain')
    .summary('how a collector works, and what a program of objects does')
    .description(
      'Says what a collector does, with a drawing, what it costs and where it is from; or of a program of objects what it ' +
        'allocates, what it has live and which numbers it has. Without one, lists them.',
    )
    .argument('[collector]', 'its id, or that of a program')
    .action(async (id: string | undefined) => {
      const { gcExplainCommand } = await import('./gc-explain.ts');
      finish(gcExplainCommand(id ?? null, io));
    });
  examples(explain, [
    ['linefill gc explain', 'the collectors, a line each'],
    ['linefill gc explain semi-space', 'one of them'],
    ['linefill gc explain cache-service', 'a program: its live set, its allocation rate, its numbers'],
  ]);
}
