// macOS: everything of platform.h but event counts (no_counters.cc). Apple documents these calls in its
// manual pages clock_gettime_nsec_np(3), sysctlbyname(3), mmap(2), getrusage(2), and in the headers of
// <mach/>.
#if defined(__APPLE__)

#include <mach/mach.h>
#include <mach/vm_statistics.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "platform/rules.h"

namespace linefill::platform {
namespace {

Failure system_failure(const std::string& call, int code) {
  return Failure{call + ": " + std::generic_category().message(code)};
}

// A number of sysctl(3), whose width differs from name to name; 0 where there is no such name.
uint64_t sysctl_number(const char* name) {
  uint64_t value = 0;  // narrower values fill the low bytes: both architectures are little-endian
  size_t bytes = sizeof value;
  return sysctlbyname(name, &value, &bytes, nullptr, 0) == 0 ? value : 0;
}

uintptr_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

Failure no_affinity() {
  return Failure{
      "macOS binds no thread to a CPU: its affinity tags (THREAD_AFFINITY_POLICY) are a hint only, and Apple "
      "silicon does not support them"};
}

}  // namespace

// --- Clock -----------------------------------------------------------------------------------------------

// CLOCK_UPTIME_RAW is mach_absolute_time() in nanoseconds: monotonic, not slewed, stopped while asleep.
uint64_t now_ns() { return clock_gettime_nsec_np(CLOCK_UPTIME_RAW); }

const char* clock_name() { return "CLOCK_UPTIME_RAW (mach_absolute_time)"; }

// --- CPUs ------------------------------------------------------------------------------------------------

std::vector<int> allowed_cpus() { return {}; }

int current_cpu() {
  size_t cpu = 0;
  return pthread_cpu_number_np(&cpu) == 0 ? static_cast<int>(cpu) : -1;  // since macOS 11
}

Failure pin(int) { return guarded(no_affinity); }

// Nothing is ever pinned, so the thread has the set that it started with.
Failure unpin() { return Failure{}; }

size_t cache_line_bytes() { return sysctl_number("hw.cachelinesize"); }

size_t page_bytes() { return static_cast<size_t>(getpagesize()); }

// --- Memory ----------------------------------------------------------------------------------------------

namespace {

constexpr int kAnonymous = -1;

// Superpages exist on Intel only, and there the descriptor argument of mmap asks for them.
Failure superpages(int* descriptor, size_t* page) {
#if defined(__x86_64__) && defined(VM_FLAGS_SUPERPAGE_SIZE_2MB)
  *descriptor = VM_FLAGS_SUPERPAGE_SIZE_2MB;
  *page = size_t{2} << 20;
  return Failure{};
#else
  static_cast<void>(descriptor);
  static_cast<void>(page);
  return Failure{"Apple silicon has no huge pages to ask for: superpages exist on Intel Macs only"};
#endif
}

}  // namespace

Failure map(size_t bytes, size_t alignment, Pages pages, Mapping* out, Look) {
  return guarded([=] {
    if (Failure wrong = check_request(bytes, alignment, out)) return wrong;
    if (pages == Pages::kTransparent) {
      return Failure{
          "macOS has no transparent huge pages: it makes no promise about page size but the system's"};
    }
    if (pages == Pages::kGigantic) return Failure{"macOS has no pages of 1 GiB to ask for"};
    const size_t guard = page_bytes();
    size_t page = guard;
    int descriptor = kAnonymous;
    if (pages == Pages::kExplicit) {
      if (Failure missing = superpages(&descriptor, &page)) return missing;
    }
    const size_t granule = std::max(alignment, page);
    const size_t usable = round_up(bytes, page);
    if (Failure refused = check_available(usable, available_memory_bytes())) return refused;

    // Reserved inaccessible first: the aligned part is then opened, or replaced by superpages.
    const size_t span = usable + granule + 2 * guard;
    void* const reserved = mmap(nullptr, span, PROT_NONE, MAP_PRIVATE | MAP_ANON, kAnonymous, 0);
    if (reserved == MAP_FAILED) return system_failure("mmap of " + size_text(span), errno);
    char* const start = static_cast<char*>(reserved);
    char* const data = start + (round_up(address(start) + guard, granule) - address(start));
    if (descriptor == kAnonymous) {
      if (mprotect(data, usable, PROT_READ | PROT_WRITE) != 0) {
        const int code = errno;
        munmap(start, span);
        return system_failure("mprotect of " + size_text(usable), code);
      }
    } else if (mmap(data, usable, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, descriptor,
                    0) == MAP_FAILED) {
      // MAP_FIXED may have unmapped the middle, which another thread may own by now: release the ends only.
      const int code = errno;
      munmap(start, static_cast<size_t>(data - start));
      munmap(data + usable, static_cast<size_t>(start + span - (data + usable)));
      return system_failure("mmap of " + size_text(usable) + " of superpages", code);
    }
    *out = Mapping{data, usable, start, span};
    return Failure{};
  });
}

Failure unmap(Mapping* mapping) {
  return guarded([mapping] {
    if (mapping == nullptr || mapping->base == nullptr) return Failure{};
    const int code = munmap(mapping->base, mapping->base_bytes) == 0 ? 0 : errno;
    *mapping = Mapping{};
    return code == 0 ? Failure{} : system_failure("munmap", code);
  });
}

// macOS's MADV_FREE promises no zeroes: fresh pages are mapped over the old ones.
Failure surrender(const Mapping& mapping, Pages) { return discard(mapping); }

Failure discard(const Mapping& mapping) {
  return guarded([&mapping] {
    if (mapping.data == nullptr) return Failure{};
    const int flags = MAP_PRIVATE | MAP_ANON | MAP_FIXED;
    void* again = mmap(mapping.data, mapping.bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    return again == mapping.data ? Failure{} : system_failure("mmap(MAP_FIXED)", errno);
  });
}

int64_t huge_bytes(const void*, size_t bytes) { return bytes == 0 ? 0 : -1; }

// What is free, or given back at once: inactive pages are not counted, as they may have to be compressed.
uint64_t available_memory_bytes() {
  vm_statistics64_data_t statistics;
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  const mach_port_t host = mach_host_self();
  const kern_return_t status =
      host_statistics64(host, HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&statistics), &count);
  mach_port_deallocate(mach_task_self(), host);
  if (status != KERN_SUCCESS) return 0;
  // Speculative pages are within free_count, and file-backed besides: they count once. Purgeable and
  // file-backed pages are dropped, not paged.
  const uint64_t unused =
      statistics.free_count - std::min(statistics.free_count, statistics.speculative_count);
  const uint64_t pages = unused + statistics.purgeable_count + statistics.external_page_count;
  return std::max<uint64_t>(pages * page_bytes(), 1);
}

// --- What a thread used ------------------------------------------------------------------------------------

// The system keeps faults and switches for the process only.
void thread_usage(Usage* out) {
  rusage used;
  if (getrusage(RUSAGE_SELF, &used) == 0) {
    out->minor_faults = used.ru_minflt;
    out->major_faults = used.ru_majflt;
    out->voluntary_switches = used.ru_nvcsw;
    out->involuntary_switches = used.ru_nivcsw;
  } else {
    out->minor_faults = out->major_faults = out->voluntary_switches = out->involuntary_switches = -1;
  }
  out->process_wide = true;
  out->migrations = -1;
  out->steal_ticks = -1;
  const uint64_t cpu_ns = clock_gettime_nsec_np(CLOCK_THREAD_CPUTIME_ID);
  out->cpu_ns = cpu_ns == 0 ? -1 : static_cast<int64_t>(cpu_ns);  // 0 reports an error
}

int64_t process_cpu_ns() {
  const uint64_t cpu_ns = clock_gettime_nsec_np(CLOCK_PROCESS_CPUTIME_ID);
  return cpu_ns == 0 ? -1 : static_cast<int64_t>(cpu_ns);
}

// --- Waiting -----------------------------------------------------------------------------------------------

void yield_cpu() { sched_yield(); }

void sleep_ns(uint64_t ns) {
  constexpr uint64_t kSecond = 1'000'000'000;
  timespec left{static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

}  // namespace linefill::platform

#endif
