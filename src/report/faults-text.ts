/** Faults that the preloaded checker found in a program (native/preload/check), read and said in words; pure. */

/** A place in a program. */
export interface Frame {
  /** The program's or the library's file; '?' where nobody knows. */
  readonly module: string;
  /** From the module's start, as addr2line takes it. */
  readonly offset: string;
  /** '?' where the module does not say. */
  readonly symbol: string;
}

export interface ProgramFault {
  readonly name: string;
  readonly address: string;
  readonly bytes: number;
  /** Of what was hit, from the block's start. */
  readonly distance: number;
  readonly found: readonly Frame[];
  readonly allocated: readonly Frame[];
  readonly freed: readonly Frame[];
}

/** Where a frame is in the source, if anybody knows. */
export type NameOf = (frame: Frame) => string;

const stackNames = ['found', 'allocated', 'freed'] as const;

/** Reads the checker's log; what broke off is left out. */
export function parseFaults(log: string): ProgramFault[] {
  return log
    .split('\nend\n')
    .slice(0, -1)
    .filter((text) => text.startsWith('fault '))
    .map((text) => {
      const lines = text.split('\n');
      const [, name = '?'] = /^fault (.*)$/.exec(lines[0]!) ?? [];
      const [, address = '?', bytes, distance] = /^block (\S+) (\d+) (-?\d+)$/.exec(lines[1] ?? '') ?? [];
      const frames = (what: string): Frame[] =>
        lines.flatMap((line) => {
          const [, which, module, offset, symbol] = /^(\w+) (.+) (0x[\da-f]+) (\S+)$/.exec(line) ?? [];
          return which === what ? [{ module: module!, offset: offset!, symbol: symbol! }] : [];
        });
      const [found, allocated, freed] = stackNames.map(frames) as [Frame[], Frame[], Frame[]];
      return { name, address, bytes: Number(bytes), distance: Number(distance), found, allocated, freed };
    });
}

/** Of the blocks that were to have guard pages, how many had none. */
export interface Guarding {
  readonly unguarded: number;
  readonly blocks: number;
}

/** Reads the same log; zeros where none lacked them. */
export function parseGuarding(log: string): Guarding {
  const lines = [...log.matchAll(/^unguarded (\d+) (\d+)\nend\n/gm)];
  const sum = (group: number): number => lines.reduce((total, line) => total + Number(line[group]), 0);
  return { unguarded: sum(1), blocks: sum(2) };
}

/** A frame without any source: its function and its module. */
export function plainName({ module, offset, symbol }: Frame): string {
  const file = module.slice(module.lastIndexOf('/') + 1);
  return symbol === '?' ? `${file}+${offset}` : `${symbol} (${file}+${offset})`;
}

/** Where the access was, seen from the block. */
function placeText({ bytes, distance, allocated }: ProgramFault): string {
  if (allocated.length === 0) return '';
  if (distance < 0) return `${-distance} B before a block of ${bytes} B`;
  if (distance >= bytes) return `${distance - bytes + 1} B behind the end of a block of ${bytes} B`;
  return distance === 0 ? `a block of ${bytes} B` : `at byte ${distance} of a block of ${bytes} B`;
}

function stackText(what: string, frames: readonly Frame[], nameOf: NameOf): string[] {
  const names = frames.map(nameOf);
  // What is below main is the C library's.
  const last = names.findIndex((name) => name.startsWith('main ('));
  const shown = last < 0 ? names : names.slice(0, last + 1);
  return shown.length === 0 ? [] : [`  ${what}`, ...shown.map((name) => `    ${name}`)];
}

/** Says the faults, those alike once with their number. Empty where there is none. */
export function renderFaults(faults: readonly ProgramFault[], nameOf: NameOf): string {
  const alike = new Map<string, ProgramFault[]>();
  for (const fault of faults) {
    const { name, found, allocated, freed } = fault;
    const key = JSON.stringify([name, found, allocated, freed]);
    alike.set(key, [...(alike.get(key) ?? []), fault]);
  }
  return [...alike.values()]
    .map((same) => {
      const [fault] = same as [ProgramFault];
      const times = same.length === 1 ? '' : ` (${same.length} times)`;
      const place = placeText(fault);
      return [
        `${fault.name}${times}`,
        `  ${place === '' ? '' : `${place}, `}at ${fault.address}`,
        ...stackText('found in', fault.found, nameOf),
        ...stackText('allocated in', fault.allocated, nameOf),
        ...stackText('freed in', fault.freed, nameOf),
      ].join('\n');
    })
    .join('\n\n');
}
