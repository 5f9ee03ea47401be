#include "allocators/peers.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "platform/library.h"

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif
#if defined(_WIN32)
#include <malloc.h>
#endif

#if defined(LINEFILL_BOOST_POOL)
#include <boost/version.hpp>
#endif

namespace linefill {
namespace {

using platform::Library;

template <class Function>
Function symbol(const Library& library, const char* name) {
  return reinterpret_cast<Function>(library.symbol(name));
}

// What traces ask for: heap.h.
constexpr uint32_t kLeastAlignmentBytes = 8;
constexpr uint32_t kMostAlignmentBytes = 4096;

struct Names {
  const char* allocate;
  const char* release;
  const char* reallocate;
  const char* aligned;
};

// Takes the four functions, or none.
void take(Peer& peer, const Library& library, const Names& names) {
  const auto allocate = symbol<decltype(Peer::allocate)>(library, names.allocate);
  const auto release = symbol<decltype(Peer::release)>(library, names.release);
  const auto reallocate = symbol<decltype(Peer::reallocate)>(library, names.reallocate);
  const auto aligned = symbol<decltype(Peer::aligned)>(library, names.aligned);
  if (allocate == nullptr || release == nullptr || reallocate == nullptr || aligned == nullptr) return;
  peer.allocate = allocate;
  peer.release = release;
  peer.reallocate = reallocate;
  peer.aligned = aligned;
  peer.missing.clear();
}

#if defined(_WIN32)
// Windows frees aligned blocks by another function: all blocks are of that kind, then.
constexpr size_t kUsualAlignmentBytes = 16;
void* allocate_aligned(size_t bytes) { return _aligned_malloc(bytes, kUsualAlignmentBytes); }
void* reallocate_aligned(void* block, size_t bytes) {
  return _aligned_realloc(block, bytes, kUsualAlignmentBytes);
}
void* align_first(size_t alignment_bytes, size_t bytes) { return _aligned_malloc(bytes, alignment_bytes); }

Peer the_malloc() {
  return {"malloc", "", "", false, allocate_aligned, _aligned_free, reallocate_aligned, align_first};
}
#else
Peer the_malloc() {
  Peer peer{"malloc", "", "", false, std::malloc, std::free, std::realloc, ::aligned_alloc};
#if defined(__GLIBC__)
  peer.version = std::string("glibc ") + gnu_get_libc_version();
#endif
  return peer;
}
#endif

Peer load_jemalloc() {
  Peer peer{
      "jemalloc", "",
      "jemalloc is not installed (libjemalloc.so.2): apt-get install libjemalloc2, or brew install jemalloc"};
  const auto library = Library::open(
      {"libjemalloc.so.2", "libjemalloc.so", "libjemalloc.2.dylib", "libjemalloc.dylib", "jemalloc.dll"});
  take(peer, library, {"malloc", "free", "realloc", "aligned_alloc"});
  // As macOS and Windows have it.
  if (!peer.found()) take(peer, library, {"je_malloc", "je_free", "je_realloc", "je_aligned_alloc"});
  peer.needs_room = library.lacks_static_tls();
  if (peer.needs_room) {
    peer.missing =
        "jemalloc needs room that this process was started without: start it with "
        "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=8192 in its environment";
  }
  using Control = int (*)(const char*, void*, size_t*, void*, size_t);
  const auto control = symbol<Control>(library, "mallctl");
  const char* version = nullptr;
  size_t bytes = sizeof version;
  if (peer.found() && control != nullptr && control("version", &version, &bytes, nullptr, 0) == 0) {
    // "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"
    peer.version = version;
    peer.version.resize(std::min(peer.version.find('-'), peer.version.size()));
  }
  return peer;
}

Peer load_tcmalloc() {
  Peer peer{
      "tcmalloc", "",
      "tcmalloc is not installed (libtcmalloc_minimal.so.4): apt-get install libtcmalloc-minimal4, or brew "
      "install gperftools"};
  const auto library =
      Library::open({"libtcmalloc_minimal.so.4", "libtcmalloc.so.4", "libtcmalloc_minimal.4.dylib",
                     "libtcmalloc_minimal.dylib", "libtcmalloc_minimal.dll"});
  take(peer, library, {"tc_malloc", "tc_free", "tc_realloc", "tc_memalign"});
  const auto version = symbol<const char* (*)(int*, int*, const char**)>(library, "tc_version");
  if (peer.found() && version != nullptr) {
    int major = 0;
    int minor = 0;
    const char* patch = nullptr;
    version(&major, &minor, &patch);
    peer.version =
        "gperftools " + std::to_string(major) + "." + std::to_string(minor) + (patch == nullptr ? "" : patch);
  }
  return peer;
}

Peer load_mimalloc() {
  Peer peer{"mimalloc", "", kNoMimalloc};
  const auto library = Library::open({"libmimalloc.so.2", "libmimalloc.so.3", "libmimalloc.so",
                                      "libmimalloc.2.dylib", "libmimalloc.dylib", "mimalloc.dll"});
  take(peer, library, {"mi_malloc", "mi_free", "mi_realloc", "mi_aligned_alloc"});
  const auto version = symbol<int (*)()>(library, "mi_version");
  if (peer.found() && version != nullptr) {
    // Three digits, as mimalloc prints them: 209 is 2.0.9.
    const int number = version();
    peer.version = number < 1000 ? std::to_string(number / 100) + "." + std::to_string(number / 10 % 10) +
                                       "." + std::to_string(number % 10)
                                 : std::to_string(number);
  }
  return peer;
}

// Whether some small blocks at once all lie as asked.
bool keeps(const Peer& peer, size_t alignment_bytes) {
  std::array<void*, 24> blocks{};
  bool is_kept = true;
  for (size_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = peer.aligned(alignment_bytes, alignment_bytes * (1 + i % 3));
    is_kept = is_kept && reinterpret_cast<uintptr_t>(blocks[i]) % alignment_bytes == 0;
  }
  for (void* block : blocks) peer.release(block);
  return is_kept;
}

Peer asked(Peer peer) {
  if (!peer.found()) return peer;
  uint32_t alignment_bytes = kLeastAlignmentBytes;
  while (alignment_bytes < kMostAlignmentBytes && keeps(peer, 2 * alignment_bytes)) alignment_bytes *= 2;
  peer.kept_alignment_bytes = alignment_bytes;
  return peer;
}

}  // namespace

std::span<const Peer> general_peers() {
  static const std::array<Peer, 4> peers = {asked(the_malloc()), asked(load_jemalloc()),
                                            asked(load_tcmalloc()), asked(load_mimalloc())};
  return peers;
}

const Peer* find_peer(const char* id) {
  for (const Peer& peer : general_peers()) {
    if (std::string_view(peer.id) == id) return peer.found() ? &peer : nullptr;
  }
  return nullptr;
}

void give_back_free_memory() {
  const auto program = Library::program();
  if (const auto trim = symbol<int (*)(size_t)>(program, "malloc_trim")) trim(0);
  if (const auto release = symbol<void (*)()>(program, "MallocExtension_ReleaseFreeMemory")) release();
  if (const auto collect = symbol<void (*)(bool)>(program, "mi_collect")) collect(true);
  using Control = int (*)(const char*, void*, size_t*, void*, size_t);
  if (const auto control = symbol<Control>(program, "mallctl")) {
    // 4096 stands for all arenas (MALLCTL_ARENAS_ALL).
    control("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
    control("arena.4096.purge", nullptr, nullptr, nullptr, 0);
  }
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
