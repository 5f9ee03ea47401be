/** What the steps of a collection say, in sentences. */
import { mutatorOp } from '../trace/mutator-rows.ts';
import type { StepPhase } from './step.ts';

const letters = 26;

/** A, B, ... Z, A1, B1, ... in the order in which objects are made, from 0. */
export function objectName(made: number): string {
  const letter = String.fromCharCode(65 + (made % letters));
  return made < letters ? letter : `${letter}${Math.floor(made / letters)}`;
}

/** A, B and C. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** "A was", "A and B were": names with one of two verbs. */
export function withVerb(names: readonly string[], one: string, many: string): string {
  return `${listed(names)} ${names.length === 1 ? one : many}`;
}

const phaseTexts: Readonly<Partial<Record<StepPhase, string>>> = {
  roots: 'What the roots name can be reached.',
  trace: 'What a reachable object names can be reached, too.',
  subtract: 'On trial: from each suspect on, the counts that come from inside are taken away.',
  restore: 'What still has a count is held from outside: it is kept, and what it names gets its counts back.',
  sweep: 'What was not reached is garbage.',
  address:
    'First walk: each object that was reached gets the address at which it will be, one behind the other.',
  update: 'Second walk: roots and slots are set to where the objects will be.',
  move: 'Third walk: the objects move down, lowest first.',
  release: 'What nothing names any more is given back.',
};

/** What begins. `isSlide`: the objects that move have addresses that were computed. */
export function phaseText(phase: StepPhase, isCounted: boolean, isSlide: boolean): string {
  if (phase === 'roots' && isCounted) return 'What the roots name is counted for now.';
  if (phase === 'sweep' && isCounted) return 'What is still white is named by garbage alone: it is freed.';
  if (phase === 'move' && !isSlide) return 'What lives in the nursery is copied out of it.';
  return phaseTexts[phase] ?? '';
}

/** A count that is not what it was. */
export interface ToldCount {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

/** A sentence of a count; `by`: the object whose slots changed it, if one did; on trial it is not the real one. */
export function countText(
  { name, before, after }: ToldCount,
  by: string | null = null,
  isTrial: boolean = false,
): string {
  const verb = after < before ? 'falls' : 'rises';
  const change = `${name}'s ${isTrial ? 'trial count' : 'count'} ${verb} from ${before} to ${after}.`;
  return by === null ? change : `${by} names ${name}: ${change}`;
}

/** Of many at once: first those that rise, as a collector raises first. */
export function countsText(changes: readonly ToldCount[]): string {
  const ordered = changes.toSorted(
    (a, b) => Number(a.after < a.before) - Number(b.after < b.before) || (a.name < b.name ? -1 : 1),
  );
  if (ordered.length <= 2) return ordered.map((change) => countText(change)).join(' ');
  const told = ordered.map(({ name, before, after }) => `${name} from ${before} to ${after}`);
  return `Counts change: ${told.join(', ')}.`;
}

/** What counting with cycles suspects now. */
export function suspectText(names: readonly string[]): string {
  return `${withVerb(names, 'is', 'are')} purple now: ${names.length === 1 ? 'it' : 'each'} may be kept by a cycle alone.`;
}

/** What becomes of an object that is made while a collection goes on. */
export function madeText(name: string, phase: StepPhase, isBorn: boolean): string {
  if (phase === 'sweep') return `${name} is made in a block that needs no sweep any more.`;
  const made = `${name} is made while marking goes on: it is`;
  return isBorn
    ? `${made} black from birth, and stays until the next cycle.`
    : `${made} white, and stays if it is found.`;
}

/** What a collection that has ended did not reach. `isLazy`: it has yet to be swept. */
export function goneText(names: readonly string[], isLazy: boolean): string {
  const whole = `${withVerb(names, 'was', 'were')} never reached:`;
  if (names.length === 1)
    return `${whole} it ${isLazy ? 'will be free when its block is swept' : 'is free'}.`;
  return `${whole} they ${isLazy ? 'will be free when their blocks are swept' : 'are free'}.`;
}

/** What no root reaches, and the collector has still. */
export function staysText(names: readonly string[], isCounted: boolean): string {
  const whole = `No root reaches ${listed(names)}, but`;
  if (names.length === 1)
    return `${whole} ${isCounted ? 'its count is not zero' : 'it stays until a later collection'}.`;
  return `${whole} ${isCounted ? 'their counts are not zero' : 'they stay until a later collection'}.`;
}

/** What a row does, as a sentence that ends in the roots and slots it names. */
export function intentOf(rows: Uint32Array, at: number): string {
  const [second, third, fourth] = [rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
  switch (rows[at]) {
    case mutatorOp.new:
      return `The program makes an object for r${second}.`;
    case mutatorOp.load:
      return `The program loads into r${second} what slot ${fourth} of r${third}'s object names.`;
    case mutatorOp.store:
      return `The program stores r${fourth} into slot ${third} of r${second}'s object.`;
    case mutatorOp.erase:
      return `The program clears slot ${third} of r${second}'s object.`;
    case mutatorOp.copy:
      return `The program copies r${third} to r${second}.`;
    case mutatorOp.clear:
      return `The program clears r${second}.`;
    default:
      return 'The program asks for a collection.';
  }
}
