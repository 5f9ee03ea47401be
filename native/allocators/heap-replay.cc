#include "allocators/heap-replay.h"

#include <algorithm>
#include <vector>

namespace linefill {
namespace {

// A replay must end within seconds: what resets and checkpoints go through at most, in ids and in words.
constexpr uint64_t kMostCleared = uint64_t{1} << 32;
constexpr uint64_t kMostHashed = uint64_t{1} << 34;

// A row of pools alone (replay.h).
constexpr uint32_t kFreeAtOp = 3;

std::string at_row(size_t row, const std::string& text) {
  return "\"trace\" row " + std::to_string(row) + " " + text;
}

constexpr bool names_an_id(HeapOp op) { return op != HeapOp::kCheckpoint && op != HeapOp::kReset; }

constexpr bool takes(HeapOp op) { return op == HeapOp::kAlloc || op == HeapOp::kRealloc; }

constexpr bool is_marker_op(uint32_t op) {
  return op == static_cast<uint32_t>(HeapOp::kMark) || op == static_cast<uint32_t>(HeapOp::kRelease);
}

constexpr bool is_op(uint32_t op) {
  return op >= static_cast<uint32_t>(HeapOp::kAlloc) && op <= static_cast<uint32_t>(HeapOp::kFreeSized) &&
         op != kFreeAtOp;
}

// What each id holds while a trace is gone through, as if nothing were refused.
class Holders {
 public:
  explicit Holders(size_t ids) : since_(ids), is_(ids) {}

  // Whether the row may be there.
  bool may(HeapOp op, uint32_t id) const {
    if (op == HeapOp::kRelease) return is_[id] == kMarker && since_[id] > reset_;
    const bool is_held = holds(id);
    if (op == HeapOp::kAlloc || op == HeapOp::kMark) return !is_held;
    return is_held && is_[id] != kMarker && !(op == HeapOp::kFreeSized && is_[id] == kAlignedBlock);
  }

  // Why it may not.
  std::string why_not(HeapOp op, uint32_t id) const {
    const std::string number = std::to_string(id);
    if (op == HeapOp::kAlloc) return "must not allocate id " + number + " again: it was not freed";
    if (op == HeapOp::kMark) return "must not mark id " + number + ": it was not freed";
    if (op == HeapOp::kRelease) return "must name an id that has a marker, not " + number;
    if (!holds(id) || is_[id] == kMarker) {
      return "must name an id that was allocated and not freed, not " + number;
    }
    return "must not free id " + number + " by its size: its alignment was over 8";
  }

  // Goes through a row that may be there.
  void next(uint32_t row, HeapOp op, uint32_t id, uint32_t alignment_bytes) {
    if (op == HeapOp::kAlloc || op == HeapOp::kMark) {
      since_[id] = row + 1;
      is_[id] = op == HeapOp::kMark ? kMarker : kBlock;
    }
    // A realloc leaves a block where it is among the others.
    if (takes(op) && alignment_bytes > kUsualAlignmentBytes) is_[id] = kAlignedBlock;
    if (op == HeapOp::kRelease) release(id, row);
    if (op == HeapOp::kFree || op == HeapOp::kFreeSized) since_[id] = 0;
  }

  // In no time, whatever the number of ids.
  void reset(uint32_t row) {
    reset_ = row + 1;
    gone_.clear();
  }

 private:
  // A block may have been asked for with more than the usual alignment once.
  enum Held : uint8_t { kBlock, kAlignedBlock, kMarker };

  // Whatever came after the one row and not after the other was released.
  struct Gone {
    uint32_t after = 0;
    uint32_t until = 0;
  };

  bool holds(uint32_t id) const { return since_[id] > reset_ && !is_gone(since_[id]); }

  bool is_gone(uint32_t since) const {
    if (gone_.empty()) return false;
    const auto behind = std::lower_bound(gone_.begin(), gone_.end(), since,
                                         [](const Gone& gone, uint32_t row) { return gone.after < row; });
    return behind != gone_.begin() && since <= std::prev(behind)->until;
  }

  void release(uint32_t id, uint32_t row) {
    const uint32_t since = since_[id];
    since_[id] = 0;
    if (is_gone(since)) return;
    while (!gone_.empty() && gone_.back().after >= since) gone_.pop_back();
    gone_.push_back({since, row + 1});
  }

  // By id: one more than the row that gave it what it has; 0: it has nothing. An array has fewer rows than
  // 2^32.
  std::vector<uint32_t> since_;
  // By id, what that is.
  std::vector<Held> is_;
  // Ascending, and apart.
  std::vector<Gone> gone_;
  uint32_t reset_ = 0;
};

}  // namespace

std::string check_heap_trace(std::span<const uint32_t> trace, size_t ids, size_t answers, size_t heap_words,
                             bool has_markers) {
  if (trace.size() != answers * kRowWords) {
    return "\"trace\" must have " + std::to_string(kRowWords) + " words for each of the " +
           std::to_string(answers) + " answers, not " + std::to_string(trace.size());
  }
  Holders holders(ids);
  // Resets, and releases.
  uint64_t clearings = 0;
  uint64_t checkpoints = 0;
  for (size_t row = 0; row < answers; ++row) {
    const uint32_t* at = &trace[row * kRowWords];
    if (is_marker_op(at[0]) && !has_markers) {
      return at_row(row, "must not mark or release: this allocator has no markers, a stack has");
    }
    if (!is_op(at[0]) && !is_marker_op(at[0])) {
      return at_row(row, std::string("must start with 1, 2 or 4 to ") + (has_markers ? "9" : "7") + ", not " +
                             std::to_string(at[0]));
    }
    const auto op = static_cast<HeapOp>(at[0]);
    const auto number = static_cast<uint32_t>(row);
    if (op == HeapOp::kReset) holders.reset(number);
    if (op == HeapOp::kReset || op == HeapOp::kRelease) ++clearings;
    if (op == HeapOp::kCheckpoint) ++checkpoints;
    if (!names_an_id(op)) continue;
    if (at[1] >= ids) {
      return at_row(row, "must name an id below " + std::to_string(ids) + ", not " + std::to_string(at[1]));
    }
    if (!holders.may(op, at[1])) return at_row(row, holders.why_not(op, at[1]));
    holders.next(number, op, at[1], at[3]);
  }
  if (clearings * ids > kMostCleared) return "\"trace\" must have fewer resets and releases for so many ids";
  if (checkpoints * heap_words > kMostHashed)
    return "\"trace\" must have fewer checkpoints of so large a heap";
  return "";
}

std::string check_heap_replay(size_t heap_words, std::span<const uint32_t> trace,
                              std::span<const uint32_t> offsets, std::span<const uint32_t> sizes,
                              std::span<const int32_t> answers, std::span<const double> summary,
                              bool has_markers) {
  if (sizes.size() != offsets.size()) {
    return "\"sizes\" must have as many words as \"offsets\", " + std::to_string(offsets.size()) + ", not " +
           std::to_string(sizes.size());
  }
  if (summary.size() != kSummaryNumbers) {
    return "\"summary\" must have " + std::to_string(kSummaryNumbers) + " numbers, not " +
           std::to_string(summary.size());
  }
  return check_heap_trace(trace, offsets.size(), answers.size(), heap_words, has_markers);
}

}  // namespace linefill
