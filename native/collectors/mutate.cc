#include "collectors/mutate.h"

namespace linefill {
namespace {

constexpr uint64_t kMostHashed = uint64_t{1} << 34;
constexpr uint64_t kMostCollected = uint64_t{1} << 34;

// Which of a row's words name roots, as bits.
constexpr uint32_t roots_named(MutatorOp op) {
  switch (op) {
    case MutatorOp::kNew:
    case MutatorOp::kErase:
    case MutatorOp::kClear:
    case MutatorOp::kUse:
      return 0b0010;
    case MutatorOp::kLoad:
    case MutatorOp::kCopy:
      return 0b0110;
    case MutatorOp::kStore:
      return 0b1010;
    default:
      return 0;
  }
}

std::string at_row(size_t row, const std::string& text) {
  return "\"trace\" row " + std::to_string(row) + " " + text;
}

}  // namespace

std::string check_mutator_trace(std::span<const uint32_t> trace, size_t roots, size_t heap_words) {
  if (trace.size() % kMutatorRowWords != 0) {
    return "\"trace\" must have whole rows of " + std::to_string(kMutatorRowWords) + " words, not " +
           std::to_string(trace.size()) + " words";
  }
  uint64_t hashed = 0;
  uint64_t collected = 0;
  for (size_t row = 0; row < trace.size() / kMutatorRowWords; ++row) {
    const uint32_t* at = &trace[row * kMutatorRowWords];
    if (at[0] < static_cast<uint32_t>(MutatorOp::kNew) ||
        at[0] > static_cast<uint32_t>(MutatorOp::kCheckpoint)) {
      return at_row(row, "must start with 1 to 9, not " + std::to_string(at[0]));
    }
    const auto op = static_cast<MutatorOp>(at[0]);
    const uint32_t named = roots_named(op);
    for (uint32_t word = 1; word < kMutatorRowWords; ++word) {
      if ((named >> word & 1) == 0 || at[word] < roots) continue;
      return at_row(row,
                    "must name a root below " + std::to_string(roots) + ", not " + std::to_string(at[word]));
    }
    if (op == MutatorOp::kNew && at[2] > kMostObjectSlots) {
      return at_row(row, "must ask for at most " + std::to_string(kMostObjectSlots) + " slots, not " +
                             std::to_string(at[2]));
    }
    if (op == MutatorOp::kNew && at[3] > kMostObjectBytes) {
      return at_row(row, "must ask for at most " + std::to_string(kMostObjectBytes) + " bytes, not " +
                             std::to_string(at[3]));
    }
    if (op == MutatorOp::kCheckpoint) hashed += heap_words;
    if (op == MutatorOp::kCollect) collected += heap_words;
  }
  if (hashed > kMostHashed) return "\"trace\" must have fewer checkpoints of so large a heap";
  if (collected > kMostCollected) return "\"trace\" must have fewer collections of so large a heap";
  return "";
}

std::string check_mutation(size_t heap_words, size_t scratch_words, size_t roots, size_t counts,
                           std::span<const uint32_t> trace, size_t answers) {
  if (scratch_words != heap_words + roots) {
    return "\"scratch\" must have as many words as \"heap\" and \"roots\" together, " +
           std::to_string(heap_words + roots) + ", not " + std::to_string(scratch_words);
  }
  if (counts != Counts::kNumbers + 1) {
    return "\"counts\" must have " + std::to_string(Counts::kNumbers + 1) + " numbers, not " +
           std::to_string(counts);
  }
  std::string wrong = check_mutator_trace(trace, roots, heap_words);
  if (!wrong.empty() || answers == 0 || answers == trace.size() / kMutatorRowWords) return wrong;
  return "\"answers\" must have a word for each of the " + std::to_string(trace.size() / kMutatorRowWords) +
         " rows, or none, not " + std::to_string(answers);
}

}  // namespace linefill
