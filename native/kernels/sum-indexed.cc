// Sums 32-bit integers in the order that an index array gives: the same work, instruction for instruction,
// whether the order is sequential, strided or random, so that only the order's cost differs. The loads are
// independent: the CPU may overlap as many misses as its windows hold. Unrolled, since every instruction of
// the loop itself takes room in the reorder buffer that the next miss could have had. Cost: one index load
// (always in order) and one value load an element. Reference:
// src/experiments/hardware/access-order-kernels.ts.
#include "kernel.h"

namespace linefill {
namespace {

std::string check_order(std::span<const int32_t> values, std::span<const uint32_t> order) {
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] >= values.size()) {
      return wrong_item("order", i, "below " + std::to_string(values.size()), order[i]);
    }
  }
  return "";
}

// 1. For each index, in order, 2. load the value there and add it.
uint64_t sum_indexed(std::span<const int32_t> values, std::span<const uint32_t> order) {
  int64_t sum = 0;
  LINEFILL_UNROLL
  for (const uint32_t index : order) sum += values[index];
  return static_cast<uint64_t>(sum);
}

std::string check_prefetched(std::span<const int32_t> values, std::span<const uint32_t> order,
                             uint32_t /*distance*/) {
  return check_order(values, order);
}

// 1. As above, while 2. asking for the line that will be needed `distance` elements later.
uint64_t sum_indexed_prefetch(std::span<const int32_t> values, std::span<const uint32_t> order,
                              uint32_t distance) {
  int64_t sum = 0;
  const size_t n = order.size();
  const size_t ahead = n > distance ? n - distance : 0;
  size_t i = 0;
  LINEFILL_UNROLL
  for (; i < ahead; ++i) {
    prefetch(&values[order[i + distance]]);
    sum += values[order[i]];
  }
  for (; i < n; ++i) sum += values[order[i]];
  return static_cast<uint64_t>(sum);
}

LINEFILL_KERNEL(sum_indexed, "sum-indexed", "sums integers in the order of an index array", check_order,
                "values", "order");
LINEFILL_KERNEL(sum_indexed_prefetch, "sum-indexed-prefetch",
                "the same, prefetching the value needed a distance later", check_prefetched, "values",
                "order", "distance");

}  // namespace
}  // namespace linefill
