#include "allocators/pool-wait.h"

#include <algorithm>

#include "keep.h"
#include "platform/platform.h"

namespace linefill {
namespace {

// A few microseconds: many times as long as a pool is held, and little beside a nap.
constexpr uint32_t kLooks = 200;

}  // namespace

bool PoolWait::lasts() {
  // 1. Look for a moment.
  if (looks_ < kLooks) {
    ++looks_;
    spin_pause();
    return true;
  }
  // 2. Then nap: who is waited for may have lost its CPU.
  const uint64_t now_ns = platform::now_ns();
  if (deadline_ns_ == 0) deadline_ns_ = now_ns + ns_;
  if (now_ns >= deadline_ns_) return false;
  platform::sleep_ns(nap_ns_);
  nap_ns_ = std::min(2 * nap_ns_, kLongestNapNs);
  return true;
}

}  // namespace linefill
