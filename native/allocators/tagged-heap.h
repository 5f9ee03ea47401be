// The steps of every allocator whose blocks have boundary tags: cut a free block, merge a freed one, grow in
// place. What differs is how free blocks are kept, and which one is chosen. An allocator Keeper derives from
// TaggedHeap<Keeper> and has
//
//   uint32_t find(words, alignment)   a free block that fits(), in words; 0: there is none
//   void push(block, words)           keeps a free block
//   void unlink(block)                keeps it no longer
//   void replace(block, words, rest, rest_words)
//                                     keeps `rest` in the place of a block; the default unlinks and pushes
//
// Cost: O(1) beside these. TypeScript twin: src/allocators/tagged-heap.ts.
#pragma once

#include "allocators/boundary-tags.h"

namespace linefill {

template <class Keeper>
class TaggedHeap {
 public:
  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_[kWordsWord]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // 1. Choose a block.
    const uint32_t words = tags::block_words(bytes);
    const uint32_t alignment = alignment_words(alignment_bytes);
    uint32_t block = keeper().find(words, alignment);
    if (block == 0) return refusal(AllocError::kExhausted);
    const uint32_t lead = tags::lead_words(block, alignment);
    const uint32_t size = tags::size_of(heap_, block) - lead;
    // 2. Mostly it is larger than needed, and what lies behind is kept in its place.
    if (lead == 0 && size - words >= tags::kLeastWords) {
      tags::cut(heap_, block, words, size);
      heap_[kUsedWord] += words;
      keeper().replace(block, size, block + words, size - words);
      return static_cast<int32_t>(block + 1);
    }
    // 3. Else take it off its list; what lies before an aligned payload stays free,
    keeper().unlink(block);
    if (lead > 0) {
      give(block, lead);
      block += lead;
      heap_[block] = size << 2;
    }
    // 4. and what lies behind, unless it is too little.
    take(block, words, size);
    return static_cast<int32_t>(block + 1);
  }

  AllocError free(uint32_t offset) {
    uint32_t block = offset - 1;
    uint32_t words = tags::size_of(heap_, block);
    heap_[kUsedWord] -= words;
    // 1. Merge with the block behind, where it is free,
    const uint32_t behind = block + words;
    if (!tags::is_used(heap_, behind)) {
      keeper().unlink(behind);
      words += tags::size_of(heap_, behind);
    }
    // 2. and with the one before.
    if (!tags::is_previous_used(heap_, block)) {
      const uint32_t before = heap_[block - 1];
      block -= before;
      keeper().unlink(block);
      words += before;
    }
    // 3. The whole is kept.
    give(block, words);
    return AllocError::kNone;
  }

  bool resize(uint32_t offset, uint32_t bytes) {
    if (bytes / kWordBytes >= heap_[kWordsWord]) return false;
    const uint32_t block = offset - 1;
    const uint32_t words = tags::block_words(bytes);
    const uint32_t had = tags::size_of(heap_, block);
    uint32_t size = had;
    // 1. A free block behind is room to grow, and merges with what shrinking leaves.
    const uint32_t behind = block + had;
    const bool is_behind_free = !tags::is_used(heap_, behind);
    if (is_behind_free) size += tags::size_of(heap_, behind);
    if (words > size) return false;
    if (is_behind_free) keeper().unlink(behind);
    // 2. As in alloc's step 4.
    heap_[kUsedWord] -= had;
    take(block, words, size);
    return true;
  }

  uint32_t used_words() const { return heap_[kUsedWord]; }

  Statistics statistics() const { return tags::count(heap_, heap_[kWordsWord], heap_[kHeaderWordsWord]); }

 protected:
  // Words of the header; a keeper's own come after them.
  static constexpr uint32_t kWordsWord = 0;
  static constexpr uint32_t kUsedWord = 1;
  static constexpr uint32_t kHeaderWordsWord = 2;
  static constexpr uint32_t kOwnWord = 3;

  explicit TaggedHeap(uint32_t* heap) : heap_(heap) {}

  // Makes the heap afresh: one free block behind a header of so many words, all 0 but those above.
  void start(uint32_t heap_words, uint32_t header_words) {
    std::fill(heap_, heap_ + header_words, 0);
    heap_[kWordsWord] = heap_words;
    heap_[kHeaderWordsWord] = header_words;
    tags::create(heap_, heap_words, header_words);
    keeper().push(tags::first_block(header_words), heap_words - header_words);
  }

  void replace(uint32_t block, uint32_t, uint32_t rest, uint32_t rest_words) {
    keeper().unlink(block);
    keeper().push(rest, rest_words);
  }

  bool fits(uint32_t block, uint32_t words, uint32_t alignment) const {
    return tags::lead_words(block, alignment) + words <= tags::size_of(heap_, block);
  }

  uint32_t* heap_;

 private:
  Keeper& keeper() { return static_cast<Keeper&>(*this); }

  // Uses the first `words` of `size`, in a block that is in no list; what is left is kept.
  void take(uint32_t block, uint32_t words, uint32_t size) {
    const uint32_t rest = size - words;
    if (rest < tags::kLeastWords) words = size;
    tags::mark_used(heap_, block, words);
    heap_[kUsedWord] += words;
    if (words < size) give(block + words, rest);
  }

  void give(uint32_t block, uint32_t words) {
    tags::mark_free(heap_, block, words);
    keeper().push(block, words);
  }
};

}  // namespace linefill
