/** What is known of every form and loop before anything is measured. Pure. */
import { type Form, type Forms, formBytes, formsOf } from './forms.ts';
import { movedLines, workingLines } from './moved.ts';
import { meetsOffLine, type OffLine, type Sharing, sharingOf } from './sharing.ts';
import { type Field, type LayoutSpec, type Loop, racedFields, touchedFields } from './spec.ts';

/** One loop over one form. */
export interface LoopPrediction {
  readonly form: Form;
  /** Lines an element that are fetched, and that must be written back. */
  readonly fetchedLines: number;
  readonly writtenLines: number;
  /** Lines moved over those of the structure as declared; null: in both forms they fit the near cache. */
  readonly ratio: number | null;
  /** Bytes of the touched fields over the bytes of the fetched lines. */
  readonly usedShare: number;
  /** What the loop's lines take of a cache. */
  readonly workingBytes: number;
  /** For loops with several threads: fights over lines, and over pairs of lines. */
  readonly sharing: Sharing | null;
  readonly pairSharing: Sharing | null;
  /** Two that meet only because the array does not begin at a line; null: none, or they meet at any rate. */
  readonly offLine: OffLine | null;
}

export interface PredictedLoop {
  readonly loop: Loop;
  /** In the order of the forms. */
  readonly forms: readonly LoopPrediction[];
  /** Fields that one thread writes and another one reads: no layout keeps their lines from travelling. */
  readonly trulyShared: readonly string[];
}

export interface Prediction extends Forms {
  readonly spec: LayoutSpec;
  readonly lineBytes: number;
  /** The cache next to a core that holds most. */
  readonly nearBytes: number;
  readonly loops: readonly PredictedLoop[];
}

/** Bytes of an element's touched fields; in random order, roles come to it one by one. */
function usedBytes({ roles, order, partition }: Loop, { fields }: LayoutSpec): number {
  const bytesOf = (touched: readonly Field[]): number =>
    touched.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const each = roles.map((role) => touchedFields(role, fields));
  if (order === 'random' && partition === 'whole') return each.reduce((sum, own) => sum + bytesOf(own), 0);
  return bytesOf([...new Set(each.flat())]);
}

function sharingAt(form: Form, loop: Loop, count: number, lineBytes: number): Sharing | null {
  if (loop.roles.length === 1) return null;
  return sharingOf(form.arrays, loop, count, lineBytes, workingLines(form.arrays, loop, count, lineBytes));
}

function predictLoop(
  loop: Loop,
  forms: readonly Form[],
  spec: LayoutSpec,
  lineBytes: number,
  nearBytes: number,
): PredictedLoop {
  const { count } = spec;
  const lines = forms.map(({ arrays }) => movedLines(arrays, loop, count, lineBytes));
  const working = forms.map(({ arrays }) => workingLines(arrays, loop, count, lineBytes) * lineBytes);
  const used = usedBytes(loop, spec);
  return {
    loop,
    trulyShared: [...racedFields(loop)],
    forms: forms.map((form, i) => {
      const { fetched, written, moved } = lines[i]!;
      const sharing = sharingAt(form, loop, count, lineBytes);
      return {
        form,
        fetchedLines: fetched,
        writtenLines: written,
        ratio: Math.max(working[0]!, working[i]!) <= nearBytes ? null : moved / lines[0]!.moved,
        usedShare: used / (fetched * lineBytes),
        workingBytes: working[i]!,
        sharing,
        pairSharing: sharingAt(form, loop, count, 2 * lineBytes),
        offLine: isFelt(sharing) ? null : meetsOffLine(form.arrays, loop, count, lineBytes),
      };
    }),
  };
}

/**
 * The forms of a structure and what each loop does to memory in them.
 * @param nearBytes of a core's own cache: what fits it is not moved again
 */
export function predict(spec: LayoutSpec, lineBytes: number, nearBytes: number): Prediction {
  const { forms, dropped } = formsOf(spec, lineBytes);
  const loops = spec.loops.map((loop) => predictLoop(loop, forms, spec, lineBytes, nearBytes));
  return { spec, lineBytes, nearBytes, forms, dropped, loops };
}

/** Fewer shared lines than this are those on the borders of the threads' blocks: too few to be felt. */
const feltShare = 0.01;

/** True where threads fight over more than a few of the lines that the loop touches. */
export function isFelt(sharing: Sharing | null): boolean {
  return sharing !== null && sharing.sharedLines > feltShare * sharing.touchedLines;
}

/**
 * A line that another core has just written is waited for; a line of a walk in order is foreseen. That one costs about
 * as much as ten of these: tens of nanoseconds from core to core, against a line every few at the speed of memory.
 */
const linesPerJourney = 10;

/** What a loop costs an element, in lines that are moved. */
export function predictedLines(predicted: LoopPrediction, { spec, nearBytes }: Prediction): number {
  const { fetchedLines, writtenLines, workingBytes, sharing } = predicted;
  const moved = workingBytes <= nearBytes ? 0 : fetchedLines + writtenLines;
  return moved + (linesPerJourney * (sharing?.journeys ?? 0)) / spec.count;
}

/**
 * The form that the prediction alone likes best: with least cost over all loops, each as often as it runs; of equals
 * the first.
 */
export function predictedBest(prediction: Prediction): Form {
  const rated = prediction.forms.map((form, i) => ({
    form,
    lines: prediction.loops.reduce(
      (sum, { loop, forms }) => sum + loop.weight * predictedLines(forms[i]!, prediction),
      0,
    ),
  }));
  return rated.toSorted((a, b) => a.lines - b.lines)[0]!.form;
}

const orderBytes = 4;

/** Bytes that measuring takes: all forms side by side, the first one twice, and where asked for an order for each. */
export function sideBySideBytes({ forms, spec: { count, loops }, lineBytes }: Prediction): number {
  const ordered = loops.some(({ order }) => order === 'random') ? orderBytes * count : 0;
  const each = forms.map((form) => ordered + formBytes(form, count, lineBytes));
  return each.reduce((sum, bytes) => sum + bytes, each[0]!);
}
