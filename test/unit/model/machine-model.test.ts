import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import {
  listed,
  machineModel,
  type MachineNumbers,
  nsOfChains,
  predict,
  sequential,
  streamer,
} from '../../../src/model/index.ts';
import { lines, tiny } from './tiny.ts';

describe('a machine model', () => {
  it('fills in what is left out, and rounds a size to whole sets', () => {
    const levels = [
      { sizeBytes: 33_000, ways: 8, lineBytes: 64, latencyNs: 1 },
      { sizeBytes: 10, ways: 4, lineBytes: 64, latencyNs: 4 },
    ];
    const model = machineModel({ levels, memoryLatencyNs: 80, tlb: null });
    expect(
      model.levels.map(({ shape, missesInFlight }) => [shape.sizeBytes, shape.policy, missesInFlight]),
    ).toEqual([
      [64 * 8 * 64, 'lru', 10],
      [4 * 64, 'lru', 16],
    ]);
    expect(model).toMatchObject({ issueNs: 0.1, tlb: null, prefetchers: [], frames: null });
  });

  it('refuses by name what it can’t simulate', () => {
    const make = (changes: Partial<MachineNumbers>) => () => machineModel({ ...tiny, ...changes });
    const [first] = tiny.levels as [MachineNumbers['levels'][0]];
    expect(make({ levels: [] })).toThrow('levels is empty');
    expect(make({ levels: [first, { ...first, latencyNs: NaN }] })).toThrow('levels[1].latencyNs is NaN');
    expect(make({ levels: [{ ...first, ways: 2.5 }] })).toThrow('levels[0].ways is 2.5');
    expect(make({ levels: [{ ...first, lineBytes: 60 }] })).toThrow('levels[0].lineBytes is 60');
    expect(make({ levels: [{ ...first, sizeBytes: Infinity }] })).toThrow('levels[0].sizeBytes');
    expect(make({ levels: [{ ...first, missesInFlight: 0 }] })).toThrow('levels[0].missesInFlight');
    expect(make({ memoryLatencyNs: -1 })).toThrow('memoryLatencyNs is -1');
    expect(make({ issueNs: NaN })).toThrow('issueNs');
    expect(make({ prefetchers: [streamer(3)] })).toThrow('prefetchers[0].level is 3, must be 1 to 2');
    const tlb = { pageBytes: 4096, levels: [{ entries: 4, ways: 2 }], walkNs: 20 };
    expect(make({ tlb: { ...tlb, walkNs: NaN } })).toThrow('tlb.walkNs');
    expect(make({ tlb: { ...tlb, walkers: 0 } })).toThrow('tlb.walkers');
    expect(() => predict(machineModel({ ...tiny, tlb: { ...tlb, levels: [] } }), lines(0))).toThrow(
      '0 levels',
    );
  });

  it('refuses streams without an access, and accesses without an address', () => {
    const model = machineModel(tiny);
    expect(() => predict(model, sequential({ base: 0, elements: 0, bytes: 8 }))).toThrow('has no access');
    expect(() => predict(model, listed({ base: 0, offsets: [NaN], bytes: 8 }))).toThrow(ContractError);
    expect(() => predict(model, listed({ base: -8, offsets: [0], bytes: 8 }))).toThrow('at -8');
    expect(() => nsOfChains(predict(model, lines(0)), 0)).toThrow('chains is 0');
  });
});
