// How long a kernel waits for a partner: a member of a team whose partner never comes must fail, not hang.
// The clock is looked at once in a million looks in vain, so that waiting itself costs no more than the look.
#pragma once

#include <cstdint>

#include "platform/platform.h"

namespace linefill {

class Patience {
 public:
  static constexpr const char* kAlone = "the partner did not answer within 10 s";

  // After a look in vain: whether to look again.
  bool lasts() {
    if (++looks_ % kLooksBetweenClocks != 0) return true;
    const uint64_t now_ns = platform::now_ns();
    if (deadline_ns_ == 0) deadline_ns_ = now_ns + kPatienceNs;
    return now_ns <= deadline_ns_;
  }

 private:
  static constexpr uint32_t kLooksBetweenClocks = 1u << 20;
  static constexpr uint64_t kPatienceNs = 10'000'000'000;
  uint32_t looks_ = 0;
  uint64_t deadline_ns_ = 0;
};

}  // namespace linefill
