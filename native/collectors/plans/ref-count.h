// Counting every reference, from slots and roots, as it is made and unmade: an object is freed the moment its
// last reference goes, so nothing waits to be collected and memory can be reused at once. The price is paid
// by every assignment, roots' included; and a cycle of references keeps itself alive for ever. Costs two
// count changes an assignment, and what dies when it dies. Source: G. E. Collins, A Method for Overlapping
// and Erasure of Lists (1960). TypeScript twin: src/collectors/plans/ref-count.ts.
#pragma once

#include "collectors/counting.h"

namespace linefill {

class RefCount {
 public:
  static constexpr uint32_t kExtraWords = kCountedExtraWords;
  static constexpr uint32_t kSettings = 0;

  static std::string check(size_t heap_words, std::span<const uint32_t> /*settings*/) {
    return check_counted_heap(heap_words);
  }

  RefCount(const CollectorRoom& room, std::span<const uint32_t> /*settings*/)
      : heap_(room.heap, counts), roots_(room.roots), counting_(heap_, none_, room.scratch, room.pauses) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    const uint32_t at = heap_.make(slots, words);
    if (at == kNull) [[unlikely]]
      return heap_.refuse(words);
    return at;
  }

  uint32_t load(uint32_t object, uint32_t slot) { return heap_.slot(object, slot); }

  void store(uint32_t object, uint32_t slot, uint32_t target) {
    uint32_t& word = heap_.slot(object, slot);
    ++counts.stores;
    if (word != kNull || target != kNull) ++counts.barrier_hits;
    counting_.name(word, target);
  }

  void set_root(uint32_t index, uint32_t target) { counting_.name(roots_[index], target); }

  // All that counts can free is free already.
  void collect() {
    ++counts.full_collections;
    counts.live_words = heap_.used_words();
  }

  void finish() {}

  uint32_t used_words() const { return heap_.used_words(); }

  Counts counts;

 private:
  CountedHeap heap_;
  std::span<uint32_t> roots_;
  NoSuspects none_;
  Counting<NoSuspects> counting_;
};

}  // namespace linefill
