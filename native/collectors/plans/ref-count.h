// Counting every reference, from slots and roots, as it is made and unmade: an object is freed the moment its
// last reference goes, so nothing waits to be collected and memory can be reused at once. The price is paid
// by every assignment, roots' included; and a cycle of references keeps itself alive for ever. Costs two
// count changes an assignment, and what dies when it dies. Source: G. E. Collins, A Method for Overlapping
// and Erasure of Lists (1960). TypeScript twin: src/collectors/plans/ref-count.ts.
#pragma once

#include "collectors/counting.h"

namespace linefill {

class RefCount : public Counting<NoSuspects> {
 public:
  static constexpr uint32_t kSettings = 0;

  RefCount(const CollectorRoom& room, std::span<const uint32_t> /*settings*/) : Counting(room) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    const uint32_t at = make(slots, words);
    if (at == kNull) [[unlikely]]
      return refuse(words);
    return at;
  }

  // All that counts can free is free already.
  void collect() { note_collection(); }
};

}  // namespace linefill
