// The timed work of a trace over allocators of others, each called through its pointers: malloc, jemalloc,
// tcmalloc, mimalloc. They live as long as the process; what the trace leaves live is freed at the end of the
// call. The slots hold addresses while it runs and nothing afterwards. Reference:
// src/experiments/allocation/trace-kernels.ts.
#include "allocators/trace-work.h"
#include "kernel.h"

namespace linefill {
namespace {

using Trace = std::span<const uint32_t>;
using Slots = std::span<uint64_t>;

std::string check_work(Trace trace, Slots slots, uint32_t peer) {
  const auto peers = general_peers();
  if (peer >= peers.size()) {
    return "\"peer\" must be below " + std::to_string(peers.size()) + ", not " + std::to_string(peer);
  }
  if (!peers[peer].found()) return peers[peer].missing;
  return check_peer_trace(trace, slots.size());
}

// 1. Forget what the slots held, 2. replay the rows, 3. free the rest.
template <class Watch>
Outcome replay(Trace trace, Slots slots, uint32_t peer, Watch watch) {
  std::fill(slots.begin(), slots.end(), 0);
  PeerStore store(general_peers()[peer]);
  Outcome found = replay_rows(store, trace, slots, watch);
  found.checksum = static_cast<uint32_t>(found.checksum) + release_all(store, slots);
  return found;
}

Outcome peer_work(Trace trace, Slots slots, uint32_t peer) { return replay(trace, slots, peer, NoWatch{}); }

std::string check_tails(Trace trace, Slots slots, uint32_t peer, Observed<uint32_t> times_ns) {
  if (times_ns.size() != trace.size() / kRowWords) {
    return "\"timesNs\" must have an element for each row, " + std::to_string(trace.size() / kRowWords) +
           ", not " + std::to_string(times_ns.size());
  }
  return check_work(trace, slots, peer);
}

Outcome peer_tails(Trace trace, Slots slots, uint32_t peer, Observed<uint32_t> times_ns) {
  return replay(trace, slots, peer, RowWatch{times_ns.span});
}

LINEFILL_KERNEL(peer_work, "peer-work", "replays a trace over malloc or another's allocator", check_work,
                "trace", "slots", "peer");
LINEFILL_KERNEL(peer_tails, "peer-tails", "the same, each row timed", check_tails, "trace", "slots", "peer",
                "timesNs");

}  // namespace
}  // namespace linefill
