// Linux behind platform.h: nothing leaks, both ways of finding huge pages agree, and what is read from the
// kernel's texts is read right, on texts of our own.
#if defined(__linux__)

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "platform/linux.h"
#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::kMiB;
using linefill::test::kSanitized;
using linefill::test::Mapped;
using linefill::test::touch;

namespace {

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

size_t mapping_count() {
  const std::string maps = read_text("/proc/self/maps");
  return static_cast<size_t>(std::count(maps.begin(), maps.end(), '\n'));
}

}  // namespace

TEST(mapping_ten_thousand_times_leaves_nothing) {
  const auto once = [](int i) {
    constexpr Pages kKinds[] = {Pages::kSystem, Pages::kSmall};
    Mapped mapped;
    REQUIRE(!map(64 * 1024, size_t{64} << (i % 12), kKinds[i % 2], &mapped.mapping));
    mapped.bytes()[0] = 1;
  };
  for (int i = 0; i < 100; ++i) once(i);
  const size_t maps = mapping_count(), descriptors = open_descriptors();
  const uint64_t pages = read_number("/proc/self/statm", 0);
  for (int i = 0; i < 10'000; ++i) once(i);
  if (!kSanitized) CHECK(mapping_count() <= maps + 4);
  CHECK_EQ(open_descriptors(), descriptors);
  CHECK(read_number("/proc/self/statm", 0) <= pages + kMiB * 16 / page_bytes());
}

TEST(an_overrun_hits_an_inaccessible_page) {
  Mapped mapped;
  REQUIRE(!map(3 * page_bytes(), 64, Pages::kSystem, &mapped.mapping));
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  // The kernel answers EFAULT where the program itself would be killed.
  const auto readable = [&ends](const unsigned char* at) { return write(ends[1], at, 1) == 1; };
  CHECK(readable(mapped.bytes()));
  CHECK(readable(mapped.bytes() + mapped.mapping.bytes - 1));
  CHECK(!readable(mapped.bytes() - 1));
  CHECK(!readable(mapped.bytes() + mapped.mapping.bytes));
  close(ends[0]);
  close(ends[1]);
}

TEST(counters_and_threads_close_what_they_open) {
  const auto once = [] {
    std::thread([] {
      Usage usage;
      thread_usage(&usage);
      const Counters counters;
      counter_status();
    }).join();
  };
  once();
  const size_t descriptors = open_descriptors();
  for (int i = 0; i < 50; ++i) once();
  CHECK_EQ(open_descriptors(), descriptors);
}

TEST(both_ways_of_finding_huge_pages_agree) {
  Mapped mapped;
  const Failure failure = map(8 * kMiB, 64, Pages::kTransparent, &mapped.mapping);
  if (failure) SKIP(failure.text);
  touch(mapped);
  const int64_t by_smaps = huge_bytes_by_smaps(mapped.mapping.data, mapped.mapping.bytes);
  const int64_t by_scan = huge_bytes_by_scan(mapped.mapping.data, mapped.mapping.bytes);
  if (by_smaps < 0) SKIP("no smaps here");
  CHECK(by_scan == by_smaps || by_scan == -1);
  const int64_t part = huge_bytes_by_smaps(mapped.bytes() + 100, kMiB);
  if (by_smaps == static_cast<int64_t>(mapped.mapping.bytes)) CHECK_EQ(part, kMiB);
  if (by_smaps == 0) CHECK_EQ(part, 0);
  if (by_scan == static_cast<int64_t>(mapped.mapping.bytes)) {
    CHECK_EQ(huge_bytes_by_scan(mapped.bytes() + 100, kMiB), kMiB);
  }
}

TEST(smaps_does_not_guess_which_part_is_huge) {
  Mapped mapped;
  const Failure failure = map(8 * kMiB, 64, Pages::kTransparent, &mapped.mapping);
  if (failure) SKIP(failure.text);
  mapped.bytes()[0] = 1;  // one huge page of four
  if (huge_bytes_by_smaps(mapped.mapping.data, mapped.mapping.bytes) != static_cast<int64_t>(2 * kMiB)) {
    SKIP("no huge page was to be had");
  }
  CHECK_EQ(huge_bytes_by_smaps(mapped.bytes() + 4 * kMiB, 4 * kMiB), -1);
  const int64_t by_scan = huge_bytes_by_scan(mapped.bytes() + 4 * kMiB, 4 * kMiB);
  CHECK(by_scan == 0 || by_scan == -1);
}

TEST(smaps_says_nothing_of_what_is_not_mapped) {
  Mapping mapping;
  REQUIRE(!map(4 * page_bytes(), 64, Pages::kSmall, &mapping));
  const void* const gone = mapping.data;
  CHECK(!unmap(&mapping));
  CHECK_EQ(huge_bytes_by_smaps(gone, page_bytes()), -1);
  CHECK_EQ(huge_bytes(reinterpret_cast<void*>(~uintptr_t{0} - 10), 100), -1);
}

TEST(steal_is_read_from_the_first_line) {
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 99 1 1\n", 100), 8);
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7 8\n", 100), 8);
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7 8 9 10\n", 1000), 0);
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7 8000 9 10\n", 1000), 800);
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7\n", 100), -1);  // kernels before 2.6.11
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7 8", 100), -1);  // cut off
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7 -8 9\n", 100), -1);
  CHECK_EQ(parse_steal("cpu  1 2 x 4 5 6 7 8 9\n", 100), -1);
  CHECK_EQ(parse_steal("cpu0 1 2 3 4 5 6 7 8 9\n", 100), -1);
  CHECK_EQ(parse_steal("", 100), -1);
  CHECK_EQ(parse_steal("cpu  1 2 3 4 5 6 7 8 9\n", 0), -1);
}

TEST(a_number_is_found_by_its_whole_key) {
  const std::string text = "Pages: 3 kB\nMemAvailableX: 4\nMemAvailable:   5 kB\nx.y   :   6\n";
  CHECK_EQ(number_after(text, "MemAvailable"), 5);
  CHECK_EQ(number_after(text, "x.y"), 6);
  CHECK_EQ(number_after(text, "Available"), -1);
  CHECK_EQ(number_after(text, ""), -1);
  CHECK_EQ(number_after("", "x"), -1);
}

namespace {

// Folders that look like control groups.
class FakeGroups {
 public:
  FakeGroups()
      : root_(std::filesystem::temp_directory_path() / ("linefill-groups-" + std::to_string(now_ns()))) {
    std::filesystem::create_directories(root_);
  }
  ~FakeGroups() { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::string path() const { return root_.string(); }

 private:
  std::filesystem::path root_;
};

}  // namespace

TEST(the_tightest_group_of_version_2_counts) {
  const FakeGroups groups;
  const std::string mounts = "22 1 0:5 / /proc rw - proc proc rw\n30 22 0:26 / " + groups.path() +
                             " rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
  const auto room = [&](const char* path) {
    return group_room(memory_limit(), std::string("0::") + path + "\n", mounts);
  };
  CHECK_EQ(room("/a/b"), UINT64_MAX);
  groups.write("a/memory.max", "1000000\n");
  groups.write("a/memory.current", "400000\n");
  groups.write("a/b/memory.max", "max\n");
  groups.write("a/b/memory.current", "100\n");
  CHECK_EQ(room("/a/b"), 600'000);
  CHECK_EQ(room("/a"), 600'000);
  CHECK_EQ(room("/"), UINT64_MAX);
  groups.write("a/memory.stat", "anon 1\ninactive_file 150000\n");
  CHECK_EQ(room("/a/b"), 750'000);
  groups.write("a/b/memory.high", "5000\n");
  CHECK_EQ(room("/a/b"), 4'900);
  groups.write("a/memory.current", "9000000\n");
  groups.write("a/memory.stat", "");
  CHECK_EQ(room("/a/b"), 0);
  CHECK_EQ(room("/../outside"), UINT64_MAX);
}

TEST(a_container_sees_its_own_group_only) {
  const FakeGroups groups;
  groups.write("memory.limit_in_bytes", "8192\n");
  groups.write("memory.usage_in_bytes", "192\n");
  groups.write("inner/memory.limit_in_bytes", "4096\n");
  const std::string mounts = "31 22 0:27 /docker/abc " + groups.path() +
                             " ro - cgroup cgroup rw,memory\n32 22 0:28 / /none ro - cgroup cgroup rw,cpu\n";
  CHECK_EQ(group_room(memory_limit(), "5:cpu:/docker/abc\n4:hugetlb,memory:/docker/abc\n", mounts), 8'000);
  CHECK_EQ(group_room(memory_limit(), "4:hugetlb,memory:/docker/abc/inner\n", mounts), 4'096);
  CHECK_EQ(group_room(memory_limit(), "4:memory:/docker/abcdef\n", mounts), 8'000);
  CHECK_EQ(group_room(memory_limit(), "", mounts), 8'000);
  CHECK_EQ(group_room(memory_limit(), "\n::\n:", "\n- \n - \n1 2 3\n"), UINT64_MAX);
}

#endif
