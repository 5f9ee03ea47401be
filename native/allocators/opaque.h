// Allocators whose placement is not ours, as work() takes them: the sum folds the tags alone. Handles are
// kept as 64-bit numbers in the caller's array; only what the same call has written there is ever followed.
#pragma once

#include <cstdlib>
#include <new>
#include <span>

#include "allocators/peers.h"
#include "allocators/work.h"

#if defined(LINEFILL_BOOST_POOL)
#include <boost/pool/pool.hpp>
#endif
#if defined(LINEFILL_PMR)
#include <memory_resource>
#endif
#if defined(_WIN32)
#include <malloc.h>
#endif

namespace linefill {

// What the adapters share.
struct Opaque {
  using Slot = uint64_t;
  static bool taken(const void* block) { return block != nullptr; }
  static Slot slot_of(const void* block) { return reinterpret_cast<uintptr_t>(block); }
  static void* block_of(Slot slot) { return reinterpret_cast<void*>(static_cast<uintptr_t>(slot)); }
  static uint32_t& tag(Slot slot) { return *static_cast<uint32_t*>(block_of(slot)); }
  static uint32_t fold(Slot) { return 0; }
};

struct MallocWork : Opaque {
  size_t bytes;
  void* alloc() const { return std::malloc(bytes); }
  AllocError free(Slot slot) const {
    std::free(block_of(slot));
    return AllocError::kNone;
  }
};

struct NewWork : Opaque {
  size_t bytes;
  void* alloc() const {
    try {
      return ::operator new(bytes);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  AllocError free(Slot slot) const {
    ::operator delete(block_of(slot));
    return AllocError::kNone;
  }
};

// Line-aligned, as our pools are. `bytes` is a multiple of the line, as aligned_alloc demands.
struct AlignedWork : Opaque {
  size_t bytes;
#if defined(_WIN32)
  void* alloc() const { return _aligned_malloc(bytes, kLineBytes); }
  AllocError free(Slot slot) const {
    _aligned_free(block_of(slot));
    return AllocError::kNone;
  }
#else
  void* alloc() const { return std::aligned_alloc(kLineBytes, bytes); }
  AllocError free(Slot slot) const {
    std::free(block_of(slot));
    return AllocError::kNone;
  }
#endif
};

struct MimallocWork : Opaque {
  size_t bytes;
  void* (*allocate)(size_t);
  void (*release)(void*);
  void* alloc() const { return allocate(bytes); }
  AllocError free(Slot slot) const {
    release(block_of(slot));
    return AllocError::kNone;
  }
};

#if defined(LINEFILL_PMR)
struct PmrWork : Opaque {
  size_t bytes;
  std::pmr::unsynchronized_pool_resource* pool;
  void* alloc() const {
    try {
      return pool->allocate(bytes);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  AllocError free(Slot slot) const {
    pool->deallocate(block_of(slot), bytes);
    return AllocError::kNone;
  }
};
#endif

#if defined(LINEFILL_BOOST_POOL)
// Boost.Pool's upstream: the caller's arena, handed out once. Boost takes static functions only, so the arena
// is the calling thread's for as long as a BoostArena lives.
class BoostArena {
 public:
  using size_type = size_t;
  using difference_type = ptrdiff_t;

  explicit BoostArena(std::span<uint8_t> arena) { current_ = arena; }
  ~BoostArena() { current_ = {}; }
  BoostArena(const BoostArena&) = delete;
  BoostArena& operator=(const BoostArena&) = delete;

  // Parentheses: some systems have macros of these names.
  static char*(malloc)(size_type bytes) {
    if (bytes > current_.size()) return nullptr;
    char* block = reinterpret_cast<char*>(current_.data());
    current_ = current_.subspan(bytes);
    return block;
  }
  static void(free)(char*) {}

 private:
  inline static thread_local std::span<uint8_t> current_;
};

struct BoostWork : Opaque {
  boost::pool<BoostArena>* pool;
  void* alloc() const { return (pool->malloc)(); }
  AllocError free(Slot slot) const {
    (pool->free)(block_of(slot));
    return AllocError::kNone;
  }
};
#endif

}  // namespace linefill
