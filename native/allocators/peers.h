// Allocators of others that may or may not be here, and how to get them. mimalloc is looked for when first
// asked about; Boost.Pool and the standard library's pool were there, or not, when this was compiled.
#pragma once

#include <cstddef>
#include <string>

#if __has_include(<boost/pool/pool.hpp>)
#define LINEFILL_BOOST_POOL 1
#endif
// Older macOS has the header without the library behind it.
#if __has_include(<memory_resource>) && !defined(__APPLE__)
#define LINEFILL_PMR 1
#endif

namespace linefill {

struct Mimalloc {
  void* (*allocate)(size_t) = nullptr;
  void (*release)(void*) = nullptr;
  std::string version;
};

// Null where it is not installed.
const Mimalloc* find_mimalloc();
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
