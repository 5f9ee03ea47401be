// Linux: event counts by perf_event_open(2), each opened by itself, so that one that is missing takes no
// other with it. The kernel time-shares a CPU's few hardware counters among the events: a count is scaled by
// time enabled / time counting, as perf(1) does it. Counters of children stand still on the thread that opens
// them. A fork copies them to the child, exec starts the copy, and the copies of its threads and descendants
// are born running; the kernel adds a copy to the original when its task ends, and when somebody reads.
#if defined(__linux__)

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "platform/linux.h"
#include "platform/rules.h"

namespace linefill::platform {
namespace {

// What an event counts when the kernel's part is excluded, which is all that perf_event_paranoid 2 allows.
enum class Restricted : uint8_t {
  kUserPart,
  kAll,      // a clock: it runs on in the kernel
  kNothing,  // it happens in the kernel only, and would read 0 for ever
};

struct Event {
  uint32_t type;
  uint64_t config;
  Restricted restricted;
};

constexpr uint64_t cache_miss(uint64_t cache) {
  return cache | (PERF_COUNT_HW_CACHE_OP_READ << 8) | (PERF_COUNT_HW_CACHE_RESULT_MISS << 16);
}

// In the order of kCounterNames.
constexpr Event kEvents[kCounterCount] = {
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, Restricted::kUserPart},
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, Restricted::kUserPart},
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, Restricted::kUserPart},
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, Restricted::kUserPart},
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, Restricted::kUserPart},
    {PERF_TYPE_HW_CACHE, cache_miss(PERF_COUNT_HW_CACHE_L1D), Restricted::kUserPart},
    {PERF_TYPE_HW_CACHE, cache_miss(PERF_COUNT_HW_CACHE_LL), Restricted::kUserPart},
    {PERF_TYPE_HW_CACHE, cache_miss(PERF_COUNT_HW_CACHE_DTLB), Restricted::kUserPart},
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, Restricted::kUserPart},
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, Restricted::kAll},
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, Restricted::kUserPart},
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, Restricted::kNothing},
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, Restricted::kNothing},
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, Restricted::kUserPart},
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, Restricted::kUserPart},
};
constexpr size_t kInstructions = 1;
constexpr Event kMigrations = kEvents[12];
static_assert(kMigrations.config == PERF_COUNT_SW_CPU_MIGRATIONS);

struct Opened {
  int fd = -1;
  int error = 0;
  bool user_only = false;
};

int open_once(const Event& event, Whose whose, bool user_only) {
  perf_event_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = event.type;
  attributes.config = event.config;
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attributes.exclude_kernel = user_only;
  attributes.exclude_hv = user_only;
  if (whose == Whose::kChildren) attributes.disabled = attributes.inherit = attributes.enable_on_exec = 1;
  constexpr pid_t kThisThread = 0;
  constexpr int kAnyCpu = -1, kNoGroup = -1;
  return static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, kThisThread, kAnyCpu, kNoGroup, PERF_FLAG_FD_CLOEXEC));
}

Opened open_event(const Event& event, Whose whose) {
  const auto forbidden = [](int error) { return error == EACCES || error == EPERM; };
  Opened opened;
  opened.fd = open_once(event, whose, false);
  if (opened.fd >= 0) return opened;
  opened.error = errno;
  if (!forbidden(opened.error) || event.restricted == Restricted::kNothing) return opened;
  opened.fd = open_once(event, whose, true);
  if (opened.fd < 0) {
    if (!forbidden(errno)) opened.error = errno;  // permission would not help
    return opened;
  }
  opened.user_only = event.restricted == Restricted::kUserPart;
  return opened;
}

// The layout that the read_format above asks for.
struct Count {
  uint64_t value, enabled_ns, running_ns;
};

bool read_count(int fd, Count* out) {
  return fd >= 0 && read(fd, out, sizeof *out) == static_cast<ssize_t>(sizeof *out);
}

// Some hypervisors accept a hardware event and never count it: an instruction count of 0 on a thread of our
// own gives them away.
bool is_mute() {
  const Descriptor instructions(open_event(kEvents[kInstructions], Whose::kThread).fd);
  volatile int work = 0;
  for (int i = 0; i < 1000; ++i) work = work + 1;
  Count count;
  return read_count(instructions.get(), &count) && count.running_ns > 0 && count.value == 0;
}

struct OpenedAll {
  Opened events[kCounterCount];
  bool mute = false;

  explicit OpenedAll(Whose whose) {
    for (size_t i = 0; i < kCounterCount; ++i) events[i] = open_event(kEvents[i], whose);
    if (events[kInstructions].fd < 0 || !is_mute()) return;
    mute = true;
    for (size_t i = 0; i < kCounterCount; ++i) {
      if (kCounterNames[i].hardware && events[i].fd >= 0) {
        close(events[i].fd);
        events[i].fd = -1;
      }
    }
  }
};

std::string reason_of(const Opened& opened, bool hardware, bool mute) {
  if (opened.fd >= 0) return "";
  if (opened.error == 0 && mute)
    return "this machine (or its hypervisor) opens hardware counters that never count";
  const std::string what = errno_text(opened.error);
  const std::string name = what.substr(0, what.find(": "));
  switch (opened.error) {
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
    case EINVAL:
      return name + (hardware ? ": this machine (or its hypervisor) offers no such counter"
                              : ": this kernel offers no such counter");
    case ENOSYS:
      return "ENOSYS: this system has no perf_event_open";
    case EACCES:
    case EPERM: {
      const std::string level = read_text("/proc/sys/kernel/perf_event_paranoid");
      const std::string shown = level.substr(0, level.find('\n'));
      if (shown.empty()) return name + ": perf_event_open is not allowed here";
      // The kernel refuses by EACCES; where root gets EPERM, something else than that level has refused.
      const bool is_level = shown[0] != '-' && shown[0] > '1' && !(opened.error == EPERM && geteuid() == 0);
      if (is_level) {
        return name + ": perf_event_paranoid is " + shown + ": sudo sysctl kernel.perf_event_paranoid=1";
      }
      return name + ": perf_event_paranoid is " + shown +
             ", which allows it, but a container's filter does not: give it CAP_PERFMON";
    }
    case EMFILE:
      return "EMFILE: too many open files: raise ulimit -n";
    case EBUSY:
      return "EBUSY: another program holds the counter";
    default:
      return "perf_event_open: " + what;
  }
}

}  // namespace

std::vector<CounterStatus> counter_status(Whose whose) {
  const OpenedAll opened(whose);
  std::vector<CounterStatus> list = guarded_or(std::vector<CounterStatus>{}, [&opened] {
    std::vector<CounterStatus> all(kCounterCount);
    for (size_t i = 0; i < kCounterCount; ++i) {
      const auto [name, hardware] = kCounterNames[i];
      all[i].name = name;
      all[i].hardware = hardware;
      all[i].user_only = opened.events[i].user_only && opened.events[i].fd >= 0;
      all[i].reason = reason_of(opened.events[i], hardware, opened.mute);
    }
    return all;
  });
  for (const Opened& event : opened.events) {
    if (event.fd >= 0) close(event.fd);
  }
  return list;
}

Counters::Counters(Whose whose) {
  const OpenedAll opened(whose);
  for (size_t i = 0; i < kCounterCount; ++i) handles_[i] = opened.events[i].fd;
}

Counters::~Counters() {
  for (const int fd : handles_) {
    if (fd >= 0) close(fd);
  }
}

bool Counters::read_now(int handle, Reading* out) {
  Count count;
  if (!read_count(handle, &count)) return false;
  *out = {count.value, count.enabled_ns, count.running_ns};
  return true;
}

void Counters::mark() {
  for (size_t i = 0; i < kCounterCount; ++i) read_now(handles_[i], &marked_[i]);
}

void Counters::read(double* out, double* shares) const {
  for (size_t i = 0; i < kCounterCount; ++i) {
    Reading now;
    out[i] = std::numeric_limits<double>::quiet_NaN();
    if (shares != nullptr) shares[i] = out[i];
    if (!read_now(handles_[i], &now) || now.running_ns <= marked_[i].running_ns) continue;
    const double value = static_cast<double>(now.value - marked_[i].value);
    const double enabled_ns = static_cast<double>(now.enabled_ns - marked_[i].enabled_ns);
    const double running_ns = static_cast<double>(now.running_ns - marked_[i].running_ns);
    out[i] = enabled_ns > running_ns ? value * (enabled_ns / running_ns) : value;
    if (shares != nullptr) shares[i] = enabled_ns > running_ns ? running_ns / enabled_ns : 1;
  }
}

int64_t thread_migrations() {
  thread_local const Descriptor event(open_event(kMigrations, Whose::kThread).fd);
  if (event.get() >= 0) {
    Count count;
    return read_count(event.get(), &count) ? static_cast<int64_t>(count.value) : -1;
  }
  thread_local const Descriptor sched(open("/proc/thread-self/sched", O_RDONLY | O_CLOEXEC));
  char text[4096];  // the line stands among the first dozen
  const ssize_t got = pread(sched.get(), text, sizeof text, 0);
  return got <= 0 ? -1 : number_after({text, static_cast<size_t>(got)}, "se.nr_migrations");
}

}  // namespace linefill::platform

#endif
