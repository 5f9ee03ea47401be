// Windows: files. See file.h; CreateFileW and ReadFile, whose FILE_FLAG_NO_BUFFERING reads past the cache.
#if defined(_WIN32)

#include <algorithm>
#include <string>
#include <system_error>

#include "platform/file.h"
#include "platform/rules.h"
#include "platform/windows_api.h"

namespace linefill::platform {
namespace {

HANDLE of(intptr_t handle) { return reinterpret_cast<HANDLE>(handle); }

// Empty where the text is no UTF-8.
std::wstring wide(std::string_view text) {
  const int length = static_cast<int>(text.size());
  const int needed = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), length, nullptr, 0);
  std::wstring name(static_cast<size_t>(std::max(needed, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), length, name.data(), needed);
  return name;
}

Failure open_failure(std::string_view path, DWORD code) {
  return Failure{"open of " + std::string(path) + ": error " + std::to_string(code) + ": " +
                 std::system_category().message(static_cast<int>(code))};
}

}  // namespace

Failure InputFile::open(std::string_view path, Access access) {
  return guarded([this, path, access] {
    close();
    const std::wstring name = wide(path);
    if (name.empty()) return Failure{"the path is no UTF-8"};
    const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    const DWORD flags = access == Access::kDirect ? FILE_FLAG_NO_BUFFERING : FILE_ATTRIBUTE_NORMAL;
    const HANDLE file =
        CreateFileW(name.c_str(), GENERIC_READ, share, nullptr, OPEN_EXISTING, flags, nullptr);
    if (file == INVALID_HANDLE_VALUE) return open_failure(path, GetLastError());
    handle_ = reinterpret_cast<intptr_t>(file);
    // A directory can't be opened without a flag of its own; what is left are devices and pipes.
    if (GetFileType(file) != FILE_TYPE_DISK) {
      close();
      return Failure{std::string(path) + " is no regular file"};
    }
    return Failure{};
  });
}

void InputFile::close() {
  if (handle_ != -1) CloseHandle(of(handle_));
  handle_ = -1;
}

const char* InputFile::read(uint64_t offset, void* to, size_t bytes) const {
  constexpr size_t kMost = size_t{1} << 30;
  auto* next = static_cast<char*>(to);
  while (bytes > 0) {
    OVERLAPPED place{};
    place.Offset = static_cast<DWORD>(offset);
    place.OffsetHigh = static_cast<DWORD>(offset >> 32);
    DWORD got = 0;
    if (::ReadFile(of(handle_), next, static_cast<DWORD>(std::min(bytes, kMost)), &got, &place) == 0) {
      return GetLastError() == ERROR_INVALID_PARAMETER
                 ? "the file system refuses direct reads of this size or place"
                 : "the system failed to read the file, or it ends before the last block asked for";
    }
    if (got == 0) return "the file ends before the last block asked for";
    next += got;
    offset += got;
    bytes -= got;
  }
  return nullptr;
}

const char* InputFile::forget(uint64_t) const {
  return "this system has no call that makes its cache forget a file";
}

}  // namespace linefill::platform

#endif
