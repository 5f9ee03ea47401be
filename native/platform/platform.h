// What the lab asks of an operating system, and nothing more: clock, pinning, pages, resource use, counters.
// linux*.cc, darwin.cc and windows.cc implement it, each empty on the other systems; no other file calls the
// system. Every call reports failure by value. `Failure` carries the call and its error in words; nothing
// throws, nothing aborts, and all of it may be called from any thread. "Unknown" is never written as 0: each
// field says which value stands for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace linefill::platform {

// Empty text: success. Otherwise a sentence fit for a user: "CPU 7 is not available to this process: choose
// from 0-1".
struct Failure {
  std::string text;
  explicit operator bool() const { return !text.empty(); }
};

// --- Clock -----------------------------------------------------------------------------------------------
// Nanoseconds of a clock that is monotonic, not slewed, and comparable between threads
// (CLOCK_MONOTONIC_RAW, mach_absolute_time, QueryPerformanceCounter).
uint64_t now_ns();
const char* clock_name();

struct ClockFigures {
  double resolution_ns;  // smallest step seen between two reads; NaN where it never stepped
  double cost_ns;        // one read, median of batches
};
// Takes about 10 ms at most.
ClockFigures measure_clock();

// --- CPUs ------------------------------------------------------------------------------------------------
// The CPUs that the process was allowed when this library was loaded, ascending: what pin() accepts, whatever
// the calling thread is pinned to now. Empty where the system can't say.
std::vector<int> allowed_cpus();
int current_cpu();  // -1 where unknown
// Binds the calling thread to one CPU. Refuses a CPU that is not allowed to the process. A thread made by a
// pinned thread starts pinned: it calls unpin() or pin() for itself.
[[nodiscard]] Failure pin(int cpu);
// Gives the calling thread back the set that the process started with.
Failure unpin();
size_t cache_line_bytes();  // 0 where the system can't say
size_t page_bytes();

// --- Memory ----------------------------------------------------------------------------------------------
enum class Pages : uint8_t {
  kSystem,       // the system's default
  kSmall,        // base pages on purpose (MADV_NOHUGEPAGE)
  kTransparent,  // huge pages asked for (MADV_HUGEPAGE on a huge-page-aligned mapping); fails where switched
                 // off
  kExplicit,     // 2 MiB each, from their pool (MAP_HUGETLB); fails where the pool is empty
  kGigantic,     // 1 GiB each, from theirs; Linux on 64 bits only
};

struct Mapping {
  void* data = nullptr;
  size_t bytes = 0;      // usable, zero-filled: what was asked, rounded up to whole pages of the kind
  void* base = nullptr;  // what to unmap: data and the inaccessible pages about it
  size_t base_bytes = 0;
};
// Whether map() looks first what memory is left, and whether huge pages are switched on. On Linux that takes
// longer than to map: who maps the same again and again looks once. Elsewhere it always looks.
enum class Look : uint8_t { kFirst, kHasLooked };
// `alignment` is a power of two; the mapping starts at a multiple of max(alignment, page of the kind). Base
// and transparent pages have an inaccessible page before and behind them, so that an overrun faults. No page
// is touched yet. Refuses (never overcommits into a kill) what exceeds the memory available to the process,
// cgroup limits counted; memory mapped elsewhere but still untouched is not counted. On failure *out stays as
// it was.
[[nodiscard]] Failure map(size_t bytes, size_t alignment, Pages pages, Mapping* out,
                          Look look = Look::kFirst);
// Empties *mapping; an empty one is no failure.
Failure unmap(Mapping* mapping);
// Gives the pages back and keeps the addresses: the next touch finds zeroes. An empty mapping is no failure.
Failure discard(const Mapping& mapping);
// The same for good: pages of a pool go back to it, which keeps them set aside for a mapping otherwise. The
// next touch finds zeroes in pages of the system's default.
Failure surrender(const Mapping& mapping, Pages pages);
// Brings all pages in at once, as if each had been written to. Fails where the system has no such call (it is
// Linux's, since 5.14). An empty mapping is no failure.
[[nodiscard]] Failure populate(const Mapping& mapping);
// Bytes of the range that huge pages back at this moment; -1 where the system can't say.
int64_t huge_bytes(const void* data, size_t bytes);
// Memory that this process may still take, cgroup limits counted; 0 where unknown.
uint64_t available_memory_bytes();
// Memory of this process that is in RAM at this moment, pages shared with others counted whole; -1 where
// unknown. Allocates nothing. Linux: a walk through the page tables, a millisecond and more for 100 MiB.
int64_t resident_bytes();

// --- What a thread used, and what was taken from it --------------------------------------------------------
// Running totals, to be subtracted from one another.
struct Usage {
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
  int64_t cpu_ns = 0;         // user + system time of the thread
  int64_t migrations = 0;     // to another CPU
  int64_t steal_ticks = 0;    // whole machine (/proc/stat), in 1/100 s
  bool process_wide = false;  // faults and switches are those of the whole process (macOS, Windows)
};
// Writes every field; -1 where unknown. The first call of a thread opens what the later ones read.
void thread_usage(Usage* out);
// User + system time of all threads of the process, those that have ended too; -1 where unknown.
int64_t process_cpu_ns();

// What the programs used that this process started and waited for, with those that they waited for in turn.
// Running totals, but for the peak.
struct ChildUsage {
  int64_t user_ns = -1;
  int64_t system_ns = -1;
  int64_t minor_faults = -1;
  int64_t major_faults = -1;
  int64_t voluntary_switches = -1;
  int64_t involuntary_switches = -1;
  // Of the largest of all these processes, so it never falls. Up to forked_peak_bytes() it says "at most".
  int64_t peak_resident_bytes = -1;
};
// -1 where unknown.
ChildUsage child_usage();
// The peak with which a program begins that this process starts: Linux lets what was copied at the fork count
// as the program's own. 0 where a program begins with none, -1 where unknown. Forks a child.
int64_t forked_peak_bytes();

// --- Counters ---------------------------------------------------------------------------------------------
// Hardware and software event counts. A capability that may be missing: each counter says for itself whether
// it could be opened, and why not.
inline constexpr size_t kCounterCount = 15;

enum class Whose : uint8_t {
  kThread,  // of the calling thread
  // Of the programs that the calling thread starts from now on, each from its exec on, with all their threads
  // and descendants. What has ended is counted, what still runs is counted so far.
  kChildren,
};

struct CounterStatus {
  const char* name = "";  // perf's name: "cycles", "instructions", "cache-misses", "dTLB-load-misses", ...
  bool hardware = false;
  bool user_only = false;  // the system hides what the kernel does on the thread's behalf
  std::string reason;      // empty: available
};
// One a counter, in a fixed order; empty where memory ran out.
std::vector<CounterStatus> counter_status(Whose whose = Whose::kThread);

// Not copyable; closes what it opened.
class Counters {
 public:
  explicit Counters(Whose whose = Whose::kThread);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;
  // From here on read() counts; until the first call, from the constructor on.
  void mark();
  // Writes count() values in the order of counter_status(): what happened since the mark, scaled where the
  // system shared a hardware counter out in turns. NaN where unavailable, or where no turn came in that time.
  // To be preferred to the difference of two reads: that would scale by turns before the mark. `shares`,
  // where given, gets the part of the time in which each was counted: below 1 for a count that was scaled.
  void read(double* out, double* shares = nullptr) const;
  static constexpr size_t count() { return kCounterCount; }

 private:
  struct Reading {
    uint64_t value = 0;
    uint64_t enabled_ns = 0;
    uint64_t running_ns = 0;
  };
  static bool read_now(int handle, Reading* out);
  int handles_[kCounterCount];
  [[maybe_unused]] Reading marked_[kCounterCount];  // no_counters.cc leaves it alone
};

// Waiting threads: gives the CPU to another; sleeps at least that long.
void yield_cpu();
void sleep_ns(uint64_t ns);

}  // namespace linefill::platform
