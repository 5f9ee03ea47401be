// GCBench over any collector: trees built from the top and from the bottom, of many depths, while a large
// tree and an array of doubles live on. A trace of it would be longer than the heap, so it is a program. Its
// local variables are a stack of roots: a frame's lie above those of its caller, and are cleared when it
// returns. Source: J. Ellis and P. Kovac, post-processed by H. Boehm, GCBench. TypeScript twin:
// src/collectors/programs/gc-bench.ts.
#pragma once

#include <cstring>
#include <span>
#include <string>

#include "collectors/collector.h"
#include "collectors/mutate.h"

namespace linefill {

struct GcBenchShape {
  // Of the first tree, which is dropped at once and whose size says how many the others are.
  uint32_t stretch_depth;
  uint32_t long_lived_depth;
  uint32_t array_doubles;
  // Of the trees that come and go; every second depth.
  uint32_t least_depth;
  uint32_t most_depth;

  static constexpr size_t kNumbers = 5;
  static GcBenchShape read(std::span<const uint32_t> from) {
    return {from[0], from[1], from[2], from[3], from[4]};
  }
};

inline constexpr uint32_t kMostTreeDepth = 24;
inline constexpr uint32_t kMostDoubles = kMostObjectBytes / sizeof(double);
inline constexpr uint32_t kNodeSlots = 2;
// Two integers, which nobody writes.
inline constexpr uint32_t kNodeBytes = 8;

// The long-lived tree, the array, a tree of the deepest and a subtree that is not yet in its place.
constexpr size_t gc_bench_roots(const GcBenchShape& shape) {
  return 4 + std::max({shape.stretch_depth, shape.long_lived_depth, shape.most_depth});
}

constexpr uint64_t tree_size(uint32_t depth) { return (uint64_t{2} << depth) - 1; }

// What is wrong with a shape and its roots; empty: nothing.
inline std::string check_gc_bench(std::span<const uint32_t> shape, size_t roots) {
  if (shape.size() != GcBenchShape::kNumbers)
    return "\"shape\" must have 5 numbers, not " + std::to_string(shape.size());
  const GcBenchShape read = GcBenchShape::read(shape);
  const uint32_t deepest = std::max({read.stretch_depth, read.long_lived_depth, read.most_depth});
  if (deepest > kMostTreeDepth) {
    return "\"shape\" must have trees of depth " + std::to_string(kMostTreeDepth) + " at most, not " +
           std::to_string(deepest);
  }
  if (read.array_doubles > kMostDoubles) {
    return "\"shape\" must have at most " + std::to_string(kMostDoubles) + " doubles, not " +
           std::to_string(read.array_doubles);
  }
  if (roots == gc_bench_roots(read)) return "";
  return "\"roots\" must have " + std::to_string(gc_bench_roots(read)) + " words for this shape, not " +
         std::to_string(roots);
}

template <class C>
class GcBench {
 public:
  GcBench(C& collector, const CollectorRoom& room, const RunPatience& patience)
      : collector_(collector),
        heap_(room.heap.data()),
        roots_(room.roots),
        pauses_(*room.pauses),
        patience_(patience) {}

  // False: memory ran out, or `is_late`.
  bool run(const GcBenchShape& shape) {
    // 1. A tree that stretches the heap and is dropped.
    if (!bottom_up(shape.stretch_depth, kFirst)) return false;
    clear(kFirst);
    // 2. What lives on: a tree, and an array half of which is filled.
    if (!put_node(kLongLived) || !top_down(shape.long_lived_depth, kLongLived)) return false;
    if (!make_array(shape.array_doubles)) return false;
    // 3. Trees that come and go.
    for (uint32_t depth = shape.least_depth; depth <= shape.most_depth; depth += 2) {
      const uint64_t count = 2 * tree_size(shape.stretch_depth) / tree_size(depth);
      for (uint64_t tree = 0; tree < count; ++tree) {
        if (!put_node(kFirst) || !top_down(depth, kFirst)) return false;
        clear(kFirst);
      }
      for (uint64_t tree = 0; tree < count; ++tree) {
        if (!bottom_up(depth, kFirst)) return false;
        clear(kFirst);
      }
    }
    return true;
  }

  // 4. Nodes made, and what is left of what should live on: the tree's nodes, the sum of the array's words.
  uint64_t checksum() {
    uint32_t sum = 0;
    const uint32_t array = roots_[kArray];
    if (array != kNull) {
      const uint32_t* words = data_of(array);
      for (uint32_t i = 0; i < filled_words_; ++i) sum += words[i];
    }
    return (nodes_ + nodes_below(roots_[kLongLived])) << 32 | sum;
  }

  bool is_late() const { return is_late_; }

 private:
  static constexpr uint32_t kLongLived = 0;
  static constexpr uint32_t kArray = 1;
  static constexpr uint32_t kFirst = 2;
  static constexpr uint32_t kLeft = 0;
  static constexpr uint32_t kRight = 1;
  static constexpr uint64_t kNodeWords = object_words(C::kExtraWords, kNodeSlots, kNodeBytes);

  // A tree in root `at`, its leaves first.
  bool bottom_up(uint32_t depth, uint32_t at) {
    if (depth == 0) return put_node(at);
    if (!bottom_up(depth - 1, at) || !bottom_up(depth - 1, at + 1)) return false;
    const uint32_t node = make(kNodeSlots, kNodeWords);
    if (node == kNull) return false;
    collector_.store(node, kLeft, roots_[at]);
    collector_.store(node, kRight, roots_[at + 1]);
    collector_.set_root(at, node);
    clear(at + 1);
    return true;
  }

  // The node in root `at` gets what is below it, its root first.
  bool top_down(uint32_t depth, uint32_t at) {
    if (depth == 0) return true;
    for (const uint32_t slot : {kLeft, kRight}) {
      const uint32_t child = make(kNodeSlots, kNodeWords);
      if (child == kNull) return false;
      collector_.store(roots_[at], slot, child);
    }
    for (const uint32_t slot : {kLeft, kRight}) {
      collector_.set_root(at + 1, collector_.load(roots_[at], slot));
      if (!top_down(depth - 1, at + 1)) return false;
    }
    clear(at + 1);
    return true;
  }

  bool make_array(uint32_t doubles) {
    const uint32_t array = make(0, object_words(C::kExtraWords, 0, doubles * sizeof(double)));
    if (array == kNull) return false;
    uint32_t* words = data_of(array);
    for (uint32_t i = 0; i < doubles / 2; ++i) {
      const double value = 1.0 / (i + 1);
      std::memcpy(words + 2 * i, &value, sizeof(value));
    }
    filled_words_ = doubles / 2 * 2;
    collector_.set_root(kArray, array);
    return true;
  }

  bool put_node(uint32_t at) {
    const uint32_t node = make(kNodeSlots, kNodeWords);
    if (node == kNull) return false;
    collector_.set_root(at, node);
    return true;
  }

  uint32_t make(uint32_t slots, uint64_t words) {
    if (!patience_.lasts(pauses_.pauses(), nodes_ * RunPatience::kMakingWords)) [[unlikely]] {
      is_late_ = true;
      return kNull;
    }
    ++nodes_;
    return collector_.alloc(slots, words);
  }

  void clear(uint32_t at) { collector_.set_root(at, kNull); }

  uint32_t* data_of(uint32_t object) { return heap_ + object + kObjectHeaderWords + C::kExtraWords; }

  uint64_t nodes_below(uint32_t node) {
    if (node == kNull) return 0;
    return 1 + nodes_below(collector_.load(node, kLeft)) + nodes_below(collector_.load(node, kRight));
  }

  C& collector_;
  uint32_t* heap_;
  std::span<uint32_t> roots_;
  const PauseLog& pauses_;
  RunPatience patience_;
  uint64_t nodes_ = 0;
  uint32_t filled_words_ = 0;
  bool is_late_ = false;
};

// Runs it over a collector made afresh. `counts` gets what the collector counted, and behind that whether the
// program went to its end: 1, or 0 where memory ran out. A run that takes longer than its patience is given
// up.
template <class C>
Outcome gc_bench(const CollectorRoom& room, std::span<const uint32_t> settings,
                 std::span<const uint32_t> shape, std::span<double> counts,
                 const RunPatience& patience = RunPatience()) {
  for (uint32_t& root : room.roots) root = kNull;
  C collector(room, settings);
  GcBench<C> program(collector, room, patience);
  const bool is_done = program.run(GcBenchShape::read(shape));
  if (program.is_late()) return {0, kGivenUp};
  room.pauses->close();
  const uint64_t checksum = program.checksum();
  collector.finish();
  collector.counts.write(counts);
  counts[Counts::kNumbers] = is_done ? 1 : 0;
  return {checksum, nullptr};
}

}  // namespace linefill
