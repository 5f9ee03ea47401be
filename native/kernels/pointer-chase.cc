// Follows a cycle of indices: each load's address is the load before, so nothing overlaps and a hop costs the
// full latency of wherever the next slot lies. After lmbench's lat_mem_rd and google/multichase.
// The bound is tested at every hop instead of once over the whole array: the branch is predicted and off the
// dependent path, so it costs no latency, and a probe of some hundred hops need not read megabytes first.
// Reference: src/kernel/pointer-chase.ts.
#include "kernel.h"

namespace linefill {
namespace {

std::string check_chase(std::span<const uint32_t> next, uint32_t start, uint32_t /*hops*/) {
  if (start < next.size()) return "";
  return "\"start\" must be below the length of \"next\" (" + std::to_string(next.size()) + "), not " +
         std::to_string(start);
}

// 1. From `start`, 2. go `hops` times to the slot that this slot names. Answer: the last slot.
Outcome pointer_chase(std::span<const uint32_t> next, uint32_t start, uint32_t hops) {
  uint32_t slot = start;
  for (uint32_t i = 0; i < hops; ++i) {
    slot = next[slot];
    if (slot >= next.size()) return {0, "\"next\" names a slot beyond its end"};
  }
  return {slot, nullptr};
}

LINEFILL_KERNEL(pointer_chase, "pointer-chase", "follows a cycle of indices, one dependent load a hop",
                check_chase, "next", "start", "hops");

}  // namespace
}  // namespace linefill
