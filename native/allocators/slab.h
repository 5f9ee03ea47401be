// Slabs: each size class is a cache of blocks in slabs, runs of pages that hold eight blocks at least. Blocks
// come from a slab that has both free and used ones; a slab without a block in use gives its pages back,
// where the class has one such already, and the one that it keeps goes too when pages run short. So memory
// that one class had can be another's. Larger requests, those for a higher alignment than a line and those
// that no new slab can serve take whole pages.
//
//   | header | classes: words, partial, empty, colour | entries of pages | pages ...
//   entry of a slab   ... next, previous, class, first page, free, fresh, used
//   free block        | next | ...                          0 ends the list
//   slab              | colour | block | block | ...
//
// A full slab has neither free nor fresh blocks and is in no list until one comes back. Colour: what a slab's
// blocks leave of its pages is used to start each slab a line further than the last, so that the same fields
// of blocks of several slabs are not all in the same sets of a cache. Blocks that fill their pages, as powers
// of two do, leave nothing: such a class has one colour.
// Cost: O(1); a new slab as page-runs.h says, and O(pages) when they run short.
// Source: Bonwick, "The slab allocator: an object-caching kernel memory allocator" (USENIX 1994).
// TypeScript twin: src/allocators/slab.ts.
#pragma once

#include "allocators/classed-pages.h"

namespace linefill {

class Slab {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    return ClassedPages::check(heap_words, parameter);
  }

  static Slab create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    ClassedPages::create(heap, heap_words);
    return Slab(heap);
  }

  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_[PageRuns::kWordsWord]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // 1. The class; sizes that are multiples of an alignment keep it.
    const uint32_t alignment = alignment_words(alignment_bytes);
    const uint32_t words = align_up(payload_words(bytes), alignment);
    if (words > kMostClassWords || alignment > kLineWords) return whole(words, alignment);
    const uint32_t record = ClassedPages::record_of(class_of(words));
    // 2. A slab that has free blocks.
    uint32_t slab = heap_[record + kPartial];
    if (slab == 0) slab = refill(record);
    if (slab == 0) return whole(words, alignment);
    // 3. What was freed last, or else the next of the slab.
    const uint32_t size = heap_[record + kSize];
    const uint32_t at = runs_.entry(slab);
    uint32_t block = heap_[at + PageRuns::kFree];
    if (block != 0) {
      heap_[at + PageRuns::kFree] = heap_[block];
    } else {
      block = heap_[at + PageRuns::kFresh];
      const uint32_t next = block + size;
      heap_[at + PageRuns::kFresh] = next + size <= end_of(slab) ? next : 0;
    }
    ++heap_[at + PageRuns::kUsed];
    if (is_full(at)) unlink(record, slab);
    heap_[kUsedWord] += size;
    return static_cast<int32_t>(block);
  }

  AllocError free(uint32_t offset) {
    const uint32_t slab = slab_of(offset);
    const uint32_t at = runs_.entry(slab);
    const uint32_t record = heap_[at + PageRuns::kOwner];
    // 1. Whole pages go back.
    if (record == 0) return runs_.free_whole(slab);
    // 2. A block goes to its slab, 3. which may have been full, or be empty now.
    const bool was_full = is_full(at);
    heap_[kUsedWord] -= heap_[record + kSize];
    heap_[offset] = heap_[at + PageRuns::kFree];
    heap_[at + PageRuns::kFree] = offset;
    --heap_[at + PageRuns::kUsed];
    if (was_full)
      push(record, slab);
    else if (heap_[at + PageRuns::kUsed] == 0)
      retire(record, slab);
    return AllocError::kNone;
  }

  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    return runs_.holds(slab_of(offset), bytes) ? free(offset) : AllocError::kWrongSize;
  }

  bool resize(uint32_t offset, uint32_t bytes) { return runs_.resize_block(slab_of(offset), bytes); }

  // Of page runs, and pages looked at for empty slabs.
  uint64_t steps() const { return runs_.steps() + steps_; }

  uint32_t used_words() const { return runs_.used_words(); }

  // A slab without a block in use counts as free pages, which it is for every class.
  Statistics statistics() const {
    Statistics found;
    found.metadata_words = runs_.metadata_words();
    uint32_t stretch = 0;
    for (uint32_t page = runs_.first_page(); page < runs_.end_page(); page += runs_.pages_of(page)) {
      const uint32_t words = runs_.start_of(runs_.pages_of(page));
      if (is_free(page)) {
        stretch += words;
        continue;
      }
      found.add_free(stretch > 0, stretch);
      stretch = 0;
      count(found, page, words);
    }
    found.add_free(stretch > 0, stretch);
    return found;
  }

 private:
  static constexpr uint32_t kUsedWord = ClassedPages::kUsedWord;
  // Slabs that classes keep without a block in use.
  static constexpr uint32_t kEmptiesWord = ClassedPages::kOwnFirstWord;
  // Words of a class's record.
  static constexpr uint32_t kSize = ClassedPages::kSize;
  static constexpr uint32_t kPartial = 1;
  static constexpr uint32_t kEmpty = 2;
  static constexpr uint32_t kColour = 3;

  static constexpr uint32_t kLeastBlocks = 8;
  // The owner of a slab's pages but the first, which are told the first instead; no record is there.
  static constexpr uint32_t kInside = 1;

  explicit Slab(uint32_t* heap) : heap_(heap), runs_(heap) {}

  // The first page of a slab or of whole pages. Most slabs have no other: then its address awaits no load.
  uint32_t slab_of(uint32_t offset) const {
    const uint32_t page = runs_.page_of(offset);
    const uint32_t at = runs_.entry(page);
    return heap_[at + PageRuns::kOwner] == kInside ? heap_[at + PageRuns::kFirst] : page;
  }

  uint32_t end_of(uint32_t slab) const { return runs_.start_of(slab + runs_.pages_of(slab)); }

  bool is_full(uint32_t at) const {
    return (heap_[at + PageRuns::kFree] | heap_[at + PageRuns::kFresh]) == 0;
  }

  // Free pages, or an empty slab that its class keeps.
  bool is_free(uint32_t page) const {
    if (!runs_.is_used(page)) return true;
    const uint32_t record = runs_.owner(page);
    return record != 0 && heap_[record + kEmpty] == page;
  }

  // Adds a run in use; the blocks of a slab in use are those that are neither in its list nor fresh.
  void count(Statistics& found, uint32_t page, uint32_t words) const {
    const uint32_t at = runs_.entry(page);
    const uint32_t record = heap_[at + PageRuns::kOwner];
    if (record == 0) {
      found.add_live(1, words);
      return;
    }
    const uint32_t size = heap_[record + kSize];
    const uint32_t blocks = words / size;
    const uint32_t fresh = heap_[at + PageRuns::kFresh];
    uint32_t free_blocks = fresh == 0 ? 0 : blocks - (fresh - runs_.start_of(page)) / size;
    for (uint32_t block = heap_[at + PageRuns::kFree]; block != 0; block = heap_[block]) ++free_blocks;
    found.add_live(blocks - free_blocks, size);
    found.metadata_words += words % size;
    found.add_free(free_blocks, size);
  }

  void push(uint32_t record, uint32_t slab) {
    const uint32_t head = heap_[record + kPartial];
    heap_[runs_.entry(slab) + PageRuns::kNext] = head;
    heap_[runs_.entry(slab) + PageRuns::kPrevious] = 0;
    if (head != 0) heap_[runs_.entry(head) + PageRuns::kPrevious] = slab;
    heap_[record + kPartial] = slab;
  }

  void unlink(uint32_t record, uint32_t slab) {
    const uint32_t at = runs_.entry(slab);
    const uint32_t next = heap_[at + PageRuns::kNext];
    const uint32_t previous = heap_[at + PageRuns::kPrevious];
    if (next != 0) heap_[runs_.entry(next) + PageRuns::kPrevious] = previous;
    heap_[previous == 0 ? record + kPartial : runs_.entry(previous) + PageRuns::kNext] = next;
  }

  // Takes an empty slab off its class's list; the class keeps one.
  void retire(uint32_t record, uint32_t slab) {
    unlink(record, slab);
    if (heap_[record + kEmpty] != 0) {
      runs_.release(slab);
      return;
    }
    heap_[record + kEmpty] = slab;
    ++heap_[kEmptiesWord];
  }

  // A slab for a class that has none with free blocks: the empty one, or else a new one; 0: there is none.
  uint32_t refill(uint32_t record) {
    const uint32_t empty = heap_[record + kEmpty];
    if (empty == 0) return new_slab(record);
    heap_[record + kEmpty] = 0;
    --heap_[kEmptiesWord];
    push(record, empty);
    return empty;
  }

  uint32_t new_slab(uint32_t record) {
    const uint32_t size = heap_[record + kSize];
    const uint32_t pages = runs_.pages_for(kLeastBlocks * size);
    uint32_t slab = runs_.take(pages, 1);
    if (slab == 0 && reap(pages, 1)) slab = runs_.take(pages, 1);
    if (slab == 0) return 0;
    for (uint32_t i = 1; i < pages; ++i) {
      heap_[runs_.entry(slab + i) + PageRuns::kOwner] = kInside;
      heap_[runs_.entry(slab + i) + PageRuns::kFirst] = slab;
    }
    // Its first block is a line further than the last slab's, as far as there is room.
    const uint32_t colour = heap_[record + kColour];
    const uint32_t room = runs_.start_of(pages) % size;
    heap_[record + kColour] = colour + kLineWords <= room ? colour + kLineWords : 0;
    const uint32_t at = runs_.entry(slab);
    heap_[at + PageRuns::kOwner] = record;
    heap_[at + PageRuns::kFree] = 0;
    heap_[at + PageRuns::kFresh] = runs_.start_of(slab) + colour;
    heap_[at + PageRuns::kUsed] = 0;
    push(record, slab);
    return slab;
  }

  // Releases the empty slabs of the first stretch of pages that is large enough with them; false: none is.
  bool reap(uint32_t pages, uint32_t alignment) {
    if (heap_[kEmptiesWord] == 0) return false;
    uint32_t start = runs_.first_page();
    for (uint32_t page = start; page < runs_.end_page();) {
      ++steps_;
      const uint32_t end = page + runs_.pages_of(page);
      if (!is_free(page)) {
        start = end;
      } else if (align_up(start, alignment) + pages <= end) {
        release_empties(start, end);
        return true;
      }
      page = end;
    }
    return false;
  }

  void release_empties(uint32_t start, uint32_t end) {
    for (uint32_t i = 0; i < kClasses; ++i) {
      const uint32_t record = ClassedPages::record_of(i);
      const uint32_t slab = heap_[record + kEmpty];
      if (slab < start || slab >= end) continue;
      heap_[record + kEmpty] = 0;
      --heap_[kEmptiesWord];
      runs_.release(slab);
    }
  }

  // Where pages run short, empty slabs give theirs.
  int32_t whole(uint32_t words, uint32_t alignment) {
    const int32_t block = runs_.take_whole(words, alignment);
    if (block > 0 || !reap(runs_.pages_for(words), runs_.pages_between(alignment))) return block;
    return runs_.take_whole(words, alignment);
  }

  uint32_t* heap_;
  ClassedPages runs_;
  uint64_t steps_ = 0;
};

}  // namespace linefill
