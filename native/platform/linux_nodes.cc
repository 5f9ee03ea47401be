// Linux: memory policy by the system calls themselves (mbind(2), move_pages(2), get_mempolicy(2)), so that no
// libnuma is needed. A policy belongs to the mapping and ends with it.
#if defined(__linux__)

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>

#include "platform/linux.h"
#include "platform/nodes.h"
#include "platform/rules.h"

namespace linefill::platform {
namespace {

// The most that any kernel is built for (CONFIG_NODES_SHIFT is at most 10).
constexpr int kMostNodes = 1024;
constexpr size_t kWordBits = sizeof(unsigned long) * CHAR_BIT;
using NodeMask = std::array<unsigned long, kMostNodes / kWordBits>;
// The kernel takes one bit fewer than it is told.
constexpr unsigned long kMaskBits = kMostNodes + 1;

void add(NodeMask* mask, int node) {
  (*mask)[static_cast<size_t>(node) / kWordBits] |= 1ul << (static_cast<size_t>(node) % kWordBits);
}

bool holds(const NodeMask& mask, int node) {
  return mask[static_cast<size_t>(node) / kWordBits] >> (static_cast<size_t>(node) % kWordBits) & 1;
}

// The nodes whose memory this process may use; false where the system does not say.
bool allowed_nodes(NodeMask* mask) {
  return syscall(SYS_get_mempolicy, nullptr, mask->data(), kMaskBits, nullptr, MPOL_F_MEMS_ALLOWED) == 0;
}

std::string node_list(const NodeMask& mask) {
  std::string text;
  for (int node = 0; node < kMostNodes; ++node) {
    if (holds(mask, node)) text += (text.empty() ? "" : ", ") + std::to_string(node);
  }
  return text;
}

Failure mbind_failure(int code) {
  const std::string call = "mbind: " + errno_text(code);
  if (code == ENOSYS) return Failure{call + ": this kernel was built without NUMA"};
  if (code == EPERM) {
    return Failure{call + ": a container's seccomp profile may forbid it (docker run --cap-add SYS_NICE)"};
  }
  return Failure{call};
}

}  // namespace

Failure place_on_nodes(void* data, size_t bytes, std::span<const int> nodes) {
  return guarded([=] {
    if (reinterpret_cast<uintptr_t>(data) % page_bytes() != 0) {
      return Failure{"the memory must start at a page, a multiple of " + std::to_string(page_bytes())};
    }
    NodeMask mask{}, allowed{};
    // The kernel itself would leave out, without a word, those of several nodes that have no memory for us.
    const bool known = allowed_nodes(&allowed);
    for (const int node : nodes) {
      if (node < 0 || node >= kMostNodes || (known && !holds(allowed, node))) {
        return Failure{"node " + std::to_string(node) + " has no memory that this process may use" +
                       (known ? ": choose from " + node_list(allowed) : "")};
      }
      add(&mask, node);
    }
    if (nodes.empty()) return Failure{"at least one node must be named"};
    const int policy = nodes.size() == 1 ? MPOL_BIND : MPOL_INTERLEAVE;
    const size_t length = round_up(bytes, page_bytes());
    if (syscall(SYS_mbind, data, length, policy, mask.data(), kMaskBits, MPOL_MF_MOVE) == 0) return Failure{};
    return mbind_failure(errno);
  });
}

std::vector<uint64_t> pages_by_node(const void* data, size_t bytes) {
  return guarded_or(std::vector<uint64_t>{}, [=] {
    constexpr size_t kAtATime = 512;
    const size_t page = page_bytes();
    const uintptr_t first = reinterpret_cast<uintptr_t>(data) / page * page;
    const size_t pages = bytes == 0 ? 0 : (reinterpret_cast<uintptr_t>(data) + bytes - 1 - first) / page + 1;
    std::vector<uint64_t> counts(1);
    std::array<void*, kAtATime> addresses;
    std::array<int, kAtATime> nodes;
    for (size_t done = 0; done < pages; done += kAtATime) {
      const size_t count = std::min(kAtATime, pages - done);
      for (size_t i = 0; i < count; ++i) addresses[i] = reinterpret_cast<void*>(first + (done + i) * page);
      // Without target nodes nothing is moved: the call only says where each page is.
      if (syscall(SYS_move_pages, 0, count, addresses.data(), nullptr, nodes.data(), 0) != 0) {
        return std::vector<uint64_t>{};
      }
      for (size_t i = 0; i < count; ++i) {
        if (nodes[i] < 0 || nodes[i] >= kMostNodes) continue;  // the negative of an error: not there
        const size_t node = static_cast<size_t>(nodes[i]);
        if (node >= counts.size()) counts.resize(node + 1);
        ++counts[node];
      }
    }
    return counts;
  });
}

int current_node() {
  unsigned cpu = 0, node = 0;
  return syscall(SYS_getcpu, &cpu, &node, nullptr) == 0 ? static_cast<int>(node) : -1;
}

}  // namespace linefill::platform

#endif
