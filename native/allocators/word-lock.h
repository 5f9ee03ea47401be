// A mutex in one word of a heap, for native code and TypeScript at once: 0 free, 1 held, 2 held and somebody
// sleeps (Drepper, "Futexes Are Tricky", 2011, the second mutex).
//
// Who finds it held looks again for a moment, and then naps, longer each time (pool-wait.h says why there is
// no futex). TypeScript sleeps in Atomics.wait and wakes its own; beside native threads its sleep ends by
// itself, too. Cost: a compare-exchange to take it and a plain store to give it, while nobody is in the way.
// TypeScript twin: src/allocators/word-lock.ts.
#pragma once

#include <atomic>
#include <cstdint>

#include "allocators/pool-wait.h"
#include "inline.h"

namespace linefill {

class WordLock {
 public:
  // `patience_ns`: of one wait.
  explicit WordLock(uint32_t* word, uint64_t patience_ns = PoolWait::kUsualNs)
      : word_(word), patience_ns_(patience_ns) {}

  // False where it was not let go of for so long. Who has waited in vain once only looks from then on: a call
  // with many blocks still to free must end.
  bool take() { return try_take() || wait(); }
  void give() { state().store(kFree, std::memory_order_release); }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;

  std::atomic_ref<uint32_t> state() const { return std::atomic_ref<uint32_t>(*word_); }
  bool try_take() {
    uint32_t expected = kFree;
    return state().compare_exchange_strong(expected, kHeld, std::memory_order_acquire,
                                           std::memory_order_relaxed);
  }
  LINEFILL_COLD bool wait() {
    // Reading only until it is free: a look that writes would take the line from the holder.
    for (PoolWait wait(patience_ns_); wait.lasts();) {
      if (state().load(std::memory_order_relaxed) == kFree && try_take()) return true;
    }
    patience_ns_ = 0;
    return false;
  }

  uint32_t* word_;
  uint64_t patience_ns_;
};

}  // namespace linefill
