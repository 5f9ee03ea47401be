#include "allocators/work.h"

#include <vector>

#include "kernel.h"

namespace linefill {

std::string check_work(size_t slots, std::span<const uint32_t> order, uint32_t pattern, uint32_t rounds) {
  if (slots == 0) return "\"slots\" must have at least one element";
  if (order.size() != slots) {
    return "\"order\" must have as many elements as \"slots\", " + std::to_string(slots) + ", not " +
           std::to_string(order.size());
  }
  if (pattern > static_cast<uint32_t>(Order::kRandom)) {
    return "\"pattern\" must be from 0 to 3 (pair, lifo, fifo, random), not " + std::to_string(pattern);
  }
  if (rounds == 0 || rounds > kMostOperations / slots) {
    return "\"rounds\" must be from 1 to " + std::to_string(kMostOperations / slots) + " for " +
           std::to_string(slots) + " blocks, not " + std::to_string(rounds);
  }
  std::vector<bool> seen(slots);
  for (size_t i = 0; i < slots; ++i) {
    if (order[i] >= slots) return wrong_item("order", i, "below " + std::to_string(slots), order[i]);
    if (seen[order[i]]) return wrong_item("order", i, "an index that has not come before", order[i]);
    seen[order[i]] = true;
  }
  return "";
}

}  // namespace linefill
