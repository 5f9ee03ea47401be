// The core's clock, made visible: a chain of additions, each of which needs the one before. An integer
// addition takes one cycle on every core that this lab knows, so the time of an addition is the time of a
// cycle at the clock that the core runs at now, which no counter needs to say. After uarch-bench's
// calibration loop. Cost: one cycle an addition. Reference: src/kernel/dependent-adds.ts.
#include "kernel.h"

namespace linefill {
namespace {

std::string check_adds(uint32_t /*seed*/, uint32_t /*adds*/) { return ""; }

// 1. From the seed, 2. add one, as often as asked. Answer: the sum.
uint64_t dependent_adds(uint32_t seed, uint32_t adds) {
  uint64_t sum = seed;
  LINEFILL_UNROLL
  for (uint32_t i = 0; i < adds; ++i) {
    ++sum;
    // Each addition is its own instruction: without this they would all be one.
    keep_register(sum);
  }
  return sum;
}

LINEFILL_KERNEL(dependent_adds, "dependent-adds", "a chain of additions: one cycle each", check_adds, "seed",
                "adds");

}  // namespace
}  // namespace linefill
