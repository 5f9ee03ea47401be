// What linux.cc, linux_memory.cc and linux_counters.cc share, and the seams that platform_test.cc tests them
// by.
#pragma once

#if defined(__linux__)

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/platform.h"

namespace linefill::platform {

// A descriptor that closes itself; -1 is none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// The whole text of a file of /proc or /sys; empty where it can't be read. May throw bad_alloc.
std::string read_text(const std::string& path);
// A file's first number; `otherwise` where there is none ("max").
uint64_t read_number(const std::string& path, uint64_t otherwise);

// "ENOENT: No such file or directory"
std::string errno_text(int code);
// "mmap: ENOMEM: Cannot allocate memory"
Failure system_failure(const std::string& call, int code);

// The number after `key` and any ':' or blanks, where the key begins a line; -1 without it.
int64_t number_after(std::string_view text, std::string_view key);

// Steal in 1/100 s from the beginning of /proc/stat; -1 where the line is not as proc_stat(5) has it.
int64_t parse_steal(std::string_view stat, int64_t ticks_per_second);

// Moves of the calling thread to another CPU by a perf software event, else by /proc/thread-self/sched; -1.
int64_t thread_migrations();

// The files of a control group by which a controller limits memory; an empty name stands for none.
struct GroupFiles {
  std::string limit;
  std::string high;  // throttled from there on
  std::string usage;
  std::string reclaimable;  // a line of memory.stat: cache that is given up before anything is killed
};
struct GroupLimit {
  std::string controller;  // version 1 has a hierarchy a controller, version 2 one for all
  GroupFiles version1, version2;
};
GroupLimit memory_limit();
// What the limits of the group and of all above it leave to a process: `membership` is the text of
// /proc/self/cgroup, `mounts` that of /proc/self/mountinfo. UINT64_MAX without a limit.
uint64_t group_room(const GroupLimit& limit, std::string_view membership, std::string_view mounts);
// What they leave of explicit huge pages of that size.
uint64_t hugetlb_room(size_t page_bytes);

// huge_bytes() by the PAGEMAP_SCAN ioctl (Linux 6.7, exact), and by /proc/self/smaps (exact for whole
// mappings). -1 where the way is not to be had or can't tell.
int64_t huge_bytes_by_scan(const void* data, size_t bytes);
int64_t huge_bytes_by_smaps(const void* data, size_t bytes);

}  // namespace linefill::platform

#endif
