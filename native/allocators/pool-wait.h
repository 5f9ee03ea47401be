// One wait for another thread: looks in quick succession first, since what a pool is waited for takes some
// nanoseconds, then longer and longer naps, and in the end no more. No futex: std::atomic_ref::wait can't be
// given up, so a thread that never comes back (a worker that was ended, a heap that a script wrote to) would
// hold its waiters for ever; and the sleepers of Atomics.wait are known to the JavaScript engine alone, so
// neither language could wake the other's. TypeScript twin: src/allocators/pool-wait.ts.
#pragma once

#include <cstdint>

namespace linefill {

class PoolWait {
 public:
  static constexpr uint64_t kUsualNs = 10'000'000'000;

  // `ns`: of the naps, all together. 0: looks only.
  explicit PoolWait(uint64_t ns) : ns_(ns) {}

  // Lets a moment pass: true where it is time to look again, false where patience is spent.
  bool lasts();

 private:
  static constexpr uint64_t kFirstNapNs = 20'000;
  static constexpr uint64_t kLongestNapNs = 1'000'000;

  uint64_t ns_;
  uint64_t deadline_ns_ = 0;
  uint64_t nap_ns_ = kFirstNapNs;
  uint32_t looks_ = 0;
};

}  // namespace linefill
