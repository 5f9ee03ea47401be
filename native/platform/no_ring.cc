// The systems on which the members of a ring can't be made to share one CPU, or can't be forked.
#if !defined(__linux__)

#include "platform/ring.h"

namespace linefill::platform {

std::string ring_refusal(const Ring&) {
#if defined(__APPLE__)
  return "not available here: macOS binds no thread to a CPU, so that handing on need not be a switch";
#else
  return "not available here: it needs fork() and POSIX pipes";
#endif
}

const char* run_ring(const Ring&, RingRecord*) { return "not available here"; }

}  // namespace linefill::platform

#endif
