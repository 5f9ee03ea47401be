// Pages of a heap, and runs of them: what classed-pages.h is built on. A page is 4 KiB, or in small heaps
// about a sixteenth of the heap, 1 KiB at least. A table in the heap has an entry for each page.
//
//   | header | classes | an entry for each page | page | page | ...
//   entry of a run's first page   pages << 1 | in use, next, previous, owner, and four words of the
//                                 owner's
//   entry of a run's last page    pages << 1 | in use
//
// Free runs are in one list, the run that was freed last first; two free neighbours are always one. Page 0
// holds the header, so that 0 ends a list. The words of the owner mean nothing here.
// Cost: take O(free runs), O(1) for a single page; release O(1). TypeScript twin:
// src/allocators/page-runs.ts.
#pragma once

#include <bit>

#include "allocators/heap.h"

namespace linefill {

class PageRuns {
 public:
  // Words of the header; the rest of the first line is the allocator's.
  static constexpr uint32_t kWordsWord = 0;
  static constexpr uint32_t kShiftWord = 1;
  static constexpr uint32_t kHeadWord = 2;
  static constexpr uint32_t kFirstPageWord = 3;
  static constexpr uint32_t kOwnersFirstWord = 4;
  // The header and what the allocator has for its classes.
  static constexpr uint32_t kOwnWords = 8 * kLineWords;
  static constexpr uint32_t kLeastHeapWords = 512;

  // Words of an entry; take() leaves 0 as the owner.
  static constexpr uint32_t kRun = 0;
  static constexpr uint32_t kNext = 1;
  static constexpr uint32_t kPrevious = 2;
  static constexpr uint32_t kOwner = 3;
  static constexpr uint32_t kFirst = 4;
  static constexpr uint32_t kFree = 5;
  static constexpr uint32_t kFresh = 6;
  static constexpr uint32_t kUsed = 7;

  explicit PageRuns(uint32_t* heap) : heap_(heap) {}

  // One free run over the whole heap.
  static PageRuns create(uint32_t* heap, uint32_t heap_words) {
    const uint32_t shift =
        std::clamp(static_cast<uint32_t>(std::bit_width(heap_words / 16)) - 1, kLeastShift, kMostShift);
    const uint32_t pages = heap_words >> shift;
    const uint32_t first = (kOwnWords + (pages << kEntryShift) + (1u << shift) - 1) >> shift;
    std::fill(heap, heap + kOwnWords + (pages << kEntryShift), 0);
    heap[kWordsWord] = heap_words;
    heap[kShiftWord] = shift;
    heap[kFirstPageWord] = first;
    PageRuns runs(heap);
    heap[runs.entry(first - 1) + kRun] = kInUse;
    runs.give(first, pages - first);
    return runs;
  }

  uint32_t shift() const { return heap_[kShiftWord]; }
  uint32_t page_words() const { return 1u << shift(); }
  uint32_t first_page() const { return heap_[kFirstPageWord]; }
  uint32_t end_page() const { return heap_[kWordsWord] >> shift(); }
  uint32_t page_of(uint32_t offset) const { return offset >> shift(); }
  uint32_t start_of(uint32_t page) const { return page << shift(); }
  uint32_t entry(uint32_t page) const { return kOwnWords + (page << kEntryShift); }
  uint32_t pages_for(uint32_t words) const { return (words + page_words() - 1) >> shift(); }
  // Of a run, by its first page.
  uint32_t pages_of(uint32_t page) const { return heap_[entry(page) + kRun] >> 1; }
  // All that is no page of a run: what lies before the first, and behind the last.
  uint32_t metadata_words() const { return heap_[kWordsWord] - start_of(end_page() - first_page()); }
  // Runs that were looked at.
  uint64_t steps() const { return steps_; }
  bool is_used(uint32_t page) const { return (heap_[entry(page) + kRun] & kInUse) != 0; }

  // A run of so many pages from a multiple of so many; 0: there is none, and nothing has changed.
  uint32_t take(uint32_t pages, uint32_t alignment) {
    uint32_t run = heap_[kHeadWord];
    ++steps_;
    while (run != 0 && align_up(run, alignment) + pages > run + pages_of(run)) {
      run = next(run);
      ++steps_;
    }
    if (run == 0) return 0;
    const uint32_t start = align_up(run, alignment);
    const uint32_t end = run + pages_of(run);
    unlink(run);
    if (start > run) give(run, start - run);
    if (end > start + pages) give(start + pages, end - start - pages);
    mark(start, pages, kInUse);
    heap_[entry(start) + kOwner] = 0;
    return start;
  }

  void release(uint32_t page) {
    uint32_t pages = pages_of(page);
    const uint32_t behind = page + pages;
    if (behind < end_page() && !is_used(behind)) {
      pages += pages_of(behind);
      unlink(behind);
    }
    if (!is_used(page - 1)) {
      const uint32_t before = pages_of(page - 1);
      page -= before;
      pages += before;
      unlink(page);
    }
    give(page, pages);
  }

  // Gives a run another number of pages in place; false: it can't, and nothing has changed.
  bool resize(uint32_t page, uint32_t pages) {
    const uint32_t had = pages_of(page);
    const uint32_t behind = page + had;
    const bool is_behind_free = behind < end_page() && !is_used(behind);
    const uint32_t size = is_behind_free ? had + pages_of(behind) : had;
    if (pages > size) return false;
    if (pages == had) return true;
    if (is_behind_free) unlink(behind);
    if (size > pages) give(page + pages, size - pages);
    mark(page, pages, kInUse);
    return true;
  }

 protected:
  uint32_t* heap_;

 private:
  static constexpr uint32_t kLeastShift = 8;
  static constexpr uint32_t kMostShift = 10;
  static constexpr uint32_t kEntryShift = 3;
  static constexpr uint32_t kInUse = 1;

  uint32_t next(uint32_t page) const { return heap_[entry(page) + kNext]; }

  void mark(uint32_t page, uint32_t pages, uint32_t in_use) {
    heap_[entry(page) + kRun] = pages << 1 | in_use;
    heap_[entry(page + pages - 1) + kRun] = pages << 1 | in_use;
  }

  // Of pages that are in no list.
  void give(uint32_t page, uint32_t pages) {
    mark(page, pages, 0);
    const uint32_t head = heap_[kHeadWord];
    heap_[entry(page) + kNext] = head;
    heap_[entry(page) + kPrevious] = 0;
    if (head != 0) heap_[entry(head) + kPrevious] = page;
    heap_[kHeadWord] = page;
  }

  void unlink(uint32_t page) {
    const uint32_t at = entry(page);
    const uint32_t next = heap_[at + kNext];
    const uint32_t previous = heap_[at + kPrevious];
    if (next != 0) heap_[entry(next) + kPrevious] = previous;
    heap_[previous == 0 ? kHeadWord : entry(previous) + kNext] = next;
  }

  uint64_t steps_ = 0;
};

}  // namespace linefill
