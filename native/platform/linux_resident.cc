// What of this process is in RAM: /proc/self/smaps_rollup, which counts page by page. /proc/self/statm would
// be quicker, but lags behind by what threads have not yet reported. Source: Linux
// Documentation/filesystems/proc.rst.
#if defined(__linux__)

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "platform/linux.h"

namespace linefill::platform {

int64_t resident_bytes() {
  const Descriptor file(open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return -1;
  // A heading of one line, then "Rss:    12345 kB".
  char text[512];
  const ssize_t length = read(file.get(), text, sizeof text);
  if (length <= 0) return -1;
  const std::string_view all(text, static_cast<size_t>(length));
  const size_t line = all.find("\nRss:");
  if (line == std::string_view::npos) return -1;
  const int64_t kib = number_after(all.substr(line + 1), "Rss");
  return kib < 0 ? -1 : kib * 1024;
}

}  // namespace linefill::platform

#endif
