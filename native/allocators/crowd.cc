#include "allocators/crowd.h"

#include <algorithm>

#include "kernel.h"

namespace linefill {
namespace {

// What an allocator adds to a block, at most, for the sake of the refusal below.
constexpr uint64_t kOverheadBytes = 64;

}  // namespace

Outcome outcome_of(std::span<const Tally> tallies) {
  uint32_t sum = 0;
  uint64_t freed = 0;
  for (const Tally& tally : tallies) {
    if (tally.is_torn) return {0, kTorn};
    if (tally.is_exhausted) return {0, text_of(AllocError::kExhausted)};
    sum += tally.sum;
    freed += tally.freed;
  }
  return {freed << 32 | sum, nullptr};
}

std::string check_count(const char* name, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return "";
  const std::string range =
      least == most ? std::to_string(least) : "from " + std::to_string(least) + " to " + std::to_string(most);
  return std::string("\"") + name + "\" must be " + range + ", not " + std::to_string(value);
}

std::string check_sizes(Table sizes, uint64_t live) {
  if (sizes.empty()) return "\"sizes\" must have at least 1 element, not 0";
  uint32_t most = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < kLeastMarkedBytes || sizes[i] > kMostMarkedBytes) {
      const std::string must =
          "from " + std::to_string(kLeastMarkedBytes) + " to " + std::to_string(kMostMarkedBytes);
      return wrong_item("sizes", i, must, sizes[i]);
    }
    most = std::max(most, sizes[i]);
  }
  const uint64_t bytes = live * (most + kOverheadBytes);
  const uint64_t available = platform::available_memory_bytes();
  if (available == 0 || bytes <= available / 2) return "";
  return "\"sizes\" must be lower: the blocks could take " + std::to_string(bytes) +
         " bytes, more than half of the " + std::to_string(available) + " that are available";
}

std::string check_choices(Table choices, uint32_t width) {
  if (choices.empty()) return "\"choices\" must have at least 1 element, not 0";
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] < width) continue;
    return wrong_item("choices", i, "below \"width\" (" + std::to_string(width) + ")", choices[i]);
  }
  return "";
}

}  // namespace linefill
