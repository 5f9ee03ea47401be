// The file that a recording is written to, part by part, through shared mappings. System calls are made by
// number where the C library's function is a point of cancellation, which an allocation must not be.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "preload/file-limit.h"
#include "preload/raw-trace.h"

namespace linefill::preload {

inline int open_file(const char* name, int flags) {
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, name, flags | O_CLOEXEC, 0600));
}

inline void close_file(int fd) { syscall(SYS_close, fd); }

// Null where that can't be. A child after fork has no part in it.
inline void* map_shared(int fd, std::uint64_t offset, std::size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (pages == MAP_FAILED) return nullptr;
  madvise(pages, bytes, MADV_DONTFORK);
  return pages;
}

// False where there is no room for all of them.
inline bool put_zeros(int fd, std::uint64_t offset, std::uint64_t bytes) {
  static char zeros[chunk_bytes];
  while (bytes > 0) {
    const std::uint64_t most = bytes < sizeof zeros ? bytes : sizeof zeros;
    const long written = syscall(SYS_pwrite64, fd, zeros, most, offset);
    if (written <= 0) return false;
    offset += static_cast<std::uint64_t>(written);
    bytes -= static_cast<std::uint64_t>(written);
  }
  return true;
}

// Makes room in the file that is on the disk, too: a mapped page that the disk has no room for would end the
// program. False, and errno says why, where there is none.
inline bool reserve(int fd, std::uint64_t offset, std::uint64_t bytes) {
  const LimitIsAnError limit;
  if (syscall(SYS_fallocate, fd, 0, offset, bytes) == 0) return true;
  return (errno == EOPNOTSUPP || errno == ENOSYS) && put_zeros(fd, offset, bytes);
}

}  // namespace linefill::preload
