#include "allocators/heap-replay.h"

#include <vector>

namespace linefill {
namespace {

// A replay must end within seconds: what resets and checkpoints go through at most, in ids and in words.
constexpr uint64_t kMostCleared = uint64_t{1} << 32;
constexpr uint64_t kMostHashed = uint64_t{1} << 34;

std::string at_row(size_t row, const std::string& text) {
  return "\"trace\" row " + std::to_string(row) + " " + text;
}

constexpr bool names_an_id(HeapOp op) {
  return op == HeapOp::kAlloc || op == HeapOp::kFree || op == HeapOp::kRealloc;
}

constexpr bool is_op(uint32_t op) {
  return names_an_id(static_cast<HeapOp>(op)) || op == static_cast<uint32_t>(HeapOp::kCheckpoint) ||
         op == static_cast<uint32_t>(HeapOp::kReset);
}

}  // namespace

std::string check_heap_trace(std::span<const uint32_t> trace, size_t ids, size_t answers, size_t heap_words) {
  if (trace.size() != answers * kRowWords) {
    return "\"trace\" must have " + std::to_string(kRowWords) + " words for each of the " +
           std::to_string(answers) + " answers, not " + std::to_string(trace.size());
  }
  // By id: one more than the resets at its alloc, 0 where it has none. So a reset forgets all in no time.
  std::vector<uint32_t> given(ids);
  uint64_t resets = 0;
  uint64_t checkpoints = 0;
  for (size_t row = 0; row < answers; ++row) {
    const uint32_t* at = &trace[row * kRowWords];
    if (!is_op(at[0])) {
      return at_row(row, "must start with 1, 2, 4, 5 or 6, not " + std::to_string(at[0]));
    }
    const auto op = static_cast<HeapOp>(at[0]);
    if (op == HeapOp::kReset) ++resets;
    if (op == HeapOp::kCheckpoint) ++checkpoints;
    if (!names_an_id(op)) continue;
    const uint32_t id = at[1];
    if (id >= ids) {
      return at_row(row, "must name an id below " + std::to_string(ids) + ", not " + std::to_string(id));
    }
    const bool is_given = given[id] == resets + 1;
    if (op == HeapOp::kAlloc && is_given) {
      return at_row(row, "must not allocate id " + std::to_string(id) + " again: it was not freed");
    }
    if (op != HeapOp::kAlloc && !is_given) {
      return at_row(row, "must name an id that was allocated and not freed, not " + std::to_string(id));
    }
    given[id] = op == HeapOp::kFree ? 0 : static_cast<uint32_t>(resets + 1);
  }
  if (resets * ids > kMostCleared) return "\"trace\" must have fewer resets for so many ids";
  if (checkpoints * heap_words > kMostHashed)
    return "\"trace\" must have fewer checkpoints of so large a heap";
  return "";
}

}  // namespace linefill
