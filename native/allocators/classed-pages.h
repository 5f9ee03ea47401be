// Pages that size classes share. A run of pages is a class's, which carves its blocks from it, or a block of
// its own: whole pages. What a block is, its run says and never its size: whole pages that have shrunk may be
// as few as a class's block is large.
//
//   | header ... used words | for each class: its blocks' words, and three of the allocator's | entries ...
//   owner of a run's entry   the class's record; 0: whole pages
//
// Cost: O(1); whole pages as page-runs.h says. TypeScript twin: src/allocators/classed-pages.ts.
#pragma once

#include "allocators/page-runs.h"
#include "allocators/size-classes.h"

namespace linefill {

class ClassedPages : public PageRuns {
 public:
  // Words of the header: what all blocks in use have; the rest of the first line is the allocator's.
  static constexpr uint32_t kUsedWord = kOwnersFirstWord;
  static constexpr uint32_t kOwnFirstWord = kUsedWord + 1;
  // Words of a class's record: what its blocks have; the three behind it are the allocator's.
  static constexpr uint32_t kSize = 0;

  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, kLeastHeapWords) : wrong;
  }

  static ClassedPages create(uint32_t* heap, uint32_t heap_words) {
    PageRuns::create(heap, heap_words);
    for (uint32_t i = 0; i < kClasses; ++i) heap[record_of(i) + kSize] = class_words(i);
    return ClassedPages(heap);
  }

  explicit ClassedPages(uint32_t* heap) : PageRuns(heap) {}

  static constexpr uint32_t record_of(uint32_t size_class) {
    return kFirstRecord + kRecordWords * size_class;
  }
  // Whose record that is.
  static constexpr uint32_t class_at(uint32_t record) { return (record - kFirstRecord) / kRecordWords; }

  // Of a run, by its first page, as in all that follows.
  uint32_t owner(uint32_t page) const { return heap_[entry(page) + kOwner]; }
  uint32_t used_words() const { return heap_[kUsedWord]; }

  // Whether a block of that run may be one of so many bytes.
  bool holds(uint32_t page, uint32_t bytes) const {
    const uint32_t words = payload_words(bytes);
    const uint32_t record = owner(page);
    if (record == 0) return pages_of(page) == pages_for(words);
    return words <= kMostClassWords && record == record_of(class_of(words));
  }

  // Of a block of that run, in place: within its class, or by whole pages.
  bool resize_block(uint32_t page, uint32_t bytes) {
    if (bytes / kWordBytes >= heap_[kWordsWord]) return false;
    return owner(page) == 0 ? resize_whole(page, bytes) : holds(page, bytes);
  }

  // Pages from one multiple of so many words to the next, as take() is told an alignment.
  uint32_t pages_between(uint32_t alignment) const { return std::max(page_of(alignment), 1u); }

  // A block of whole pages for so many words: its offset, or the negative of kExhausted.
  int32_t take_whole(uint32_t words, uint32_t alignment) {
    const uint32_t pages = pages_for(words);
    const uint32_t page = take(pages, pages_between(alignment));
    if (page == 0) return refusal(AllocError::kExhausted);
    heap_[kUsedWord] += start_of(pages);
    return static_cast<int32_t>(start_of(page));
  }

  AllocError free_whole(uint32_t page) {
    heap_[kUsedWord] -= start_of(pages_of(page));
    release(page);
    return AllocError::kNone;
  }

 private:
  static constexpr uint32_t kFirstRecord = kLineWords;
  static constexpr uint32_t kRecordWords = 4;
  static_assert(kFirstRecord + kClasses * kRecordWords <= kOwnWords);

  bool resize_whole(uint32_t page, uint32_t bytes) {
    const uint32_t had = pages_of(page);
    const uint32_t pages = pages_for(payload_words(bytes));
    if (!resize(page, pages)) return false;
    heap_[kUsedWord] += start_of(pages) - start_of(had);
    return true;
  }
};

}  // namespace linefill
