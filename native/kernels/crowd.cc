// The timed work of several threads over malloc or another's general allocator: allocators/crowd.h says who
// the threads are, and crowd-slots, -queue, -exchange and -writes beside it what they do. Cost: what the
// pattern's head says, and the birth and end of the threads. Reference:
// src/experiments/allocation/crowd-kernels.ts.
#include "allocators/crowd.h"

#include <algorithm>
#include <new>

#include "kernel.h"

namespace linefill {
namespace {

struct Pattern {
  std::string (*check)(const CrowdPlan&);
  const char* (*run)(const CrowdPlan&, std::span<Tally>);
};

// By number: slots, queue, exchange, writes.
constexpr Pattern kPatterns[] = {{check_crowd_slots, run_crowd_slots},
                                 {check_crowd_queue, run_crowd_queue},
                                 {check_crowd_exchange, run_crowd_exchange},
                                 {check_crowd_writes, run_crowd_writes}};

// Writes what the process's CPUs did between its making and its end, in ns; -1 where the system can't say.
class CpuTime {
 public:
  explicit CpuTime(double* into) : into_(into), before_ns_(platform::process_cpu_ns()) {}
  ~CpuTime() {
    const int64_t after_ns = platform::process_cpu_ns();
    *into_ = before_ns_ < 0 || after_ns < 0 ? -1 : static_cast<double>(after_ns - before_ns_);
  }
  CpuTime(const CpuTime&) = delete;
  CpuTime& operator=(const CpuTime&) = delete;

 private:
  double* into_;
  int64_t before_ns_;
};

std::string check_cpus(Table cpus) {
  const std::vector<int> allowed = platform::allowed_cpus();
  // Where the system can't say, it can't pin either.
  if (allowed.empty()) return "";
  for (size_t i = 0; i < cpus.size(); ++i) {
    const auto is_it = [&](int cpu) { return static_cast<uint32_t>(cpu) == cpus[i]; };
    if (std::none_of(allowed.begin(), allowed.end(), is_it)) {
      return wrong_item("cpus", i, "a CPU that this process may use", cpus[i]);
    }
  }
  return "";
}

std::string check_crowd(uint32_t peer, uint32_t pattern, Table cpus, uint32_t threads, uint32_t rounds,
                        uint32_t steps, uint32_t width, uint32_t moves, Table sizes, Table choices,
                        Observed<double> cpu_ns) {
  const auto peers = general_peers();
  std::string wrong = check_count("peer", peer, 0, peers.size() - 1);
  if (wrong.empty()) wrong = peers[peer].missing;
  if (wrong.empty()) wrong = check_count("pattern", pattern, 0, std::size(kPatterns) - 1);
  if (wrong.empty()) wrong = check_count("threads", threads, 1, kMostCrowd);
  if (wrong.empty()) wrong = check_cpus(cpus);
  if (wrong.empty() && cpu_ns.size() < 1) wrong = "\"cpuNs\" must have at least 1 element, not 0";
  if (!wrong.empty()) return wrong;
  return kPatterns[pattern].check({&peers[peer], cpus, threads, rounds, steps, width, moves, sizes, choices});
}

// 1. The threads do what the pattern says. 2. `cpuNs` gets the time of all CPUs that the process had
// meanwhile. Answer: how many blocks were freed, and the 32-bit sum of their tags and sizes.
Outcome crowd(uint32_t peer, uint32_t pattern, Table cpus, uint32_t threads, uint32_t rounds, uint32_t steps,
              uint32_t width, uint32_t moves, Table sizes, Table choices, Observed<double> cpu_ns) {
  const CpuTime watch(cpu_ns.data());
  try {
    // One for each thread, and one for the caller.
    std::vector<Tally> tallies(threads + 1);
    const CrowdPlan plan{&general_peers()[peer], cpus, threads, rounds, steps, width, moves, sizes, choices};
    const char* const wrong = kPatterns[pattern].run(plan, tallies);
    return wrong == nullptr ? outcome_of(tallies) : Outcome{0, wrong};
  } catch (const std::bad_alloc&) {
    return {0, text_of(AllocError::kExhausted)};
  }
}

LINEFILL_KERNEL(crowd, "crowd", "threads allocate, hand over and free blocks of a general allocator",
                check_crowd, "peer", "pattern", "cpus", "threads", "rounds", "steps", "width", "moves",
                "sizes", "choices", "cpuNs");

}  // namespace
}  // namespace linefill
