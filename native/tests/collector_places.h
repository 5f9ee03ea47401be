// Where each collector's objects lie in a heap, what they take there, and what it may keep: what an oracle
// must know of a plan. A plan that is new is told here.
#pragma once

#include <algorithm>
#include <atomic>
#include <span>
#include <type_traits>
#include <vector>

#include "collectors/plans.h"

namespace linefill::test {

// Where a collector's objects lie: in whole blocks, as cells and runs, and in stretches that are filled from
// their beginning. Of these the first has all that outlives a full collection, if it has room for it.
struct Places {
  // 0: it has no blocks.
  uint32_t blocks_from = 0;
  uint32_t blocks_to = 0;
  std::vector<uint32_t> stretch_words;
  // The marks lie where the scratch begins.
  bool has_marks_apart = false;
};

inline uint32_t compact_words(size_t heap_words, uint32_t start, uint32_t end) {
  std::vector<uint32_t> heap(heap_words);
  return CompactSpace(heap.data(), start, end).capacity_words();
}
template <class Remembered>
Generations generations_in(size_t heap_words, std::span<const uint32_t> settings) {
  return {heap_words, Remembered::table_words(static_cast<uint32_t>(heap_words)), settings};
}

using GivenSettings = std::span<const uint32_t>;

// All of the heap, but for its first line.
inline Places one_space_of_blocks(size_t heap_words) {
  return {kHeapStart, static_cast<uint32_t>(heap_words), {}};
}
inline Places places_of(const RefCount* /*collector*/, size_t heap_words, GivenSettings) {
  return one_space_of_blocks(heap_words);
}
inline Places places_of(const RefCountCycles* /*collector*/, size_t heap_words, GivenSettings) {
  return one_space_of_blocks(heap_words);
}
template <bool kCycles>
Places places_of(const RefCountDeferred<kCycles>* /*collector*/, size_t heap_words, GivenSettings) {
  return one_space_of_blocks(heap_words);
}
inline Places places_of(const MarkSweep* /*collector*/, size_t heap_words, GivenSettings) {
  return one_space_of_blocks(heap_words);
}
template <class Marking>
Places places_of(const Cycle<Marking>* /*collector*/, size_t heap_words, GivenSettings) {
  Places places = one_space_of_blocks(heap_words);
  places.has_marks_apart = !std::is_base_of_v<IncrementalMarking, Marking>;
  return places;
}
inline Places places_of(const SemiSpace* /*collector*/, size_t heap_words, GivenSettings) {
  return {0, 0, {static_cast<uint32_t>((heap_words - kHeapStart) / 4 * 2)}};
}
inline Places places_of(const MarkCompact* /*collector*/, size_t heap_words, GivenSettings) {
  return {0, 0, {compact_words(heap_words, kHeapStart, static_cast<uint32_t>(heap_words))}};
}
template <class Remembered>
Places places_of(const Generational<BlockSpace, Remembered>* /*collector*/, size_t heap_words,
                 GivenSettings settings) {
  const Generations plan = generations_in<Remembered>(heap_words, settings);
  return {plan.old_start, plan.young_start, {0, plan.nursery_words}};
}
template <class Remembered>
Places places_of(const Generational<CompactSpace, Remembered>* /*collector*/, size_t heap_words,
                 GivenSettings settings) {
  const Generations plan = generations_in<Remembered>(heap_words, settings);
  return {0, 0, {compact_words(heap_words, plan.old_start, plan.young_start), plan.nursery_words}};
}

// Words that an object takes of blocks.
inline uint32_t cell_words(uint32_t words) {
  if (words > kMostCellWords) return (words + kBlockWords - 1) / kBlockWords * kBlockWords;
  return kCellSizes.words[kCellSizes.of_pairs[words / 2]];
}

// A collector's blocks, by a copy of what it keeps of them in its heap.
class BlocksSeen {
 public:
  BlocksSeen(const Places& places, size_t heap_words)
      : from_(places.blocks_from), tables_(heap_words), marks_(heap_words / 64 + 1), held_(heap_words / 2) {
    if (from_ == 0) return;
    uint32_t* const marks = places.has_marks_apart ? marks_.data() : nullptr;
    space_ = BlockSpace(tables_.data(), from_, places.blocks_to, marks);
  }
  BlocksSeen(const BlocksSeen&) = delete;
  BlocksSeen& operator=(const BlocksSeen&) = delete;

  bool exist() const { return from_ != 0; }
  uint32_t start() const { return space_.start(); }
  uint32_t end() const { return space_.end(); }
  bool have(uint32_t at) const { return exist() && at >= start() && at < end(); }

  // Copies, and notes what is held.
  void look(std::span<const uint32_t> heap, std::span<uint32_t> scratch) {
    std::copy(heap.begin() + from_, heap.begin() + start(), tables_.begin() + from_);
    // A second thread may be marking.
    for (size_t i = 0; i < marks_.size(); ++i) {
      marks_[i] = std::atomic_ref<uint32_t>(scratch[i]).load(std::memory_order_relaxed);
    }
    std::fill(held_.begin(), held_.end(), false);
    objects_ = 0;
    space_.objects([this](uint32_t at) {
      held_[at / 2] = true;
      ++objects_;
    });
  }
  bool hold(uint32_t at) const { return held_[at / 2]; }
  // All that are held.
  uint64_t objects() const { return objects_; }

 private:
  uint32_t from_;
  std::vector<uint32_t> tables_;
  std::vector<uint32_t> marks_;
  std::vector<bool> held_;
  BlockSpace space_;
  uint64_t objects_ = 0;
};

// Whether garbage that hangs on a cycle outlives a full collection.
template <class C>
inline constexpr bool kKeepsCycles =
    std::is_base_of_v<RefCount, C> || std::is_base_of_v<RefCountDeferred<false>, C>;

// Whether what garbage takes is in use until room is looked for.
inline bool sweeps_later(const void* /*collector*/, std::span<const uint32_t>) { return false; }
inline bool sweeps_later(const MarkSweep* /*collector*/, std::span<const uint32_t> settings) {
  return settings[0] == 1;
}

}  // namespace linefill::test
