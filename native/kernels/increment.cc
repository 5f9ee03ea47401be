// One counter of one team member, incremented many times. What it costs depends on who else writes its line.
// The plain form loads and stores with relaxed atomics: two ordinary moves, which the compiler may neither
// merge nor keep in a register (fusing two increments into one add would halve the stores). Reference:
// src/experiments/hardware/false-sharing-kernels.ts.
#include "kernel.h"

namespace linefill {
namespace {

std::string check_slot(Shared<uint32_t> counters, uint32_t slot, uint32_t /*count*/, uint32_t atomic) {
  if (slot >= counters.size()) {
    return "\"slot\" must be below the length of \"counters\" (" + std::to_string(counters.size()) +
           "), not " + std::to_string(slot);
  }
  return atomic <= 1 ? "" : "\"atomic\" must be 0 (plain) or 1 (atomic), not " + std::to_string(atomic);
}

// 1. `count` times, 2. atomic: add one, indivisibly; plain: load, add one, store. Answer: the counter.
uint64_t increment(Shared<uint32_t> counters, uint32_t slot, uint32_t count, uint32_t atomic) {
  const std::atomic_ref<uint32_t> counter(counters[slot]);
  if (atomic) {
    for (uint32_t i = 0; i < count; ++i) counter.fetch_add(1, std::memory_order_relaxed);
  } else {
    for (uint32_t i = 0; i < count; ++i) {
      counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  }
  return counter.load(std::memory_order_relaxed);
}

LINEFILL_KERNEL(increment, "increment", "increments one counter in shared memory, atomically or plainly",
                check_slot, "counters", "slot", "count", "atomic");

}  // namespace
}  // namespace linefill
