#include "allocators/peers.h"

#include "platform/library.h"

#if defined(LINEFILL_BOOST_POOL)
#include <boost/version.hpp>
#endif

namespace linefill {
namespace {

Mimalloc load_mimalloc() {
  const auto library = platform::Library::open({"libmimalloc.so.2", "libmimalloc.so.3", "libmimalloc.so",
                                                "libmimalloc.2.dylib", "libmimalloc.dylib", "mimalloc.dll"});
  Mimalloc found;
  const auto version = reinterpret_cast<int (*)()>(library.symbol("mi_version"));
  found.allocate = reinterpret_cast<void* (*)(size_t)>(library.symbol("mi_malloc"));
  found.release = reinterpret_cast<void (*)(void*)>(library.symbol("mi_free"));
  if (version != nullptr) {
    // Three digits, as mimalloc prints them: 209 is 2.0.9.
    const int number = version();
    found.version = number < 1000 ? std::to_string(number / 100) + "." + std::to_string(number / 10 % 10) +
                                        "." + std::to_string(number % 10)
                                  : std::to_string(number);
  }
  return found;
}

}  // namespace

const Mimalloc* find_mimalloc() {
  static const Mimalloc found = load_mimalloc();
  return found.allocate != nullptr && found.release != nullptr ? &found : nullptr;
}

const char* boost_version() {
#if defined(LINEFILL_BOOST_POOL)
  return BOOST_LIB_VERSION;
#else
  return nullptr;
#endif
}

bool has_pmr() {
#if defined(LINEFILL_PMR)
  return true;
#else
  return false;
#endif
}

}  // namespace linefill
