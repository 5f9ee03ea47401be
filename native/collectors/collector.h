// What every collector has in common. It manages a caller's heap of words for a mutator whose roots are an
// array of references, and finds what the roots can't reach. A collector C has
//
//   static constexpr uint32_t C::kExtraWords                   of each object (object.h)
//   static constexpr uint32_t C::kSettings                     how many numbers set it up
//   static std::string C::check(heap_words, settings)          what is wrong with these; empty: nothing
//   C(room, settings)                                          makes the heap afresh
//   uint32_t alloc(slots, words)                               an object, or kNull: out of memory
//   uint32_t load(object, slot)                                a slot that the object has
//   void store(object, slot, target)                           the same, with the collector's write barrier
//   void set_root(index, target)
//   void collect()                                             a full collection, finished when it returns
//   void finish()                                              the program has ended: nothing runs beside it
//   uint32_t used_words()                                      from what it can give, garbage and all
//   uint32_t capacity_words()                                  what it can give
//   uint32_t largest_free_words()                              it gives so many in one piece as things are
//   Counts counts
//
// An alloc may move every object: between two calls a mutator may hold references in roots alone, but for the
// newest object, which no store frees or moves. What works beside the heap (a mark stack) lies in `scratch`,
// which has a word for each of the heap's and no say in any answer. TypeScript twin:
// src/collectors/collector.ts.
#pragma once

#include <span>
#include <string>

#include "collectors/counts.h"
#include "collectors/object.h"
#include "collectors/pauses.h"
#include "inline.h"

namespace linefill {

// The first line of a heap holds no object, so that no reference is 0.
inline constexpr uint32_t kHeapStart = 16;
inline constexpr uint64_t kLeastCollectedWords = 256;
inline constexpr uint64_t kMostCollectedWords = uint64_t{1} << 29;

struct CollectorRoom {
  std::span<uint32_t> heap;
  // As many words as the heap and the roots together.
  std::span<uint32_t> scratch;
  std::span<uint32_t> roots;
  PauseLog* pauses;
};

// What every collector asks of its heap, and one that needs more; empty: nothing is wrong.
inline std::string check_collected_heap(size_t heap_words, uint64_t least_words = kLeastCollectedWords) {
  if (heap_words >= least_words && heap_words <= kMostCollectedWords && heap_words % 16 == 0) return "";
  return "\"heap\" must have a multiple of 16 words, from " + std::to_string(least_words) + " to " +
         std::to_string(kMostCollectedWords) + ", not " + std::to_string(heap_words);
}

// Notes that a request can't be met, and what there was.
template <class C>
LINEFILL_COLD uint32_t out_of_memory(C& collector, uint64_t words) {
  collector.counts.refused_words = words;
  collector.counts.largest_free_words = collector.largest_free_words();
  collector.counts.free_words = collector.capacity_words() - collector.used_words();
  collector.counts.needed_words = collector.used_words() + words;
  return kNull;
}

}  // namespace linefill
