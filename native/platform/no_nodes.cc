// The systems on which this lab chooses no NUMA node.
#if !defined(__linux__)

#include "platform/nodes.h"

namespace linefill::platform {

Failure place_on_nodes(void*, size_t, std::span<const int>) {
  return Failure{"not available here: memory is placed on NUMA nodes on Linux only"};
}

std::vector<uint64_t> pages_by_node(const void*, size_t) { return {}; }

int current_node() { return -1; }

}  // namespace linefill::platform

#endif
