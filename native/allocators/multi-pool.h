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

#include "allocators/page-runs.h"
#include "allocators/size-classes.h"

namespace linefill {

class MultiPool {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, PageRuns::kLeastHeapWords) : wrong;
  }

  static MultiPool create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    PageRuns::create(heap, heap_words);
    for (uint32_t i = 0; i < kClasses; ++i) heap[record_of(i) + kSize] = class_words(i);
    return MultiPool(heap);
  }

  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_[PageRuns::kWordsWord]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // 1. The class; sizes that are multiples of an alignment keep it.
    const uint32_t alignment = alignment_words(alignment_bytes);
    const uint32_t words = align_up(payload_words(bytes), alignment);
    if (words > kMostClassWords || words > runs_.page_words()) return whole(words, alignment);
    const uint32_t record = record_of(class_of(words));
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
    const uint32_t record = heap_[runs_.entry(page) + PageRuns::kOwner];
    if (record == 0) {
      heap_[kUsedWord] -= runs_.start_of(runs_.pages_of(page));
      runs_.release(page);
      return AllocError::kNone;
    }
    give(record, offset);
    return AllocError::kNone;
  }

  // The class follows from the size; that it is the block's own is checked aside.
  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    const uint32_t words = payload_words(bytes);
    const uint32_t page = runs_.page_of(offset);
    const uint32_t owner = heap_[runs_.entry(page) + PageRuns::kOwner];
    if (words > kMostClassWords || words > runs_.page_words()) {
      const bool is_right = owner == 0 && runs_.pages_of(page) == runs_.pages_for(words);
      return is_right ? free(offset) : AllocError::kWrongSize;
    }
    const uint32_t record = record_of(class_of(words));
    if (owner != record) return AllocError::kWrongSize;
    give(record, offset);
    return AllocError::kNone;
  }

  // Within a block's class, or by whole chunks.
  bool resize(uint32_t offset, uint32_t bytes) {
    if (bytes / kWordBytes >= heap_[PageRuns::kWordsWord]) return false;
    const uint32_t words = payload_words(bytes);
    const uint32_t page = runs_.page_of(offset);
    const uint32_t record = heap_[runs_.entry(page) + PageRuns::kOwner];
    if (record != 0) return words <= kMostClassWords && record == record_of(class_of(words));
    const uint32_t had = runs_.pages_of(page);
    const uint32_t pages = runs_.pages_for(words);
    if (!runs_.resize(page, pages)) return false;
    heap_[kUsedWord] += runs_.start_of(pages) - runs_.start_of(had);
    return true;
  }

  uint64_t steps() const { return runs_.steps(); }

  uint32_t used_words() const { return heap_[kUsedWord]; }

  // Chunks are walked; the blocks of a class in use are those carved and not in its list.
  Statistics statistics() const {
    Statistics found;
    found.metadata_words = runs_.metadata_words();
    const uint32_t page_words = runs_.page_words();
    uint32_t chunks[kClasses] = {};
    for (uint32_t page = runs_.first_page(); page < runs_.end_page(); page += runs_.pages_of(page)) {
      const uint32_t words = runs_.start_of(runs_.pages_of(page));
      const uint32_t record = heap_[runs_.entry(page) + PageRuns::kOwner];
      if (!runs_.is_used(page)) {
        found.add_free(1, words);
      } else if (record == 0) {
        found.add_live(1, words);
      } else {
        ++chunks[(record - kFirstRecord) / kRecordWords];
      }
    }
    for (uint32_t i = 0; i < kClasses; ++i) {
      const uint32_t record = record_of(i);
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
  static constexpr uint32_t kUsedWord = PageRuns::kOwnersFirstWord;
  static constexpr uint32_t kFirstRecord = kLineWords;
  static constexpr uint32_t kRecordWords = 4;
  static_assert(kFirstRecord + kClasses * kRecordWords <= PageRuns::kOwnWords);
  // Words of a class's record.
  static constexpr uint32_t kSize = 0;
  static constexpr uint32_t kFree = 1;
  static constexpr uint32_t kFresh = 2;
  static constexpr uint32_t kEnd = 3;

  explicit MultiPool(uint32_t* heap) : heap_(heap), runs_(heap) {}

  static constexpr uint32_t record_of(uint32_t size_class) {
    return kFirstRecord + kRecordWords * size_class;
  }

  void give(uint32_t record, uint32_t offset) {
    heap_[kUsedWord] -= heap_[record + kSize];
    heap_[offset] = heap_[record + kFree];
    heap_[record + kFree] = offset;
  }

  // A new chunk for a class, and its first block; 0: there is none.
  uint32_t chunk(uint32_t record) {
    const uint32_t page = runs_.take(1, 1);
    if (page == 0) return 0;
    heap_[runs_.entry(page) + PageRuns::kOwner] = record;
    heap_[record + kEnd] = runs_.start_of(page + 1);
    return runs_.start_of(page);
  }

  int32_t whole(uint32_t words, uint32_t alignment) {
    const uint32_t pages = runs_.pages_for(words);
    const uint32_t page = runs_.take(pages, std::max(runs_.page_of(alignment), 1u));
    if (page == 0) return refusal(AllocError::kExhausted);
    heap_[kUsedWord] += runs_.start_of(pages);
    return static_cast<int32_t>(runs_.start_of(page));
  }

  uint32_t* heap_;
  PageRuns runs_;
};

}  // namespace linefill
