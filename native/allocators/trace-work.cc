#include "allocators/trace-work.h"

#include <vector>

#include "platform/platform.h"

namespace linefill {
namespace {

// What an allocator may add to a block, at most, for the sake of the refusal below.
constexpr uint64_t kOverheadBytes = 64;

}  // namespace

std::string check_trace_work(std::span<const uint32_t> trace, size_t slots, size_t heap_words,
                             bool has_markers) {
  const size_t rows = trace.size() / kRowWords;
  if (rows > kMostRows) {
    return "\"trace\" must have at most " + std::to_string(kMostRows) + " rows, not " + std::to_string(rows);
  }
  if (slots % kSlotParts != 0) {
    return "\"slots\" must have " + std::to_string(kSlotParts) + " elements for each id, not " +
           std::to_string(slots);
  }
  // An odd number of words is an error of the trace's.
  const size_t whole = (trace.size() + kRowWords - 1) / kRowWords;
  return check_heap_trace(trace, slots / kSlotParts, whole, heap_words, has_markers);
}

std::string check_peer_trace(std::span<const uint32_t> trace, size_t slots) {
  std::string wrong = check_trace_work(trace, slots, 0);
  if (!wrong.empty()) return wrong;
  std::vector<uint64_t> held(slots / kSlotParts);
  uint64_t live = 0;
  uint64_t peak = 0;
  for (size_t at = 0; at < trace.size(); at += kRowWords) {
    const auto op = static_cast<HeapOp>(trace[at]);
    if (op == HeapOp::kReset) {
      return "\"trace\" row " + std::to_string(at / kRowWords) +
             " must not be a reset: this allocator frees block by block";
    }
    if (op == HeapOp::kCheckpoint) continue;
    uint64_t& bytes = held[trace[at + 1]];
    live -= bytes;
    const bool takes = op == HeapOp::kAlloc || op == HeapOp::kRealloc;
    if (takes && trace[at + 3] > kMostAlignmentBytes) {
      return "\"trace\" row " + std::to_string(at / kRowWords) + " must ask for an alignment of at most " +
             std::to_string(kMostAlignmentBytes) + " bytes, not " + std::to_string(trace[at + 3]);
    }
    if (takes && (trace[at + 3] == 0 || (trace[at + 3] & (trace[at + 3] - 1)) != 0)) {
      return "\"trace\" row " + std::to_string(at / kRowWords) +
             " must ask for an alignment that is a power of two, not " + std::to_string(trace[at + 3]);
    }
    bytes = takes ? uint64_t{trace[at + 2]} + trace[at + 3] + kOverheadBytes : 0;
    live += bytes;
    peak = std::max(peak, live);
  }
  const uint64_t available = platform::available_memory_bytes();
  if (available == 0 || peak <= available / 2) return "";
  return "\"trace\" must hold less at once: " + std::to_string(peak) + " bytes are more than half of the " +
         std::to_string(available) + " that are available";
}

}  // namespace linefill
