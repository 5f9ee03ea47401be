/** The advice in sentences: what to do, why, and how sure that is. */
import { formatBytes, formatInterval, formatNumber, formatRatio } from '../base/units.ts';
import { familyAlpha } from '../experiment/analyse.ts';
import type { Advice, FormRatio } from './advice.ts';
import { type Form, formBytes } from './forms.ts';
import {
  isFelt,
  type LoopPrediction,
  predictedBest,
  type PredictedLoop,
  predictedLines,
  type Prediction,
} from './predict.ts';
import type { OffLine, Sharing, Touch } from './sharing.ts';
import type { Loop } from './spec.ts';

const confidence = `${Math.round(100 * (1 - familyAlpha))}%`;
/** More memory than this is said to be more. */
const feltGrowth = 1.1;

function namesOf(form: Form, array: number): string {
  return form.arrays[array]!.struct.members.map(({ field }) => field.name).join(', ');
}

/** Fields that were told to begin a line, or a pair of lines, each with those that follow it there. */
function paddedGroups({ arrays }: Form): string[] {
  const [{ struct }] = arrays as readonly [Form['arrays'][number]];
  const groups: string[][] = [];
  for (const { field, alignment } of struct.members) {
    if (alignment > field.alignment) groups.push([field.name]);
    else groups.at(-1)?.push(field.name);
  }
  return groups.map((names) => names.join(', '));
}

function paddingText(form: Form): string {
  const { alignment } = form.arrays[0]!.struct;
  const groups = paddedGroups(form);
  return groups.length === 1
    ? `Align the structure to ${alignment} B (alignas(${alignment}) in C++), its fields in this order: ${groups[0]}.`
    : `Begin each of these groups at a multiple of ${alignment} B (alignas(${alignment}) in C++): ${groups.join(' | ')}.`;
}

/** What to change in a program to get a form, in a sentence. */
export function changeText(form: Form): string {
  switch (form.id) {
    case 'as-declared':
      return 'Leave it as it is.';
    case 'reordered':
      return `Declare the fields in this order: ${namesOf(form, 0)}.`;
    case 'soa':
      return 'Give every field an array of its own, with the same indexes.';
    case 'hot-cold':
      return `Put ${namesOf(form, 0)} together; move ${namesOf(form, 1)} out to a second array with the same indexes.`;
    case 'padded':
    case 'padded-pair':
      return paddingText(form);
  }
}

/** `hits of element 0 (thread 0 writes)`. */
function touchText({ thread, element, field, writes }: Touch): string {
  return `${field} of element ${element} (thread ${thread} ${writes ? 'writes' : 'reads'})`;
}

/** How threads meet, in a sentence: "threads fight over 60% of its lines: ..."; null where they do not. */
function sharingText(
  { sharedLines, touchedLines, example }: Sharing,
  how: string,
  what: string,
): string | null {
  if (example === null) return null;
  const percent = (100 * sharedLines) / touchedLines;
  const share = percent >= 0.1 ? `${formatNumber(percent)}%` : String(sharedLines);
  return `threads ${how} ${share} of its ${what}: ${touchText(example[0])} lies beside ${touchText(example[1])}`;
}

/** What an array's alignment spares. */
function offLineText({ startBytes, example: [writer, other] }: OffLine): string {
  return (
    `no fights only where its array begins at a line, which an allocator does not see to unasked: ${startBytes} B ` +
    `into one, ${touchText(writer)} lies beside ${touchText(other)}`
  );
}

/** Why a form should be better: from the loop that it spares most; null: the prediction sees no reason. */
function reasonText(form: Form, prediction: Prediction): string | null {
  const at = prediction.forms.indexOf(form);
  const each = prediction.loops.map(({ loop, forms }) => {
    const [now, before] = [forms[at]!, forms[0]!];
    const spared = predictedLines(before, prediction) - predictedLines(now, prediction);
    return { name: loop.name, now, before, spared: loop.weight * spared };
  });
  const [most] = each.toSorted((a, b) => b.spared - a.spared);
  if (most === undefined || most.spared <= 0) return null;
  const { name, now, before } = most;
  if (isFelt(before.sharing) && !isFelt(now.sharing))
    return `in ${name}, threads no longer write side by side in one line`;
  return `${name} moves ${linesText(now)} lines an element instead of ${linesText(before)}`;
}

function linesText({ fetchedLines, writtenLines }: LoopPrediction): string {
  return formatNumber(fetchedLines + writtenLines);
}

function memoryText(form: Form, { forms, spec, lineBytes }: Prediction): string[] {
  const bytes = (of: Form): number => formBytes(of, spec.count, lineBytes);
  const [now, before] = [bytes(form), bytes(forms[0]!)];
  if (now <= feltGrowth * before) return [];
  return [`It takes ${formatBytes(now)} of memory instead of ${formatBytes(before)}.`];
}

function ratioText({ ratio, low, high }: Pick<FormRatio, 'ratio' | 'low' | 'high'>): string {
  return low === null ? formatRatio(ratio) : `${formatRatio(ratio)} ${formatInterval(low, high)}`;
}

/** Loops whose threads would fight where they did not before: the price of a form that is better over all. */
function newFightsText(form: Form, { forms, loops }: Prediction): string[] {
  const at = forms.indexOf(form);
  const names = loops.flatMap((predicted) => {
    const [now, before] = [predicted.forms[at]!, predicted.forms[0]!];
    return isFelt(now.sharing) && !isFelt(before.sharing) ? [predicted.loop.name] : [];
  });
  return names.length === 0
    ? []
    : [`But in ${names.join(', ')}, threads would write side by side in one line.`];
}

/** Loops that a form makes slower, each with how much. */
function slowerText(form: Form, { loops }: Advice): string[] {
  const slower = loops.flatMap(({ loop, ratios }) => {
    const found = ratios.get(form.id);
    return found?.result === 'slower' ? [`${loop.name} takes ${ratioText(found)} as long`] : [];
  });
  return slower.length === 0 ? [] : [`But ${slower.join('; ')}.`];
}

function measuredLoops({ loops }: Advice): Loop[] {
  return loops.filter(({ times }) => times.has('as-declared')).map(({ loop }) => loop);
}

function subject(advice: Advice): string {
  const measured = measuredLoops(advice);
  return measured.length === 1
    ? `the loop ${measured[0]!.name} takes`
    : `the ${measured.length} loops together, by their weights, take`;
}

function recommendedText(found: FormRatio, advice: Advice, prediction: Prediction): string[] {
  const reason = reasonText(found.form, prediction);
  const because = reason === null ? '' : `: ${reason}`;
  const others = advice.overall.length;
  const sure = `${confidence} confidence${others > 1 ? ` over all ${others} forms` : ''}`;
  return [
    `Recommended: ${found.form.title}. ${changeText(found.form)}`,
    `Measured, ${subject(advice)} ${ratioText(found)} as long as declared (${sure})${because}.`,
    ...slowerText(found.form, advice),
    ...memoryText(found.form, prediction),
  ];
}

function noneText(advice: Advice): string[] {
  const { nearest } = advice;
  const none = 'No form is shown to be better than the structure as declared.';
  if (nearest === null) return [none];
  const reached = `The nearest is ${nearest.form.title}: ${subject(advice)} ${ratioText(nearest)} as long`;
  if (nearest.low === null || nearest.floor === null) {
    const count = nearest.processes === 1 ? '1 process gives' : `${nearest.processes} processes give`;
    return [none, `${reached}; ${count} no interval at this error level: allow more time (--budget).`];
  }
  const floor = formatNumber(100 * (nearest.floor - 1));
  return [none, `${reached}; differences under ${floor}% can't be told apart here.`];
}

/** What to do, why and how sure, in sentences; from the prediction alone where nothing was measured. */
export function adviceText(prediction: Prediction, advice: Advice | null): string[] {
  if (advice !== null && measuredLoops(advice).length > 0) {
    const { recommended } = advice;
    return recommended === null ? noneText(advice) : recommendedText(recommended, advice, prediction);
  }
  const form = predictedBest(prediction);
  const reason = reasonText(form, prediction);
  if (reason === null)
    return ['By prediction alone, no form costs less than the structure as declared. Nothing was measured.'];
  return [
    `By prediction alone: ${form.title}. ${changeText(form)}`,
    `There, ${reason}. Nothing was measured.`,
    ...newFightsText(form, prediction),
    ...memoryText(form, prediction),
  ];
}

/** What a reader must know of a loop's threads in every form, in sentences. */
export function threadTexts({ forms, trulyShared }: PredictedLoop): string[] {
  const shared = forms.flatMap(({ form, sharing, pairSharing, offLine }) => {
    const inLines = sharing === null ? null : sharingText(sharing, 'fight over', 'lines');
    if (inLines !== null) return [`${form.title}: ${inLines}.`];
    const inPairs = isFelt(pairSharing) ? sharingText(pairSharing!, 'meet in', 'pairs of lines') : null;
    return [
      ...(offLine === null ? [] : [`${form.title}: ${offLineText(offLine)}.`]),
      ...(inPairs === null ? [] : [`${form.title}: ${inPairs}; that matters where a CPU fetches pairs.`]),
    ];
  });
  if (trulyShared.length === 0) return shared;
  const names = trulyShared.join(', ');
  return [...shared, `One thread writes ${names} and another one reads it: no layout spares that.`];
}
