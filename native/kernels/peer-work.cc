// The timed work of a trace over allocators of others: malloc, jemalloc, tcmalloc and mimalloc, each called
// through its pointers, which live as long as the process; and those of library-store.h, which live as long
// as the call. What the trace leaves live is freed at the end of the call. The slots hold addresses while it
// runs and nothing afterwards. Reference: src/experiments/allocation/trace-kernels.ts.
#include "allocators/library-store.h"
#include "kernel.h"

namespace linefill {
namespace {

using Trace = std::span<const uint32_t>;
using Slots = std::span<uint64_t>;

std::string check_work(Trace trace, Slots slots, uint32_t peer) {
  return check_replayed(trace, slots.size(), peer);
}

// 1. Forget what the slots held, 2. replay the rows, 3. free the rest.
template <class Watch>
Outcome replay(Trace trace, Slots slots, uint32_t peer, Watch watch) {
  std::fill(slots.begin(), slots.end(), 0);
  return with_peer_store(trace, peer, [&](auto& store) {
    Outcome found = replay_rows(store, trace, slots, watch);
    found.checksum = static_cast<uint32_t>(found.checksum) + release_all(store, slots);
    return found;
  });
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
