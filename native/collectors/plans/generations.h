// Where generations lie in a heap, and what a user may ask of them:
//
//   the remembered set's tables | old generation | one half of the nursery | other half
//
// An object is young if it lies behind the old generation: one comparison. TypeScript twin:
// src/collectors/plans/generations.ts.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "collectors/collector.h"

namespace linefill {

struct Generations {
  // Words of each half of the nursery, 0 for a share of the heap; age of promotion.
  static constexpr uint32_t kSettings = 2;

  uint32_t old_start;
  uint32_t young_start;
  // Of each half.
  uint32_t nursery_words;
  // Collections that an object survives before it is promoted.
  uint32_t promotion_age;

  Generations(size_t heap_words, uint32_t table_words, std::span<const uint32_t> settings)
      : old_start(kHeapStart + table_words), promotion_age(settings[1]) {
    const auto words = static_cast<uint32_t>(heap_words);
    const uint32_t usual = std::min(words / kUsualShare, kMostUsualNursery);
    nursery_words = std::max((settings[0] == 0 ? usual : settings[0]) / 2 * 2, kLeastNursery);
    young_start = words - 2 * nursery_words;
  }

  // The smallest heap with usual settings, by what the old generation needs.
  static constexpr uint32_t least_words(uint32_t least_old_words) {
    const uint32_t words = (kHeapStart + 2 * least_old_words + 15) / 16 * 16;
    return std::max(words, static_cast<uint32_t>(kLeastCollectedWords));
  }

  // What is wrong with heap and settings; empty: nothing.
  static std::string check(size_t heap_words, uint32_t table_words, uint32_t least_old_words,
                           std::span<const uint32_t> settings) {
    std::string wrong = check_collected_heap(heap_words, least_words(least_old_words));
    if (!wrong.empty()) return wrong;
    if (settings[0] > heap_words / 4) {
      return "\"settings\" must ask for a nursery of at most a quarter of the heap, " +
             std::to_string(heap_words / 4) + " words, not " + std::to_string(settings[0]);
    }
    if (settings[1] < 1 || settings[1] > kMostAge) {
      return "\"settings\" must have an age of promotion from 1 to " + std::to_string(kMostAge) + ", not " +
             std::to_string(settings[1]);
    }
    const Generations plan(heap_words, table_words, settings);
    if (plan.old_start + least_old_words <= plan.young_start) return "";
    return "\"heap\" must have room for an old generation of " + std::to_string(least_old_words) +
           " words beside tables and nursery, not " + std::to_string(heap_words) + " words in all";
  }

 private:
  static constexpr uint32_t kLeastNursery = 32;
  static constexpr uint32_t kUsualShare = 8;
  static constexpr uint32_t kMostUsualNursery = uint32_t{1} << 20;
};

}  // namespace linefill
