#include "allocators/word-lock.h"

#include <algorithm>

#include "keep.h"
#include "platform/platform.h"

namespace linefill {
namespace {

// A few microseconds: many times what a pool holds it, and little beside a nap.
constexpr uint32_t kLooks = 200;
constexpr uint64_t kFirstNapNs = 20'000;
constexpr uint64_t kLongestNapNs = 1'000'000;

}  // namespace

bool WordLock::wait() {
  // 1. Look for a moment, reading only: a look that writes would take the line from the holder.
  for (uint32_t looks = 0; looks < kLooks; ++looks) {
    spin_pause();
    if (state().load(std::memory_order_relaxed) == kFree && try_take()) return true;
  }
  // 2. Then nap: the holder may have lost its CPU.
  const uint64_t deadline_ns = platform::now_ns() + patience_ns_;
  for (uint64_t nap_ns = kFirstNapNs; platform::now_ns() < deadline_ns;
       nap_ns = std::min(2 * nap_ns, kLongestNapNs)) {
    platform::sleep_ns(nap_ns);
    if (try_take()) return true;
  }
  patience_ns_ = 0;
  return false;
}

}  // namespace linefill
