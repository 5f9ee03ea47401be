// What a trace keeps in RAM over the process's own malloc, or over an allocator of library-store.h: resident
// memory is read with the bytes that are live at that moment, every so many rows. Each page of a block is
// written, as a program would use what it asks for. Pages and reads count against the call's stamina, so that
// it ends. To be run in a child process whose malloc is the one that is meant. Reference:
// src/experiments/allocation/resident-kernel.ts.
#include <vector>

#include "allocators/library-store.h"
#include "kernel.h"
#include "kernels/used-store.h"

namespace linefill {
namespace {

using Trace = std::span<const uint32_t>;
using Slots = std::span<uint64_t>;

// Reads of resident memory in one call, at most: each takes as long as a walk through the process's pages.
constexpr uint32_t kMostReads = 4096;

// What the array "resident" gets, of the first call that finds it all zero (later ones find memory that this
// one has left with malloc), in bytes beyond what was resident before: the most; what was live then; when
// most was live; what was live then; when all is freed.
enum Reading : uint32_t { kMost, kLiveAtMost, kAtMostLive, kMostLive, kDrained, kReadings };

std::string check_resident(Trace trace, Slots slots, uint32_t peer, uint32_t reads,
                           Observed<double> resident) {
  // A process has one malloc, by whatever name: the others' memory would be its beside that one's.
  if (peer > 0 && peer < general_peers().size()) {
    return "\"peer\" must be 0, the process's malloc, or at least " + std::to_string(general_peers().size()) +
           ", not " + std::to_string(peer);
  }
  if (reads == 0 || reads > kMostReads) {
    return "\"reads\" must be from 1 to " + std::to_string(kMostReads) + ", not " + std::to_string(reads);
  }
  if (resident.size() != kReadings) {
    return "\"resident\" must have " + std::to_string(kReadings) + " numbers, not " +
           std::to_string(resident.size());
  }
  if (platform::resident_bytes() < 0) return "this system does not say what of a process is in RAM";
  return check_replayed(trace, slots.size(), peer);
}

// The bytes that are live, by a trace's own account.
class LiveBytes {
 public:
  explicit LiveBytes(size_t ids) : sizes_(ids) {}

  void follow(Trace rows) {
    for (size_t at = 0; at < rows.size(); at += kRowWords) {
      const auto op = static_cast<HeapOp>(rows[at]);
      if (op == HeapOp::kCheckpoint) continue;
      uint32_t& bytes = sizes_[rows[at + 1]];
      live_ -= bytes;
      bytes = op == HeapOp::kAlloc || op == HeapOp::kRealloc ? rows[at + 2] : 0;
      live_ += bytes;
    }
  }
  double now() const { return static_cast<double>(live_); }

 private:
  std::vector<uint32_t> sizes_;
  uint64_t live_ = 0;
};

// 1. Read what is resident, unless that was done, 2. replay the rows, part by part, and read again behind
// each, 3. free the rest.
template <class Store>
Outcome replay_resident(Store& under, Trace trace, Slots slots, uint32_t reads, double* resident) {
  UsedStore store(under);
  NoWatch watch;
  LiveBytes live(slots.size() / kSlotParts);
  const bool is_first = resident[kMostLive] == 0;
  // What is left over from before would serve the trace unseen.
  if (is_first) give_back_free_memory();
  const auto before = static_cast<double>(platform::resident_bytes());
  const auto growth = [&] {
    const int64_t bytes = platform::resident_bytes();
    store.spend_on_read(bytes);
    return static_cast<double>(bytes) - before;
  };
  const size_t rows = trace.size() / kRowWords;
  const size_t part = is_first ? std::max<size_t>(1, (rows + reads - 1) / reads) : rows;
  uint32_t sum = 0;
  const char* error = nullptr;
  for (size_t row = 0; row < rows && error == nullptr; row += part) {
    const Trace some = trace.subspan(row * kRowWords, std::min(part, rows - row) * kRowWords);
    const Outcome found = replay_rows(store, some, slots, watch);
    sum += static_cast<uint32_t>(found.checksum);
    // The rows may have ended before the next look.
    error = found.error == nullptr && !store.lasts() ? Stamina::kSpent : found.error;
    if (!is_first) continue;
    live.follow(some);
    const double grown = growth();
    if (grown > resident[kMost]) {
      resident[kMost] = grown;
      resident[kLiveAtMost] = live.now();
    }
    if (live.now() > resident[kMostLive]) {
      resident[kMostLive] = live.now();
      resident[kAtMostLive] = grown;
    }
  }
  sum += release_all(store, slots);
  if (is_first) resident[kDrained] = growth();
  return {error == nullptr ? sum : 0, error};
}

Outcome peer_resident(Trace trace, Slots slots, uint32_t peer, uint32_t reads, Observed<double> resident) {
  std::fill(slots.begin(), slots.end(), 0);
  return with_peer_store(
      trace, peer, [&](auto& store) { return replay_resident(store, trace, slots, reads, resident.data()); });
}

LINEFILL_KERNEL(peer_resident, "peer-resident", "replays a trace over malloc and reads what stays in RAM",
                check_resident, "trace", "slots", "peer", "reads", "resident");

}  // namespace
}  // namespace linefill
