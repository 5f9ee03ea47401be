// TLSF, two-level segregated fit: an allocator whose every call takes bounded time. The first level is the
// power of two, the second divides it into 32 lists; a bitmap each says which are not empty. Since a block of
// the request's own list may be too small, the request is rounded up to the next list's least size before the
// search: then the first block of the first list found is large enough, and no list is ever searched.
//
//   a request of 3676 B, block 3680 B = 460 grains of 8 B      one list: 8 grains of 256 to 511
//   own list        first level 256, second (460 - 256) / 8 = 25: 456 to 463 grains
//   searched from   460 + 7 = 467, second 26: 464 to 471 grains
//
// Where the block found can't be aligned as asked, the request is searched for once more, with the most that
// may have to stay free before it. The price of the bound: a block that would do in the request's own list is
// passed over, even if it is the last. 32 lists make what is passed over at most 1/32 of the request; tables
// are made no larger than the heap's sizes need, so they suit small heaps too. The smallest 32 sizes have a
// list each, and the first levels are one: bins.h keeps both levels, a list being first * 32 + second.
// Cost: O(1); a word a block in use, four words at least. Source: Masmano, Ripoll, Crespo and Real, "TLSF: a
// new dynamic memory allocator for real-time systems", ECRTS 2004. TypeScript twin: src/allocators/tlsf.ts.
#pragma once

#include "allocators/bins.h"
#include "allocators/tagged-heap.h"

namespace linefill {

class Tlsf : public TaggedHeap<Tlsf> {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, bins::kLeastHeapWords) : wrong;
  }

  static Tlsf create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    Tlsf made(heap);
    made.start(heap_words, bins::header_words(heap_words, kListsLog));
    return made;
  }

 private:
  friend class TaggedHeap<Tlsf>;
  static constexpr uint32_t kListsLog = 5;

  explicit Tlsf(uint32_t* heap) : TaggedHeap(heap) {}

  // The first list all of whose blocks hold so many words.
  static constexpr uint32_t search_from(uint32_t words) {
    const uint32_t width = kGrainWords << bins::width_log(words, kListsLog);
    return bins::bin_of(words + width - kGrainWords, kListsLog);
  }

  LINEFILL_INLINE uint32_t find(uint32_t words, uint32_t alignment) const {
    const uint32_t block = first_of(words);
    if (alignment == kGrainWords || block == 0 || fits(block, words, alignment)) return block;
    // A lead is less than a block's least beyond the alignment.
    return first_of(words + alignment + tags::kLeastWords - kGrainWords);
  }

  LINEFILL_INLINE uint32_t first_of(uint32_t words) const {
    const uint32_t list = bins::first_from(heap_, search_from(words));
    return list == 0 ? 0 : bins::head_of(heap_, list);
  }

  void push(uint32_t block, uint32_t words) { bins::push(heap_, bins::bin_of(words, kListsLog), block); }

  void unlink(uint32_t block) { bins::unlink(heap_, heap_[kHeaderWordsWord], block); }

  LINEFILL_INLINE void replace(uint32_t block, uint32_t words, uint32_t other, uint32_t other_words) {
    const uint32_t bin = bins::bin_of(other_words, kListsLog);
    if (bin == bins::bin_of(words, kListsLog)) return tags::replace(heap_, block, other);
    unlink(block);
    bins::push(heap_, bin, other);
  }

  LINEFILL_INLINE void grow(uint32_t block, uint32_t had, uint32_t words) {
    const uint32_t bin = bins::bin_of(words, kListsLog);
    if (bin == bins::bin_of(had, kListsLog)) return;
    unlink(block);
    bins::push(heap_, bin, block);
  }
};

}  // namespace linefill
