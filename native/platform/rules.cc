// What every system shares: see rules.h, and measure_clock() of platform.h, which only needs now_ns().
#include "platform/rules.h"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <limits>

namespace linefill::platform {

std::string cpu_ranges(const std::vector<int>& cpus) {
  std::string text;
  for (size_t first = 0; first < cpus.size();) {
    size_t last = first;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(cpus[first]);
    if (last > first) text += "-" + std::to_string(cpus[last]);
    first = last + 1;
  }
  return text;
}

Failure cpu_not_allowed(int cpu, const std::vector<int>& allowed) {
  return Failure{"CPU " + std::to_string(cpu) + " is not available to this process: choose from " +
                 cpu_ranges(allowed)};
}

std::string size_text(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  double value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.4g %s", value, kUnits[unit]);
  return text;
}

Failure check_request(size_t bytes, size_t alignment, const Mapping* out) {
  constexpr size_t kMost = std::numeric_limits<size_t>::max() / 4;
  if (out == nullptr) return Failure{"map needs a place for its result"};
  if (bytes == 0) return Failure{"0 bytes asked: ask for at least 1"};
  if (!std::has_single_bit(alignment)) {
    return Failure{"the alignment " + std::to_string(alignment) + " is not a power of two"};
  }
  if (bytes > kMost || alignment > kMost) {
    return Failure{"" + size_text(bytes) + " aligned to " + size_text(alignment) +
                   " is more than an address space holds"};
  }
  return Failure{};
}

Failure check_available(uint64_t bytes, uint64_t available) {
  if (available == 0 || bytes <= available - available / 16) return Failure{};
  return Failure{"" + size_text(bytes) + " asked, but only " + size_text(available) +
                 " are available to this process, of which a sixteenth is left free"};
}

ClockFigures measure_clock() {
  constexpr uint64_t kMostNs = 5'000'000;
  constexpr int kMostReads = 2'000'000;
  constexpr int kEnoughSteps = 2000;
  constexpr size_t kBatches = 63;
  constexpr int kBatchReads = 512;

  uint64_t smallest = std::numeric_limits<uint64_t>::max();
  const uint64_t start = now_ns();
  uint64_t before = start;
  for (int reads = 0, steps = 0; reads < kMostReads && steps < kEnoughSteps && before - start < kMostNs;
       ++reads) {
    const uint64_t now = now_ns();
    if (now == before) continue;
    ++steps;
    smallest = std::min(smallest, now - before);
    before = now;
  }

  double costs[kBatches];
  for (double& cost : costs) {
    const uint64_t first = now_ns();
    uint64_t last = first;
    for (int i = 0; i < kBatchReads; ++i) last = now_ns();
    cost = static_cast<double>(last - first) / kBatchReads;
  }
  std::nth_element(costs, costs + kBatches / 2, costs + kBatches);
  return {smallest == std::numeric_limits<uint64_t>::max() ? std::numeric_limits<double>::quiet_NaN()
                                                           : static_cast<double>(smallest),
          costs[kBatches / 2]};
}

}  // namespace linefill::platform
