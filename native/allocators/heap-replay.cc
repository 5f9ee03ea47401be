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
  return op == HeapOp::kAlloc || op == HeapOp::kFree || op == HeapOp::kRealloc || op == HeapOp::kFreeSized;
}

constexpr bool takes(HeapOp op) { return op == HeapOp::kAlloc || op == HeapOp::kRealloc; }

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
  // By id: whether it was ever asked for with more than the usual alignment since its alloc.
  std::vector<bool> is_aligned(ids);
  uint64_t resets = 0;
  uint64_t checkpoints = 0;
  for (size_t row = 0; row < answers; ++row) {
    const uint32_t* at = &trace[row * kRowWords];
    if (!is_op(at[0])) {
      return at_row(row, "must start with 1, 2 or 4 to 7, not " + std::to_string(at[0]));
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
    if (op == HeapOp::kAlloc) is_aligned[id] = false;
    if (takes(op) && at[3] > kUsualAlignmentBytes) is_aligned[id] = true;
    if (op == HeapOp::kFreeSized && is_aligned[id]) {
      return at_row(row, "must not free id " + std::to_string(id) + " by its size: its alignment was over 8");
    }
    given[id] = !takes(op) ? 0 : static_cast<uint32_t>(resets + 1);
  }
  if (resets * ids > kMostCleared) return "\"trace\" must have fewer resets for so many ids";
  if (checkpoints * heap_words > kMostHashed)
    return "\"trace\" must have fewer checkpoints of so large a heap";
  return "";
}

std::string check_heap_replay(size_t heap_words, std::span<const uint32_t> trace,
                              std::span<const uint32_t> offsets, std::span<const uint32_t> sizes,
                              std::span<const int32_t> answers, std::span<const double> summary) {
  if (sizes.size() != offsets.size()) {
    return "\"sizes\" must have as many words as \"offsets\", " + std::to_string(offsets.size()) + ", not " +
           std::to_string(sizes.size());
  }
  if (summary.size() != kSummaryNumbers) {
    return "\"summary\" must have " + std::to_string(kSummaryNumbers) + " numbers, not " +
           std::to_string(summary.size());
  }
  return check_heap_trace(trace, offsets.size(), answers.size(), heap_words);
}

}  // namespace linefill
