// Incremental mark-sweep: marking goes on in steps in proportion to what is allocated
// (incremental-marking.h), and so does sweeping (cycle.h). The longest pause is a step, not the heap; the
// price is a barrier at each store while it marks, more marking in all, and what floats. TypeScript twin:
// src/collectors/plans/incremental.ts.
#pragma once

#include "collectors/cycle.h"
#include "collectors/incremental-marking.h"

namespace linefill {

using Incremental = Cycle<IncrementalMarking>;

}  // namespace linefill
