// The only native timing loop. A sample is `iterations` calls of the kernel between two reads of the clock;
// what the thread used and what was taken from it is read outside those two, and kept beside the time.
// A team's members share a Gate: nobody starts a sample before all have arrived, nobody goes on before all
// have ended. After multichase's start barrier and lmbench's bench.h (grown iterations, clock outside).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "keep.h"
#include "platform/platform.h"

namespace linefill {

// A kernel's answer: a checksum, or (static) text that says why there is none.
struct Outcome {
  uint64_t checksum = 0;
  const char* error = nullptr;
};

// Where a team meets: three counters in shared memory, each on a line pair of its own.
struct Gate {
  static constexpr size_t kStrideWords = 32;  // 128 B: adjacent-line prefetchers fetch pairs
  static constexpr size_t kWords = 3 * kStrideWords;
  int32_t* words = nullptr;  // null: a thread on its own
  int32_t members = 1;

  std::atomic_ref<int32_t> stop() const { return std::atomic_ref<int32_t>(words[0]); }
  std::atomic_ref<int32_t> arrived() const { return std::atomic_ref<int32_t>(words[kStrideWords]); }
  std::atomic_ref<int32_t> left() const { return std::atomic_ref<int32_t>(words[2 * kStrideWords]); }
};

struct Plan {
  uint32_t warmup = 0;  // iterations before each call's first sample, untimed
  uint32_t samples = 1;
  uint32_t iterations = 1;  // calls of the kernel a sample
  // A gate that stays shut longer, or a call that lasts longer, is an error.
  uint64_t patience_ns = 60'000'000'000;
  bool counters = false;
  Gate gate;
};

// The columns of a sample, in the order of kColumns. NaN where the system can't say.
struct Sample {
  double elapsed_ns;
  double start_ns;
  double end_ns;
  double cpu_ns;
  double minor_faults;
  double major_faults;
  double voluntary_switches;
  double involuntary_switches;
  double migrations;
  double steal_ticks;
  double cpu;  // where the sample ended
};
inline constexpr const char* kColumns[] = {"elapsedNs",
                                           "startNs",
                                           "endNs",
                                           "cpuNs",
                                           "minorFaults",
                                           "majorFaults",
                                           "voluntarySwitches",
                                           "involuntarySwitches",
                                           "migrations",
                                           "stealTicks",
                                           "cpu"};
inline constexpr size_t kColumnCount = sizeof(Sample) / sizeof(double);
static_assert(kColumnCount == sizeof(kColumns) / sizeof(kColumns[0]));

// Waits until `counter` reaches `target`; false when the team was stopped or patience ran out.
bool wait_at_gate(const Gate& gate, std::atomic_ref<int32_t> counter, int32_t target, uint64_t patience_ns,
                  bool spin);
// The difference of two usages as columns of a sample.
void record_usage(const platform::Usage& before, const platform::Usage& after, Sample* sample);

// Runs `body` (-> uint64_t or Outcome) under `plan`, filling `samples` (plan.samples of them) and, where
// plan.counters, `counts` (plan.samples x Counters::count()). Returns the last iteration's outcome.
template <class Body>
Outcome time_samples(const Plan& plan, Sample* samples, double* counts, Body body) {
  Outcome last;
  const auto once = [&]() -> bool {
    clobber();
    if constexpr (std::is_same_v<decltype(body()), Outcome>) {
      last = body();
    } else {
      last.checksum = body();
    }
    keep(last.checksum);
    return last.error == nullptr;
  };
  for (uint32_t i = 0; i < plan.warmup; ++i) {
    if (!once()) return last;
  }
  const Gate& gate = plan.gate;
  const uint64_t call_start_ns = platform::now_ns();
  const size_t width = platform::Counters::count();
  std::optional<platform::Counters> counters;
  if (plan.counters) counters.emplace();

  for (uint32_t s = 0; s < plan.samples; ++s) {
    const int32_t target = static_cast<int32_t>(s + 1) * gate.members;
    platform::Usage before, after;
    platform::thread_usage(&before);
    if (counters) counters->mark();
    if (gate.words) {
      gate.arrived().fetch_add(1);
      if (!wait_at_gate(gate, gate.arrived(), target, plan.patience_ns, true)) {
        return {0, "the team was stopped, or a member never arrived"};
      }
    }
    const uint64_t start_ns = platform::now_ns();
    for (uint32_t i = 0; i < plan.iterations; ++i) {
      if (!once()) return last;
    }
    const uint64_t end_ns = platform::now_ns();
    if (gate.words) {
      gate.left().fetch_add(1);
      if (!wait_at_gate(gate, gate.left(), target, plan.patience_ns, false)) {
        return {0, "the team was stopped, or a member never finished"};
      }
    }
    if (counters) counters->read(counts + s * width);
    platform::thread_usage(&after);
    samples[s].elapsed_ns = static_cast<double>(end_ns - start_ns);
    samples[s].start_ns = static_cast<double>(start_ns);
    samples[s].end_ns = static_cast<double>(end_ns);
    record_usage(before, after, &samples[s]);
    if (s + 1 < plan.samples && end_ns - call_start_ns > plan.patience_ns) {
      return {0, "the samples of one call lasted longer than its patience"};
    }
  }
  return last;
}

}  // namespace linefill
