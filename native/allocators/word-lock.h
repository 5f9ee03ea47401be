// A mutex in one word of a heap, for native code and TypeScript at once: 0 free, 1 held, 2 held and somebody
// sleeps (Drepper, "Futexes Are Tricky", 2011, the second mutex).
//
// Who finds it held looks again for a moment, since a pool holds it for some nanoseconds, and then naps,
// longer each time. No futex: std::atomic_ref::wait can't be given up, so a lock that nobody lets go of (a
// worker that was ended, a heap that a script wrote to) would hold its caller for ever; and the sleepers of
// Atomics.wait are known to the JavaScript engine alone, so neither language could wake the other's.
// TypeScript sleeps in Atomics.wait and wakes its own; beside native threads its sleep ends by itself, too.
// Cost: an atomic exchange to take it and a plain store to give it, while nobody is in the way. TypeScript
// twin: src/allocators/word-lock.ts.
#pragma once

#include <atomic>
#include <cstdint>

namespace linefill {

class WordLock {
 public:
  static constexpr uint64_t kPatienceNs = 10'000'000'000;

  // `patience_ns`: of one wait, in place of 10 s.
  explicit WordLock(uint32_t* word, uint64_t patience_ns = kPatienceNs)
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
  bool wait();

  uint32_t* word_;
  uint64_t patience_ns_;
};

}  // namespace linefill
