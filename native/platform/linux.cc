// Linux: clock, CPUs, and what a thread used. Pages are in linux_memory.cc, event counts in
// linux_counters.cc.
#if defined(__linux__)

#include "platform/linux.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

#include "platform/rules.h"

namespace linefill::platform {

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string read_text(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (file.get() < 0) return text;
  char block[4096];
  for (;;) {
    const ssize_t got = read(file.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(block, static_cast<size_t>(got));
  }
}

uint64_t read_number(const std::string& path, uint64_t otherwise) {
  const std::string text = read_text(path);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? value : otherwise;
}

std::string errno_text(int code) {
  const char* name = "";
  switch (code) {  // the names that users search for; the rest have their words only
    case EACCES:
      name = "EACCES: ";
      break;
    case EAGAIN:
      name = "EAGAIN: ";
      break;
    case EBUSY:
      name = "EBUSY: ";
      break;
    case EFAULT:
      name = "EFAULT: ";
      break;
    case EINVAL:
      name = "EINVAL: ";
      break;
    case EMFILE:
      name = "EMFILE: ";
      break;
    case ENODEV:
      name = "ENODEV: ";
      break;
    case ENOENT:
      name = "ENOENT: ";
      break;
    case ENOMEM:
      name = "ENOMEM: ";
      break;
    case ENOSYS:
      name = "ENOSYS: ";
      break;
    case EOPNOTSUPP:
      name = "EOPNOTSUPP: ";
      break;
    case EPERM:
      name = "EPERM: ";
      break;
    case ESRCH:
      name = "ESRCH: ";
      break;
  }
  return name + std::generic_category().message(code);
}

Failure system_failure(const std::string& call, int code) { return Failure{call + ": " + errno_text(code)}; }

int64_t number_after(std::string_view text, std::string_view key) {
  for (size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if (at != 0 && text[at - 1] != '\n') continue;
    size_t begin = at + key.size();
    while (begin < text.size() && (text[begin] == ' ' || text[begin] == '\t' || text[begin] == ':')) ++begin;
    if (begin == at + key.size()) continue;  // the key is only the beginning of a longer one
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + begin, text.data() + text.size(), value);
    if (error == std::errc{}) return value;
  }
  return -1;
}

// --- Clock -----------------------------------------------------------------------------------------------

uint64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

const char* clock_name() { return "CLOCK_MONOTONIC_RAW"; }

// --- CPUs ------------------------------------------------------------------------------------------------

namespace {

// A CPU set of any size: a cpu_set_t has 1,024 bits, and the kernel may have more.
struct CpuSet {
  std::vector<cpu_set_t> words;
  size_t bytes() const { return words.size() * sizeof(cpu_set_t); }
};

// Empty where it can't be read. The kernel answers EINVAL until the set is as large as its own.
CpuSet affinity_of(pid_t thread) {
  constexpr size_t kMostWords = 256;
  for (size_t count = 1; count <= kMostWords; count *= 2) {
    CpuSet set{std::vector<cpu_set_t>(count)};
    if (sched_getaffinity(thread, set.bytes(), set.words.data()) == 0) return set;
    if (errno != EINVAL) break;
  }
  return CpuSet{};
}

// What the process was started with, read when the library is loaded, before any thread of it is pinned. The
// main thread is asked (its id is the process's), as the library may be loaded by a worker.
struct StartSet {
  CpuSet set;
  std::vector<int> cpus;

  StartSet() noexcept {
    try {
      set = affinity_of(getpid());
      if (set.words.empty()) set = affinity_of(0);
      for (size_t cpu = 0; cpu < set.words.size() * CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET_S(cpu, set.bytes(), set.words.data())) cpus.push_back(static_cast<int>(cpu));
      }
    } catch (...) {
      cpus.clear();
    }
  }
};

const StartSet kStart;

Failure unknown_cpus() { return Failure{"sched_getaffinity did not say which CPUs this process may use"}; }

}  // namespace

std::vector<int> allowed_cpus() {
  return guarded_or(std::vector<int>{}, [] { return kStart.cpus; });
}

int current_cpu() { return sched_getcpu(); }

Failure pin(int cpu) {
  return guarded([cpu] {
    if (kStart.cpus.empty()) return unknown_cpus();
    if (!std::binary_search(kStart.cpus.begin(), kStart.cpus.end(), cpu)) {
      return cpu_not_allowed(cpu, kStart.cpus);
    }
    CpuSet one{std::vector<cpu_set_t>(kStart.set.words.size())};
    CPU_SET_S(static_cast<size_t>(cpu), one.bytes(), one.words.data());
    if (sched_setaffinity(0, one.bytes(), one.words.data()) == 0) return Failure{};
    return system_failure("sched_setaffinity to CPU " + std::to_string(cpu), errno);
  });
}

Failure unpin() {
  return guarded([] {
    if (kStart.cpus.empty()) return unknown_cpus();
    if (sched_setaffinity(0, kStart.set.bytes(), kStart.set.words.data()) == 0) return Failure{};
    return system_failure("sched_setaffinity to CPUs " + cpu_ranges(kStart.cpus), errno);
  });
}

size_t cache_line_bytes() {
  const uint64_t from_sysfs = guarded_or(uint64_t{0}, [] {
    return read_number("/sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size", 0);
  });
  if (from_sysfs > 0) return from_sysfs;
#if defined(_SC_LEVEL1_DCACHE_LINESIZE)
  const long from_libc = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
  if (from_libc > 0) return static_cast<size_t>(from_libc);
#endif
#if defined(__aarch64__)
  // CTR_EL0.DminLine: the smallest data cache line, log2 of 4-byte words (Arm ARM, D19.2).
  uint64_t cache_type;
  __asm__("mrs %0, ctr_el0" : "=r"(cache_type));
  return size_t{4} << ((cache_type >> 16) & 15);
#else
  return 0;
#endif
}

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

// --- What a thread used ------------------------------------------------------------------------------------

namespace {

int64_t elapsed_cpu_ns(clockid_t clock) {
  timespec time;
  if (clock_gettime(clock, &time) != 0) return -1;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t read_steal() {
  thread_local const Descriptor stat(open("/proc/stat", O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t got = pread(stat.get(), text, sizeof text, 0);
  if (got <= 0) return -1;
  return parse_steal({text, static_cast<size_t>(got)}, sysconf(_SC_CLK_TCK));
}

}  // namespace

int64_t parse_steal(std::string_view stat, int64_t ticks_per_second) {
  // "cpu  user nice system idle iowait irq softirq steal ...", summed over the CPUs.
  constexpr int kStealField = 8;
  if (!stat.starts_with("cpu ") || ticks_per_second <= 0) return -1;
  const char* at = stat.data() + 4;
  const char* const end = stat.data() + std::min(stat.size(), stat.find('\n'));
  int64_t value = -1;
  for (int field = 1; field <= kStealField; ++field) {
    while (at < end && *at == ' ') ++at;
    const auto [after, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || value < 0) return -1;
    at = after;
  }
  if (at == end && end == stat.data() + stat.size()) return -1;  // cut off: the number may have more digits
  return ticks_per_second == 100 ? value : value * 100 / ticks_per_second;
}

void thread_usage(Usage* out) {
  rusage used;
  if (getrusage(RUSAGE_THREAD, &used) == 0) {
    out->minor_faults = used.ru_minflt;
    out->major_faults = used.ru_majflt;
    out->voluntary_switches = used.ru_nvcsw;
    out->involuntary_switches = used.ru_nivcsw;
  } else {
    out->minor_faults = out->major_faults = out->voluntary_switches = out->involuntary_switches = -1;
  }
  out->process_wide = false;
  out->migrations = thread_migrations();
  out->steal_ticks = read_steal();
  out->cpu_ns = elapsed_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t process_cpu_ns() { return elapsed_cpu_ns(CLOCK_PROCESS_CPUTIME_ID); }

// --- Waiting -----------------------------------------------------------------------------------------------

void yield_cpu() { sched_yield(); }

void sleep_ns(uint64_t ns) {
  constexpr uint64_t kSecond = 1'000'000'000;
  timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  const uint64_t nanoseconds = static_cast<uint64_t>(until.tv_nsec) + ns % kSecond;
  until.tv_sec += static_cast<time_t>(ns / kSecond + nanoseconds / kSecond);
  until.tv_nsec = static_cast<long>(nanoseconds % kSecond);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace linefill::platform

#endif
