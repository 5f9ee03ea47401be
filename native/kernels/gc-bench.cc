// GCBench over each collector, made afresh in the caller's heap by every call. Reference:
// src/experiments/collection/gc-bench-kernels.ts.
#include "collectors/programs/gc-bench.h"

#include "collectors/plans.h"
#include "kernel.h"

namespace linefill {
namespace {

using Words = std::span<uint32_t>;
using Numbers = std::span<const uint32_t>;

template <class C>
std::string check_gc_bench_over(Words heap, Scratch<uint32_t> scratch, Words roots, Numbers settings,
                                Numbers shape, std::span<double> counts, Observed<double> /*pauses*/) {
  if (settings.size() != C::kSettings) {
    return "\"settings\" must have " + std::to_string(C::kSettings) + " numbers, not " +
           std::to_string(settings.size());
  }
  std::string wrong = C::check(heap.size(), settings);
  if (wrong.empty()) wrong = check_gc_bench(shape, roots.size());
  if (!wrong.empty()) return wrong;
  return check_mutation(heap.size(), scratch.span.size(), roots.size(), counts.size(), {}, 0);
}

template <class C>
Outcome run_gc_bench(Words heap, Scratch<uint32_t> scratch, Words roots, Numbers settings, Numbers shape,
                     std::span<double> counts, Observed<double> pauses) {
  PauseLog log(pauses.span);
  return gc_bench<C>({heap, scratch.span, roots, &log}, settings, shape, counts);
}

#define LINEFILL_GC_BENCH(C, id)                                                                            \
  LINEFILL_KERNEL(run_gc_bench<C>, id "-gc-bench", "runs GCBench over " id, check_gc_bench_over<C>, "heap", \
                  "scratch", "roots", "settings", "shape", "counts", "pauses")

LINEFILL_COLLECTORS(LINEFILL_GC_BENCH);

}  // namespace
}  // namespace linefill
