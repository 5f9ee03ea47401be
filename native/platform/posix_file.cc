// Linux and macOS: files. See file.h; open(2), pread(2), posix_fadvise(2), and fcntl(2) of macOS for
// F_NOCACHE.
#if !defined(_WIN32)

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "platform/file.h"
#include "platform/rules.h"
#if defined(__linux__)
#include "platform/linux.h"
#endif

namespace linefill::platform {
namespace {

#if !defined(__linux__)
Failure system_failure(const std::string& call, int code) {
  return Failure{call + ": " + std::generic_category().message(code)};
}
#endif

Failure open_failure(const std::string& path, Access access, int code) {
  Failure failure = system_failure("open of " + path, code);
  // open(2): a file system that can't read past the cache says so with EINVAL.
  if (access == Access::kDirect && code == EINVAL) {
    failure.text += ": its file system has no direct reads (O_DIRECT)";
  }
  return failure;
}

const char* read_error(int code) {
  switch (code) {
    case EINVAL:
      return "EINVAL: the file system refuses direct reads of this size or place";
    case EIO:
      return "EIO: the device failed to read";
    default:
      return "the system failed to read the file";
  }
}

}  // namespace

Failure InputFile::open(std::string_view path, Access access) {
  return guarded([this, path, access] {
    close();
    const std::string name(path);
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
#if defined(O_DIRECT)
    if (access == Access::kDirect) flags |= O_DIRECT;
#endif
    const int fd = ::open(name.c_str(), flags);
    if (fd < 0) return open_failure(name, access, errno);
    handle_ = fd;
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
      close();
      return Failure{name + " is no regular file"};
    }
#if defined(F_NOCACHE)
    if (fcntl(fd, F_NOCACHE, access == Access::kDirect ? 1 : 0) != 0) {
      const int code = errno;
      close();
      return system_failure("fcntl(F_NOCACHE) of " + name, code);
    }
#endif
    return Failure{};
  });
}

void InputFile::close() {
  if (handle_ >= 0) ::close(static_cast<int>(handle_));
  handle_ = -1;
}

const char* InputFile::read(uint64_t offset, void* to, size_t bytes) const {
  auto* next = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = pread(static_cast<int>(handle_), next, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return read_error(errno);
    if (got == 0) return "the file ends before the last block asked for";
    next += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return nullptr;
}

const char* InputFile::forget(uint64_t offset) const {
#if defined(POSIX_FADV_DONTNEED)
  // A length of 0 means up to the end.
  const int code =
      posix_fadvise(static_cast<int>(handle_), static_cast<off_t>(offset), 0, POSIX_FADV_DONTNEED);
  return code == 0 ? nullptr : "posix_fadvise(POSIX_FADV_DONTNEED) failed";
#else
  static_cast<void>(offset);
  return "this system has no call that makes its cache forget a file";
#endif
}

}  // namespace linefill::platform

#endif
