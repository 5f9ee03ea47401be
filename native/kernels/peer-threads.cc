// The work of pool-threads.cc over malloc and allocators of others, each called through its pointers.
// Addresses never lie where a script could write: slots belong to the call, and blocks are handed over in a
// ring of meeting.h. Reference: src/experiments/allocation/peer-threads-kernels.ts.
#include "allocators/opaque.h"
#include "kernel.h"
#include "kernels/meeting.h"

namespace linefill {
namespace {

// An allocator of others as the loops take it.
struct PeerBlocks : Opaque {
  size_t bytes;
  void* (*allocate)(size_t);
  void (*release)(void*);

  void* alloc() const { return allocate(bytes); }
  static const char* why(const void*) { return text_of(AllocError::kExhausted); }
  AllocError free(Slot slot) const {
    release(block_of(slot));
    return AllocError::kNone;
  }
  static bool holds(Slot) { return true; }
};

constexpr uint32_t kLeastBytes = sizeof(uint32_t);
constexpr uint32_t kMostBytes = 1u << 16;

std::string check_threads(Observed<uint32_t> /*ring*/, uint32_t peer, uint32_t thread, uint32_t role,
                          uint32_t blocks, uint32_t count, uint32_t block_bytes, Observed<double> cpu_ns) {
  const auto peers = general_peers();
  if (peer >= peers.size()) {
    return "\"peer\" must be below " + std::to_string(peers.size()) + ", not " + std::to_string(peer);
  }
  if (!peers[peer].found()) return peers[peer].missing;
  if (block_bytes < kLeastBytes || block_bytes > kMostBytes) {
    return "\"blockBytes\" must be from " + std::to_string(kLeastBytes) + " to " +
           std::to_string(kMostBytes) + ", not " + std::to_string(block_bytes);
  }
  if (thread >= cpu_ns.size() || thread >= kMostThreads) {
    return "\"thread\" must be below the length of \"cpuNs\" (" + std::to_string(cpu_ns.size()) +
           ") and below " + std::to_string(kMostThreads) + ", not " + std::to_string(thread);
  }
  return check_part(role, blocks, count);
}

// 1. Meet the partner, whose `ring` is the same array, 2. do one's part, 3. and wait until it has done its.
Outcome hand_over(const void* key, const Peer& peer, PeerBlocks allocator, uint32_t thread, Role role,
                  uint32_t count) {
  const Meeting meeting(key, peer, role);
  if (meeting.wrong() != nullptr) return {0, meeting.wrong()};
  const Outcome outcome = do_part(allocator, meeting.ring(), thread, role, 1, count);
  const bool waits = role == Role::kProducer && outcome.error == nullptr;
  return waits && !meeting.wait_until_taken() ? Outcome{0, Patience::kAlone} : outcome;
}

Outcome peer_threads(Observed<uint32_t> ring, uint32_t peer, uint32_t thread, uint32_t role, uint32_t blocks,
                     uint32_t count, uint32_t block_bytes, Observed<double> cpu_ns) {
  if (count == 0) return {};
  const CpuTime watch(&cpu_ns[thread]);
  const Peer& found = general_peers()[peer];
  PeerBlocks allocator{{}, block_bytes, found.allocate, found.release};
  const auto part = static_cast<Role>(role);
  if (part == Role::kOwn) return own_batches(allocator, thread, blocks, count);
  return hand_over(ring.data(), found, allocator, thread, part, count);
}

LINEFILL_KERNEL(peer_threads, "peer-threads",
                "batches, or blocks that another thread frees, of malloc or of another's allocator",
                check_threads, "ring", "peer", "thread", "role", "blocks", "count", "blockBytes", "cpuNs");

}  // namespace
}  // namespace linefill
