// Programs for collectors: random rows of mutators' traces (collectors/mutate.h), the same for the same seed.
#pragma once

#include <initializer_list>
#include <vector>

#include "collectors/mutate.h"

namespace linefill::test {

class Rows {
 public:
  Rows& add(MutatorOp op, uint32_t second = 0, uint32_t third = 0, uint32_t fourth = 0) {
    for (const uint32_t word : {static_cast<uint32_t>(op), second, third, fourth}) words.push_back(word);
    return *this;
  }
  size_t count() const { return words.size() / kMutatorRowWords; }

  std::vector<uint32_t> words;
};

inline constexpr uint32_t kRandomRoots = 6;

// Anything at all. Root 0 has a table, so that some objects live long.
inline std::vector<uint32_t> random_rows(uint32_t seed, uint32_t rows, uint32_t most_bytes = 300) {
  constexpr uint32_t kTableSlots = 64;
  uint32_t state = seed;
  const auto below = [&state](uint32_t most) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % most;
  };
  Rows trace;
  trace.add(MutatorOp::kNew, 0, kTableSlots, 0);
  while (trace.count() < rows) {
    const uint32_t root = 1 + below(kRandomRoots - 1);
    const uint32_t other = below(kRandomRoots);
    const uint32_t slot = below(other == 0 ? kTableSlots : 5);
    const uint32_t drawn = below(1000);
    if (drawn < 300) {
      const uint32_t slots = below(5);
      trace.add(MutatorOp::kNew, root, slots, below(most_bytes));
    } else if (drawn < 700) {
      trace.add(MutatorOp::kStore, other, slot, root);
    } else if (drawn < 900) {
      trace.add(MutatorOp::kLoad, root, other, slot);
    } else if (drawn < 996) {
      trace.add(drawn % 2 == 0 ? MutatorOp::kErase : MutatorOp::kUse, other, slot);
    } else {
      trace.add(drawn % 2 == 0 ? MutatorOp::kCollect : MutatorOp::kClear, root);
    }
  }
  return trace.words;
}

// What is hard on whoever marks beside its mutator: a wide object that stays, and others that are walked to,
// cut off and hung elsewhere while a cycle goes on.
class HangingProgram {
 public:
  static constexpr uint32_t kRoots = 5;

  HangingProgram(uint32_t seed, uint32_t table_slots) : state_(seed), table_slots_(table_slots) {
    rows_.add(MutatorOp::kNew, kTable, table_slots, 0);
  }

  std::vector<uint32_t> steps(uint32_t steps) {
    for (; steps > 0; --steps) step();
    return rows_.words;
  }

 private:
  static constexpr uint32_t kTable = 0, kFirst = 1, kSecond = 2, kFresh = 3, kHeld = 4;

  void step() {
    const uint32_t place = random() % table_slots_;
    const uint32_t slot = random() % 4;
    switch (random() % 8) {
      case 0:
      case 1:
        make(kFresh);
        rows_.add(MutatorOp::kStore, kTable, place, kFresh);
        break;
      case 2:
        make(kFresh);
        rows_.add(MutatorOp::kStore, kFirst, slot, kFresh).add(MutatorOp::kCopy, kFirst, kFresh);
        break;
      case 3:
        rows_.add(MutatorOp::kLoad, kFirst, kTable, place);
        break;
      case 4:
        rows_.add(MutatorOp::kLoad, kFirst, kFirst, slot);
        break;
      case 5:
        rows_.add(MutatorOp::kLoad, kSecond, kTable, place).add(MutatorOp::kErase, kTable, place);
        rows_.add(MutatorOp::kStore, kTable, random() % table_slots_, kSecond);
        rows_.add(MutatorOp::kUse, kSecond);
        break;
      case 6:
        rows_.add(MutatorOp::kLoad, kSecond, kTable, place).add(MutatorOp::kStore, kFirst, slot, kSecond);
        break;
      default:
        if (random() % 16 == 0) rows_.add(MutatorOp::kLoad, kHeld, kTable, place);
        if (random() % 64 == 0) make(kHeld);
        if (random() % 4096 == 0) rows_.add(MutatorOp::kCollect);
        if (random() % 256 == 0) rows_.add(MutatorOp::kCheckpoint);
        make(kFresh);
    }
  }

  uint32_t random() { return (state_ = state_ * 1664525 + 1013904223) >> 8; }
  void make(uint32_t root) { rows_.add(MutatorOp::kNew, root, 4, 8 + random() % 3 * 4); }

  uint32_t state_;
  uint32_t table_slots_;
  Rows rows_;
};

}  // namespace linefill::test
