// The library that `linefill alloc check` preloads: every function by which a program asks for memory and
// gives it back, under its own name, served by the checker (blocks.h). C++'s new and delete are here too, so
// that what one gave and the other took is seen.
//
// No header that declares these functions is included: C libraries differ in the exceptions that they
// promise.
#include <dlfcn.h>
#include <errno.h>

#include "preload/check/blocks.h"

#define LINEFILL_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using namespace linefill::check;

constexpr size_t kUsualAlignment = 16;

bool is_power_of_two(size_t alignment) { return alignment != 0 && (alignment & (alignment - 1)) == 0; }

// C++'s must not return null: the real one throws, as its own malloc is ours and has not so much either.
void* fail() {
  auto* real = reinterpret_cast<void* (*)(size_t)>(dlsym(RTLD_NEXT, "_Znwm"));
  return real == nullptr ? nullptr : real(kAnySize);
}

void* give(size_t bytes, size_t alignment, Maker maker) { return allocate(bytes, alignment, maker, false); }

}  // namespace

LINEFILL_EXPORT void* malloc(size_t bytes) { return give(bytes, kUsualAlignment, Maker::kMalloc); }
LINEFILL_EXPORT void free(void* block) { release(block, Maker::kMalloc); }
LINEFILL_EXPORT void* realloc(void* block, size_t bytes) { return reallocate(block, bytes); }
LINEFILL_EXPORT void* calloc(size_t count, size_t bytes) {
  size_t all = 0;
  if (__builtin_mul_overflow(count, bytes, &all)) {
    errno = ENOMEM;
    return nullptr;
  }
  return allocate(all, kUsualAlignment, Maker::kMalloc, true);
}
LINEFILL_EXPORT void* reallocarray(void* block, size_t count, size_t bytes) {
  size_t all = 0;
  if (__builtin_mul_overflow(count, bytes, &all)) {
    errno = ENOMEM;
    return nullptr;
  }
  return reallocate(block, all);
}
LINEFILL_EXPORT void* memalign(size_t alignment, size_t bytes) {
  if (is_power_of_two(alignment)) return give(bytes, alignment, Maker::kMalloc);
  errno = EINVAL;
  return nullptr;
}
LINEFILL_EXPORT void* aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }
LINEFILL_EXPORT int posix_memalign(void** block, size_t alignment, size_t bytes) {
  if (!is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  const int before = errno;
  void* given = give(bytes, alignment, Maker::kMalloc);
  errno = before;
  if (given == nullptr) return ENOMEM;
  *block = given;
  return 0;
}
LINEFILL_EXPORT void* valloc(size_t bytes) { return memalign(kPageBytes, bytes); }
LINEFILL_EXPORT void* pvalloc(size_t bytes) {
  return memalign(kPageBytes, (bytes + kPageBytes - 1) / kPageBytes * kPageBytes);
}
LINEFILL_EXPORT size_t malloc_usable_size(void* block) { return block == nullptr ? 0 : size_of(block); }
LINEFILL_EXPORT void free_sized(void* block, size_t bytes) { release(block, Maker::kMalloc, bytes); }
LINEFILL_EXPORT void free_aligned_sized(void* block, size_t, size_t bytes) {
  release(block, Maker::kMalloc, bytes);
}

// By the names of 64-bit systems; elsewhere new and delete come through malloc and free.
#if __SIZEOF_SIZE_T__ == 8
// operator new, new[], with an alignment, without exceptions; delete, delete[], with a size, with an
// alignment: by the names that the Itanium C++ ABI gives them where size_t is unsigned long.
LINEFILL_EXPORT void* _Znwm(size_t bytes) {
  void* given = give(bytes, kUsualAlignment, Maker::kNew);
  return given != nullptr ? given : fail();
}
LINEFILL_EXPORT void* _Znam(size_t bytes) {
  void* given = give(bytes, kUsualAlignment, Maker::kNewArray);
  return given != nullptr ? given : fail();
}
LINEFILL_EXPORT void* _ZnwmSt11align_val_t(size_t bytes, size_t alignment) {
  void* given = give(bytes, alignment, Maker::kNew);
  return given != nullptr ? given : fail();
}
LINEFILL_EXPORT void* _ZnamSt11align_val_t(size_t bytes, size_t alignment) {
  void* given = give(bytes, alignment, Maker::kNewArray);
  return given != nullptr ? given : fail();
}
LINEFILL_EXPORT void* _ZnwmRKSt9nothrow_t(size_t bytes, const void*) {
  return give(bytes, kUsualAlignment, Maker::kNew);
}
LINEFILL_EXPORT void* _ZnamRKSt9nothrow_t(size_t bytes, const void*) {
  return give(bytes, kUsualAlignment, Maker::kNewArray);
}
LINEFILL_EXPORT void* _ZnwmSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t alignment, const void*) {
  return give(bytes, alignment, Maker::kNew);
}
LINEFILL_EXPORT void* _ZnamSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t alignment, const void*) {
  return give(bytes, alignment, Maker::kNewArray);
}
LINEFILL_EXPORT void _ZdlPv(void* block) { release(block, Maker::kNew); }
LINEFILL_EXPORT void _ZdaPv(void* block) { release(block, Maker::kNewArray); }
LINEFILL_EXPORT void _ZdlPvm(void* block, size_t bytes) { release(block, Maker::kNew, bytes); }
LINEFILL_EXPORT void _ZdaPvm(void* block, size_t bytes) { release(block, Maker::kNewArray, bytes); }
LINEFILL_EXPORT void _ZdlPvSt11align_val_t(void* block, size_t) { release(block, Maker::kNew); }
LINEFILL_EXPORT void _ZdaPvSt11align_val_t(void* block, size_t) { release(block, Maker::kNewArray); }
LINEFILL_EXPORT void _ZdlPvmSt11align_val_t(void* block, size_t bytes, size_t) {
  release(block, Maker::kNew, bytes);
}
LINEFILL_EXPORT void _ZdaPvmSt11align_val_t(void* block, size_t bytes, size_t) {
  release(block, Maker::kNewArray, bytes);
}
LINEFILL_EXPORT void _ZdlPvRKSt9nothrow_t(void* block, const void*) { release(block, Maker::kNew); }
LINEFILL_EXPORT void _ZdaPvRKSt9nothrow_t(void* block, const void*) { release(block, Maker::kNewArray); }
#endif
