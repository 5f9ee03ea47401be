// A chain of dependent 32-bit multiply-adds that touches no memory: its time changes only with the core's
// clock, or when something takes the core away. The constants are Numerical Recipes' quick generator's.
// Reference: src/kernel/fixed-work.ts.
#include "keep.h"
#include "kernel.h"

namespace linefill {
namespace {

std::string check_steps(uint32_t /*seed*/, uint32_t /*steps*/) { return ""; }

// 1. From the seed, 2. `steps` times x = x * 1664525 + 1013904223 (mod 2^32).
uint64_t fixed_work(uint32_t seed, uint32_t steps) {
  uint32_t x = seed;
  for (uint32_t i = 0; i < steps; ++i) {
    x = x * 1664525u + 1013904223u;
    keep_register(x);
  }
  return x;
}

LINEFILL_KERNEL(fixed_work, "fixed-work", "a chain of dependent arithmetic, to watch the clock", check_steps,
                "seed", "steps");

}  // namespace
}  // namespace linefill
