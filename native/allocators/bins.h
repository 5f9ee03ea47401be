// Free blocks in bins by size: a list a bin, a bit that says whether it is empty, a bit more for each word of
// those bits, so that the next bin that is not empty is found by two scans.
//
//   header   heap words | used words | header words | maps not empty | maps, a bit a bin | heads, a bin each
//
// Each doubling of the size is divided into 2^s steps of equal width; below 2^s grains of 8 bytes each size
// has a bin of its own. With g the size in grains and shift = max(0, floor(log2 g) - s),
//
//   bin = shift * 2^s + (g >> shift)         s = 2: 2 3 | 4 5 6 7 | 8-9 10-11 12-13 14-15 | 16-19 ...
//
// which goes on by one at each boundary. There are heads for the sizes that the heap can have, no more.
// Cost: O(1), but for the number of blocks in a bin where one is searched. Source: Wilson, Johnstone, Neely
// and Boles, "Dynamic storage allocation: a survey and critical review" (1995), section 3.6, segregated fits;
// the bitmaps: Masmano, Ripoll, Crespo and Real, "TLSF" (ECRTS 2004). TypeScript twin:
// src/allocators/bins.ts.
#pragma once

#include <bit>

#include "allocators/boundary-tags.h"

namespace linefill::bins {

// Words of the header, from the three of a TaggedHeap on.
inline constexpr uint32_t kMapBins = 32;
inline constexpr uint32_t kSummaryWord = 3;
inline constexpr uint32_t kMapsWord = 4;
// Of 32 steps a doubling, for a request that was rounded up beyond the largest heap.
inline constexpr uint32_t kMaps = 25;
inline constexpr uint32_t kHeadsWord = kMapsWord + kMaps;
// Enough that blocks are left beside the heads.
inline constexpr uint32_t kLeastHeapWords = 8 * kLineWords;

// log2 of a step's width in grains, for a block of so many words.
constexpr uint32_t width_log(uint32_t words, uint32_t steps_log) {
  const uint32_t grains = (words / kGrainWords) | (1u << steps_log);
  return 31 - steps_log - static_cast<uint32_t>(std::countl_zero(grains));
}

// The bin that a block of so many words belongs in.
constexpr uint32_t bin_of(uint32_t words, uint32_t steps_log) {
  const uint32_t shift = width_log(words, steps_log);
  return (shift << steps_log) + ((words / kGrainWords) >> shift);
}

// The header of a heap, in whole lines. Its last word is the first block's, as all blocks start at odd words.
constexpr uint32_t header_words(uint32_t heap_words, uint32_t steps_log) {
  const uint32_t last_head = kHeadsWord + bin_of(heap_words - kHeaderWords, steps_log);
  return align_up(last_head + 2, kLineWords);
}

inline void push(uint32_t* heap, uint32_t bin, uint32_t block) {
  const uint32_t head = kHeadsWord + bin;
  // A bin that holds a block has its bits already.
  if (heap[head] == 0) {
    heap[kMapsWord + bin / kMapBins] |= 1u << bin % kMapBins;
    heap[kSummaryWord] |= 1u << bin / kMapBins;
  }
  tags::link(heap, head, block);
}

// `header_words`: what lies below is a head, not a block.
inline void unlink(uint32_t* heap, uint32_t header_words, uint32_t block) {
  const uint32_t next = tags::next_of(heap, block);
  const uint32_t previous = tags::previous_of(heap, block);
  tags::unlink(heap, block);
  if (next != 0 || previous >= tags::first_block(header_words)) return;
  // It was alone. Its bin follows from where the head is.
  const uint32_t bin = previous + 1 - kHeadsWord;
  const uint32_t map = bin / kMapBins;
  heap[kMapsWord + map] &= ~(1u << bin % kMapBins);
  if (heap[kMapsWord + map] == 0) heap[kSummaryWord] &= ~(1u << map);
}

// The first bin from `bin` on that is not empty; 0: there is none, since no block is so small.
inline uint32_t first_from(const uint32_t* heap, uint32_t bin) {
  // 1. In the same word of bits,
  uint32_t map = bin / kMapBins;
  uint32_t bits = heap[kMapsWord + map] & (~0u << bin % kMapBins);
  if (bits == 0) {
    // 2. or in the next word that has any.
    const uint32_t maps = heap[kSummaryWord] & (~0u << (map + 1));
    if (maps == 0) return 0;
    map = static_cast<uint32_t>(std::countr_zero(maps));
    bits = heap[kMapsWord + map];
  }
  return map * kMapBins + static_cast<uint32_t>(std::countr_zero(bits));
}

// Its first block; 0: it is empty.
inline uint32_t head_of(const uint32_t* heap, uint32_t bin) { return heap[kHeadsWord + bin]; }

}  // namespace linefill::bins
