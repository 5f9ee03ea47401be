/**
 * What each collector does, in words for a newcomer: the way it goes, a drawing of the heap, what it costs and where it
 * is from. By the collector's kind; drawings are at most 58 columns wide.
 */

export interface CollectorWords {
  readonly does: string;
  readonly drawing: string;
  readonly costs: string;
  readonly source: string;
  /** What a run of ours shows of it, and where to look. */
  readonly shows: string;
}

const collectorWords: Readonly<Record<string, CollectorWords>> = {
  'semi-space': {
    does: `The heap is two halves. Objects are made in one, each right behind the last one. When it is full the program
stops, and what it can reach is copied to the other half; each copy leaves its new address behind. A pointer scans the
copies and copies what they name, and when it has caught up with the end of the copies, nothing is left to do. The halves
change places.`,
    drawing: `from |A|xx|B|x|C|xxxx|D|       roots: A
      |  \\___________
to   |A'|B'|C'|                  |
        ^     ^
      scan   free     done when scan has reached free`,
    costs: `A pause is as long as what lives is large; garbage costs nothing, since nobody looks at it. Allocation is an
addition and a comparison. Half of the heap is always empty.`,
    source: 'Cheney, A nonrecursive list compacting algorithm, CACM 13(11), 1970',
    shows: `copied is all that lived, at each collection again; freed costs nothing. In a small heap it collects most often
of all.`,
  },
  'mark-sweep': {
    does: `Objects stay where they are. When there is no room the program stops. From the roots on, each object that is
found is marked and put on a stack, until the stack is empty. The heap is blocks of cells of one size; a block has a map of
its cells in use, and one of marks. A sweep makes the map of marks the map of what is in use, block by block, and looks at no
cell: what has no mark is free. Free cells side by side are a hole, and an allocation takes the next cell of a hole of its
size. A block without a mark is free for any size. A lazy sweep treats a block when an allocation looks for room.`,
    drawing: `block |A|x|B|x|x|C|x|D|x|x|   cells of one size
used   1 1 1 1 1 1 1 1 1 1    before
marks  1 0 1 0 0 1 0 1 0 0    become used: the sweep
alloc |A|E|B|F|G|C|.|D|.|.|   holes are filled in order`,
    costs: `Marking costs what lives, sweeping two maps of a bit for each 8 bytes. Cells of one size serve no other until their
whole block is free: the heap fragments. Nothing moves, so no reference is ever updated.`,
    source: 'McCarthy, Recursive functions of symbolic expressions, CACM 3(4), 1960',
    shows: 'marked and freed tell the two phases; a lazy sweep has shorter pauses and slower allocations.',
  },
  'ref-count': {
    does: `Each object counts the references to it. A store counts one up and one down; a count that comes to 0 frees the
object at once, and counts down what it named. No one ever looks for garbage. Two objects that name each other keep their
counts for ever.`,
    drawing: `root -> |A 1| -> |B 2| <- |C 1| <- root
clear the first root: A 0, freed; B 1
|D 1| <-> |E 1|   nobody else names them: never freed`,
    costs: `Every assignment pays: two objects are read and written for one store. A pause is as long as what hangs on the
last reference. A word in each object.`,
    source: 'Collins, A method for overlapping and erasure of lists, CACM 3(12), 1960',
    shows: `countChanges are the counts raised and lowered. There is no collection; a pause is there only where much is freed
at once, of the kind release.`,
  },
  'ref-count-cycles': {
    does: `Reference counting, and a cure for cycles. An object whose count went down but not to 0 may be part of a dead
cycle, and is remembered. Now and then the counts inside of what those reach are taken away on trial: what is at 0 then is
named from inside only, and is freed; the counts of the rest are given back.`,
    drawing: `|D 1| <-> |E 1|     trial: minus what is inside
|D 0|     |E 0|     nobody outside: both are freed
|F 2| <-> |G 1|     F 1: named from outside, restored`,
    costs: 'As reference counting, and three walks over what the candidates reach.',
    source:
      'Bacon and Rajan, Concurrent cycle collection in reference counted systems, ECOOP 2001 (the synchronous one)',
    shows: `full pauses are its walks; where cycles die it goes on when plain counting is out of memory.`,
  },
  'ref-count-deferred': {
    does: `Counts of references from the heap only: roots change too often. An object whose count is 0 may still be held by
a root, and waits in a table. When the table is full the roots are looked at, and what none of them holds is freed. Coalesced,
a slot's value is noted at its first store after such a look; what it held between that and the next look is never
counted.`,
    drawing: `roots   . . .        not counted
heap   |A 1|->|B 1|  counted
table  C 0, D 0      freed unless a root holds them`,
    costs:
      'A store to an object pays, one to a root does not; what dies waits until the table is looked through.',
    source: 'Deutsch and Bobrow, An efficient, incremental, automatic garbage collector, CACM 19(9), 1976',
    shows: `fewer countChanges than immediate counting, and more memory in use; minor pauses, in which the roots are looked at.`,
  },
  'mark-compact': {
    does: `After marking, what lives is slid together at one end of the heap, in the order in which it lay. Three walks: say
where each object will be, make every reference name that place, move.`,
    drawing: `marked  |A*|x|B*|xx|C*|x|D*|xxx|
1 where |A0|x|B1|xx|C2|x|D3|xxx|
2 slots  B's slot that named D names 3
3 move  |A|B|C|D|..............|  free is one piece`,
    costs: `The longest pauses: three walks after the mark. What lives, and where it will be, stands in a table in the heap,
before the objects: a bit for each 8 bytes and a word for each 256, 1/32 of the heap. The objects have no holes between them,
and allocation is an addition.`,
    source:
      'Knuth, The Art of Computer Programming 1, exercise 2.5.33 (LISP-2); Jones, Hosking and Moss, section 3.2',
    shows: 'copied is what slid; it lives in the smallest heaps.',
  },
  generational: {
    does: `Most objects die young, so the young have a space of their own, which is collected often: what lives there is
copied out, and what has survived some times is promoted to the old space. A reference from old to young must be known
without a walk through the old: a write barrier notes it, in a table of cards or in a buffer of addresses. The old space is
collected when it is full.`,
    drawing: `roots ->  nursery |a|x|b|xxxxx|     minor: a, b copied
              ^                   x costs nothing
old   |A|B|...|C|          promoted: behind C
cards |0|0|..1...|         B was stored to: scan it`,
    costs: `A store pays for the barrier. A minor pause is as long as what survives of the young, a full one as long as in
the old space's own collector.`,
    source: 'Ungar, Generation scavenging, SDE 1984; Wilson and Moher on cards, OOPSLA 1989',
    shows: 'many minor pauses, few full ones; promoted over allocated, and survival by age.',
  },
  'generational-scan': {
    does: `Generations without a write barrier, to be compared with those that have one. The young have a space of their own,
what lives there is copied out at each minor collection, and what has survived some times is promoted to the old space. Nobody
notes which of the old name young objects: each minor collection looks at every slot of every old object.`,
    drawing: `roots ->  nursery |a|x|b|xxxxx|     minor: a, b copied
              ^
old   |A|B|C|D|...|        A, B, C, D: all are looked at`,
    costs: `A store costs nothing more. A minor pause is as long as what survives of the young and all of the old space; a full
one as long as in mark-sweep.`,
    source: 'Jones, Hosking and Moss, The Garbage Collection Handbook (2011), chapter 9',
    shows:
      'rememberedSlots, all of the old ones here, and the minor pauses, beside those of generational and generational-buffer.',
  },
  incremental: {
    does: `Marking in small steps between allocations, each in proportion to what was allocated. White is not yet found, grey
is found, black has been looked at. The program goes on between the steps and may hide a white object behind a black one; a
barrier at each store prevents that: it makes the new target grey (insertion), or the target that was overwritten
(snapshot).`,
    drawing: `black  A ----store----> C white     A won't be looked at
grey   B --X                        again: C would be lost
insertion: C grey      snapshot: C grey when B's is cut`,
    costs: `Stores are slower while it marks, total work is more, and what dies meanwhile may float until the next round. The
longest pause is a step, not the heap.`,
    source:
      'Dijkstra and others, CACM 21(11), 1978 (insertion); Yuasa, J. Systems and Software 11, 1990 (snapshot)',
    shows: 'step pauses instead of a long full one; throughput and barrierHits are the price.',
  },
  concurrent: {
    does: `A second thread marks while the program runs. It stops twice for a moment: to note the roots at the start, and at
the end to make sure that nothing was missed. Meanwhile a snapshot barrier keeps what was reachable at the start.`,
    drawing: `program  ====|=|==== runs ====|==|====   | stops
marker       |--- marks -------|
             start           final`,
    costs:
      'Shorter pauses, more processor time: the second thread takes a CPU of its own. What dies meanwhile floats.',
    source: 'Yuasa 1990; Jones, Hosking and Moss, The Garbage Collection Handbook, chapters 15 and 16',
    shows: 'start and final pauses, and short ones that sweep; compare time with processor time.',
  },
};

/** The words of a collector's kind; of a variety (generational-buffer) those of what it is a variety of; null: none. */
export function wordsOfCollector(kind: string): CollectorWords | null {
  const id = Object.keys(collectorWords)
    .filter((each) => kind === each || kind.startsWith(`${each}-`))
    .toSorted((a, b) => b.length - a.length)[0];
  return id === undefined ? null : collectorWords[id]!;
}
