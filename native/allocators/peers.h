// Allocators of others that may or may not be here, and how to get them. Those that replace malloc are looked
// for when first asked about, by the system's loader, and called through pointers beside the process's own
// malloc; Boost.Pool and the standard library's pool were there, or not, when this was compiled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#if __has_include(<boost/pool/pool.hpp>)
#define LINEFILL_BOOST_POOL 1
#endif
// Older macOS has the header without the library behind it.
#if __has_include(<memory_resource>) && !defined(__APPLE__)
#define LINEFILL_PMR 1
#endif

namespace linefill {

// A general allocator of others. All four functions are there, or none.
struct Peer {
  const char* id;
  // "2.0.9"; empty where it does not say, or is not here.
  std::string version;
  // Why it can't be called, and what to do; empty where it can.
  std::string missing;
  // Whether it is here, and a process started with more room for thread-local data could call it.
  bool needs_room = false;
  void* (*allocate)(size_t bytes) = nullptr;
  void (*release)(void* block) = nullptr;
  void* (*reallocate)(void* block, size_t bytes) = nullptr;
  // The alignment a power of two; `bytes` a multiple of it.
  void* (*aligned)(size_t alignment_bytes, size_t bytes) = nullptr;
  // Up to this, blocks lie as `aligned` was asked; found out by asking for some. mimalloc 2.0.9 gives small
  // blocks for 256 to 1,024 B out of line (its issue #700).
  uint32_t kept_alignment_bytes = 0;

  bool found() const { return allocate != nullptr; }
};

// By position: malloc, jemalloc, tcmalloc, mimalloc. Loads what can be loaded.
std::span<const Peer> general_peers();
// Null where there is none of that id, or it can't be called.
const Peer* find_peer(const char* id);

// Asks the process's own malloc, which may be a preloaded one, to give back what it holds and nobody uses.
void give_back_free_memory();

// "1.74", or null where it was not compiled in.
const char* boost_version();
bool has_pmr();

// What to say, and what to do, where one is missing.
inline constexpr const char* kNoMimalloc =
    "mimalloc is not installed (libmimalloc.so.2): apt-get install libmimalloc2.0, or brew install mimalloc";
inline constexpr const char* kNoBoostPool =
    "Boost.Pool was not installed when the addon was built: apt-get install libboost-dev, then npm rebuild";
inline constexpr const char* kNoPmr =
    "the standard library that the addon was built with has no std::pmr::unsynchronized_pool_resource";

}  // namespace linefill
