// The parts of the platform contract that no system decides: the counters' names, the check of a mapping's
// request, lists and sizes in words, and the barrier that turns an exhausted heap into a Failure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/platform.h"

namespace linefill::platform {

struct CounterName {
  const char* name;
  bool hardware;
};

inline constexpr CounterName kCounterNames[kCounterCount] = {
    {"cycles", true},          {"instructions", true},     {"cache-references", true},
    {"cache-misses", true},    {"branch-misses", true},    {"L1-dcache-load-misses", true},
    {"LLC-load-misses", true}, {"dTLB-load-misses", true}, {"stalled-cycles-backend", true},
    {"task-clock", false},     {"page-faults", false},     {"context-switches", false},
    {"cpu-migrations", false}, {"minor-faults", false},    {"major-faults", false},
};

// Runs `body`, which returns a Failure and may run out of memory.
template <class Body>
Failure guarded(Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    return Failure{"out of memory"};  // short enough to need no memory itself
  }
}

// As guarded(), for a body that returns a value.
template <class T, class Body>
T guarded_or(T otherwise, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    return otherwise;
  }
}

// {0, 1, 2, 5} -> "0-2, 5"
std::string cpu_ranges(const std::vector<int>& cpus);
Failure cpu_not_allowed(int cpu, const std::vector<int>& allowed);

// 1536 -> "1.5 KiB"
std::string size_text(uint64_t bytes);

// Whatever can be told of a request before the system is asked: afterwards bytes + alignment can't overflow.
Failure check_request(size_t bytes, size_t alignment, const Mapping* out);
// Refuses what would leave less than 1/16 of the available memory: page tables and the kernel need some too.
// `available` 0 means unknown.
Failure check_available(uint64_t bytes, uint64_t available);

inline size_t round_up(size_t value, size_t power_of_two) {
  return (value + power_of_two - 1) & ~(power_of_two - 1);
}

}  // namespace linefill::platform
