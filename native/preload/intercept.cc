// The library that `linefill alloc record` preloads: every function by which a program asks the C library for
// memory, under its own name. Each calls the next allocator in line and notes what was asked (recorder.h).
// C++'s new and delete come through here, since they call malloc and free.
//
// The real functions are looked up at the first call. What that look-up itself allocates comes from a small
// area of our own, which is never given back.
//
// No header that declares these functions is included: C libraries differ in the exceptions that they
// promise.
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "preload/recorder.h"

#define LINEFILL_EXPORT extern "C" __attribute__((visibility("default")))

namespace linefill::preload {
namespace {

void* first_malloc(std::size_t bytes);
void* first_calloc(std::size_t count, std::size_t bytes);
void* first_realloc(void* block, std::size_t bytes);
void first_free(void* block);
void* first_memalign(std::size_t alignment, std::size_t bytes);
void* first_aligned_alloc(std::size_t alignment, std::size_t bytes);
int first_posix_memalign(void** block, std::size_t alignment, std::size_t bytes);

// The next allocator in line.
struct Real {
  void* (*malloc)(std::size_t) = first_malloc;
  void* (*calloc)(std::size_t, std::size_t) = first_calloc;
  void* (*realloc)(void*, std::size_t) = first_realloc;
  void (*free)(void*) = first_free;
  void* (*memalign)(std::size_t, std::size_t) = first_memalign;
  void* (*aligned_alloc)(std::size_t, std::size_t) = first_aligned_alloc;
  int (*posix_memalign)(void**, std::size_t, std::size_t) = first_posix_memalign;
};
constinit Real real;

// What the look-up of the real functions allocates.
alignas(16) char early[16 << 10];
std::size_t early_used = 0;
bool is_looking_up = false;

bool is_early(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(early) < sizeof early;
}

// Zeroed, as it was never used before.
void* early_alloc(std::size_t bytes) {
  const std::size_t rounded = (bytes + 15) & ~std::size_t{15};
  if (rounded < bytes || rounded > sizeof early - early_used) return nullptr;
  void* block = early + early_used;
  early_used += rounded;
  return block;
}

template <typename Function>
void look_up(Function*& function, const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found != nullptr) function = reinterpret_cast<Function*>(found);
}

// False while the look-up itself allocates.
bool looked_up() {
  if (is_looking_up) return false;
  is_looking_up = true;
  // An early block is never noted: so a free of it is never passed on.
  const Muted muted;
  Real found;
  look_up(found.malloc, "malloc");
  look_up(found.calloc, "calloc");
  look_up(found.realloc, "realloc");
  look_up(found.free, "free");
  look_up(found.memalign, "memalign");
  look_up(found.aligned_alloc, "aligned_alloc");
  look_up(found.posix_memalign, "posix_memalign");
  // Nothing can be done without them, and nothing said: whoever prints allocates.
  if (found.malloc == first_malloc || found.free == first_free) _exit(127);
  real = found;
  is_looking_up = false;
  return true;
}

void* first_malloc(std::size_t bytes) { return looked_up() ? real.malloc(bytes) : early_alloc(bytes); }

void* first_calloc(std::size_t count, std::size_t bytes) {
  return looked_up() ? real.calloc(count, bytes) : early_alloc(count * bytes);
}

void* first_realloc(void* block, std::size_t bytes) {
  return looked_up() ? real.realloc(block, bytes) : nullptr;
}

void first_free(void* block) {
  if (looked_up()) real.free(block);
}

// These three may be missing from the next allocator, and must not look it up again for ever.
void* first_memalign(std::size_t alignment, std::size_t bytes) {
  if (!looked_up() || real.memalign == first_memalign) return nullptr;
  return real.memalign(alignment, bytes);
}

void* first_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  if (!looked_up() || real.aligned_alloc == first_aligned_alloc) return nullptr;
  return real.aligned_alloc(alignment, bytes);
}

int first_posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  if (!looked_up() || real.posix_memalign == first_posix_memalign) return ENOMEM;
  return real.posix_memalign(block, alignment, bytes);
}

[[gnu::cold]] void free_slowly(void* block) {
  const std::uint64_t number = take_block(block);
  if (number != no_block) {
    note_free_slowly(number);
  } else if (is_early(block)) {
    return;
  }
  real.free(block);
}

void* note_aligned(void* block, std::size_t alignment, std::size_t bytes) {
  if (block != nullptr) note_alloc_slowly(Op::alloc, block, bytes, alignment);
  return block;
}

// An early block is never given back; nobody knows how large it was, but where it ends.
void* move_early(const void* block, std::size_t bytes) {
  void* moved = real.malloc(bytes);
  if (moved == nullptr) return nullptr;
  const auto rest = static_cast<std::size_t>(early + sizeof early - static_cast<const char*>(block));
  std::memcpy(moved, block, rest < bytes ? rest : bytes);
  note_alloc(moved, bytes, false);
  return moved;
}

void* resize(void* block, std::size_t bytes) {
  // Before it is given back: from then on its address may be another thread's block.
  const std::uint64_t number = take_block(block);
  if (number == no_block && is_early(block)) return move_early(block, bytes);
  void* resized = nullptr;
  {
    const Muted muted;
    resized = real.realloc(block, bytes);
  }
  if (resized != nullptr) {
    note_realloc(number, resized, bytes);
  } else if (number != no_block) {
    if (bytes == 0) {
      note_free_slowly(number);
    } else {
      blocks.find(block)->store(number, std::memory_order_relaxed);
    }
  }
  return resized;
}

}  // namespace
}  // namespace linefill::preload

using namespace linefill::preload;

LINEFILL_EXPORT void* malloc(std::size_t bytes) noexcept {
  void* block = real.malloc(bytes);
  note_alloc(block, bytes, false);
  return block;
}

LINEFILL_EXPORT void free(void* block) noexcept {
  if (block == nullptr) return;
  // The line that the next allocator will want comes while we look for ours.
  __builtin_prefetch(static_cast<char*>(block) - sizeof(std::size_t), 1);
  if (note_own_free(block)) [[likely]]
    return real.free(block);
  free_slowly(block);
}

LINEFILL_EXPORT void free_sized(void* block, std::size_t) noexcept { free(block); }

LINEFILL_EXPORT void free_aligned_sized(void* block, std::size_t, std::size_t) noexcept { free(block); }

LINEFILL_EXPORT void* calloc(std::size_t count, std::size_t bytes) noexcept {
  void* block = nullptr;
  {
    const Muted muted;
    block = real.calloc(count, bytes);
  }
  // It would be null had the product not fitted.
  note_alloc(block, count * bytes, true);
  return block;
}

LINEFILL_EXPORT void* realloc(void* block, std::size_t bytes) noexcept {
  return block == nullptr ? malloc(bytes) : resize(block, bytes);
}

LINEFILL_EXPORT void* reallocarray(void* block, std::size_t count, std::size_t bytes) noexcept {
  std::size_t product = 0;
  if (__builtin_mul_overflow(count, bytes, &product)) {
    errno = ENOMEM;
    return nullptr;
  }
  return realloc(block, product);
}

LINEFILL_EXPORT void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  void* block = nullptr;
  {
    const Muted muted;
    block = real.memalign(alignment, bytes);
  }
  return note_aligned(block, alignment, bytes);
}

LINEFILL_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  void* block = nullptr;
  {
    const Muted muted;
    block = real.aligned_alloc(alignment, bytes);
  }
  return note_aligned(block, alignment, bytes);
}

LINEFILL_EXPORT int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) noexcept {
  int error = 0;
  {
    const Muted muted;
    error = real.posix_memalign(block, alignment, bytes);
  }
  if (error == 0) note_aligned(*block, alignment, bytes);
  return error;
}

LINEFILL_EXPORT void* valloc(std::size_t bytes) noexcept {
  return memalign(static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), bytes);
}

LINEFILL_EXPORT void* pvalloc(std::size_t bytes) noexcept {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  if (bytes > SIZE_MAX - page) {
    errno = ENOMEM;
    return nullptr;
  }
  return memalign(page, (bytes + page - 1) / page * page);
}
