// Stores of references over a collector of each barrier, made afresh in the caller's heap by every call.
// Reference: src/experiments/collection/barrier-cost-kernels.ts.
#include "collectors/programs/pointer-stores.h"

#include "collectors/plans.h"
#include "kernel.h"

namespace linefill {
namespace {

using Words = std::span<uint32_t>;
using Numbers = std::span<const uint32_t>;

template <class C>
std::string check_pointer_stores_over(Words heap, Scratch<uint32_t> scratch, Words roots, Numbers settings,
                                      Numbers shape, Numbers order, Scratch<uint32_t> offsets,
                                      std::span<double> counts, Observed<double> times) {
  if (settings.size() != C::kSettings) {
    return "\"settings\" must have " + std::to_string(C::kSettings) + " numbers, not " +
           std::to_string(settings.size());
  }
  std::string wrong = C::check(heap.size(), settings);
  if (wrong.empty()) wrong = check_pointer_stores(shape, order, offsets.span.size(), roots.size());
  if (!wrong.empty()) return wrong;
  if (times.span.size() != 1) return "\"times\" must have 1 number, not " + std::to_string(times.span.size());
  return check_mutation(heap.size(), scratch.span.size(), roots.size(), counts.size(), {}, 0);
}

template <class C>
Outcome run_pointer_stores(Words heap, Scratch<uint32_t> scratch, Words roots, Numbers settings,
                           Numbers shape, Numbers order, Scratch<uint32_t> offsets, std::span<double> counts,
                           Observed<double> times) {
  PauseLog log({});
  return pointer_stores<C>({heap, scratch.span, roots, &log}, settings, PointerStoresShape::read(shape),
                           order, offsets.span, counts, times.span);
}

#define LINEFILL_POINTER_STORES(C, id)                                                                    \
  LINEFILL_KERNEL(run_pointer_stores<C>, id "-pointer-stores", "stores references over " id,              \
                  check_pointer_stores_over<C>, "heap", "scratch", "roots", "settings", "shape", "order", \
                  "offsets", "counts", "times")

// What other collectors do at a store is what one of these does.
LINEFILL_POINTER_STORES(MarkSweep, "mark-sweep");
LINEFILL_POINTER_STORES(GenerationalScan, "generational-scan");
LINEFILL_POINTER_STORES(GenerationalCards, "generational");
LINEFILL_POINTER_STORES(GenerationalBuffer, "generational-buffer");
LINEFILL_POINTER_STORES(Incremental, "incremental");
LINEFILL_POINTER_STORES(Concurrent, "concurrent");
LINEFILL_POINTER_STORES(RefCount, "ref-count");
LINEFILL_POINTER_STORES(RefCountCycles, "ref-count-cycles");
LINEFILL_POINTER_STORES(RefCountDeferred<false>, "ref-count-deferred");
LINEFILL_POINTER_STORES(RefCountDeferred<true>, "ref-count-deferred-cycles");

}  // namespace
}  // namespace linefill
