// Sums values in the order of an index array, asking for the line of a later one at each step: what software
// prefetching is for. The loads are independent, so the core overlaps as many misses as its window holds by
// itself; `steps` of work on each value take room in that window, and leave more for prefetching to do. A
// call goes on where the last one ended, so that a short call of a large set finds none of its own lines
// again. Indexes are tested as they are used: the branch is foreseen and off the load's path, and a check of
// all would read the whole array before each sample. Cost: one index load (two with prefetching) and one
// value load an element. Reference: src/experiments/hardware/prefetch-distance-kernels.ts.
#include <algorithm>

#include "kernel.h"

namespace linefill {
namespace {

std::string check_gather(std::span<const int32_t> /*values*/, std::span<const uint32_t> order,
                         std::span<uint32_t> cursor, uint32_t /*count*/, uint32_t /*distance*/,
                         uint32_t /*steps*/) {
  if (order.empty()) return "\"order\" must have at least one element";
  if (cursor.size() != 1) {
    return "\"cursor\" must have 1 element, not " + std::to_string(cursor.size());
  }
  if (cursor[0] >= order.size()) {
    return wrong_item("cursor", 0, "below " + std::to_string(order.size()), cursor[0]);
  }
  return "";
}

// Numerical Recipes' quick generator: each step needs the one before.
inline uint32_t mixed(uint32_t value, uint32_t steps) {
  for (uint32_t i = 0; i < steps; ++i) {
    value = value * 1664525u + 1013904223u;
    keep_register(value);
  }
  return value;
}

template <bool prefetches, bool works>
Outcome gather(std::span<const int32_t> values, std::span<const uint32_t> order, std::span<uint32_t> cursor,
               uint32_t count, uint32_t distance, uint32_t steps) {
  const auto* const base = reinterpret_cast<const char*>(values.data());
  const size_t size = values.size(), length = order.size();
  uint64_t sum = 0;
  // 1. From the cursor on,
  size_t at = cursor[0];
  size_t ahead = (at + distance) % length;
  for (size_t left = count; left > 0;) {
    // 2. in runs within which neither index comes to the array's end,
    const size_t run = std::min(left, length - std::max(at, ahead));
    const uint32_t* const now = order.data() + at;
    const uint32_t* const later = order.data() + ahead;
    LINEFILL_UNROLL
    for (size_t i = 0; i < run; ++i) {
      // 3. ask for the value needed `distance` elements later,
      if constexpr (prefetches) prefetch(base + size_t{later[i]} * sizeof(int32_t));
      const uint32_t index = now[i];
      if (index >= size) return {0, "\"order\" has an index that is no element of \"values\""};
      // 4. load the value, work on it, and add it.
      if constexpr (works) {
        sum += mixed(static_cast<uint32_t>(values[index]), steps);
      } else {
        sum += static_cast<uint64_t>(int64_t{values[index]});
      }
    }
    left -= run;
    at = at + run == length ? 0 : at + run;
    ahead = ahead + run == length ? 0 : ahead + run;
  }
  // 5. The cursor stays where the sum ended.
  cursor[0] = static_cast<uint32_t>(at);
  return {sum, nullptr};
}

// Without work a value is added as it is, with its sign; with some, as the generator's 32 bits.
Outcome gather_ahead(std::span<const int32_t> values, std::span<const uint32_t> order,
                     std::span<uint32_t> cursor, uint32_t count, uint32_t distance, uint32_t steps) {
  if (steps == 0) {
    return distance == 0 ? gather<false, false>(values, order, cursor, count, distance, steps)
                         : gather<true, false>(values, order, cursor, count, distance, steps);
  }
  return distance == 0 ? gather<false, true>(values, order, cursor, count, distance, steps)
                       : gather<true, true>(values, order, cursor, count, distance, steps);
}

LINEFILL_KERNEL(gather_ahead, "gather-ahead",
                "sums values by an index array, prefetching those a distance ahead", check_gather, "values",
                "order", "cursor", "count", "distance", "steps");

}  // namespace
}  // namespace linefill
