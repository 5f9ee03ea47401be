/** The words of `linefill alloc explain`. */
import type { Command } from 'commander';
import { type Desk, examples } from '../desk.ts';

/** Adds `explain` to `alloc`. */
export function addExplain(alloc: Command, { io, finish }: Desk): void {
  const explain = alloc
    .command('explain')
    .summary('how an allocator works, and what a workload asks for')
    .description(
      'Says what an allocator of ours does, with a drawing, what it costs and where it is from; or of a workload what it ' +
        'asks for, which numbers it has and where it is from. Without one, lists them.',
    )
    .argument('[allocator]', 'its id, or that of a workload')
    .action(async (id: string | undefined) => {
      const { allocExplainCommand } = await import('./alloc-explain.ts');
      finish(allocExplainCommand(id ?? null, io));
    });
  examples(explain, [
    ['linefill alloc explain', 'the allocators and the workloads, a line each'],
    ['linefill alloc explain tlsf', 'one of them'],
    ['linefill alloc explain larson', 'a workload: what it asks for, its numbers, its source'],
  ]);
}
