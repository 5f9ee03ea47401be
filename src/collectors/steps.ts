/**
 * A collection step by step: a small program runs over the reference of a collector, and at every event that the
 * collector tells its watcher (collectorEvent) the heap is written down, object by object. From these steps a terminal
 * and a page draw the same film; nothing is known here of any plan. Cost: the objects of the heap a step; for heaps of a
 * few dozen objects.
 */
import { ContractError } from '../base/errors.ts';
import { mutatorOp, mutatorRowWords } from '../trace/mutator-rows.ts';
import { Mutator } from './mutate.ts';
import { none } from './object.ts';
import { PauseLog } from './pauses.ts';
import type { CollectorChoice } from './plans.ts';
import { isThere, type Step } from './step.ts';
import { StepHeap } from './step-heap.ts';
import type { StepProgram } from './step-programs.ts';
import { StepWatcher } from './step-watcher.ts';
import { intentOf } from './step-words.ts';

/** What an object names. */
export interface StepReferences {
  readonly name: string;
  readonly roots: readonly number[];
  readonly names: readonly string[];
}

export interface Steps {
  readonly heapWords: number;
  readonly steps: readonly Step[];
  /** Its collector counts references: colours are about counts. */
  readonly isCounted: boolean;
  /** Every object before the first collection that the program asks for, or at the end where it asks for none, in the order in which they were made. */
  readonly references: readonly StepReferences[];
}

function referencesOf(heap: StepHeap): StepReferences[] {
  return heap.held
    .filter(isThere)
    .map(({ name, at }) => ({ name, roots: heap.rootsOf(at), names: heap.namedBy(at) }));
}

/** The steps in a heap of so many words; null where it is so small that a collection comes before it is asked for. */
function attempt(
  { kind, settings }: CollectorChoice,
  heapWords: number,
  { make, settings: set = {} }: StepProgram,
): Steps | null {
  const trace = make();
  const heap = new Uint32Array(heapWords);
  const roots = new Uint32Array(trace.roots);
  const scratch = new Uint32Array(heapWords + trace.roots);
  const shown = new StepHeap(heap, roots);
  const watcher = new StepWatcher(shown);
  const room = { heap, scratch, roots, pauses: new PauseLog(new Float64Array(0)), watcher };
  const own = kind.settings.map(({ name }, i) => set[name] ?? settings[i]!);
  const { make: create, turn } = kind.byTurns?.() ?? { make: kind.make, turn: () => {} };
  const mutator = new Mutator(create, room, own);
  shown.collector = mutator.collector;
  const { counts } = mutator.collector;
  const ops = trace.rows.filter((_, i) => i % mutatorRowWords === 0);
  const asks = ops.includes(mutatorOp.collect);
  const lastMade = ops.lastIndexOf(mutatorOp.new);
  let references: StepReferences[] | null = null;
  for (const [row, op] of ops.entries()) {
    if (asks && references === null && counts.fullCollections + counts.minorCollections > 0) return null;
    if (op === mutatorOp.collect) references = referencesOf(shown);
    const at = row * mutatorRowWords;
    watcher.begin(intentOf(trace.rows, at), op === mutatorOp.store || op === mutatorOp.erase);
    const answer = mutator.row(trace.rows, at);
    if (answer < 0) return null;
    watcher.end(op === mutatorOp.new ? answer : none, row > lastMade);
    // What the second thread does is not the program's doing.
    watcher.begin('', false);
    turn(wordsATurn);
  }
  mutator.collector.finish();
  return {
    heapWords,
    steps: watcher.steps,
    isCounted: shown.isCounted,
    references: references ?? referencesOf(shown),
  };
}

/** What a second thread scans in the time of a row of the program. */
const wordsATurn = 1;
/** The largest heap that is tried. */
const mostHeapWords = 2 ** 16;

/**
 * The steps of a program over a collector, in the smallest heap that will do: one in which it collects only where the
 * program asks, if the program asks.
 * @throws ContractError where the program is too large to be looked at
 */
export function stepsOf(choice: CollectorChoice, program: StepProgram): Steps {
  for (let heapWords = choice.kind.leastWords; heapWords <= mostHeapWords; heapWords *= 2) {
    const steps = attempt(choice, heapWords, program);
    if (steps !== null) return steps;
  }
  throw new ContractError(`a heap of ${mostHeapWords} words is too small for the program`);
}
