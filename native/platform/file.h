// Reading a regular file at given places, through the system's cache or past it: what the platform contract
// says of files. Nothing here can write. posix_file.cc and windows_file.cc implement it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "platform/platform.h"

namespace linefill::platform {

enum class Access : uint8_t {
  kCached,  // as programs read: from the system's cache, and through it what is not there
  kDirect,  // from the device into the caller's memory: O_DIRECT, F_NOCACHE, FILE_FLAG_NO_BUFFERING. Place,
            // size and memory must be multiples of the device's block, for which 4096 will do
};

// A file that closes itself.
class InputFile {
 public:
  InputFile() = default;
  ~InputFile() { close(); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // `path` is UTF-8 without a 0. Refuses what is no regular file; never waits for one (a named pipe).
  [[nodiscard]] Failure open(std::string_view path, Access access);
  void close();
  // All of the bytes at `offset`, or static text that says why not.
  [[nodiscard]] const char* read(uint64_t offset, void* to, size_t bytes) const;
  // Makes the system's cache forget the file from `offset` on, but for what has yet to be written. Static
  // text where the system has no such call.
  [[nodiscard]] const char* forget(uint64_t offset) const;

 private:
  intptr_t handle_ = -1;
};

}  // namespace linefill::platform
