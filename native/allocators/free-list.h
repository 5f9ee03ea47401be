// The classic: all free blocks in one list, the block that was freed last first, and four ways to choose from
// it.
//
//   first   the first block that is large enough
//   next    the first one from where the last search ended
//   best    the smallest that is large enough
//   worst   the largest
//
// What is left of the chosen block stays free; a freed block merges with its free neighbours at once.
// Cost: alloc O(free blocks), free O(1); a word a block in use, four words at least.
// Source: Knuth, The Art of Computer Programming 1, section 2.5; Wilson, Johnstone, Neely and Boles, "Dynamic
// storage allocation: a survey and critical review" (1995), section 3. TypeScript twin:
// src/allocators/free-list.ts.
#pragma once

#include "allocators/tagged-heap.h"

namespace linefill {

enum class Fit : uint32_t { kFirst, kNext, kBest, kWorst };
inline constexpr uint32_t kFits = 4;

class FreeList : public TaggedHeap<FreeList> {
 public:
  // `parameter` is a Fit.
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    if (parameter >= kFits) {
      return "\"parameter\" must be a fit below " + std::to_string(kFits) + ", not " +
             std::to_string(parameter);
    }
    return check_heap_words(heap_words, 2 * kHeaderWords);
  }

  static FreeList create(uint32_t* heap, uint32_t heap_words, uint32_t parameter) {
    FreeList made(heap);
    made.start(heap_words, kHeaderWords);
    heap[kFitWord] = parameter;
    return made;
  }

  // Blocks that were looked at.
  uint64_t steps() const { return steps_; }

 private:
  friend class TaggedHeap<FreeList>;
  // Words of the header.
  static constexpr uint32_t kFitWord = kOwnWord;
  static constexpr uint32_t kHeadWord = kOwnWord + 1;
  static constexpr uint32_t kRoverWord = kOwnWord + 2;

  explicit FreeList(uint32_t* heap) : TaggedHeap(heap) {}

  void push(uint32_t block, uint32_t) { tags::link(heap_, kHeadWord, block); }

  void unlink(uint32_t block) {
    if (heap_[kRoverWord] == block) heap_[kRoverWord] = tags::next_of(heap_, block);
    tags::unlink(heap_, block);
  }

  // The other one comes first, as any block does that has changed; mostly the one is first already.
  LINEFILL_INLINE void replace(uint32_t block, uint32_t, uint32_t other, uint32_t other_words) {
    if (heap_[kHeadWord] != block) [[unlikely]] {
      unlink(block);
      push(other, other_words);
      return;
    }
    if (heap_[kRoverWord] == block) heap_[kRoverWord] = tags::next_of(heap_, block);
    tags::replace(heap_, block, other);
  }

  LINEFILL_INLINE void grow(uint32_t block, uint32_t, uint32_t words) { replace(block, words, block, words); }

  // A free block that holds so many words at that alignment, by the fit; 0 where there is none.
  LINEFILL_INLINE uint32_t find(uint32_t words, uint32_t alignment) {
    switch (static_cast<Fit>(heap_[kFitWord])) {
      case Fit::kFirst:
        return search(heap_[kHeadWord], 0, words, alignment);
      case Fit::kNext:
        return next(words, alignment);
      default:
        return extreme(words, alignment);
    }
  }

  uint32_t next(uint32_t words, uint32_t alignment) {
    const uint32_t rover = heap_[kRoverWord];
    uint32_t found = search(rover, 0, words, alignment);
    if (found == 0) found = search(heap_[kHeadWord], rover, words, alignment);
    // unlink() moves on from the block that is taken.
    if (found != 0) heap_[kRoverWord] = found;
    return found;
  }

  LINEFILL_INLINE uint32_t search(uint32_t from, uint32_t end, uint32_t words, uint32_t alignment) {
    for (uint32_t block = from; block != end; block = tags::next_of(heap_, block)) {
      ++steps_;
      if (fits(block, words, alignment)) return block;
    }
    return 0;
  }

  // Of several of one size the first in the list.
  uint32_t extreme(uint32_t words, uint32_t alignment) {
    const bool wants_least = heap_[kFitWord] == static_cast<uint32_t>(Fit::kBest);
    uint32_t found = 0;
    for (uint32_t block = heap_[kHeadWord]; block != 0; block = tags::next_of(heap_, block)) {
      ++steps_;
      if (!fits(block, words, alignment)) continue;
      const uint32_t size = tags::size_of(heap_, block);
      if (found != 0) {
        const uint32_t best = tags::size_of(heap_, found);
        if (wants_least ? size >= best : size <= best) continue;
      }
      found = block;
      if (wants_least && size == words) break;
    }
    return found;
  }

  uint64_t steps_ = 0;
};

}  // namespace linefill
