// A counter of which each thread has a share on a line of its own: adding costs what it costs alone, and
// reading costs a line for each thread. With one share for all it is the plain shared counter. After the
// kernel's per-CPU counters (McKenney, Is Parallel Programming Hard, chapter 5). A total that was read may be
// out of date, but never less than one that was read before: each share only rises. Cost: `count` additions
// and count / every totals. Reference: src/experiments/hardware/sharing-kernels.ts.
#include "kernel.h"

namespace linefill {
namespace {

std::string check_shares(Shared<uint32_t> counters, uint32_t share, uint32_t apart, uint32_t shares,
                         uint32_t /*every*/, uint32_t /*count*/) {
  if (shares == 0) return "\"shares\" must be at least 1";
  if (share >= shares) {
    return "\"share\" must be below \"shares\" (" + std::to_string(shares) + "), not " +
           std::to_string(share);
  }
  const uint64_t last = uint64_t{shares - 1} * apart;
  if (last < counters.size()) return "";
  return "\"counters\" must hold the last share, element " + std::to_string(last) + "; it has " +
         std::to_string(counters.size());
}

// 1. Add one to the own share; 2. at each `every`-th time (0: never) read the total, which may not be less
// than the last one. Answer: the totals that were right; what was added stands in the counters.
uint64_t sharded_count(Shared<uint32_t> counters, uint32_t share, uint32_t apart, uint32_t shares,
                       uint32_t every, uint32_t count) {
  const std::atomic_ref<uint32_t> own(counters[size_t{share} * apart]);
  const auto total = [&] {
    uint32_t sum = 0;
    for (uint32_t s = 0; s < shares; ++s) {
      sum += std::atomic_ref<uint32_t>(counters[size_t{s} * apart]).load(std::memory_order_acquire);
    }
    return sum;
  };
  uint64_t right = 0;
  uint32_t least = total();
  uint32_t until_total = every;
  for (uint32_t i = 0; i < count; ++i) {
    own.fetch_add(1, std::memory_order_relaxed);
    if (until_total == 0 || --until_total != 0) continue;
    until_total = every;
    const uint32_t now = total();
    right += static_cast<int32_t>(now - least) >= 0;
    least = now;
  }
  return right;
}

LINEFILL_KERNEL(sharded_count, "sharded-count", "adds to its share of a counter, and reads the total",
                check_shares, "counters", "share", "apart", "shares", "every", "count");

}  // namespace
}  // namespace linefill
