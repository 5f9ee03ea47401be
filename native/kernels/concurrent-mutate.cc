// Runs a mutator over concurrent marking in a heap that is shared, as its TypeScript twin needs it for a
// worker. What is shared another script may write to at any time, and a collector follows what it reads; so
// the work is done in a copy of the call's own, and copied back. For comparing; what is timed is
// "concurrent-mutate", in a heap that is not shared. Reference:
// src/experiments/collection/marking-pauses-kernels.ts.
#include <atomic>
#include <memory>
#include <new>

#include "collectors/mutate.h"
#include "collectors/plans/concurrent.h"
#include "kernel.h"

namespace linefill {
namespace {

using Words = std::span<uint32_t>;
using Settings = std::span<const uint32_t>;
using Trace = std::span<const uint32_t>;

std::string check_shared(Shared<uint32_t> heap, Observed<uint32_t> scratch, Words roots, Settings settings,
                         Trace trace, Words answers, std::span<double> counts, Observed<double> /*pauses*/) {
  if (settings.size() != Concurrent::kSettings) {
    return "\"settings\" must have " + std::to_string(Concurrent::kSettings) + " numbers, not " +
           std::to_string(settings.size());
  }
  std::string wrong = Concurrent::check(heap.size(), settings);
  if (!wrong.empty()) return wrong;
  return check_mutation(heap.size(), scratch.size(), roots.size(), counts.size(), trace, answers.size());
}

// 1. Copies the heap, 2. runs the mutator, 3. copies it back.
Outcome mutate_shared(Shared<uint32_t> heap, Observed<uint32_t> scratch, Words roots, Settings settings,
                      Trace trace, Words answers, std::span<double> counts, Observed<double> pauses) {
  const std::unique_ptr<uint32_t[]> own(new (std::nothrow) uint32_t[heap.size() + scratch.size()]);
  if (!own) return {0, "not enough memory for a copy of the heap"};
  const Words copy(own.get(), heap.size());
  for (size_t word = 0; word < heap.size(); ++word) {
    copy[word] = std::atomic_ref<uint32_t>(heap[word]).load(std::memory_order_relaxed);
  }
  PauseLog log(pauses.span);
  const CollectorRoom room{copy, {own.get() + heap.size(), scratch.size()}, roots, &log};
  const Outcome outcome = mutate<Concurrent>(room, settings, trace, answers, counts);
  for (size_t word = 0; word < heap.size(); ++word) {
    std::atomic_ref<uint32_t>(heap[word]).store(copy[word], std::memory_order_relaxed);
  }
  return outcome;
}

LINEFILL_KERNEL(mutate_shared, "concurrent-shared-mutate",
                "runs a mutator over concurrent marking in a shared heap", check_shared, "heap", "scratch",
                "roots", "settings", "trace", "answers", "counts", "pauses");

}  // namespace
}  // namespace linefill
