#include "allocators/library-store.h"

#include "platform/platform.h"

namespace linefill {
namespace {

using Trace = std::span<const uint32_t>;

// A pool's or a buffer's next chunk is as large as all before it together, or less.
constexpr uint64_t kChunks = 2;
// Boost.Pool's first chunk has so many blocks.
constexpr uint64_t kFirstBlocks = 32;
// What operator new aligns a chunk to, and what a request takes at least.
constexpr uint32_t kUsualBytes = 16;

constexpr bool takes(uint32_t op) {
  return static_cast<HeapOp>(op) == HeapOp::kAlloc || static_cast<HeapOp>(op) == HeapOp::kRealloc;
}

std::string at_row(size_t at, const std::string& text) {
  return "\"trace\" row " + std::to_string(at / kRowWords) + " " + text;
}

// Of `bytes` that are taken at once; empty: there is room.
std::string check_room(uint64_t bytes) {
  const uint64_t available = platform::available_memory_bytes();
  if (available == 0 || bytes <= available / 2) return "";
  return "\"trace\" must ask for less: " + std::to_string(bytes) + " bytes are more than half of the " +
         std::to_string(available) + " that are available";
}

// Nothing comes back before the end: all that is ever asked for is there at once.
std::string check_monotonic(Trace trace) {
  uint64_t bytes = 0;
  for (size_t at = 0; at < trace.size(); at += kRowWords) {
    if (takes(trace[at])) bytes += uint64_t{trace[at + 2]} + std::max(trace[at + 3], kUsualBytes);
  }
  return check_room(kChunks * bytes);
}

std::string check_pooled(Trace trace) {
  int64_t live = 0;
  int64_t peak = 0;
  size_t first = trace.size();
  for (size_t at = 0; at < trace.size(); at += kRowWords) {
    const auto op = static_cast<HeapOp>(trace[at]);
    live += op == HeapOp::kAlloc ? 1 : op == HeapOp::kFree || op == HeapOp::kFreeSized ? -1 : 0;
    peak = std::max(peak, live);
    if (!takes(trace[at])) continue;
    first = std::min(first, at);
    if (trace[at + 2] != trace[first + 2]) {
      return at_row(at, "must ask for " + std::to_string(trace[first + 2]) +
                            " bytes as the first does: Boost.Pool's blocks are of one size, not " +
                            std::to_string(trace[at + 2]));
    }
    if (trace[at + 3] > kUsualBytes) {
      return at_row(at, "must ask for an alignment of at most " + std::to_string(kUsualBytes) +
                            " bytes, not " + std::to_string(trace[at + 3]));
    }
  }
  return check_room((kChunks * static_cast<uint64_t>(peak) + kFirstBlocks) * pooled_bytes(trace));
}

std::string check_alignments(Trace trace, const Peer& peer) {
  for (size_t at = 0; at < trace.size(); at += kRowWords) {
    if (!takes(trace[at]) || trace[at + 3] <= peer.kept_alignment_bytes) continue;
    return at_row(at, "must ask for an alignment of at most " + std::to_string(peer.kept_alignment_bytes) +
                          " bytes, not " + std::to_string(trace[at + 3]) + ": " + peer.id + " " +
                          peer.version + " gives some such blocks out of line");
  }
  return "";
}

}  // namespace

size_t pooled_bytes(Trace trace) {
  for (size_t at = 0; at < trace.size(); at += kRowWords) {
    if (!takes(trace[at])) continue;
    const size_t mask = kUsualBytes - 1;
    return (std::max<size_t>(trace[at + 2], 1) + mask) & ~mask;
  }
  return kUsualBytes;
}

std::string check_replayed(Trace trace, size_t slots, uint32_t peer) {
  const auto peers = general_peers();
  const size_t count = peers.size() + kLibraryPeers;
  if (peer >= count) {
    return "\"peer\" must be below " + std::to_string(count) + ", not " + std::to_string(peer);
  }
  if (peer < peers.size()) {
    if (!peers[peer].found()) return peers[peer].missing;
    const std::string wrong = check_peer_trace(trace, slots);
    return wrong.empty() ? check_alignments(trace, peers[peer]) : wrong;
  }
  const auto library = static_cast<LibraryPeer>(peer - peers.size());
  if (library == LibraryPeer::kBoostPool ? boost_version() == nullptr : !has_pmr()) {
    return library == LibraryPeer::kBoostPool ? kNoBoostPool : kNoPmr;
  }
  std::string wrong = check_peer_trace(trace, slots);
  if (!wrong.empty() || library == LibraryPeer::kPmrPool) return wrong;
  return library == LibraryPeer::kPmrMonotonic ? check_monotonic(trace) : check_pooled(trace);
}

}  // namespace linefill
