/**
 * Experiments made from a specification: one for each loop, its forms side by side, measured by the same engine as
 * those of the lab. They are not in the lab's list: a fresh process makes them again from the file's text.
 */
import type { Experiment, Variant } from '../experiment/experiment.ts';
import { fieldWalk, fieldWalkShared } from '../kernel/field-walk.ts';
import { drawArrays } from './drawing.ts';
import { type Form, formsOf } from './forms.ts';
import { type Guess, type LayoutSpec, type Loop, parseLayout } from './spec.ts';
import { walkedArray } from './walks.ts';

/** The id of a loop's experiment in a run. */
export function experimentId({ name }: Pick<Loop, 'name'>): string {
  return `layout-${name}`;
}

function variantOf(form: Form, loop: Loop, spec: LayoutSpec, lineBytes: number): Variant {
  const { id, title } = form;
  const array = walkedArray(form, loop, spec, lineBytes);
  const common = { id, title, language: 'native', fixed: { form: id, elements: spec.count } } as const;
  const members = loop.roles.length;
  if (members === 1) return { ...common, form: 'thread', kernel: fieldWalk(array) };
  const kernel = fieldWalkShared(array);
  return { ...common, form: 'team', kernel, members: () => members };
}

/** What a loop does, in words: "sequential, 2 threads (interleaved), reads x, vx, writes x". */
export function loopText({ order, partition, roles }: Loop): string {
  const list = (word: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${word} ${names.join(', ')}`];
  const does = ({ reads, writes }: Loop['roles'][number]): string =>
    [...list('reads', reads), ...list('writes', writes)].join(', ');
  if (roles.length === 1) return `${order}, ${does(roles[0]!)}`;
  if (partition !== 'whole') return `${order}, ${roles.length} threads (${partition}), ${does(roles[0]!)}`;
  const each = roles.map((role, thread) => `thread ${thread} ${does(role)}`);
  return `${order}, ${roles.length} threads over all elements: ${each.join('; ')}`;
}

function experimentOf(loop: Loop, forms: readonly Form[], spec: LayoutSpec, lineBytes: number): Experiment {
  return {
    id: experimentId(loop),
    lab: 'hardware',
    title: `${spec.name}: ${loop.name}`,
    question: `How long does the loop ${loop.name} take an element in each form of ${spec.name}?`,
    sources: [],
    parameters: [],
    variants: forms.map((form) => variantOf(form, loop, spec, lineBytes)),
    baseline: { variant: 'as-declared' },
    operation: 'element',
    claims: [],
    explain: `The loop: ${loopText(loop)}. Each variant walks over the same elements and touches the same fields in the
same order; only where they lie differs.`,
    drawing: drawArrays(forms[0]!.arrays, spec.count, lineBytes, spec.fields).join('\n'),
    chart: {
      kind: 'bars',
      x: 'elements',
      logX: false,
      logY: false,
      cacheLines: false,
      title: `Time an element of ${spec.name} by form`,
    },
  };
}

/** One experiment for each loop of a specification, on a machine whose lines have `lineBytes`. */
export function layoutExperiments(spec: LayoutSpec, lineBytes: number): readonly Experiment[] {
  const { forms } = formsOf(spec, lineBytes);
  return spec.loops.map((loop) => experimentOf(loop, forms, spec, lineBytes));
}

interface SourceText {
  readonly lineBytes: number;
  /** The file's text. */
  readonly file: string;
}

/** What a fresh process makes the experiments of `file` from. */
export function sourceText(file: string, lineBytes: number): string {
  return JSON.stringify({ lineBytes, file } satisfies SourceText);
}

/** The experiments of a `sourceText`. */
export function experimentsFrom(text: string, guess: Guess): readonly Experiment[] {
  const { lineBytes, file } = JSON.parse(text) as SourceText;
  return layoutExperiments(parseLayout(file, 'the layout', guess), lineBytes);
}
