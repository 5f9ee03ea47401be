// The systems that are not asked what of a process is in RAM.
#if !defined(__linux__)

#include "platform/platform.h"

namespace linefill::platform {

int64_t resident_bytes() { return -1; }

}  // namespace linefill::platform

#endif
