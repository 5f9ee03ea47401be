// A pool for each size class. A class carves its blocks one after another from chunks of a page, and what is
// freed it keeps in a list of its own: memory that one class had is never another's. A larger request, and
// one for a class that no chunk holds, takes whole chunks, which come back when it is freed.
//
//   | header | classes: words, free, fresh, end | entries of pages | chunk | chunk | ...
//   free block   | next | ...                               0 ends the list
//
// Cost: O(1), a load more than a single pool; whole chunks as page-runs.h says. No header before a block: its
// page says whose it is.
// Source: Wilson, Johnstone, Neely and Boles, "Dynamic storage allocation: a survey and critical review"
// (1995), "simple segregated storage". TypeScript twin: src/allocators/multi-pool.ts.
#pragma once

#include "allocators/classed-pages.h"

namespace linefill {

class MultiPool {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    return ClassedPages::check(heap_words, parameter);
  }

  static MultiPool create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    ClassedPages::create(heap, heap_words);
    return MultiPool(heap);
  }

  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_[PageRuns::kWordsWord]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // 1. The class; sizes that are multiples of an alignment keep it.
    const uint32_t alignment = alignment_words(alignment_bytes);
    const uint32_t words = align_up(payload_words(bytes), alignment);
    if (words > kMostClassWords || words > runs_.page_words()) return runs_.take_whole(words, alignment);
    const uint32_t record = ClassedPages::record_of(class_of(words));
    const uint32_t size = heap_[record + kSize];
    // 2. What was freed last, 3. or else the next of the chunk.
    uint32_t block = heap_[record + kFree];
    if (block != 0) {
      heap_[record + kFree] = heap_[block];
    } else {
      block = heap_[record + kFresh];
      if (block + size > heap_[record + kEnd]) {
        block = chunk(record);
        if (block == 0) return refusal(AllocError::kExhausted);
      }
      heap_[record + kFresh] = block + size;
    }
    heap_[kUsedWord] += size;
    return static_cast<int32_t>(block);
  }

  AllocError free(uint32_t offset) {
    const uint32_t page = runs_.page_of(offset);
    const uint32_t record = runs_.owner(page);
    if (record == 0) return runs_.free_whole(page);
    heap_[kUsedWord] -= heap_[record + kSize];
    heap_[offset] = heap_[record + kFree];
    heap_[record + kFree] = offset;
    return AllocError::kNone;
  }

  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    return runs_.holds(runs_.page_of(offset), bytes) ? free(offset) : AllocError::kWrongSize;
  }

  bool resize(uint32_t offset, uint32_t bytes) { return runs_.resize_block(runs_.page_of(offset), bytes); }

  uint64_t steps() const { return runs_.steps(); }

  uint32_t used_words() const { return runs_.used_words(); }

  // Chunks are walked; the blocks of a class in use are those carved and not in its list.
  Statistics statistics() const {
    Statistics found;
    found.metadata_words = runs_.metadata_words();
    const uint32_t page_words = runs_.page_words();
    uint32_t chunks[kClasses] = {};
    for (uint32_t page = runs_.first_page(); page < runs_.end_page(); page += runs_.pages_of(page)) {
      const uint32_t words = runs_.start_of(runs_.pages_of(page));
      const uint32_t record = runs_.owner(page);
      if (!runs_.is_used(page)) {
        found.add_free(1, words);
      } else if (record == 0) {
        found.add_live(1, words);
      } else {
        ++chunks[ClassedPages::class_at(record)];
      }
    }
    for (uint32_t i = 0; i < kClasses; ++i) {
      const uint32_t record = ClassedPages::record_of(i);
      const uint32_t size = heap_[record + kSize];
      uint32_t free_blocks = (heap_[record + kEnd] - heap_[record + kFresh]) / size;
      for (uint32_t block = heap_[record + kFree]; block != 0; block = heap_[block]) ++free_blocks;
      found.add_live(chunks[i] * (page_words / size) - free_blocks, size);
      found.metadata_words += chunks[i] * (page_words % size);
      found.add_free(free_blocks, size);
    }
    return found;
  }

 private:
  static constexpr uint32_t kUsedWord = ClassedPages::kUsedWord;
  // Words of a class's record.
  static constexpr uint32_t kSize = ClassedPages::kSize;
  static constexpr uint32_t kFree = 1;
  static constexpr uint32_t kFresh = 2;
  static constexpr uint32_t kEnd = 3;

  explicit MultiPool(uint32_t* heap) : heap_(heap), runs_(heap) {}

  // A new chunk for a class, and its first block; 0: there is none.
  uint32_t chunk(uint32_t record) {
    const uint32_t page = runs_.take(1, 1);
    if (page == 0) return 0;
    heap_[runs_.entry(page) + PageRuns::kOwner] = record;
    heap_[record + kEnd] = runs_.start_of(page + 1);
    return runs_.start_of(page);
  }

  uint32_t* heap_;
  ClassedPages runs_;
};

}  // namespace linefill
