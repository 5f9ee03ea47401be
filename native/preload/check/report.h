// Where faults are told: a file, if LINEFILL_CHECK_LOG names one, or standard error. A fault is a few lines:
//
//   fault <name>
//   block <address> <bytes> <distance>     of the access from the block's start
//   found <module> <offset> <symbol>       a line a frame; then allocated, freed
//   end
//
// Nothing here allocates.
#pragma once

#include <cstddef>
#include <cstdint>

#include "preload/check/stacks.h"

namespace linefill::check {

struct Report {
  const char* name;
  const void* address;
  size_t bytes;
  int64_t distance;
  Stack found;
  Stack allocated;
  Stack freed;
};

// Reads the environment; before the first report.
void open_log();
// Tells it. Ends the process where LINEFILL_CHECK_STOP is set and `may_stop`. The dynamic linker's lock is
// taken: the heap's must not be held, since dlopen() allocates under its own.
void tell(const Report& report, bool may_stop = true);

}  // namespace linefill::check
