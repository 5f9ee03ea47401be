// Concurrent mark-sweep: a second thread marks while the mutator goes on (concurrent-marking.h); the sweep
// goes on in steps (cycle.h). Shorter pauses for more processor time, and for what floats. TypeScript twin:
// src/collectors/plans/concurrent.ts.
#pragma once

#include "collectors/concurrent-marking.h"
#include "collectors/cycle.h"

namespace linefill {

using Concurrent = Cycle<ConcurrentMarking<true>>;

}  // namespace linefill
