/**
 * The machine code of what threads share: loads, stores and locked instructions are those that the arms are named
 * after, once an item, or something else has been timed.
 */
import { describe, expect, it } from 'vitest';
import { count, functionsOf, load, loopsOf, memory, reason, store } from '../../fixtures/disassembly.ts';

/** Every instruction of a kernel's functions. */
function textOf(kernel: string): string[] {
  return functionsOf(kernel).flatMap((code) => code.map(({ text }) => text));
}

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(
  `the loops over what is shared${reason === null ? '' : `: ${reason}`}`,
  () => {
    it('share-word loads once an access, and keeps nothing in memory beside the word', () => {
      const loops = loopsOf('share_word', /^rol \$0x10,%e/).filter((loop) => count(loop, /^lock /) === 0);
      expect(loops.length).toBeGreaterThan(0);
      for (const loop of loops) {
        expect(memory(loop), loop.join('\n')).toHaveLength(1);
        expect(memory(loop)[0]).toMatch(load);
      }
    });

    it('share-word writes by each of its instructions', () => {
      const text = textOf('share_word');
      const writes = (pattern: RegExp) => text.filter((line) => pattern.test(line)).length;
      const word = String.raw`\(%r\w+\)$`;
      expect(writes(new RegExp(`^lock xadd %\\w+,${word}`))).toBe(1);
      expect(writes(new RegExp(`^lock cmpxchg %\\w+,${word}`))).toBe(1);
      // An exchange, and a store in order, which is one too or has a fence behind it.
      const exchanges = writes(new RegExp(`^xchg %e\\w+,${word}|^xchg %r\\d+d,${word}`));
      expect(exchanges + writes(/^mfence$|^lock orq /)).toBe(2);
      expect(writes(new RegExp(`^mov %(e\\w+|r\\d+d),${word}`))).toBeGreaterThan(0);
    });

    it('walk-lines adds to one word a step, whose address waits for no load', () => {
      const loops = loopsOf('walk_lines', /^imul \$0x10dcd,/);
      expect(loops.length).toBeGreaterThan(0);
      for (const loop of loops) {
        expect(memory(loop), loop.join('\n')).toHaveLength(1);
        expect(memory(loop)[0]).toMatch(/^lock xadd %\w+,\(%r\w+,%r\w+,4\)$/);
      }
    });

    it('sharded-count adds once an addition', () => {
      const adds = textOf('sharded_count').filter((line) => /^lock (addl \$0x1,|incl )\(%r\w+/.test(line));
      expect(adds.length).toBeGreaterThan(0);
    });

    it('ring and line-transfer use no locked instruction, nor a fence', () => {
      for (const kernel of ['ring', 'produce<(?:true|false)>', 'consume<(?:true|false)>', 'line_transfer']) {
        // The timing loop around them calls, and has a gate.
        const own = loopsOf(kernel, /\(%r\w+[,)]/).filter((loop) => count(loop, /^call /) === 0);
        for (const loop of own) {
          expect(count(loop, /^lock |^mfence|^xchg %\w+,\(/), loop.join('\n')).toBe(0);
        }
      }
    });

    it('line-transfer stores once a line, or loads once a line', () => {
      const line = loopsOf('line_transfer', /\(%r\w+,%r\w+,4\)|^add \$0x40,%r/);
      const [writing, reading] = [
        line.filter((loop) => count(loop, store) === 1 && memory(loop).length === 1),
        line.filter(
          (loop) => count(loop, load) + count(loop, /^cmp %\w+,\(/) === 1 && memory(loop).length === 1,
        ),
      ];
      expect(writing.length, line.map((loop) => loop.join('\n')).join('\n\n')).toBeGreaterThan(0);
      expect(reading.length, line.map((loop) => loop.join('\n')).join('\n\n')).toBeGreaterThan(0);
    });

    it('guarded-record takes its lock by an exchange, and reads under a sequence without', () => {
      const text = textOf('(?:guarded_record|use<linefill::\\(anonymous namespace\\)::(?:Lock|Sequence)>)');
      expect(
        text.filter((line) => /^xchg %e\w+,\(%r\w+\)$|^xchg %r\d+d,\(%r\w+\)$/.test(line)).length,
      ).toBeGreaterThan(0);
      // Seven words of a record, one after another.
      for (const at of ['0x4', '0x8', '0xc', '0x10', '0x14', '0x18', '0x1c']) {
        const words = text.filter((line) => line.includes(` ${at}(%r`) || line.includes(`,${at}(%r`));
        expect(words.length, at).toBeGreaterThan(1);
      }
    });
  },
);
