// Which NUMA node memory lies on: asked for, and looked up. Part of what the lab asks of an operating system
// (platform.h); linux_nodes.cc implements it, no_nodes.cc says elsewhere that it can't be had.
#pragma once

#include <span>
#include <vector>

#include "platform/platform.h"

namespace linefill::platform {

// Puts the pages of a range, which starts at a page, on nodes: all on one, or in turn over several. Pages
// that were touched before are moved. Its last page counts whole.
[[nodiscard]] Failure place_on_nodes(void* data, size_t bytes, std::span<const int> nodes);
// Pages of the range that lie on each node now, from node 0 on; a page that was never touched lies nowhere.
// Empty where the system can't say.
std::vector<uint64_t> pages_by_node(const void* data, size_t bytes);
// The node of the CPU that the calling thread is on; -1 where unknown.
int current_node();

}  // namespace linefill::platform
