// The steps of every allocator whose blocks have boundary tags: cut a free block, merge a freed one, grow in
// place. What differs is how free blocks are kept, and which one is chosen. An allocator Keeper derives from
// TaggedHeap<Keeper> and has
//
//   uint32_t find(words, alignment)   a free block that fits(), in words; 0: there is none
//   void push(block, words)           keeps a free block
//   void unlink(block)                keeps it no longer
//   void replace(block, words, other, other_words)
//                                     keeps another block in the place of one
//   void grow(block, had, words)      goes on to keep a block that has become larger
//
// A block's words are a multiple of its alignment, up to what malloc aligns to: so blocks that are cut one
// behind another at 16 B stay aligned, and nothing has to stay free before each.
// Cost: O(1) beside these. TypeScript twin: src/allocators/tagged-heap.ts.
#pragma once

#include "allocators/boundary-tags.h"

namespace linefill {

template <class Keeper>
class TaggedHeap {
 public:
  LINEFILL_INLINE int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    if (!is_usual_or_mallocs(bytes, alignment_bytes, heap_[kWordsWord])) [[unlikely]]
      return alloc_unusual(bytes, alignment_bytes);
    const uint32_t alignment = alignment_bytes / kWordBytes;
    return alloc_words(tags::block_words(bytes, alignment), alignment);
  }

  LINEFILL_INLINE AllocError free(uint32_t offset) {
    const uint32_t block = offset - 1;
    const uint32_t words = tags::size_of(heap_, block);
    const uint32_t behind = block + words;
    heap_[kUsedWord] -= words;
    // 1. A free neighbour takes it in and keeps its place, the one before first; 2. it has none; 3. or two.
    const bool is_behind_free = !tags::is_used(heap_, behind);
    if (tags::is_previous_used(heap_, block)) {
      if (!is_behind_free) {
        give(block, words);
        return AllocError::kNone;
      }
      const uint32_t size = tags::size_of(heap_, behind);
      tags::mark_free(heap_, block, words + size);
      keeper().replace(behind, size, block, words + size);
      return AllocError::kNone;
    }
    uint32_t more = words;
    if (is_behind_free) {
      keeper().unlink(behind);
      more += tags::size_of(heap_, behind);
    }
    const uint32_t size = heap_[block - 1];
    const uint32_t before = block - size;
    tags::mark_free(heap_, before, size + more);
    keeper().grow(before, size, size + more);
    return AllocError::kNone;
  }

  // A block is larger than its request by less than another block.
  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    const uint32_t more = tags::size_of(heap_, offset - 1) - tags::block_words(bytes, kGrainWords);
    return more < tags::kLeastWords ? free(offset) : AllocError::kWrongSize;
  }

  bool resize(uint32_t offset, uint32_t bytes, uint32_t alignment_bytes = kUsualAlignmentBytes) {
    if (bytes / kWordBytes >= heap_[kWordsWord]) return false;
    const uint32_t block = offset - 1;
    const uint32_t words = rounded_words(bytes, alignment_words(alignment_bytes));
    const uint32_t had = tags::size_of(heap_, block);
    uint32_t size = had;
    // 1. A free block behind is room to grow, and merges with what shrinking leaves.
    const uint32_t behind = block + had;
    const bool is_behind_free = !tags::is_used(heap_, behind);
    if (is_behind_free) size += tags::size_of(heap_, behind);
    if (words > size) return false;
    if (is_behind_free) keeper().unlink(behind);
    // 2. What is left behind stays free.
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

  LINEFILL_INLINE bool fits(uint32_t block, uint32_t words, uint32_t alignment) const {
    const uint32_t size = tags::size_of(heap_, block);
    if (words > size) return false;
    return tags::is_aligned(block, alignment) || tags::lead_words(block, alignment) + words <= size;
  }

  uint32_t* heap_;

 private:
  // Words of a block that holds so many bytes at an alignment.
  static constexpr uint32_t rounded_words(uint32_t bytes, uint32_t alignment) {
    return tags::block_words(bytes, std::min(alignment, kMallocAlignmentBytes / kWordBytes));
  }

  Keeper& keeper() { return static_cast<Keeper&>(*this); }

  LINEFILL_COLD int32_t alloc_unusual(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_[kWordsWord]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    const uint32_t alignment = alignment_words(alignment_bytes);
    return alloc_words(rounded_words(bytes, alignment), alignment);
  }

  LINEFILL_INLINE int32_t alloc_words(uint32_t words, uint32_t alignment) {
    // 1. Choose a block.
    const uint32_t block = keeper().find(words, alignment);
    if (block == 0) [[unlikely]]
      return refusal(AllocError::kExhausted);
    const uint32_t size = tags::size_of(heap_, block);
    // 2. Mostly it is larger than needed, and what lies behind is kept in its place.
    if (!tags::is_aligned(block, alignment) || size - words < tags::kLeastWords) {
      return alloc_all(block, words, alignment);
    }
    tags::cut(heap_, block, words, size);
    heap_[kUsedWord] += words;
    keeper().replace(block, size, block + words, size - words);
    return static_cast<int32_t>(block + 1);
  }

  // Takes a block off its list. What lies before an aligned payload stays free, and what lies behind, unless
  // it is too little.
  int32_t alloc_all(uint32_t block, uint32_t words, uint32_t alignment) {
    const uint32_t lead = tags::lead_words(block, alignment);
    const uint32_t size = tags::size_of(heap_, block) - lead;
    keeper().unlink(block);
    if (lead > 0) {
      give(block, lead);
      block += lead;
      heap_[block] = size << 2;
    }
    take(block, words, size);
    return static_cast<int32_t>(block + 1);
  }

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
