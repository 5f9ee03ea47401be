/** What every listed experiment owes: words, sources, a drawing, claims of its own, and kernels in both languages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../src/experiment/experiment.ts';
import { experiments } from '../../src/experiments/index.ts';
import { nativeKernels } from '../../src/native/binding.ts';
import { root } from '../fixtures/copy-of-tree.ts';

const kebabCase = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const widestDrawing = 58;

function twice(ids: readonly string[]): string[] {
  return ids.filter((id, at) => ids.indexOf(id) !== at);
}

describe('the list of experiments', () => {
  it('has one', () => expect(experiments.length).toBeGreaterThan(0));

  it('has no id twice, and no claim twice', () => {
    expect(twice(experiments.map(({ id }) => id))).toEqual([]);
    expect(twice(experiments.flatMap(({ claims }) => claims.map(({ id }) => id)))).toEqual([]);
  });

  it('names every native kernel, through a variant, a survey or a test that compares it', () => {
    const folders = ['src', 'test/differential'];
    const text = folders
      .flatMap((folder) => readdirSync(join(root, folder), { withFileTypes: true, recursive: true }))
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    const used = new Set(experiments.flatMap(({ variants }) => variants.map(({ kernel }) => kernel.id)));
    const unnamed = nativeKernels().filter(({ id }) => !used.has(id) && !text.includes(`'${id}'`));
    expect(unnamed.map(({ id }) => id)).toEqual([]);
  });
});

describe.each(experiments.map((experiment) => [experiment.id, experiment] as const))(
  '%s',
  (id, experiment: Experiment) => {
    it('has a file of its name in its lab', () => {
      expect(id).toMatch(kebabCase);
      expect(existsSync(join(root, 'src', 'experiments', experiment.lab, `${id}.ts`))).toBe(true);
    });

    it('asks, explains, draws and cites', () => {
      expect(experiment.question).toMatch(/\?$/);
      expect(experiment.explain.length).toBeGreaterThan(200);
      expect(experiment.sources.length).toBeGreaterThan(0);
      const rows = experiment.drawing.split('\n');
      expect(rows.length).toBeGreaterThan(2);
      expect(rows.filter((row) => row.length > widestDrawing)).toEqual([]);
      expect(/^[\x20-\x7e\n]*$/.test(experiment.drawing), 'drawn in plain characters').toBe(true);
    });

    it('names its parts apart', () => {
      const { variants, parameters, claims } = experiment;
      for (const names of [variants.map((variant) => variant.id), claims.map((claim) => claim.id)]) {
        expect(twice(names)).toEqual([]);
        for (const name of names) expect(name).toMatch(kebabCase);
      }
      expect(twice(parameters.map(({ name }) => name))).toEqual([]);
      expect(variants.map((variant) => variant.id)).toContain(experiment.baseline.variant);
    });

    it('has claims that say what their source says', () => {
      for (const { id: claim, statement, source } of experiment.claims) {
        expect(statement, claim).toMatch(/\.$/);
        expect(source, claim).not.toBe('');
      }
    });

    it('has native variants of kernels that the addon has', () => {
      const ids = nativeKernels().map((kernel) => kernel.id);
      for (const { kernel, language } of experiment.variants) {
        expect(kernel.summary).not.toBe('');
        if (language === 'native') expect(ids).toContain(kernel.id);
      }
    });
  },
);
