// One counter of one team member, incremented many times. What it costs depends on who else writes its line.
// The plain form loads and stores with relaxed atomics: two ordinary moves, which the compiler may neither merge
// nor keep in a register (fusing two increments into one add would halve the stores).
// Reference: src/experiments/hardware/false-sharing.ts.
#include "kernel.h"

namespace linefill {
namespace {

std::string check_slot(Shared<uint32_t> counters, uint32_t slot, uint32_t /*count*/) {
  if (slot < counters.size()) return "";
  return "\"slot\" must be below the length of \"counters\" (" + std::to_string(counters.size()) + "), not " +
         std::to_string(slot);
}

// 1. Add one to the counter, indivisibly, 2. `count` times. Answer: the counter.
uint64_t increment_atomic(Shared<uint32_t> counters, uint32_t slot, uint32_t count) {
  const std::atomic_ref<uint32_t> counter(counters[slot]);
  for (uint32_t i = 0; i < count; ++i) counter.fetch_add(1, std::memory_order_relaxed);
  return counter.load(std::memory_order_relaxed);
}

// 1. Load, add one, store, 2. `count` times. Answer: the counter.
uint64_t increment_plain(Shared<uint32_t> counters, uint32_t slot, uint32_t count) {
  const std::atomic_ref<uint32_t> counter(counters[slot]);
  for (uint32_t i = 0; i < count; ++i) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  return counter.load(std::memory_order_relaxed);
}

LINEFILL_KERNEL(increment_atomic, "increment-atomic", "increments one shared counter with an atomic add", check_slot,
                "counters", "slot", "count");
LINEFILL_KERNEL(increment_plain, "increment-plain", "increments one shared counter with a load and a store",
                check_slot, "counters", "slot", "count");

}  // namespace
}  // namespace linefill
