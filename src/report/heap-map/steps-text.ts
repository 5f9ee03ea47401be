/**
 * A collection's steps as text: for each what happens, and the heap in lines, a character a grain of 8 bytes. Lines in
 * which there is never an object are left out. What a colour says is also said by a character.
 */
import { styleText } from 'node:util';
import { grainWords } from '../../allocators/heap.ts';
import type { Step, StepObject, StepPhase } from '../../collectors/step.ts';
import type { Steps } from '../../collectors/steps.ts';
import { pad, type Paint, painter, textWidth, wrap } from '../lines.ts';
import { countsHint, type StepMark, stepKeys } from './step-keys.ts';
import { contentsOf, destinationsText, type StepLine, stepLines } from './step-lines.ts';

export interface StepsTextOptions {
  readonly width: number;
  readonly colour: boolean;
  readonly unicode: boolean;
  /** At most so many steps. */
  readonly most?: number;
  /** Only steps of this phase. */
  readonly phase?: StepPhase;
}

const fewestColumns = 48;
const mostColumns = 100;

const fills: Readonly<Record<StepMark, readonly [fine: string, plain: string]>> = {
  white: ['░', '.'],
  grey: ['▒', '+'],
  black: ['█', '#'],
  purple: ['▓', '?'],
  left: ['→', '>'],
  freed: ['×', 'x'],
  table: ['≡', '='],
};
const hues = {
  white: 'gray',
  grey: 'yellow',
  black: 'green',
  purple: 'magenta',
  left: 'blue',
  freed: 'red',
  table: 'cyan',
} as const;

/** Longer names of spaces stand in lines of their own. */
const longestLabel = 16;

/** A name with its count: A2; a name with a number of its own: A1:2. */
function labelOf({ name, state, count }: StepObject, unicode: boolean): string {
  const shown = state === 'left' ? name.toLowerCase() : name;
  if (count === null || state === 'freed') return shown;
  if (!unicode) return name.length === 1 ? `${shown}${count}` : `${shown}:${count}`;
  return shown + String(count).replaceAll(/\d/g, (digit) => String.fromCodePoint(0x2080 + Number(digit)));
}

/** An object's character in a grain: its label's in the first, and so on. */
function letterOf(one: StepObject, grain: number, unicode: boolean): string {
  const place = (grain - one.at) / grainWords;
  return labelOf(one, unicode)[place] ?? fills[one.state][unicode ? 0 : 1];
}

/** A line of cells behind its label, and its pointers below it. */
function drawLine(
  line: StepLine,
  label: string,
  step: Step,
  { colour, unicode, width }: StepsTextOptions,
): string[] {
  const { from, to, tableEnd } = line;
  const { objects, pointers } = contentsOf(step, line);
  const free = unicode ? '·' : ' ';
  let cells = '';
  for (let grain = from; grain < to; grain += grainWords) {
    const one = objects.findLast(({ at, words }) => grain >= at && grain < at + words);
    const isTable = grain < tableEnd;
    const nothing = isTable ? fills.table[unicode ? 0 : 1] : free;
    const letter = one === undefined ? nothing : letterOf(one, grain, unicode);
    const hue = one !== undefined ? hues[one.state] : isTable ? hues.table : 'dim';
    cells += colour ? styleText(hue, letter, { validateStream: false }) : letter;
  }
  const marks = pointers.map(({ name, at }) => {
    const place = textWidth(label) + (at - from) / grainWords;
    const mark = `^ ${name}`;
    if (place + mark.length <= width) return `${' '.repeat(place)}${mark}`;
    return `${' '.repeat(Math.max(0, place - name.length - 1))}${name} ^`;
  });
  return [`${label}${cells}`.trimEnd(), ...marks];
}

/** The heap of a step: before each line its space's name and its first word. */
function drawHeap(step: Step, all: readonly Step[], options: StepsTextOptions, paint: Paint): string[] {
  const numbers = Math.max(...step.spaces.map(({ end }) => String(end).length));
  const names = Math.max(...step.spaces.map(({ name }) => textWidth(name)));
  const isApart = names + numbers + 2 > longestLabel;
  const indent = isApart ? numbers + 1 : names + numbers + 2;
  // A pointer to the end of a full line still has a place.
  const words = grainWords * (options.width - indent - 1);
  return stepLines(step, all, words).flatMap((line) => {
    const label = isApart
      ? pad(String(line.from), indent - 1, 'right')
      : `${pad(line.name, names, 'left')} ${line.from}`;
    const drawn = drawLine(line, pad(label, indent, 'left'), step, options);
    return isApart && line.isFirst ? [paint('dim', line.name), ...drawn] : drawn;
  });
}

function legend(steps: Steps, { unicode, colour, width }: StepsTextOptions): string {
  const keys = stepKeys(steps).map(({ mark: state, means }) => {
    const mark = fills[state][unicode ? 0 : 1];
    return [mark, means, colour ? styleText(hues[state], mark, { validateStream: false }) : mark] as const;
  });
  let [text, used] = ['', 0];
  for (const [mark, means, painted] of keys) {
    const needed = textWidth(mark) + 1 + textWidth(means);
    const fits = text !== '' && used + 2 + needed <= width;
    text += text === '' ? '' : fits ? '  ' : '\n';
    used = fits ? used + 2 + needed : needed;
    text += `${painted} ${means}`;
  }
  return text;
}

function referencesOf({ references }: Steps, width: number): string {
  const parts = references.map(({ name, roots, names }) => {
    const by = roots.length === 0 ? '' : `${roots.map((i) => `r${i}`).join(' ')} -> `;
    return `${by}${name}${names.length === 0 ? '' : ` -> ${names.join(' ')}`}`;
  });
  return wrap(parts.join(', '), width, 'Who names whom: ', '  ');
}

/** The steps as text, with a last end of line; `title` says what runs over what. */
export function stepsText(steps: Steps, title: string, options: StepsTextOptions): string {
  const width = Math.max(fewestColumns, Math.min(mostColumns, options.width));
  const fitted = { ...options, width };
  const paint = painter(options.colour);
  const all = steps.steps;
  const chosen = all
    .map((step, i) => ({ step, number: i + 1 }))
    .filter(({ step }) => options.phase === undefined || step.phase === options.phase)
    .slice(0, options.most);
  const blocks = chosen.map(({ step, number }) => {
    const head = wrap(step.text, width, `${number}/${all.length} ${step.phase}: `, '  ');
    const lines = drawHeap(step, all, fitted, paint);
    const [grey, going] = [step.grey.join(' '), destinationsText(step)];
    const notes = [
      ...(grey === '' ? [] : [wrap(grey, width, 'grey, first found first: ', '  ')]),
      ...(going === '' ? [] : [wrap(going, width, 'new addresses: ', '  ')]),
    ].map((note) => paint('dim', note));
    return ['', paint('strong', head), ...lines, ...notes].join('\n');
  });
  const head = [
    paint('strong', wrap(title, width)),
    referencesOf(steps, width),
    ...(steps.isCounted ? [wrap(countsHint, width)] : []),
    legend(steps, fitted),
  ];
  return `${[...head, ...blocks].join('\n')}\n`;
}
