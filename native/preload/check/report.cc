#include "preload/check/report.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "preload/file-limit.h"
#include "preload/pages.h"

namespace linefill::check {
namespace {

int log_fd = STDERR_FILENO;
bool log_is_ours = false;
bool stops = false;

constexpr mode_t kWholeMode = 0600;
constexpr mode_t kBrokenOffMode = 0700;
constexpr char kEnd[] = "end\n";

// A report while it is told, in pages of its own: two threads may tell at once, a handler in the middle of
// another report, or a child of fork, and no lock can be left behind. Too much for a thread's own stack.
class Text {
 public:
  Text() = default;
  ~Text() {
    if (pages_ != nullptr) munmap(pages_, kBytes);
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  const char* bytes() const { return pages_ == nullptr ? few_ : pages_; }
  size_t used() const { return used_; }

  // A line that finds no room is left out whole.
  __attribute__((format(printf, 2, 3))) void add(const char* format, ...) {
    const size_t room = (pages_ == nullptr ? sizeof few_ : kBytes) - used_ - sizeof kEnd;
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(end(), room, format, arguments);
    va_end(arguments);
    if (length > 0 && static_cast<size_t>(length) < room) used_ += static_cast<size_t>(length);
  }

  // For which there is always room.
  void close() {
    std::memcpy(end(), kEnd, sizeof kEnd - 1);
    used_ += sizeof kEnd - 1;
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

 private:
  static constexpr size_t kBytes = 16 << 10;

  char* end() { return (pages_ == nullptr ? few_ : pages_) + used_; }

  char* pages_ = reserve_pages<char>(kBytes);
  // Where the system has none left: the fault without its stacks.
  char few_[320];
  size_t used_ = 0;
};

// At one go, so that the reports of several threads and processes do not mix. By number: write() is a point
// of cancellation, which free() must not be.
void write_all(const char* bytes, size_t count) {
  const LimitIsAnError limit;
  while (count > 0) {
    const long written = syscall(SYS_write, log_fd, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (log_is_ours) fchmod(log_fd, kBrokenOffMode);
      return;
    }
    bytes += written;
    count -= static_cast<size_t>(written);
  }
}

}  // namespace

void open_log() {
  const char* path = std::getenv("LINEFILL_CHECK_LOG");
  if (path != nullptr) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kWholeMode);
    // High, so that a program that closes or counts on low ones is not disturbed.
    const int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 400);
    if (high >= 0) close(fd);
    if (fd >= 0) log_fd = high >= 0 ? high : fd;
    log_is_ours = fd >= 0;
  }
  stops = std::getenv("LINEFILL_CHECK_STOP") != nullptr;
}

void tell(const Report& report, bool may_stop) {
  const int before = errno;
  Text text;
  text.add("fault %s\nblock %p %zu %lld\n", report.name, report.address, report.bytes,
           static_cast<long long>(report.distance));
  text.add_stack("found", report.found);
  text.add_stack("allocated", report.allocated);
  text.add_stack("freed", report.freed);
  text.close();
  write_all(text.bytes(), text.used());
  errno = before;
  if (stops && may_stop) std::abort();
}

void tell_unguarded(uint64_t unguarded, uint64_t blocks) {
  if (blocks == 0) return;
  const int before = errno;
  Text text;
  text.add("unguarded %llu %llu\n", static_cast<unsigned long long>(unguarded),
           static_cast<unsigned long long>(blocks));
  text.close();
  write_all(text.bytes(), text.used());
  errno = before;
}

}  // namespace linefill::check
