/** A System made of a fixture: a tree of files and a table of command answers, in JSON under test/fixtures/machine. */
import { readFileSync } from 'node:fs';
import type { System } from '../../../src/machine/index.ts';

/** A text, or its lines. */
type Text = string | readonly string[];

export interface Fixture {
  readonly platform: string;
  readonly architecture: string;
  readonly osRelease: string;
  readonly availableParallelism: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cpuModels?: readonly string[];
  readonly totalMemoryBytes?: number;
  readonly freeMemoryBytes?: number;
  readonly macAddresses?: readonly string[];
  readonly files: Readonly<Record<string, Text>>;
  readonly commands?: Readonly<Record<string, string>>;
}

export function readFixture(name: string): Fixture {
  const path = new URL(`../../fixtures/machine/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as Fixture;
}

export function fixtureSystem(name: string, change: (fixture: Fixture) => Fixture = (same) => same): System {
  return systemOf(change(readFixture(name)));
}

/** The fixture with some files replaced, or taken away by null. */
export function withFiles(fixture: Fixture, files: Readonly<Record<string, Text | null>>): Fixture {
  const merged = Object.entries({ ...fixture.files, ...files });
  const kept = merged.filter((entry): entry is [string, Text] => entry[1] !== null);
  return { ...fixture, files: Object.fromEntries(kept) };
}

export function systemOf(fixture: Fixture): System {
  const texts = new Map(
    Object.entries(fixture.files).map(([path, text]) => [
      path,
      typeof text === 'string' ? text : text.join('\n'),
    ]),
  );
  return {
    platform: fixture.platform,
    architecture: fixture.architecture,
    osRelease: fixture.osRelease,
    nodeVersion: '20.20.2',
    v8Version: '11.3.244.8-node.38',
    env: fixture.env ?? {},
    availableParallelism: fixture.availableParallelism,
    readText: (path) => texts.get(path) ?? null,
    list: (directory) => {
      const inside = [...texts.keys()].filter((path) => path.startsWith(`${directory}/`));
      const names = inside.map((path) => path.slice(directory.length + 1).split('/')[0]!);
      return [...new Set(names)].toSorted();
    },
    run: (file, args) => fixture.commands?.[[file, ...args].join(' ')] ?? null,
    cpuModels: () => fixture.cpuModels ?? [],
    totalMemoryBytes: () => fixture.totalMemoryBytes ?? 0,
    freeMemoryBytes: () => fixture.freeMemoryBytes ?? 0,
    macAddresses: () => fixture.macAddresses ?? [],
  };
}
