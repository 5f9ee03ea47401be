// What the programs used that this process started: getrusage(2) on Linux and macOS, which count a peak in
// KiB and in bytes. Windows keeps no such sums for a parent.
#if defined(__linux__) || defined(__APPLE__)
#include <sys/resource.h>
#endif
#if defined(__linux__)
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#endif

#include "platform/platform.h"

namespace linefill::platform {

ChildUsage child_usage() {
  ChildUsage result;
#if defined(__linux__) || defined(__APPLE__)
#if defined(__APPLE__)
  constexpr int64_t kPeakUnit = 1;
#else
  constexpr int64_t kPeakUnit = 1024;
#endif
  rusage used;
  if (getrusage(RUSAGE_CHILDREN, &used) != 0) return result;
  const auto ns = [](const timeval& time) {
    return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + static_cast<int64_t>(time.tv_usec) * 1000;
  };
  result.user_ns = ns(used.ru_utime);
  result.system_ns = ns(used.ru_stime);
  result.minor_faults = used.ru_minflt;
  result.major_faults = used.ru_majflt;
  result.voluntary_switches = used.ru_nvcsw;
  result.involuntary_switches = used.ru_nivcsw;
  result.peak_resident_bytes = static_cast<int64_t>(used.ru_maxrss) * kPeakUnit;
#endif
  return result;
}

// Found by trying: the peak of a child that ends as soon as it is there.
int64_t forked_peak_bytes() {
#if defined(__linux__)
  const pid_t child = fork();
  if (child == 0) _exit(0);
  if (child < 0) return -1;
  rusage used;
  int status = 0;
  pid_t ended = 0;
  do ended = wait4(child, &status, 0, &used);
  while (ended < 0 && errno == EINTR);
  return ended == child ? static_cast<int64_t>(used.ru_maxrss) * 1024 : -1;
#elif defined(__APPLE__)
  return 0;
#else
  return -1;
#endif
}

}  // namespace linefill::platform
