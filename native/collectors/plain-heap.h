// What plans share whose objects have no word of the collector's own: slots and roots lie in the heap as the
// mutator wrote them, and a store writes a word. A plan derives from it and tells only what is its own; one
// with a write barrier has a store of its own. No call is virtual. TypeScript twin:
// src/collectors/plain-heap.ts.
#pragma once

#include "collectors/collector.h"
#include "inline.h"

namespace linefill {

class PlainHeap {
 public:
  static constexpr uint32_t kExtraWords = 0;

  uint32_t load(uint32_t object, uint32_t slot) const { return heap_[object + kObjectHeaderWords + slot]; }

  void store(uint32_t object, uint32_t slot, uint32_t target) {
    heap_[object + kObjectHeaderWords + slot] = target;
    ++counts.stores;
  }

  void set_root(uint32_t index, uint32_t target) { roots_[index] = target; }

  Counts counts;

 protected:
  explicit PlainHeap(const CollectorRoom& room)
      : heap_(room.heap.data()), roots_(room.roots), pauses_(room.pauses) {}

  // An object of words that were free.
  LINEFILL_INLINE inline uint32_t make(uint32_t at, uint32_t slots, uint64_t words) {
    make_object(heap_, at, kExtraWords, slots, static_cast<uint32_t>(words), kWhite);
    ++counts.allocated_objects;
    counts.allocated_words += words;
    return at;
  }

  void note_use(uint64_t used_words) {
    counts.peak_used_words = std::max(counts.peak_used_words, used_words);
  }

  uint32_t* heap_;
  std::span<uint32_t> roots_;
  PauseLog* pauses_;
};

}  // namespace linefill
