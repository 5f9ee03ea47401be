#include "timing.h"

namespace linefill {

bool wait_at_gate(const Gate& gate, std::atomic_ref<int32_t> counter, int32_t target, uint64_t patience_ns,
                  bool spin) {
  constexpr uint32_t kReadsBetweenLooks = 4096;
  const uint64_t deadline_ns = platform::now_ns() + patience_ns;
  uint32_t reads = 0;
  while (counter.load(std::memory_order_acquire) < target) {
    if (gate.stop().load(std::memory_order_relaxed) != 0) return false;
    if (spin) {
      spin_pause();
    } else {
      // Whoever is done must not disturb those who still work: it sleeps.
      platform::sleep_ns(20'000);
    }
    if ((!spin || ++reads % kReadsBetweenLooks == 0)) {
      if (platform::now_ns() > deadline_ns) return false;
      if (spin) platform::yield_cpu();
    }
  }
  return true;
}

void record_usage(const platform::Usage& before, const platform::Usage& after, Sample* sample) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const auto since = [](int64_t earlier, int64_t later) {
    return earlier < 0 || later < 0 ? kUnknown : static_cast<double>(later - earlier);
  };
  sample->cpu_ns = since(before.cpu_ns, after.cpu_ns);
  sample->minor_faults = since(before.minor_faults, after.minor_faults);
  sample->major_faults = since(before.major_faults, after.major_faults);
  sample->voluntary_switches = since(before.voluntary_switches, after.voluntary_switches);
  sample->involuntary_switches = since(before.involuntary_switches, after.involuntary_switches);
  sample->migrations = since(before.migrations, after.migrations);
  sample->steal_ticks = since(before.steal_ticks, after.steal_ticks);
  const int cpu = platform::current_cpu();
  sample->cpu = cpu < 0 ? kUnknown : cpu;
}

}  // namespace linefill
