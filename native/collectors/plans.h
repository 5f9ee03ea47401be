// The list of collectors: each with the id under which its kernels and its TypeScript twin are known
// (src/collectors/plans.ts). LINEFILL_COLLECTORS(EACH) expands to EACH(type, "id"); for all of them.
#pragma once

#include "collectors/plans/concurrent.h"
#include "collectors/plans/generational.h"
#include "collectors/plans/incremental.h"
#include "collectors/plans/mark-compact.h"
#include "collectors/plans/mark-sweep.h"
#include "collectors/plans/ref-count-cycles.h"
#include "collectors/plans/ref-count-deferred.h"
#include "collectors/plans/ref-count.h"
#include "collectors/plans/semi-space.h"

#define LINEFILL_COLLECTORS(EACH)                                 \
  EACH(SemiSpace, "semi-space");                                  \
  EACH(MarkSweep, "mark-sweep");                                  \
  EACH(RefCount, "ref-count");                                    \
  EACH(RefCountCycles, "ref-count-cycles");                       \
  EACH(RefCountDeferred<false>, "ref-count-deferred");            \
  EACH(RefCountDeferred<true>, "ref-count-deferred-cycles");      \
  EACH(Incremental, "incremental");                               \
  EACH(MarkCompact, "mark-compact");                              \
  EACH(GenerationalCards, "generational");                        \
  EACH(GenerationalBuffer, "generational-buffer");                \
  EACH(GenerationalScan, "generational-scan");                    \
  EACH(GenerationalCompact, "generational-compact");              \
  EACH(GenerationalCompactBuffer, "generational-compact-buffer"); \
  EACH(Concurrent, "concurrent")
