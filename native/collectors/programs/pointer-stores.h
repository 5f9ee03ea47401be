// Stores of references and next to nothing else, over any collector: what its write barrier costs. Objects
// with one slot each are made and stay alive; then the slots are set, all of them pass by pass in an order
// that is given, in even passes to one target and in odd ones to another. Nothing is allocated meanwhile, so
// nothing moves and offsets stay good. TypeScript twin: src/collectors/programs/pointer-stores.ts.
#pragma once

#include <array>
#include <span>
#include <string>

#include "collectors/collector.h"
#include "collectors/mutate.h"
#include "keep.h"
#include "platform/platform.h"

namespace linefill {

struct PointerStoresShape {
  uint32_t passes;
  // 1: the targets of odd passes are made after the collection that all other objects have survived.
  uint32_t young;
  // Words of garbage before the stores and after them, at most: it ends with the collector's next pause.
  uint32_t words_before;
  uint32_t words_after;

  static constexpr size_t kNumbers = 4;
  static PointerStoresShape read(std::span<const uint32_t> from) {
    return {from[0], from[1], from[2], from[3]};
  }
};

// The objects, those that odd passes name, the newest piece of garbage.
inline constexpr size_t kPointerStoresRoots = 3;
// Of the order, and of what it comes to as offsets: an object, its targets in even and in odd passes.
inline constexpr size_t kPointerStoresColumns = 3;
inline constexpr uint64_t kMostStoredObjects = uint64_t{1} << 20;
inline constexpr uint64_t kMostPointerStores = uint64_t{1} << 26;

// What is wrong with a shape, its order and its room; empty: nothing. O(order).
inline std::string check_pointer_stores(std::span<const uint32_t> shape, std::span<const uint32_t> order,
                                        size_t offsets, size_t roots) {
  if (shape.size() != PointerStoresShape::kNumbers)
    return "\"shape\" must have 4 numbers, not " + std::to_string(shape.size());
  const PointerStoresShape read = PointerStoresShape::read(shape);
  if (read.young > 1) return "\"shape\" must have 0 or 1 for young, not " + std::to_string(read.young);
  const uint64_t objects = order.size() / kPointerStoresColumns;
  if (objects < 1 || objects > kMostStoredObjects || order.size() % kPointerStoresColumns != 0) {
    return "\"order\" must have three columns of 1 to " + std::to_string(kMostStoredObjects) +
           " numbers, not " + std::to_string(order.size()) + " numbers";
  }
  if (read.passes < 1 || read.passes * objects > kMostPointerStores) {
    return "\"shape\" must have 1 to " + std::to_string(kMostPointerStores / objects) + " passes over " +
           std::to_string(objects) + " objects, not " + std::to_string(read.passes);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] < objects) continue;
    return "\"order\" must name objects below " + std::to_string(objects) + ", not " +
           std::to_string(order[i]) + " at " + std::to_string(i);
  }
  if (offsets != order.size()) {
    return "\"offsets\" must have as many words as \"order\", " + std::to_string(order.size()) + ", not " +
           std::to_string(offsets);
  }
  if (roots == kPointerStoresRoots) return "";
  return "\"roots\" must have 3 words, not " + std::to_string(roots);
}

template <class C>
class PointerStores {
 public:
  PointerStores(C& collector, const CollectorRoom& room, std::span<const uint32_t> order,
                std::span<uint32_t> offsets, const RunPatience& patience)
      : collector_(collector),
        roots_(room.roots),
        pauses_(*room.pauses),
        order_(order),
        offsets_(offsets),
        objects_(static_cast<uint32_t>(order.size() / kPointerStoresColumns)),
        patience_(patience) {}

  // False: memory ran out, or `is_late`.
  bool run(const PointerStoresShape& shape) {
    // 1. The objects, each naming the next one.
    if (!make_objects(kStaying)) return false;
    for (uint32_t i = 0; i < objects_; ++i)
      collector_.store(object(kStaying, i), kSlot, object(kStaying, (i + 1) % objects_));
    // 2. They grow old, and no collection is under way.
    collector_.collect();
    // 3. What odd passes name.
    if (shape.young == 0) {
      collector_.set_root(kNamed, roots_[kStaying]);
    } else if (!make_objects(kNamed)) {
      return false;
    }
    // 4. A collection may begin.
    if (!waste(shape.words_before)) return false;
    // 5. Where all lies.
    for (uint32_t i = 0; i < offsets_.size(); ++i)
      offsets_[i] = object(i < 2 * objects_ ? kStaying : kNamed, order_[i]);
    // 6. The stores.
    counts_before_ = collector_.counts;
    void (*stores)(C&, std::span<const uint32_t>, uint32_t) = store_all;
    keep_register(stores);
    const uint64_t start_ns = platform::now_ns();
    stores(collector_, offsets_, shape.passes);
    stores_ns_ = platform::now_ns() - start_ns;
    // 7. A collection may find what the barrier noted.
    return waste(shape.words_after);
  }

  // 8. Objects whose slot names what the last pass stored, and the sum of the slots.
  uint64_t checksum(uint32_t passes) const {
    const uint32_t named = passes % 2 == 0 ? kNamed : kStaying;
    const uint32_t* targets = &order_[passes % 2 == 0 ? 2 * size_t{objects_} : objects_];
    uint32_t right = 0;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < objects_; ++i) {
      const uint32_t found = collector_.load(object(kStaying, order_[i]), kSlot);
      right += found == object(named, targets[i]) ? 1 : 0;
      sum = 31 * sum + found;
    }
    return uint64_t{right} << 32 | sum;
  }

  bool is_late() const { return is_late_; }
  uint64_t stores_ns() const { return stores_ns_; }
  const Counts& counts_before() const { return counts_before_; }

 private:
  static constexpr uint32_t kStaying = 0;
  static constexpr uint32_t kNamed = 1;
  static constexpr uint32_t kWasted = 2;
  static constexpr uint32_t kSlot = 0;
  static constexpr uint64_t kWasteWords = object_words(C::kExtraWords, 0, 240);

  // A function of its own, called by its address: among others the compiler finds registers for what one
  // collector needs, and none for what another does.
  static void store_all(C& collector, std::span<const uint32_t> offsets, uint32_t passes) {
    const size_t objects = offsets.size() / kPointerStoresColumns;
    const uint32_t* const stored = offsets.data();
    for (uint32_t pass = 0; pass < passes; ++pass) {
      const uint32_t* const targets = stored + (pass % 2 + 1) * objects;
      LINEFILL_UNROLL
      for (size_t i = 0; i < objects; ++i) collector.store(stored[i], kSlot, targets[i]);
    }
  }

  // A table in a root, and what it names.
  bool make_objects(uint32_t root) {
    const uint32_t table = make(objects_, object_words(C::kExtraWords, objects_, 0));
    if (table == kNull) return false;
    collector_.set_root(root, table);
    for (uint32_t i = 0; i < objects_; ++i) {
      const uint32_t made = make(1, object_words(C::kExtraWords, 1, 0));
      if (made == kNull) return false;
      collector_.store(roots_[root], i, made);
    }
    return true;
  }

  bool waste(uint64_t words) {
    const uint64_t pauses = pauses_.pauses();
    for (uint64_t wasted = 0; wasted < words && pauses_.pauses() == pauses; wasted += kWasteWords) {
      const uint32_t made = make(0, kWasteWords);
      if (made == kNull) return false;
      collector_.set_root(kWasted, made);
    }
    collector_.set_root(kWasted, kNull);
    return true;
  }

  uint32_t make(uint32_t slots, uint64_t words) {
    if (!patience_.lasts(pauses_.pauses(), made_ * RunPatience::kMakingWords)) [[unlikely]] {
      is_late_ = true;
      return kNull;
    }
    ++made_;
    return collector_.alloc(slots, words);
  }

  uint32_t object(uint32_t root, uint32_t number) const { return collector_.load(roots_[root], number); }

  C& collector_;
  std::span<uint32_t> roots_;
  const PauseLog& pauses_;
  std::span<const uint32_t> order_;
  std::span<uint32_t> offsets_;
  uint32_t objects_;
  RunPatience patience_;
  uint64_t made_ = 0;
  uint64_t stores_ns_ = 0;
  Counts counts_before_;
  bool is_late_ = false;
};

// Runs it over a collector made afresh. `counts` gets what the collector has counted since the first of the
// timed stores, and behind that whether the program went to its end: 1, or 0 where memory ran out; `times`
// the ns of those stores. A run that takes longer than its patience is given up.
template <class C>
Outcome pointer_stores(const CollectorRoom& room, std::span<const uint32_t> settings,
                       const PointerStoresShape& shape, std::span<const uint32_t> order,
                       std::span<uint32_t> offsets, std::span<double> counts, std::span<double> times,
                       const RunPatience& patience = RunPatience()) {
  for (uint32_t& root : room.roots) root = kNull;
  C collector(room, settings);
  PointerStores<C> program(collector, room, order, offsets, patience);
  const bool is_done = program.run(shape);
  if (program.is_late()) return {0, kGivenUp};
  const uint64_t checksum = is_done ? program.checksum(shape.passes) : 0;
  collector.finish();
  std::array<double, Counts::kNumbers> before;
  program.counts_before().write(before);
  collector.counts.write(counts);
  for (uint32_t i = 0; i < Counts::kNumbers; ++i) counts[i] -= before[i];
  counts[Counts::kNumbers] = is_done ? 1 : 0;
  times[0] = static_cast<double>(program.stores_ns());
  return {checksum, nullptr};
}

}  // namespace linefill
