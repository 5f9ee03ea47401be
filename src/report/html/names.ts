/** What groups, arms and coordinates are called on the page: `workingSetBytes: 65536` is "working set 64 KiB". */
import type { Measurement } from '../../experiment/run.ts';
import { own as ownValue, type Point, type Scalar } from '../../kernel/kernel.ts';
import type { ArmGroup, MetricTable } from '../arrange.ts';
import { formatCoordinate } from '../numbers.ts';
import type { ExperimentText } from '../experiment-text.ts';

const unitEndings = /(?<=.)(Bytes|Ns|Us|Ms)$/;

/** Whether a coordinate is a size: units stand last in names. */
export function isSize(name: string): boolean {
  return /bytes$/i.test(name);
}

/** 'workingSetBytes' as 'working set'. */
export function nameInWords(name: string): string {
  return name
    .replace(unitEndings, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

/** Units that a name ends in and no value tells. */
const toldUnits: Readonly<Record<string, string>> = { Ns: 'ns', Us: 'us', Ms: 'ms' };

/** 'working set 64 KiB'; 'wait 100 ms'. */
export function coordinateInWords(name: string, value: Scalar): string {
  const words = nameInWords(name);
  if (typeof value === 'boolean') return value ? words : `not ${words}`;
  const unit = toldUnits[unitEndings.exec(name)?.[1] ?? ''];
  return `${words} ${formatCoordinate(name, value)}${unit === undefined ? '' : ` ${unit}`}`;
}

/** The coordinates of a point, apart from those named and those that were left as they are; '' for none. */
export function pointInWords(point: Point, except: readonly string[] = []): string {
  return Object.entries(point)
    .filter(([name, value]) => !except.includes(name) && value !== ownValue)
    .map(([name, value]) => coordinateInWords(name, value))
    .join(', ');
}

/** What was left out, its coordinates in words: 'a walk (strideBytes=64 pages=huge)'. */
export function leftOutInWords(what: string): string {
  return what.replace(/\((\w+=[^\s)]+(?: \w+=[^\s)]+)*)\)$/, (_whole, list: string) => {
    const coordinates = list.split(' ').map((one) => {
      const [name, value] = [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)];
      return coordinateInWords(name, /^\d+(\.\d+)?$/.test(value) ? Number(value) : value);
    });
    return `(${coordinates.join(', ')})`;
  });
}

/** A variant's title; its id where no text names it. */
export function variantTitle(variant: string, text: ExperimentText | null): string {
  return text?.variants.find((one) => one.id === variant)?.title ?? variant;
}

/** Coordinates in which arms of one group differ and that their variant does not tell. */
export function ownNames({ groups }: MetricTable): readonly string[] {
  const arms = groups.flatMap((group) => group.arms);
  const names = [...new Set(groups.flatMap(({ inside }) => inside))];
  return names.filter((name) => {
    const told = new Map<string, Scalar | undefined>();
    return arms.some(({ measurement: { variant, point } }) => {
      if (told.has(variant) && told.get(variant) !== point[name]) return true;
      told.set(variant, point[name]);
      return false;
    });
  });
}

/** An arm's name within its group: the variant's title and the coordinates `own`, but for those in `except`. */
export function armInWords(
  { variant, point }: Measurement,
  own: readonly string[],
  text: ExperimentText | null,
  except: readonly string[] = [],
): string {
  const mine = Object.fromEntries(Object.entries(point).filter(([name]) => own.includes(name)));
  return [variantTitle(variant, text), pointInWords(mine, except)].filter((part) => part !== '').join(', ');
}

/** A group's name: what all its arms share, but for what all groups share; '' for a lone group that needs none. */
export function groupInWords({ point }: ArmGroup, except: readonly string[] = []): string {
  return pointInWords(point, except);
}
