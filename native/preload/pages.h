// Memory straight from the system, for libraries that stand where malloc does: zeros, and in memory only what
// is touched.
#pragma once

#include <sys/mman.h>

#include <cstddef>

namespace linefill {

// Room for so many; null where the system has no address space left. munmap() gives it back.
template <class T>
T* reserve_pages(std::size_t count) {
  void* pages = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return pages == MAP_FAILED ? nullptr : static_cast<T*>(pages);
}

}  // namespace linefill
