/** What the preloaded checker leaves, read and said. */
import { describe, expect, it } from 'vitest';
import { parseFaults, parseGuarding, plainName, renderFaults } from '../../../src/report/faults-text.ts';

const overflow = `fault overflow: the block was written behind its end
block 0x7f0000000020 10 12
found /tmp/my app 0x1159 main
found /lib/libc.so.6 0x2724a ?
allocated /tmp/my app 0x1140 make
allocated /tmp/my app 0x1150 main
end
`;
const foreign = `fault foreign pointer: it lies outside the allocator's blocks
block 0x10 0 0
found ? 0x55 ?
end
`;

describe("the checker's log", () => {
  it('is read: names with spaces, distances, stacks', () => {
    const [one, two] = parseFaults(overflow + foreign);
    expect(one).toEqual({
      name: 'overflow: the block was written behind its end',
      address: '0x7f0000000020',
      bytes: 10,
      distance: 12,
      found: [
        { module: '/tmp/my app', offset: '0x1159', symbol: 'main' },
        { module: '/lib/libc.so.6', offset: '0x2724a', symbol: '?' },
      ],
      allocated: [
        { module: '/tmp/my app', offset: '0x1140', symbol: 'make' },
        { module: '/tmp/my app', offset: '0x1150', symbol: 'main' },
      ],
      freed: [],
    });
    expect(two!.found).toEqual([{ module: '?', offset: '0x55', symbol: '?' }]);
  });

  it('is read as far as it is whole', () => {
    expect(parseFaults(overflow + foreign.slice(0, -5))).toHaveLength(1);
    expect(parseFaults('')).toEqual([]);
  });

  it('has blocks without guard pages, which are no faults', () => {
    const log = `unguarded 1 10\nend\n${overflow}unguarded 3 5\nend\nunguarded 1`;
    expect(parseGuarding(log)).toEqual({ unguarded: 4, blocks: 15 });
    expect(parseFaults(log)).toEqual(parseFaults(overflow));
  });

  it('is said: what is below main left out, what is alike once', () => {
    const faults = parseFaults(overflow + foreign + overflow);
    expect(renderFaults(faults, plainName)).toBe(
      [
        'overflow: the block was written behind its end (2 times)',
        '  3 B behind the end of a block of 10 B, at 0x7f0000000020',
        '  found in',
        '    main (my app+0x1159)',
        '  allocated in',
        '    make (my app+0x1140)',
        '    main (my app+0x1150)',
        '',
        "foreign pointer: it lies outside the allocator's blocks",
        '  at 0x10',
        '  found in',
        '    ?+0x55',
      ].join('\n'),
    );
    expect(renderFaults([], plainName)).toBe('');
  });

  it.each([
    [-3, 10, '3 B before a block of 10 B'],
    [0, 10, 'a block of 10 B'],
    [4, 10, 'at byte 4 of a block of 10 B'],
    [10, 10, '1 B behind the end of a block of 10 B'],
  ])('says where byte %i of a block of %i B is', (distance, bytes, place) => {
    const log = overflow.replace('10 12', `${bytes} ${distance}`);
    expect(renderFaults(parseFaults(log), plainName)).toContain(`  ${place}, at `);
  });
});
