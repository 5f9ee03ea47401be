/** The soak's comparison of a collector with its twin and the oracle finds what is wrong, and nothing where all is right. */
import { describe, expect, it } from 'vitest';
import { soakOne } from '../../../scripts/soak.mjs';
import { compareCollections } from '../../../scripts/soak-collectors.mjs';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { type Collector, unwatched } from '../../../src/collectors/collector.ts';
import * as counts from '../../../src/collectors/counts.ts';
import { Mutator } from '../../../src/collectors/mutate.ts';
import * as object from '../../../src/collectors/object.ts';
import * as pauses from '../../../src/collectors/pauses.ts';
import { type CollectorChoice, collectorChoice } from '../../../src/collectors/plans.ts';
import * as binding from '../../../src/native/binding.ts';
import { mutators, mutatorTrace } from '../../../src/trace/mutators.ts';
import { ObjectGraph } from '../../../src/trace/object-graph.ts';

const { PauseLog } = pauses;
const collector = { Mutator, ObjectGraph, PauseLog, unwatched };
const library = {
  binding,
  object,
  counts,
  pauses,
  ContractError,
  Prng,
  mutators,
  mutatorTrace,
  ...collector,
};

/** A collector whose methods are changed once it is made. */
function changed(id: string, change: (collector: Collector) => void): CollectorChoice {
  const choice = collectorChoice(id);
  const make: CollectorChoice['kind']['make'] = (room, settings) => {
    const made = choice.kind.make(room, settings);
    change(made);
    return made;
  };
  return { ...choice, kind: { ...choice.kind, make } };
}

function wrongOf(choice: CollectorChoice): string[] {
  return [1, 2, 3, 4, 5, 6, 7, 8].flatMap((seed) => {
    const { wrong } = compareCollections(library, choice, 4000, seed);
    return wrong === null ? [] : [wrong];
  });
}

describe('the soak', () => {
  const subject = {
    id: 'mark-sweep',
    compare: (most: number, seed: number) =>
      compareCollections(library, collectorChoice('mark-sweep'), most, seed),
  };

  it('finds nothing wrong with a collector as it is, and counts its rows', () => {
    const said: string[] = [];
    const how = { rows: 12_000, seed: 1, untilMs: Infinity, say: (text: string) => said.push(text) };
    expect(soakOne(subject, how)).toBeGreaterThanOrEqual(12_000);
    expect(said).toEqual([]);
  });

  it('ends when its time is over', () => {
    const how = { rows: 1e9, seed: 1, untilMs: 0, say: () => {} };
    expect(soakOne(subject, how)).toBe(0);
  });

  it('sees a store that does nothing, in the next look of the oracle', () => {
    let stores = 0;
    const broken = changed('semi-space', (made) => {
      const store = made.store.bind(made);
      made.store = (at, slot, target) => store(at, slot, ++stores % 50 === 0 ? 0 : target);
    });
    expect(wrongOf(broken).join('\n')).toMatch(
      /after row \d+: slot \d+ of object \d+ names \d+, not object \d+/,
    );
  });

  it('sees objects that are kept though nothing reaches them', () => {
    const broken = changed('mark-sweep', (made) => {
      made.collect = () => {};
    });
    expect(wrongOf(broken).join('\n')).toMatch(/the heap holds \d+ objects, of which \d+ can be reached/);
  });

  it('sees objects that nobody counts', () => {
    const broken = changed('mark-compact', (made) => {
      const collect = made.collect.bind(made);
      made.collect = () => {
        collect();
        made.counts.freedObjects++;
      };
    });
    expect(wrongOf(broken).join('\n')).toMatch(/the heap holds \d+ objects, and \d+ were made and not freed/);
  });
});
