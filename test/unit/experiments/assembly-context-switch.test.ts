/** Reads the machine code of the ring's two ways through a set: one load a line, and the chain's next address in it. */
import { describe, expect, it } from 'vitest';
import { count, loopsOf, memory, reason } from '../../fixtures/disassembly.ts';

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(`the ring's loops${reason === null ? '' : `: ${reason}`}`, () => {
  it('in order, adds one word of each line and touches nothing else', () => {
    const loops = loopsOf('read_in_order', /\(%r\w+\),%e/);
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      expect(memory(loop).length, loop.join('\n')).toBeGreaterThan(0);
      expect(count(loop, /^add (-?0x\w+)?\(%r\w+\),%e\w+$/), loop.join('\n')).toBe(memory(loop).length);
      // 64 bytes further for each of them.
      const step = /^(?:add \$(0x\w+)|sub \$-(0x\w+)),%r\w+$/;
      const steps = loop.flatMap((line) => step.exec(line)?.slice(1).filter(Boolean) ?? []);
      expect(steps.map(Number), loop.join('\n')).toEqual([64 * memory(loop).length]);
    }
  });

  it('chained, loads from where the last load says, and touches nothing else', () => {
    const hop = /^mov \(%r\w+,%r(\w+?)(?:,1)?\),%(?:e(\w+)|r(\d+)d)$/;
    const loops = loopsOf('read_chained', hop);
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      for (const line of memory(loop)) {
        const [, index, low, high] = hop.exec(line) ?? [];
        expect(index, loop.join('\n')).toBe(low ?? high);
        expect(index, loop.join('\n')).toBeDefined();
      }
    }
  });
});
