// Runs a mutator's trace over each collector, made afresh in the caller's heap by every call. Reference:
// src/experiments/collection/mutate-kernels.ts.
#include "collectors/mutate.h"

#include "collectors/plans.h"
#include "collectors/plans/free-lists.h"
#include "kernel.h"

namespace linefill {
namespace {

using Words = std::span<uint32_t>;
using Settings = std::span<const uint32_t>;
using Trace = std::span<const uint32_t>;

template <class C>
std::string check_mutate(Words heap, Scratch<uint32_t> scratch, Words roots, Settings settings, Trace trace,
                         Words answers, std::span<double> counts, Observed<double> /*pauses*/) {
  if (settings.size() != C::kSettings) {
    return "\"settings\" must have " + std::to_string(C::kSettings) + " numbers, not " +
           std::to_string(settings.size());
  }
  std::string wrong = C::check(heap.size(), settings);
  if (!wrong.empty()) return wrong;
  return check_mutation(heap.size(), scratch.span.size(), roots.size(), counts.size(), trace, answers.size());
}

template <class C>
Outcome run_mutate(Words heap, Scratch<uint32_t> scratch, Words roots, Settings settings, Trace trace,
                   Words answers, std::span<double> counts, Observed<double> pauses) {
  PauseLog log(pauses.span);
  return mutate<C>({heap, scratch.span, roots, &log}, settings, trace, answers, counts);
}

#define LINEFILL_MUTATE(C, id)                                                                     \
  LINEFILL_KERNEL(run_mutate<C>, id "-mutate", "runs a mutator over " id, check_mutate<C>, "heap", \
                  "scratch", "roots", "settings", "trace", "answers", "counts", "pauses")

LINEFILL_COLLECTORS(LINEFILL_MUTATE);
// Allocation alone, which no user can choose.
LINEFILL_MUTATE(FreeLists, "free-lists");

}  // namespace
}  // namespace linefill
