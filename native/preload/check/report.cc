#include "preload/check/report.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace linefill::check {
namespace {

int log_fd = STDERR_FILENO;
bool stops = false;

// One report is one write, so that those of several processes do not mix.
struct Text {
  char bytes[16 << 10] = {};
  size_t used = 0;

  __attribute__((format(printf, 2, 3))) void add(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(bytes + used, sizeof bytes - used, format, arguments);
    va_end(arguments);
    if (length > 0)
      used = used + static_cast<size_t>(length) < sizeof bytes ? used + length : sizeof bytes - 1;
  }

  void add_stack(const char* what, const Stack& stack) {
    for (uint32_t i = 0; i < stack.depth; ++i) {
      // A return address may belong to the line behind the call.
      const char* frame = static_cast<const char*>(stack.frames[i]) - 1;
      Dl_info info{};
      if (dladdr(frame, &info) == 0 || info.dli_fname == nullptr) {
        add("%s ? %p ?\n", what, static_cast<const void*>(frame));
        continue;
      }
      // A program that is linked to one place is read by addresses, all else by distances from its start.
      const auto* head = static_cast<const ElfW(Ehdr)*>(info.dli_fbase);
      const char* start = head->e_type == ET_EXEC ? nullptr : static_cast<const char*>(info.dli_fbase);
      const auto offset = reinterpret_cast<uintptr_t>(frame) - reinterpret_cast<uintptr_t>(start);
      add("%s %s %#zx %s\n", what, info.dli_fname, offset, info.dli_sname == nullptr ? "?" : info.dli_sname);
    }
  }
};

void write_all(const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(log_fd, bytes, count);
    if (written <= 0) return;
    bytes += written;
    count -= static_cast<size_t>(written);
  }
}

}  // namespace

void open_log() {
  const char* path = std::getenv("LINEFILL_CHECK_LOG");
  if (path != nullptr) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // High, so that a program that closes or counts on low ones is not disturbed.
    const int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 400);
    if (high >= 0) close(fd);
    if (fd >= 0) log_fd = high >= 0 ? high : fd;
  }
  stops = std::getenv("LINEFILL_CHECK_STOP") != nullptr;
}

void tell(const Report& report, bool may_stop) {
  static constinit Text text;
  text.used = 0;
  text.add("fault %s\nblock %p %zu %lld\n", report.name, report.address, report.bytes,
           static_cast<long long>(report.distance));
  text.add_stack("found", report.found);
  text.add_stack("allocated", report.allocated);
  text.add_stack("freed", report.freed);
  text.add("end\n");
  write_all(text.bytes, text.used);
  if (stops && may_stop) std::abort();
}

}  // namespace linefill::check
