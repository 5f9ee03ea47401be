import { describe, expect, it } from 'vitest';
import { type Form, formBytes, formsOf, hotness } from '../../../src/layout/forms.ts';
import { predict, predictedBest, sideBySideBytes } from '../../../src/layout/predict.ts';
import type { LayoutSpec } from '../../../src/layout/spec.ts';
import { spec } from './specs.ts';

const particle = spec(
  'alive:bool x:f64 kind:u16 y:f64 vx:f64 vy:f64 name:bytes[20]',
  [
    { name: 'move', reads: ['x', 'y', 'vx', 'vy'], writes: ['x', 'y'], weight: 10 },
    { name: 'find', reads: ['name'], order: 'random' },
  ],
  1_000_000,
);

function formOf(of: LayoutSpec, id: string, lineBytes = 64): Form {
  const found = formsOf(of, lineBytes).forms.find((form) => form.id === id);
  if (found === undefined) throw new Error(`no form ${id}`);
  return found;
}

/** "x@0 y@8", an array a text. */
function shapes({ arrays }: Form): string[] {
  return arrays.map(({ struct }) =>
    struct.members.map(({ field, offsetBytes }) => `${field.name}@${offsetBytes}`).join(' '),
  );
}

describe('the forms of a structure', () => {
  it('as declared has the holes of the declaration', () => {
    expect(formOf(particle, 'as-declared')).toMatchObject({ sizeBytes: 72, wastedBytes: 17 });
  });

  it('reordered leaves fewest bytes unused, and touched fields side by side', () => {
    const form = formOf(particle, 'reordered');
    expect([form.sizeBytes, form.wastedBytes]).toEqual([56, 1]);
    expect(shapes(form)).toEqual(['x@0 y@8 vx@16 vy@24 kind@32 name@34 alive@54']);
  });

  it('has a column for each field', () => {
    const form = formOf(particle, 'soa');
    expect(form.arrays.map(({ name, struct }) => [name, struct.sizeBytes])).toEqual([
      ['alive', 1],
      ['x', 8],
      ['kind', 2],
      ['y', 8],
      ['vx', 8],
      ['vy', 8],
      ['name', 20],
    ]);
    expect(form.wastedBytes).toBe(0);
  });

  it('splits where the prediction likes it best', () => {
    expect(shapes(formOf(particle, 'hot-cold'))).toEqual(['x@0 y@8 vx@16 vy@24', 'kind@0 alive@2 name@3']);
    expect(particle.fields.map((field) => hotness(field, particle.loops))).toEqual([0, 10, 0, 10, 10, 10, 1]);
  });

  it('pads each element to whole lines, and writers apart', () => {
    expect(formOf(particle, 'padded')).toMatchObject({ sizeBytes: 64 });
    const roles = [
      { reads: ['mask', 'tail'], writes: ['head', 'pops'] },
      { reads: ['mask'], writes: ['tail', 'pushes'] },
    ];
    const queue = spec('head:u64 tail:u64 mask:u32 pops:u32 pushes:u32', [{ name: 'pass', roles }], 1);
    // Nobody writes mask; head and pops are one thread's own; tail is waited for, pushes is not.
    expect(shapes(formOf(queue, 'padded'))).toEqual(['mask@0 head@64 pops@72 pushes@128 tail@192']);
    expect(shapes(formOf(queue, 'padded-pair'))).toEqual(['mask@0 head@128 pops@136 pushes@256 tail@384']);
  });

  it('are there once: what comes out alike is named', () => {
    const { forms, dropped } = formsOf(spec('n:u64', [{ name: 'count', writes: ['n'], threads: 2 }], 8), 64);
    expect(forms.map(({ id }) => id)).toEqual(['as-declared', 'padded', 'padded-pair']);
    expect(dropped.map(({ id, reason }) => [id, reason])).toEqual([
      ['reordered', 'no order makes it smaller or its loops move fewer lines'],
      ['soa', 'that is how it is declared'],
      ['hot-cold', 'the loops use every field as much'],
    ]);
    const one = formsOf(spec('n:u64', [{ name: 'sum', reads: ['n'] }]), 64);
    expect(one.dropped.at(-1)).toMatchObject({ id: 'padded-pair', reason: /side by side/ });
  });

  it('takes the line of the machine', () => {
    expect(formOf(particle, 'padded', 128).sizeBytes).toBe(128);
  });

  it('take memory by elements and whole lines', () => {
    expect(formBytes(formOf(particle, 'as-declared'), 1_000_000, 64)).toBe(72_000_000);
    // Seven columns, of which one million bytes are whole lines, and so are the others.
    expect(formBytes(formOf(particle, 'soa'), 3, 64)).toBe(7 * 64);
    const prediction = predict(particle, 64, 2 ** 20);
    // The loop `find` has an order of four bytes an element, in every form and the first one's twin.
    const orders = 4_000_000 * (prediction.forms.length + 1);
    const all = prediction.forms.reduce(
      (sum, form) => sum + formBytes(form, 1_000_000, 64),
      72_000_000 + orders,
    );
    expect(sideBySideBytes(prediction)).toBe(all);
  });
});

describe('the prediction', () => {
  const figures = (of: LayoutSpec, loop: string, form: string, nearBytes = 0) =>
    predict(of, 64, nearBytes)
      .loops.find((one) => one.loop.name === loop)!
      .forms.find((one) => one.form.id === form)!;

  it('of the lines that a loop moves, by hand', () => {
    // 72 bytes, x at 8, y at 24, vx at 32, vy at 40: eight elements are nine lines. Bytes 8-16 and 24-48 of elements
    // at 0, 72, 144, ..., 504 lie in lines 0; 1; 2; 3, 4 (240-264: 3 and 4); 4, 5 (296-304: 4; 312-336: 4 and 5);
    // 5, 6 (368-376, 384-408); 6, 7 (440-448; 456-480: 7); 8 (512-520; 528-552).
    expect(figures(particle, 'move', 'as-declared')).toMatchObject({ fetchedLines: 9 / 8 });
    expect(figures(particle, 'move', 'hot-cold')).toMatchObject({
      fetchedLines: 0.5,
      writtenLines: 0.5,
      usedShare: 1,
    });
    expect(figures(particle, 'move', 'soa')).toMatchObject({ fetchedLines: 0.5, writtenLines: 0.25 });
    // name at 34 of 56: 20 bytes.
    expect(figures(particle, 'find', 'padded')).toMatchObject({ fetchedLines: 1, usedShare: 20 / 64 });
  });

  it('has no ratio where both forms fit the near cache', () => {
    // As declared, x of elements at 0 and y of those at 24 are written: eight elements dirty nine lines, too.
    expect(figures(particle, 'move', 'soa', 2 ** 20).ratio).toBeCloseTo(0.75 / (9 / 8 + 9 / 8), 12);
    expect(figures(particle, 'move', 'soa', 2 ** 30).ratio).toBeNull();
    expect(figures(particle, 'move', 'as-declared').ratio).toBe(1);
  });

  it('takes what costs fewest lines, and padding where threads fight', () => {
    expect(predictedBest(predict(particle, 64, 2 ** 20)).id).toBe('soa');
    const counters = spec(
      'n:u64',
      [{ name: 'count', reads: ['n'], writes: ['n'], threads: 2, partition: 'interleaved' }],
      2,
    );
    expect(predictedBest(predict(counters, 64, 2 ** 20)).id).toBe('padded');
    const plain = spec('n:u64', [{ name: 'sum', reads: ['n'] }], 1_000_000);
    expect(predictedBest(predict(plain, 64, 2 ** 20)).id).toBe('as-declared');
  });
});
