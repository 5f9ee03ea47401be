// The systems that offer a program no event counts of its own threads or children: every counter says so.
#if !defined(__linux__)

#include <limits>

#include "platform/rules.h"

namespace linefill::platform {
namespace {

#if defined(__APPLE__)
constexpr const char* kReason = "macOS gives event counters only to Apple's own tools (Instruments)";
#elif defined(_WIN32)
constexpr const char* kReason = "Windows gives event counters only to its trace sessions (wpr, xperf)";
#else
constexpr const char* kReason = "Linefill knows no event counters of this system";
#endif

}  // namespace

std::vector<CounterStatus> counter_status(Whose) {
  return guarded_or(std::vector<CounterStatus>{}, [] {
    std::vector<CounterStatus> all(kCounterCount);
    for (size_t i = 0; i < kCounterCount; ++i) {
      all[i].name = kCounterNames[i].name;
      all[i].hardware = kCounterNames[i].hardware;
      all[i].reason = kReason;
    }
    return all;
  });
}

Counters::Counters(Whose) {
  for (int& handle : handles_) handle = -1;
}

Counters::~Counters() = default;

bool Counters::read_now(int, Reading*) { return false; }

void Counters::mark() {}

void Counters::read(double* out, double* shares) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  for (size_t i = 0; i < count(); ++i) {
    out[i] = kNone;
    if (shares != nullptr) shares[i] = kNone;
  }
}

}  // namespace linefill::platform

#endif
