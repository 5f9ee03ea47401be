// How long a run over a collector may take: a heap that is nearly full is collected at every allocation, and
// wide objects take long to clear though nothing is ever collected. The clock is looked at after each pause,
// and otherwise once in about a million words of work, so that a run that is short of neither pays a
// comparison a row. TypeScript twin: src/collectors/patience.ts.
#pragma once

#include <cstdint>

#include "platform/platform.h"

namespace linefill {

// What is said of a run that is given up.
inline constexpr const char* kGivenUp =
    "the program takes this collector more than the patience of its caller, 30 s by default";

class RunPatience {
 public:
  static constexpr uint64_t kUsualNs = 30'000'000'000;
  // An object's making is as much work as so many words, beside its own: room may have to be looked for.
  static constexpr uint32_t kMakingWords = 64;

  explicit RunPatience(uint64_t patience_ns = kUsualNs) : deadline_ns_(platform::now_ns() + patience_ns) {}

  // Whether to go on, after so many pauses and so many words of work, both since the beginning.
  bool lasts(uint64_t pauses, uint64_t work_words) {
    if (pauses == pauses_ && work_words < next_look_words_) [[likely]]
      return true;
    pauses_ = pauses;
    next_look_words_ = work_words + kWordsBetweenLooks;
    return platform::now_ns() <= deadline_ns_;
  }

 private:
  static constexpr uint64_t kWordsBetweenLooks = uint64_t{1} << 20;

  uint64_t deadline_ns_;
  uint64_t pauses_ = 0;
  uint64_t next_look_words_ = kWordsBetweenLooks;
};

}  // namespace linefill
