// Windows 10 and later: everything of platform.h but event counts (no_counters.cc). CPUs are numbered through
// the processor groups of at most 64: group 0 first, each with as many numbers as it may ever have CPUs.
#if defined(_WIN32)

#include "platform/windows_api.h"
// After that, whose types it uses.
#include <psapi.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "platform/rules.h"

namespace linefill::platform {
namespace {

Failure system_failure(const std::string& call, DWORD code) {
  std::string words = std::system_category().message(static_cast<int>(code));
  while (!words.empty() && (words.back() == '\n' || words.back() == '\r' || words.back() == '.'))
    words.pop_back();
  return Failure{call + ": error " + std::to_string(code) + ": " + words};
}

class Handle {
 public:
  explicit Handle(HANDLE handle) : handle_(handle) {}
  ~Handle() {
    if (handle_ != nullptr) CloseHandle(handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  HANDLE get() const { return handle_; }

 private:
  HANDLE handle_;
};

// A FILETIME counts hundreds of nanoseconds.
int64_t nanoseconds_of(const FILETIME& time) {
  return static_cast<int64_t>(uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) * 100;
}

}  // namespace

// --- Clock -----------------------------------------------------------------------------------------------

namespace {

// Fixed while the system runs, so read once.
uint64_t ticks_per_second() {
  LARGE_INTEGER frequency;
  return QueryPerformanceFrequency(&frequency) != 0 ? static_cast<uint64_t>(frequency.QuadPart) : 10'000'000;
}
const uint64_t kTicksPerSecond = ticks_per_second();

}  // namespace

uint64_t now_ns() {
  constexpr uint64_t kSecond = 1'000'000'000;
  LARGE_INTEGER count;
  QueryPerformanceCounter(&count);
  const uint64_t ticks = static_cast<uint64_t>(count.QuadPart);
  // Seconds apart from the rest: their product with 1e9 would overflow within half an hour at 10 MHz.
  return ticks / kTicksPerSecond * kSecond + ticks % kTicksPerSecond * kSecond / kTicksPerSecond;
}

const char* clock_name() { return "QueryPerformanceCounter"; }

// --- CPUs ------------------------------------------------------------------------------------------------

namespace {

// The records of one relation, of differing sizes, each of which begins with its own size.
template <class Visit>
void each_processor_record(LOGICAL_PROCESSOR_RELATIONSHIP relation, Visit visit) {
  DWORD bytes = 0;
  GetLogicalProcessorInformationEx(relation, nullptr, &bytes);
  std::vector<uint64_t> room((bytes + 7) / 8);  // uint64_t: the records want that alignment
  auto* const first = reinterpret_cast<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(room.data());
  if (bytes == 0 || GetLogicalProcessorInformationEx(relation, first, &bytes) == 0) return;
  const char* const begin = reinterpret_cast<const char*>(first);
  for (DWORD at = 0; at < bytes;) {
    const auto* record = reinterpret_cast<const SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(begin + at);
    if (record->Size == 0) return;
    visit(*record);
    at += record->Size;
  }
}

int first_cpu_of(WORD group) {
  int cpu = 0;
  for (WORD before = 0; before < group; ++before) cpu += static_cast<int>(GetMaximumProcessorCount(before));
  return cpu;
}

// What the process was started with, read when the library is loaded.
struct StartSet {
  GROUP_AFFINITY of_thread{};  // what unpin() gives back; Mask 0 where unknown
  std::vector<GROUP_AFFINITY> groups;
  std::vector<int> cpus;

  StartSet() noexcept {
    try {
      read();
    } catch (...) {
      of_thread.Mask = 0;
      groups.clear();
      cpus.clear();
    }
  }

 private:
  void read() {
    if (GetThreadGroupAffinity(GetCurrentThread(), &of_thread) == 0) of_thread.Mask = 0;
    DWORD_PTR process = 0, system = 0;
    // Both are 0 where the process has threads in several groups; then nobody restricted it to one.
    const bool known = GetProcessAffinityMask(GetCurrentProcess(), &process, &system) != 0;
    if (known && process != 0 && process != system) {
      GROUP_AFFINITY only{};
      only.Group = of_thread.Group;
      only.Mask = process;
      groups.push_back(only);
      of_thread.Mask = process;
    } else {
      each_processor_record(RelationGroup, [this](const SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX& record) {
        for (WORD group = 0; group < record.Group.ActiveGroupCount; ++group) {
          GROUP_AFFINITY all{};
          all.Group = group;
          all.Mask = record.Group.GroupInfo[group].ActiveProcessorMask;
          groups.push_back(all);
        }
      });
    }
    for (const GROUP_AFFINITY& group : groups) {
      const int first = first_cpu_of(group.Group);
      for (int bit = 0; bit < static_cast<int>(8 * sizeof group.Mask); ++bit) {
        if ((group.Mask >> bit & 1) != 0) cpus.push_back(first + bit);
      }
    }
  }
};

const StartSet kStart;

}  // namespace

std::vector<int> allowed_cpus() {
  return guarded_or(std::vector<int>{}, [] { return kStart.cpus; });
}

int current_cpu() {
  PROCESSOR_NUMBER number;
  GetCurrentProcessorNumberEx(&number);
  return first_cpu_of(number.Group) + number.Number;
}

Failure pin(int cpu) {
  return guarded([cpu] {
    if (kStart.cpus.empty()) return Failure{"Windows did not say which CPUs this process may use"};
    if (!std::binary_search(kStart.cpus.begin(), kStart.cpus.end(), cpu)) {
      return cpu_not_allowed(cpu, kStart.cpus);
    }
    GROUP_AFFINITY one{};
    for (const GROUP_AFFINITY& group : kStart.groups) {
      const int bit = cpu - first_cpu_of(group.Group);
      if (bit < 0 || bit >= static_cast<int>(8 * sizeof group.Mask) || (group.Mask >> bit & 1) == 0) continue;
      one.Group = group.Group;
      one.Mask = KAFFINITY{1} << bit;
    }
    if (SetThreadGroupAffinity(GetCurrentThread(), &one, nullptr) != 0) return Failure{};
    return system_failure("SetThreadGroupAffinity to CPU " + std::to_string(cpu), GetLastError());
  });
}

Failure unpin() {
  return guarded([] {
    if (kStart.of_thread.Mask == 0)
      return Failure{"GetThreadGroupAffinity did not say where this process started"};
    if (SetThreadGroupAffinity(GetCurrentThread(), &kStart.of_thread, nullptr) != 0) return Failure{};
    return system_failure("SetThreadGroupAffinity", GetLastError());
  });
}

size_t cache_line_bytes() {
  return guarded_or(size_t{0}, [] {
    size_t line = 0;
    each_processor_record(RelationCache, [&line](const SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX& record) {
      if (line == 0 && record.Cache.Level == 1 && record.Cache.Type != CacheInstruction)
        line = record.Cache.LineSize;
    });
    return line;
  });
}

size_t page_bytes() {
  SYSTEM_INFO system;
  GetSystemInfo(&system);
  return system.dwPageSize;
}

// --- Memory ----------------------------------------------------------------------------------------------

namespace {

uintptr_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// Large pages are locked in memory, so an account needs leave to lock, and a process has to switch it on.
Failure enable_large_pages() {
  HANDLE token = nullptr;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token) == 0) {
    return system_failure("OpenProcessToken", GetLastError());
  }
  const Handle closer(token);
  TOKEN_PRIVILEGES wanted{};
  wanted.PrivilegeCount = 1;
  wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
  if (LookupPrivilegeValueW(nullptr, L"SeLockMemoryPrivilege", &wanted.Privileges[0].Luid) == 0) {
    return system_failure("LookupPrivilegeValue", GetLastError());
  }
  // It succeeds without having granted anything; only the error code tells.
  const BOOL called = AdjustTokenPrivileges(token, FALSE, &wanted, 0, nullptr, nullptr);
  const DWORD code = GetLastError();
  if (called != 0 && code == ERROR_SUCCESS) return Failure{};
  if (code == ERROR_NOT_ALL_ASSIGNED) {
    return Failure{"large pages need \"Lock pages in memory\": grant it (secpol.msc) and log in again"};
  }
  return system_failure("AdjustTokenPrivileges", code);
}

Failure map_large(size_t bytes, size_t alignment, Mapping* out) {
  const size_t page = GetLargePageMinimum();
  if (page == 0) return Failure{"this processor has no large pages"};
  if (Failure forbidden = enable_large_pages()) return forbidden;
  const size_t usable = round_up(bytes, page);
  // They come committed and can't be given back in part: an alignment beyond theirs costs its own size.
  const size_t span = usable + (alignment > page ? alignment - page : 0);
  if (Failure refused = check_available(span, available_memory_bytes())) return refused;
  void* const base = VirtualAlloc(nullptr, span, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
  if (base == nullptr) {
    Failure failure =
        system_failure("VirtualAlloc of " + size_text(span) + " of large pages", GetLastError());
    failure.text += ": memory may be too fragmented since the last start of the system";
    return failure;
  }
  char* const start = static_cast<char*>(base);
  char* const data = start + (round_up(address(start), std::max(alignment, page)) - address(start));
  *out = Mapping{data, usable, base, span};
  return Failure{};
}

}  // namespace

Failure map(size_t bytes, size_t alignment, Pages pages, Mapping* out, Look) {
  return guarded([=] {
    if (Failure wrong = check_request(bytes, alignment, out)) return wrong;
    if (pages == Pages::kExplicit) return map_large(bytes, alignment, out);
    if (pages == Pages::kTransparent)
      return Failure{"Windows has no transparent huge pages: ask for explicit ones"};
    if (pages == Pages::kGigantic)
      return Failure{"pages of 1 GiB are asked for on Linux only: ask for explicit ones of 2 MiB"};
    const size_t page = page_bytes();
    const size_t usable = round_up(bytes, page);
    if (Failure refused = check_available(usable, available_memory_bytes())) return refused;
    // Reserved with room for the alignment and an inaccessible page on either side; only the middle is
    // committed. A reservation is released as a whole, so it stays as it is.
    const size_t span = usable + std::max(alignment, page) + 2 * page;
    void* const base = VirtualAlloc(nullptr, span, MEM_RESERVE, PAGE_NOACCESS);
    if (base == nullptr) return system_failure("VirtualAlloc of " + size_text(span), GetLastError());
    char* const start = static_cast<char*>(base);
    char* const data = start + (round_up(address(start) + page, std::max(alignment, page)) - address(start));
    if (VirtualAlloc(data, usable, MEM_COMMIT, PAGE_READWRITE) == nullptr) {
      const DWORD code = GetLastError();
      VirtualFree(base, 0, MEM_RELEASE);
      return system_failure("VirtualAlloc of " + size_text(usable), code);
    }
    *out = Mapping{data, usable, base, span};
    return Failure{};
  });
}

Failure unmap(Mapping* mapping) {
  return guarded([mapping] {
    if (mapping == nullptr || mapping->base == nullptr) return Failure{};
    const DWORD code = VirtualFree(mapping->base, 0, MEM_RELEASE) != 0 ? ERROR_SUCCESS : GetLastError();
    *mapping = Mapping{};
    return code == ERROR_SUCCESS ? Failure{} : system_failure("VirtualFree", code);
  });
}

// Large pages can't be decommitted: the system says so, and the caller unmaps.
Failure surrender(const Mapping& mapping, Pages) { return discard(mapping); }

Failure discard(const Mapping& mapping) {
  return guarded([&mapping] {
    if (mapping.data == nullptr) return Failure{};
    const bool done = VirtualFree(mapping.data, mapping.bytes, MEM_DECOMMIT) != 0 &&
                      VirtualAlloc(mapping.data, mapping.bytes, MEM_COMMIT, PAGE_READWRITE) == mapping.data;
    return done ? Failure{} : system_failure("VirtualFree(MEM_DECOMMIT)", GetLastError());
  });
}

int64_t huge_bytes(const void* data, size_t bytes) {
  constexpr size_t kPagesAtOnce = 512;
  const uintptr_t page = page_bytes();
  const uintptr_t begin = address(data);
  if (bytes == 0) return 0;
  if (begin > UINTPTR_MAX - bytes - page) return -1;
  const uintptr_t end = begin + bytes;
  int64_t huge = 0;
  PSAPI_WORKING_SET_EX_INFORMATION pages[kPagesAtOnce];
  for (uintptr_t at = begin & ~(page - 1); at < end;) {
    size_t count = 0;
    for (uintptr_t next = at; next < end && count < kPagesAtOnce; next += page) {
      pages[count++].VirtualAddress = reinterpret_cast<void*>(next);
    }
    if (K32QueryWorkingSetEx(GetCurrentProcess(), pages, static_cast<DWORD>(count * sizeof pages[0])) == 0)
      return -1;
    for (size_t i = 0; i < count; ++i, at += page) {
      const auto& attributes = pages[i].VirtualAttributes;
      if (attributes.Valid == 0 || attributes.LargePage == 0) continue;
      huge += static_cast<int64_t>(std::min(at + page, end) - std::max(at, begin));
    }
  }
  return huge;
}

uint64_t available_memory_bytes() {
  MEMORYSTATUSEX memory{};
  memory.dwLength = sizeof memory;
  if (GlobalMemoryStatusEx(&memory) == 0) return 0;
  uint64_t least = std::min({memory.ullAvailPhys, memory.ullAvailPageFile, memory.ullAvailVirtual});
  // A job object, as containers use it, may limit what this process, or all of the job, commits.
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION job{};
  PROCESS_MEMORY_COUNTERS_EX process{};
  process.cb = sizeof process;
  if (QueryInformationJobObject(nullptr, JobObjectExtendedLimitInformation, &job, sizeof job, nullptr) != 0 &&
      K32GetProcessMemoryInfo(GetCurrentProcess(), reinterpret_cast<PROCESS_MEMORY_COUNTERS*>(&process),
                              sizeof process) != 0) {
    const auto leave = [&least](uint64_t limit, uint64_t used) {
      least = std::min(least, limit - std::min(limit, used));
    };
    const DWORD flags = job.BasicLimitInformation.LimitFlags;
    if ((flags & JOB_OBJECT_LIMIT_PROCESS_MEMORY) != 0) leave(job.ProcessMemoryLimit, process.PrivateUsage);
    // What the job's other processes take is not told; an excess fails at the commit, it kills nobody.
    if ((flags & JOB_OBJECT_LIMIT_JOB_MEMORY) != 0) leave(job.JobMemoryLimit, process.PrivateUsage);
  }
  return std::max<uint64_t>(least, 1);
}

// --- What a thread used ------------------------------------------------------------------------------------

// The system counts faults for the process only, soft and hard together, and tells no thread its switches.
void thread_usage(Usage* out) {
  *out = Usage{};
  out->process_wide = true;
  out->major_faults = out->voluntary_switches = out->involuntary_switches = -1;
  out->migrations = out->steal_ticks = -1;
  PROCESS_MEMORY_COUNTERS memory{};
  memory.cb = sizeof memory;
  const bool counted = K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory) != 0;
  // No process lives without a fault: 0 means that nobody counts (Wine).
  out->minor_faults = counted && memory.PageFaultCount > 0 ? static_cast<int64_t>(memory.PageFaultCount) : -1;
  FILETIME created, exited, kernel, user;
  const bool timed = GetThreadTimes(GetCurrentThread(), &created, &exited, &kernel, &user) != 0;
  out->cpu_ns = timed ? nanoseconds_of(kernel) + nanoseconds_of(user) : -1;
}

int64_t process_cpu_ns() {
  FILETIME created, exited, kernel, user;
  const bool timed = GetProcessTimes(GetCurrentProcess(), &created, &exited, &kernel, &user) != 0;
  return timed ? nanoseconds_of(kernel) + nanoseconds_of(user) : -1;
}

// --- Waiting -----------------------------------------------------------------------------------------------

void yield_cpu() { SwitchToThread(); }

void sleep_ns(uint64_t ns) {
#if !defined(CREATE_WAITABLE_TIMER_HIGH_RESOLUTION)
  constexpr DWORD CREATE_WAITABLE_TIMER_HIGH_RESOLUTION = 2;  // Windows 10 1803
#endif
  if (ns == 0) return;
  const uint64_t hundreds = std::min<uint64_t>(ns / 100 + (ns % 100 != 0), INT64_MAX);
  const Handle timer(
      CreateWaitableTimerExW(nullptr, nullptr, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS));
  LARGE_INTEGER due;
  due.QuadPart = -static_cast<int64_t>(hundreds);  // negative: from now on
  if (timer.get() != nullptr && SetWaitableTimer(timer.get(), &due, 0, nullptr, nullptr, FALSE) != 0 &&
      WaitForSingleObject(timer.get(), INFINITE) == WAIT_OBJECT_0) {
    return;
  }
  // An older system: whole milliseconds, rounded up.
  Sleep(static_cast<DWORD>(std::min<uint64_t>(ns / 1'000'000 + 1, INFINITE - 1)));
}

}  // namespace linefill::platform

#endif
