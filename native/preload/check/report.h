// Where faults are told: a file, if LINEFILL_CHECK_LOG names one, or standard error. A fault is a few lines:
//
//   fault <name>
//   block <address> <bytes> <distance>     of the access from the block's start
//   found <module> <offset> <symbol>       a line a frame; then allocated, freed
//   end
//
// or, where each block was to have pages of its own (arena.h), how many of those since then had none:
//
//   unguarded <blocks> <of blocks>
//   end
//
// Nothing here allocates or locks. Where a report has no room, its last frames are left out; where the disk
// or the limit on a file's size has none, the log breaks off, its mode 0700 where it was 0600, which needs no
// room, and the program goes on.
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
// Tells it, from any thread. Ends the process where LINEFILL_CHECK_STOP is set and `may_stop`. errno stays.
// The dynamic linker's lock is taken: no other may be held, since dlopen() allocates under its own.
void tell(const Report& report, bool may_stop = true);

// Tells nothing of no blocks.
void tell_unguarded(uint64_t unguarded, uint64_t blocks);

}  // namespace linefill::check
