/** The words of `linefill gc explain`. */
import type { Command } from 'commander';
import { type Desk, examples } from '../desk.ts';

/** Adds `explain` to `gc`. */
export function addExplain(gc: Command, { io, finish }: Desk): void {
  const explain = gc
    .command('explain')
    .summary('how a collector works, what it costs, where it is from')
    .description(
      'Says what a collector does, with a drawing, what it costs and where it is from; without one, lists them and the programs.',
    )
    .argument('[collector]', 'its id')
    .action(async (id: string | undefined) => {
      const { gcExplainCommand } = await import('./gc-explain.ts');
      finish(gcExplainCommand(id ?? null, io));
    });
  examples(explain, [
    ['linefill gc explain', 'the collectors, a line each'],
    ['linefill gc explain semi-space', 'one of them'],
  ]);
}
