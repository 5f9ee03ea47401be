// The systems that bring a program's fresh pages in one by one, at the first touch, and not otherwise.
#if !defined(__linux__)

#include "platform/rules.h"

namespace linefill::platform {

Failure populate(const Mapping& mapping) {
  if (mapping.data == nullptr) return Failure{};
  return guarded([] { return Failure{"this system has no call that brings fresh pages in at once"}; });
}

}  // namespace linefill::platform

#endif
