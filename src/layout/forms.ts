/**
 * The forms that an array of structures can take: as it is declared, its fields in another order, a column for each
 * field, the much-used fields apart from the rest, and padded so that elements, or what threads write, do not share
 * lines. Forms that come out as one that is already there are named, not repeated.
 */
import { InvariantError } from '../base/errors.ts';
import { movedLines } from './moved.ts';
import { type Field, type LayoutSpec, type Loop, racedFields, touchedFields } from './spec.ts';
import { alignUp, byAlignment, place, type Struct, wastedBytes } from './struct.ts';

export type FormId = 'as-declared' | 'reordered' | 'soa' | 'hot-cold' | 'padded' | 'padded-pair';

/** One array of a form: of whole structures, of parts of them, or a column. */
export interface FormArray {
  readonly name: string;
  readonly struct: Struct;
}

export interface Form {
  readonly id: FormId;
  readonly title: string;
  readonly arrays: readonly FormArray[];
  /** Bytes of an element over all arrays, and how many of them hold no field. */
  readonly sizeBytes: number;
  readonly wastedBytes: number;
}

export interface Forms {
  /** As declared first; no two alike. */
  readonly forms: readonly Form[];
  /** Why the others are not there. */
  readonly dropped: readonly { readonly id: FormId; readonly title: string; readonly reason: string }[];
}

const formTitles: Readonly<Record<FormId, string>> = {
  'as-declared': 'as declared',
  reordered: 'reordered',
  soa: 'SoA',
  'hot-cold': 'hot/cold split',
  padded: 'padded to lines',
  'padded-pair': 'padded to line pairs',
};

function formOf(id: FormId, arrays: readonly FormArray[]): Form {
  const sum = (of: (struct: Struct) => number): number =>
    arrays.reduce((total, { struct }) => total + of(struct), 0);
  return {
    id,
    title: formTitles[id],
    arrays,
    sizeBytes: sum(({ sizeBytes }) => sizeBytes),
    wastedBytes: sum(wastedBytes),
  };
}

function inOneArray(id: FormId, struct: Struct): Form {
  return formOf(id, [{ name: 'elements', struct }]);
}

/** How much a field is used: the weights of the loops that touch it. */
export function hotness(field: Field, loops: readonly Loop[]): number {
  return loops
    .filter(({ roles }) => roles.some((role) => touchedFields(role, [field]).length > 0))
    .reduce((sum, { weight }) => sum + weight, 0);
}

/** What all loops move, each as often as it runs: what a form is chosen by before anything is measured. */
export function weightedLines(
  arrays: readonly FormArray[],
  { loops, count }: LayoutSpec,
  lineBytes: number,
): number {
  return loops.reduce((sum, loop) => sum + loop.weight * movedLines(arrays, loop, count, lineBytes).moved, 0);
}

/**
 * Of the orders that leave fewest bytes unused, by alignment or the most used fields first, the one that moves fewest
 * lines; null where the declaration is as good.
 */
function reordered(spec: LayoutSpec, declared: Form, lineBytes: number): Form | null {
  const heat = (field: Field): number => hotness(field, spec.loops);
  const hottestFirst = spec.fields.toSorted((a, b) => heat(b) - heat(a));
  const orders = [
    byAlignment(hottestFirst),
    hottestFirst.toSorted((a, b) => heat(b) - heat(a) || b.alignment - a.alignment),
  ];
  const structs = orders.map((fields) => place(fields));
  const least = Math.min(...structs.map(({ sizeBytes }) => sizeBytes));
  const candidates = structs
    .filter(({ sizeBytes }) => sizeBytes === least)
    .map((struct) => inOneArray('reordered', struct));
  const found = best(candidates, spec, lineBytes);
  const lines = (form: Form): number => weightedLines(form.arrays, spec, lineBytes);
  return found.sizeBytes < declared.sizeBytes || lines(found) < lines(declared) ? found : null;
}

function best(candidates: readonly Form[], spec: LayoutSpec, lineBytes: number): Form {
  const rated = candidates.map((form) => ({ form, lines: weightedLines(form.arrays, spec, lineBytes) }));
  const [first] = rated.toSorted((a, b) => a.lines - b.lines);
  if (first === undefined) throw new InvariantError('there is always one form to choose from');
  return first.form;
}

function columns({ fields }: LayoutSpec): Form {
  return formOf(
    'soa',
    fields.map((field) => ({ name: field.name, struct: place([field]) })),
  );
}

/** Cut between two grades of use, where the prediction likes it best; null where all fields are used alike. */
function hotCold(spec: LayoutSpec, lineBytes: number): Form | null {
  const heat = (field: Field): number => hotness(field, spec.loops);
  const grades = [...new Set(spec.fields.map(heat))].toSorted((a, b) => b - a);
  const cuts = grades.slice(0, -1).map((grade) =>
    formOf('hot-cold', [
      { name: 'hot', struct: place(byAlignment(spec.fields.filter((field) => heat(field) >= grade))) },
      { name: 'cold', struct: place(byAlignment(spec.fields.filter((field) => heat(field) < grade))) },
    ]),
  );
  return cuts.length === 0 ? null : best(cuts, spec, lineBytes);
}

/**
 * Who writes a field where threads have roles: the loop and the role, and whether another role reads it. Fields that
 * one thread has for itself must not lie with those that another one waits for.
 */
function writerOf(field: Field, loops: readonly Loop[]): string {
  const writers = loops.flatMap((loop) => {
    if (loop.partition !== 'whole' || loop.roles.length === 1) return [];
    const at = loop.roles.findIndex(({ writes }) => writes.includes(field.name));
    return at < 0 ? [] : [`${loop.name} ${at} ${racedFields(loop).has(field.name) ? 'shared' : 'own'}`];
  });
  return writers.join(', ');
}

/**
 * Every element begins at a multiple of `padBytes`, and so do, where threads have fields of their own to write, the
 * fields of each thread.
 */
function padded(id: FormId, order: Struct, { loops }: LayoutSpec, padBytes: number): Form {
  const fields = order.members.map(({ field }) => field);
  const writers = [...new Set(fields.map((field) => writerOf(field, loops)))].toSorted();
  const grouped = writers.map((writer) => fields.filter((field) => writerOf(field, loops) === writer));
  const firsts = new Set(grouped.map(([first]) => first));
  const struct = place(grouped.flat(), (field) => (firsts.has(field) ? padBytes : 1));
  return inOneArray(id, struct);
}

/** True where some loop has two threads or more, of which one writes: what a line pair can matter to. */
function hasSharedWrites({ loops }: LayoutSpec): boolean {
  return loops.some(({ roles }) => roles.length > 1 && roles.some(({ writes }) => writes.length > 0));
}

/** Where every field of a form lies, as a text: equal for forms that are the same in memory. */
function shapeOf({ arrays }: Form): string {
  return arrays
    .map(({ struct: { members, sizeBytes } }) =>
      [sizeBytes, ...members.map(({ field, offsetBytes }) => `${field.name}@${offsetBytes}`).toSorted()].join(
        ' ',
      ),
    )
    .toSorted()
    .join('; ');
}

/** All forms of a structure on a machine whose lines have `lineBytes`. */
export function formsOf(spec: LayoutSpec, lineBytes: number): Forms {
  const declared = inOneArray('as-declared', place(spec.fields));
  const tight = reordered(spec, declared, lineBytes);
  const order = (tight ?? declared).arrays[0]!.struct;
  const candidates: { id: FormId; form: Form | null; absent: string }[] = [
    { id: 'reordered', form: tight, absent: 'no order makes it smaller or its loops move fewer lines' },
    { id: 'soa', form: columns(spec), absent: '' },
    { id: 'hot-cold', form: hotCold(spec, lineBytes), absent: 'the loops use every field as much' },
    { id: 'padded', form: padded('padded', order, spec, lineBytes), absent: '' },
    {
      id: 'padded-pair',
      form: hasSharedWrites(spec) ? padded('padded-pair', order, spec, 2 * lineBytes) : null,
      absent: 'no loop has threads that write side by side',
    },
  ];
  const forms = [declared];
  const dropped: { id: FormId; title: string; reason: string }[] = [];
  for (const { id, form, absent } of candidates) {
    const same = form === null ? undefined : forms.find((other) => shapeOf(other) === shapeOf(form));
    const title = formTitles[id];
    const asBefore = same === declared ? 'that is how it is declared' : `the same as ${same?.title}`;
    if (form === null) dropped.push({ id, title, reason: absent });
    else if (same !== undefined) dropped.push({ id, title, reason: asBefore });
    else forms.push(form);
  }
  return { forms, dropped };
}

/** Bytes of memory that a form's arrays take, each rounded up to whole lines. */
export function formBytes({ arrays }: Pick<Form, 'arrays'>, count: number, lineBytes: number): number {
  return arrays.reduce((sum, { struct }) => sum + alignUp(struct.sizeBytes * count, lineBytes), 0);
}
