// What a collector did, counted: exact, and equal in both languages. Words that were allocated, freed or
// found alive are those of objects; words in use are those of what a space gave for them. So what was
// allocated and not freed is alive after a full collection, under every collector. TypeScript twin:
// src/collectors/counts.ts.
#pragma once

#include <cstdint>
#include <span>

namespace linefill {

inline constexpr uint32_t kAges = 8;

struct Counts {
  uint64_t allocated_objects = 0;
  uint64_t allocated_words = 0;
  // Collections of everything, finished; of the young alone; increments of one that goes on.
  uint64_t full_collections = 0;
  uint64_t minor_collections = 0;
  uint64_t increments = 0;
  // Objects found reachable and slots looked at, by all collections together.
  uint64_t marked_objects = 0;
  uint64_t scanned_slots = 0;
  // Words moved: copied out of a space, or slid within one.
  uint64_t copied_words = 0;
  uint64_t promoted_words = 0;
  uint64_t freed_objects = 0;
  uint64_t freed_words = 0;
  // Stores, those whose barrier had something to do, cards and remembered slots looked at.
  uint64_t stores = 0;
  uint64_t barrier_hits = 0;
  uint64_t cards_scanned = 0;
  uint64_t remembered_slots = 0;
  // Of objects, after the last full collection.
  uint64_t live_words = 0;
  // Of what the space gave for them, cells and whole blocks, at most.
  uint64_t peak_used_words = 0;
  // Of the room beside the heap, at most.
  uint64_t peak_scratch_words = 0;
  // 0, or what a heap would have needed when memory ran out.
  uint64_t needed_words = 0;
  // Reference counts that were raised or lowered.
  uint64_t count_changes = 0;
  // Cycles of increments that had to be ended at once, since the mutator was about to run out of memory.
  uint64_t hurried_collections = 0;
  // When memory ran out: what was asked for, what was free, and the largest piece of that.
  uint64_t refused_words = 0;
  uint64_t free_words = 0;
  uint64_t largest_free_words = 0;
  // Words that survived a minor collection as their first, second, ..., by their age then.
  uint64_t survived_words[kAges] = {};

  static constexpr uint32_t kNumbers = 24 + kAges;

  // A full collection kept these objects alone: all else that was allocated has been freed by now.
  void keep(uint64_t objects, uint64_t words) {
    ++full_collections;
    freed_objects = allocated_objects - objects;
    freed_words = allocated_words - words;
    live_words = words;
  }

  void write(std::span<double> to) const {
    const uint64_t values[] = {allocated_objects,   allocated_words,    full_collections, minor_collections,
                               increments,          marked_objects,     scanned_slots,    copied_words,
                               promoted_words,      freed_objects,      freed_words,      stores,
                               barrier_hits,        cards_scanned,      remembered_slots, live_words,
                               peak_used_words,     peak_scratch_words, needed_words,     count_changes,
                               hurried_collections, refused_words,      free_words,       largest_free_words};
    uint32_t at = 0;
    for (const uint64_t value : values) to[at++] = static_cast<double>(value);
    for (const uint64_t words : survived_words) to[at++] = static_cast<double>(words);
  }
};

}  // namespace linefill
