// When the mutator stood still, and why: written into a caller's array as
//
//   pauses so far, lost ones included | start | end of the mutator's work | processor time that the process
//   took meanwhile, all its threads together, or -1 | then for each: kind, start, end
//
// in ns of the platform's clock. An array without room for the first four: no clock is read. TypeScript twin:
// src/collectors/pauses.ts.
#pragma once

#include <cstdint>
#include <span>

#include "platform/platform.h"

namespace linefill {

enum class PauseKind : uint32_t {
  kMinor = 1,
  kFull = 2,
  // A part of a collection that goes on: its start, an increment, its end.
  kStart = 3,
  kStep = 4,
  kFinal = 5,
  // Objects whose last count went, and all that hung on them.
  kRelease = 6,
};

class PauseLog {
 public:
  static constexpr uint32_t kHeadNumbers = 4;
  static constexpr uint32_t kPauseNumbers = 3;

  explicit PauseLog(std::span<double> to) : to_(to.size() < kHeadNumbers ? std::span<double>() : to) {
    if (to_.empty()) return;
    to_[0] = 0;
    cpu_ns_ = platform::process_cpu_ns();
    to_[1] = now();
  }

  // The mutator is done.
  void close() {
    if (to_.empty()) return;
    to_[0] = static_cast<double>(pauses_);
    to_[2] = now();
    const int64_t cpu_ns = platform::process_cpu_ns();
    to_[3] = cpu_ns < 0 || cpu_ns_ < 0 ? -1 : static_cast<double>(cpu_ns - cpu_ns_);
  }

  uint64_t pauses() const { return pauses_; }

  void begin(PauseKind kind) {
    kind_ = kind;
    if (!to_.empty()) start_ns_ = now();
  }

  // The pause that goes on turns out to be of another kind.
  void become(PauseKind kind) { kind_ = kind; }

  void end() {
    const size_t at = kHeadNumbers + pauses_++ * kPauseNumbers;
    if (at + kPauseNumbers > to_.size()) return;
    to_[at] = static_cast<double>(kind_);
    to_[at + 1] = start_ns_;
    to_[at + 2] = now();
  }

 private:
  static double now() { return static_cast<double>(platform::now_ns()); }

  std::span<double> to_;
  uint64_t pauses_ = 0;
  int64_t cpu_ns_ = 0;
  PauseKind kind_ = PauseKind::kFull;
  double start_ns_ = 0;
};

}  // namespace linefill
