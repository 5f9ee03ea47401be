/**
 * What each allocator does, in words for a newcomer: the way it goes, a drawing of the heap, what it costs and where it
 * is from. By the allocator's kind; drawings are at most 58 columns wide.
 */

export interface AllocatorWords {
  readonly does: string;
  readonly drawing: string;
  readonly costs: string;
  readonly source: string;
}

const survey =
  'Wilson, Johnstone, Neely and Boles, Dynamic storage allocation: a survey and critical review (1995)';

const allocatorWords: Readonly<Record<string, AllocatorWords>> = {
  linear: {
    does: `A pointer into an array. A request takes what is behind the pointer and moves it on; nothing is given back by
itself. A reset gives back all at once: what a server does at the end of a request, or a game at the end of a frame.`,
    drawing: `|A....|B..|C.........|                     |
                     ^ the next request starts here`,
    costs: 'An addition and a comparison. Nothing can be used again before the reset.',
    source: 'Hanson, Fast allocation and deallocation of memory based on object lifetimes, SP&E 20 (1990)',
  },
  stack: {
    does: `As a linear allocator, but the last block can be given back, since each block remembers the one before it. A
marker gives back all that came after it.`,
    drawing: `|..|A....|..|B..|..|C......|               |
 ^ where the block before started, and the stack ended`,
    costs: 'Two words a block, and blocks must come back in the reverse of their order; another is refused.',
    source: 'Knuth, The Art of Computer Programming 1, section 2.5, on stacks and regions',
  },
  'free-list': {
    does: `All free blocks are in one list. First fit takes the first block that is large enough, next fit goes on
from where the last search ended, best fit takes the smallest that is large enough and worst fit the largest. What is
left of the block stays free. Each block has a word with its size and whether the block before it is free, and a free
block repeats its size at its end: so a freed block finds its neighbours, and merges with those that are free at once.`,
    drawing: `|h A....|h free......s|h B..|h free.........s|
          next -----------------^
h size, in use, before in use     s size again`,
    costs: 'A search of the list for each request, O(free blocks); O(1) for a free. A word a block in use.',
    source: `Knuth, The Art of Computer Programming 1, section 2.5; ${survey}, section 3`,
  },
  segregated: {
    does: `Free blocks are in bins by size, four a doubling. A request looks among the blocks of its own bin, some of
which may be too small, and then takes the first block of the next larger bin that has one: bits say which do. What is
left goes to the bin of its size, and freed blocks merge with their neighbours at once.`,
    drawing: `bin  ... 96   112  128  160  192 ...
          |         |         |
          o-o       o         o-o-o    free blocks`,
    costs: 'O(blocks of one bin) for a request, O(1) for a free. A word a block in use.',
    source: `${survey}, section 3.6`,
  },
  tlsf: {
    does: `Two-level segregated fit: free blocks are in lists by size, 32 a doubling, and two levels of bits say which
lists have one. A request is rounded up to the least size of the next list, so that the first block of the list that the
bits name is large enough, and no list is searched. Freed blocks merge with their neighbours at once.`,
    drawing: `first level   ... 64  128  256  512 ...   bits
                       |
second level  32 lists from 128 to 255      bits
                 |    |
                 o-o  o      free blocks`,
    costs: `O(1) always, which is what real-time programs ask for. A block that would just do is passed over: at most a
32nd of the request is lost by it.`,
    source: 'Masmano, Ripoll, Crespo and Real, TLSF: a new dynamic memory allocator, ECRTS 2004',
  },
  buddy: {
    does: `Every block is a power of two in size, at a multiple of its size. A request takes the smallest block that is
large enough and halves it until a half would be too small; the other halves stay free. A freed block merges with its
buddy, the other half, whose address differs in one bit, as long as that is free and whole.`,
    drawing: `128                                        free
64                   | 64                   split
32        | 32       | 64                   split
20.. of 32| 32 free  | 64 free              taken`,
    costs: 'O(orders) at worst. Up to half of a block is lost by rounding, a quarter on average.',
    source: 'Knowlton, A fast storage allocator, CACM 8 (1965); Knuth, section 2.5',
  },
  'pool-heap': {
    does: `Blocks of one size, cut from one array. A free block needs no memory of its own to be remembered: its first
word holds the next free one. What was never in use is cut off when the list is empty.`,
    drawing: `|block|block|block|block|          |
   ^     |           ^
   |     in use      |
 first free ---------+ next free`,
    costs:
      'O(1), a few instructions, and no header. It serves one size: what is smaller takes a whole block.',
    source: 'Kenwright, Fast efficient fixed-size memory pool (2012)',
  },
  'multi-pool': {
    does: `A pool for each size class. A class carves blocks from chunks of a page and keeps what is freed in a list of
its own; what one class had is never another's. A larger request takes whole chunks.`,
    drawing: `class 32  |chunk: b b b b|   |chunk: b b b b|
class 64  |chunk: B  B   |
large     |chunk  chunk  chunk|`,
    costs:
      'O(1), and no header: the page says whose the block is. What a class had at most it keeps for ever.',
    source: `${survey}, "simple segregated storage"`,
  },
  slab: {
    does: `Each size class is a cache of blocks in slabs, runs of pages. Blocks come from a slab that is partly used;
a full slab is in no list until a block comes back, and a slab without a block in use gives its pages back, so that
another class can have them. Each slab starts its blocks a line further than the last, where there is room: its colour.`,
    drawing: `slab 1  |b b . b . b|          partial: served first
slab 2  |:b b b b b b|         full: in no list
slab 3  |::. . . . . .|        empty: the next to go
         ^ colour`,
    costs: 'O(1); O(pages) when they run short. No header a block; an entry a page.',
    source: 'Bonwick, The slab allocator: an object-caching kernel memory allocator, USENIX 1994',
  },
  'small-object': {
    does: `Small blocks in the manner of CPython's obmalloc: a class for each multiple of 16 bytes up to 512, blocks of
a class in pools of 16 KiB, pools in arenas of 1 MiB. The arena with the fewest free pools gives the next one, so that
the others may empty. A block's address says which pool it is in. Larger requests go to a free list, first fit, from
which the arenas come, too.`,
    drawing: `arena  |pool 32|pool 48|pool 32|free|free|...   1 MiB
pool   |b b b . b . .|                        16 KiB
larger |    free list: |A.........|h free...|      |`,
    costs: 'O(1) for small blocks, which have no header; as first fit for larger ones.',
    source: 'CPython, Objects/obmalloc.c, as its comments describe it',
  },
};

/** The words of a kind; null: there are none. */
export function wordsOfAllocator(kind: string): AllocatorWords | null {
  return allocatorWords[kind] ?? null;
}
