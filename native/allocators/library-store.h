// Allocators that a program gets from a library as objects of their own, as stores of trace-work.h:
// std::pmr's pools, its monotonic buffer, Boost.Pool. A replay makes one, over operator new, and the end of
// the call is the end of it: chunks that it asked for on the way are in the call's time, as they are in a
// program's.
//
// They are numbered after general_peers(), so that one number names whoever replays a trace.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <span>
#include <string>

#include "allocators/peers.h"
#include "allocators/trace-work.h"

#if defined(LINEFILL_BOOST_POOL)
#include <boost/pool/pool.hpp>
#endif
#if defined(LINEFILL_PMR)
#include <memory_resource>
#endif

namespace linefill {

enum class LibraryPeer : uint32_t { kPmrPool, kPmrMonotonic, kBoostPool };
inline constexpr uint32_t kLibraryPeers = 3;

#if defined(LINEFILL_PMR)
// A resource of std::pmr, called as its users call it: through the base, with a block's size and alignment
// when it is given back, the one a multiple of the other, as a type's are (libstdc++'s pools align no other
// sizes). A realloc is a new block, a copy and a free: there is no other.
class ResourceStore {
 public:
  // The block's address, and in the low bits, which its alignment leaves at 0, the alignment's logarithm.
  using Handle = uint64_t;

  explicit ResourceStore(std::pmr::memory_resource* resource) : resource_(resource) {}

  Handle allocate(uint32_t bytes, uint32_t alignment_bytes) {
    const uint32_t alignment = std::max(alignment_bytes, kUsualBytes);
    try {
      return reinterpret_cast<uintptr_t>(resource_->allocate(whole(bytes, alignment), alignment)) |
             static_cast<uint32_t>(std::countr_zero(alignment));
    } catch (const std::bad_alloc&) {
      return 0;
    }
  }

  void release(Handle block, uint32_t bytes) {
    const size_t alignment = size_t{1} << (block & kLogBits);
    resource_->deallocate(block_of(block), whole(bytes, alignment), alignment);
  }

  Handle reallocate(Handle block, uint32_t had, uint32_t bytes, uint32_t alignment_bytes) {
    const Handle moved = allocate(bytes, alignment_bytes);
    if (moved == 0) return 0;
    stamina_.spend(std::min(had, bytes) / kWordBytes / Stamina::kWordsAStep);
    std::memcpy(block_of(moved), block_of(block), std::min(had, bytes));
    release(block, had);
    return moved;
  }

  static uint32_t& tag(Handle block) { return *static_cast<uint32_t*>(block_of(block)); }
  static uint32_t fold() { return 0; }
  static void reset() {}
  bool lasts() { return stamina_.lasts(*this); }

 private:
  // The most that malloc promises, and room for the logarithm: no less is asked for.
  static constexpr uint32_t kUsualBytes = 16;
  static constexpr uint64_t kLogBits = kUsualBytes - 1;
  static void* block_of(Handle block) {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(block & ~kLogBits));
  }
  static size_t whole(uint32_t bytes, size_t alignment) {
    return (std::max<size_t>(bytes, 1) + alignment - 1) & ~(alignment - 1);
  }

  std::pmr::memory_resource* resource_;
  Stamina stamina_;
};
#endif

#if defined(LINEFILL_BOOST_POOL)
// Boost.Pool, for a trace of one size: a realloc changes nothing.
class BoostStore {
 public:
  using Handle = uint64_t;

  explicit BoostStore(boost::pool<>* pool) : pool_(pool) {}

  // Parentheses: some systems have macros of these names.
  Handle allocate(uint32_t, uint32_t) { return reinterpret_cast<uintptr_t>((pool_->malloc)()); }
  void release(Handle block, uint32_t) { (pool_->free)(block_of(block)); }
  static Handle reallocate(Handle block, uint32_t, uint32_t, uint32_t) { return block; }
  static uint32_t& tag(Handle block) { return *static_cast<uint32_t*>(block_of(block)); }
  static uint32_t fold() { return 0; }
  static void reset() {}
  static bool lasts() { return true; }

 private:
  static void* block_of(Handle block) { return reinterpret_cast<void*>(static_cast<uintptr_t>(block)); }

  boost::pool<>* pool_;
};
#endif

// What is wrong with whoever replays a trace, or with the trace for it; empty: nothing.
std::string check_replayed(std::span<const uint32_t> trace, size_t slots, uint32_t peer);

// The size of Boost.Pool's blocks for a checked trace of one size, so that each is aligned as it asks.
size_t pooled_bytes(std::span<const uint32_t> trace);

// Calls body(store) with a store over whoever has this number and a trace that check_replayed() found good.
template <class Body>
Outcome with_peer_store(std::span<const uint32_t> trace, uint32_t peer, const Body& body) {
  const auto peers = general_peers();
  if (peer < peers.size()) {
    PeerStore store(peers[peer]);
    return body(store);
  }
  switch (static_cast<LibraryPeer>(peer - peers.size())) {
#if defined(LINEFILL_PMR)
    case LibraryPeer::kPmrPool: {
      std::pmr::unsynchronized_pool_resource pool;
      ResourceStore store(&pool);
      return body(store);
    }
    case LibraryPeer::kPmrMonotonic: {
      std::pmr::monotonic_buffer_resource buffer;
      ResourceStore store(&buffer);
      return body(store);
    }
#endif
#if defined(LINEFILL_BOOST_POOL)
    case LibraryPeer::kBoostPool: {
      boost::pool<> pool(pooled_bytes(trace));
      BoostStore store(&pool);
      return body(store);
    }
#endif
    default:
      return {0, "no such allocator"};
  }
}

}  // namespace linefill
