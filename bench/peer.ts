/**
 * One of our figures beside a public tool's figure for the same thing: both take turns in one sitting, and the ratio is
 * taken turn by turn.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { median, medianInterval, twoModes } from '#dist/stats/index.js';
import type { Figure } from './sitting.ts';

const alpha = 0.05;

/** Both sides of one agreement: a figure each, per turn. */
export interface Peer {
  readonly name: string;
  readonly unit: Figure['unit'];
  readonly target: Figure['target'];
  ours(): Promise<number>;
  theirs(): number;
  close(): Promise<void>;
}

/** The path of a tool, or null where it is not here. */
export function find(variable: string, program: string): string | null {
  const told = process.env[variable];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = told === undefined ? folders.map((folder) => join(folder, program)) : [told];
  return (
    places.find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }) ?? null
  );
}

/** What a tool says on both its streams. */
export function say(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? `ended with ${status}: ${stderr}`}`);
  return stdout + stderr;
}

export function figureIn(text: string, pattern: RegExp, tool: string): number {
  const found = Number(pattern.exec(text)?.[1]);
  if (!Number.isFinite(found)) throw new Error(`${tool} said nothing that could be understood: ${text}`);
  return found;
}

/** Runs a tool on the CPUs named only. */
export function sayOn(cpus: readonly number[], program: string, args: readonly string[]): string {
  return say('taskset', ['-c', cpus.join(','), program, ...args]);
}

export async function agreement(peer: Peer, turns: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  try {
    for (let turn = 0; turn < turns; turn++) {
      if (turn % 2 === 0) ours.push(await peer.ours());
      theirs.push(peer.theirs());
      if (turn % 2 === 1) ours.push(await peer.ours());
    }
  } finally {
    await peer.close();
  }
  const ends = (values: readonly number[]) => ({ low: Math.min(...values), high: Math.max(...values) });
  const ratios = ours.map((value, turn) => value / theirs[turn]!);
  const interval = medianInterval(ratios, alpha);
  const { name, unit, target } = peer;
  const figures: Figure[] = [
    { name: `${name}: ours`, unit, value: median(ours), ...ends(ours) },
    { name: `${name}: theirs`, unit, value: median(theirs), ...ends(theirs) },
    {
      name: `${name}: ours over theirs`,
      unit: 'x',
      value: median(ratios),
      ...(interval === null ? ends(ratios) : { low: interval.low, high: interval.high }),
      ...(target === undefined ? {} : { target }),
    },
  ];
  const two = turns >= 4 && [ours, theirs].some((values) => twoModes(values) !== null);
  return { figures, notes: two ? [`${name}: two regimes within this sitting; sit down again`] : [] };
}
