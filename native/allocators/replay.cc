#include "allocators/replay.h"

#include <vector>

namespace linefill {
namespace {

std::string at_row(size_t row, const std::string& text) {
  return "\"trace\" row " + std::to_string(row) + " " + text;
}

}  // namespace

std::string check_trace(std::span<const uint32_t> trace, size_t ids, size_t answers) {
  if (trace.size() != answers * kRowWords) {
    return "\"trace\" must have " + std::to_string(kRowWords) + " words for each of the " +
           std::to_string(answers) + " answers, not " + std::to_string(trace.size());
  }
  for (size_t row = 0; row < answers; ++row) {
    const uint32_t op = trace[row * kRowWords];
    if (op < static_cast<uint32_t>(TraceOp::kAlloc) || op > static_cast<uint32_t>(TraceOp::kCheckpoint)) {
      return at_row(row, "must start with 1 to 4, not " + std::to_string(op));
    }
    const bool names_an_id =
        op == static_cast<uint32_t>(TraceOp::kAlloc) || op == static_cast<uint32_t>(TraceOp::kFree);
    const uint32_t id = trace[row * kRowWords + 1];
    if (names_an_id && id >= ids) {
      return at_row(row, "must name an id below " + std::to_string(ids) + ", not " + std::to_string(id));
    }
  }
  return "";
}

std::string check_trusting_trace(std::span<const uint32_t> trace, size_t ids, uint32_t block_bytes,
                                 uint32_t capacity) {
  std::vector<bool> in_use(ids);
  uint32_t used = 0;
  for (size_t row = 0; row * kRowWords < trace.size(); ++row) {
    const uint32_t* at = &trace[row * kRowWords];
    const std::string id = "id " + std::to_string(at[1]);
    switch (static_cast<TraceOp>(at[0])) {
      case TraceOp::kAlloc:
        if (in_use[at[1]]) return at_row(row, "must not allocate " + id + " again: it is in use");
        if (used == capacity || check_request(at[2], at[3], block_bytes) != AllocError::kNone) break;
        in_use[at[1]] = true;
        ++used;
        break;
      case TraceOp::kFree:
        if (!in_use[at[1]]) return at_row(row, "must not free " + id + ": it is not in use");
        in_use[at[1]] = false;
        --used;
        break;
      case TraceOp::kFreeAt:
        return at_row(row, "must not free a raw offset: this allocator checks nothing");
      case TraceOp::kCheckpoint:
        break;
    }
  }
  return "";
}

}  // namespace linefill
