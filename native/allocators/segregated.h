// Segregated fit: free blocks in bins by size, four a doubling. A request looks first among the blocks of its
// own bin, of which some may be too small, then takes the first block of the next larger bin that has one.
//
//   a request of 120 B, block 128 B = 16 grains     own bin: 16-19 grains, then 20-23, 24-27, 28-31, 32-39
//   ...
//
// What is left of the block goes to the bin of its size; a freed block merges with its free neighbours at
// once, and the whole goes to the front of its bin. A request for a large alignment passes over blocks that
// can't be aligned, so it may look into more than one larger bin.
// Cost: alloc O(free blocks of one bin), free O(1); a word a block in use, four words at least, and a header
// of bins.h. Source: Wilson, Johnstone, Neely and Boles, "Dynamic storage allocation: a survey and critical
// review" (1995), section 3.6; the four steps a doubling: Evans, "A scalable concurrent malloc implementation
// for FreeBSD" (2006) and its successors. TypeScript twin: src/allocators/segregated.ts.
#pragma once

#include "allocators/bins.h"
#include "allocators/tagged-heap.h"

namespace linefill {

class Segregated : public TaggedHeap<Segregated> {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, bins::kLeastHeapWords) : wrong;
  }

  static Segregated create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    Segregated made(heap);
    made.start(heap_words, bins::header_words(heap_words, kStepsLog));
    return made;
  }

  // Blocks that were looked at.
  uint64_t steps() const { return steps_; }

 private:
  friend class TaggedHeap<Segregated>;
  static constexpr uint32_t kStepsLog = 2;

  explicit Segregated(uint32_t* heap) : TaggedHeap(heap) {}

  LINEFILL_INLINE uint32_t find(uint32_t words, uint32_t alignment) {
    uint32_t bin = bins::first_from(heap_, bins::bin_of(words, kStepsLog));
    for (; bin != 0; bin = bins::first_from(heap_, bin + 1)) {
      for (uint32_t block = bins::head_of(heap_, bin); block != 0; block = tags::next_of(heap_, block)) {
        ++steps_;
        if (fits(block, words, alignment)) return block;
      }
    }
    return 0;
  }

  void push(uint32_t block, uint32_t words) { bins::push(heap_, bins::bin_of(words, kStepsLog), block); }

  void unlink(uint32_t block) { bins::unlink(heap_, heap_[kHeaderWordsWord], block); }

  LINEFILL_INLINE void replace(uint32_t block, uint32_t words, uint32_t other, uint32_t other_words) {
    const uint32_t bin = bins::bin_of(other_words, kStepsLog);
    if (bin == bins::bin_of(words, kStepsLog)) return tags::replace(heap_, block, other);
    unlink(block);
    bins::push(heap_, bin, other);
  }

  LINEFILL_INLINE void grow(uint32_t block, uint32_t had, uint32_t words) {
    const uint32_t bin = bins::bin_of(words, kStepsLog);
    if (bin == bins::bin_of(had, kStepsLog)) return;
    unlink(block);
    bins::push(heap_, bin, block);
  }

  uint64_t steps_ = 0;
};

}  // namespace linefill
