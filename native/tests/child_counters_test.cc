// Counters of children: what a program, its threads and its descendants do is counted, and nothing else. The
// program is this one, started again to run the one test below that does what it is told.
#if defined(__linux__)

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "platform/platform.h"
#include "platform/rules.h"
#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::kMiB;
using linefill::test::kSanitized;
using linefill::test::Mapped;
using linefill::test::touch;

namespace {

constexpr const char* kOrder = "LINEFILL_TEST_ORDER";
constexpr const char* kObeys = "obeys_as_a_started_program";
constexpr size_t kTouchedBytes = 16 * kMiB;

void touch_all() {
  Mapped mapped;
  REQUIRE(!map(kTouchedBytes, 64, Pages::kSmall, &mapped.mapping));
  touch(mapped);
}

// Starts this program with an order and waits for its end; false where that was no good one.
bool start(const char* order) {
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    setenv(kOrder, order, 1);
    execl("/proc/self/exe", "native_tests", kObeys, nullptr);
    _exit(127);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

double count_of(const Counters& counters, const char* name, double* share = nullptr) {
  double counts[Counters::count()], shares[Counters::count()];
  counters.read(counts, shares);
  for (size_t i = 0; i < Counters::count(); ++i) {
    if (std::strcmp(kCounterNames[i].name, name) != 0) continue;
    if (share != nullptr) *share = shares[i];
    return counts[i];
  }
  return NAN;
}

bool counts_children() {
  for (const CounterStatus& counter : counter_status(Whose::kChildren)) {
    if (std::strcmp(counter.name, "minor-faults") == 0) return counter.reason.empty();
  }
  return false;
}

// Faults of a started program by order, counted.
double faults_of(const char* order) {
  const Counters counters(Whose::kChildren);
  CHECK(start(order));
  double share = 0;
  const double faults = count_of(counters, "minor-faults", &share);
  CHECK_EQ(share, 1.0);
  return faults;
}

}  // namespace

TEST(obeys_as_a_started_program) {
  const char* order = std::getenv(kOrder);
  if (order == nullptr) SKIP("for the other tests of this file to start");
  const std::string what = order;
  if (what == "touch") touch_all();
  if (what == "thread") std::thread(touch_all).join();
  if (what == "grandchild" || what == "started grandchild") {
    if (what == "started grandchild") {
      REQUIRE(start("touch"));
      return;
    }
    const pid_t child = fork();
    if (child == 0) {
      touch_all();
      _exit(0);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
  }
}

TEST(counters_follow_a_started_program_and_all_that_it_starts) {
  if (!counts_children()) SKIP("no count of page faults here");
  const double pages = static_cast<double>(kTouchedBytes / page_bytes());
  const double idle = faults_of("nothing");
  CHECK(idle > 0);
  for (const char* order : {"touch", "thread", "grandchild"}) {
    const double more = faults_of(order) - idle;
    CHECK(more >= pages);
    if (!kSanitized) CHECK(more < pages + 1000);
  }
  const double two_programs = faults_of("started grandchild");
  CHECK(two_programs >= pages + idle);
  if (!kSanitized) CHECK(two_programs < pages + 2 * idle + 1000);
}

TEST(what_is_not_a_started_program_is_not_counted) {
  if (!counts_children()) SKIP("no count of page faults here");
  const Counters counters(Whose::kChildren);
  touch_all();
  std::thread(touch_all).join();
  const pid_t forked = fork();
  if (forked == 0) {
    touch_all();  // without an exec it is still this program
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(forked, &status, 0) == forked);
  CHECK(std::isnan(count_of(counters, "minor-faults")));
  CHECK(std::isnan(count_of(counters, "task-clock")));
  CHECK(start("nothing"));
  if (!kSanitized) CHECK(count_of(counters, "minor-faults") < 3000);
  CHECK(std::isnan(count_of(Counters(Whose::kChildren), "minor-faults")));
}

TEST(counters_of_children_close_what_they_opened) {
  const auto next_descriptor = [] {
    const int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
  };
  const int before = next_descriptor();
  for (int i = 0; i < 100; ++i) {
    const Counters counters(Whose::kChildren);
    counter_status(Whose::kChildren);
  }
  CHECK_EQ(next_descriptor(), before);
}

TEST(child_usage_rises_by_what_a_started_program_used) {
  if (std::getenv("LINEFILL_EMULATED") != nullptr) SKIP("an emulator starts no program of its own");
  const int64_t pages = static_cast<int64_t>(kTouchedBytes / page_bytes());
  const ChildUsage before = child_usage();
  REQUIRE(start("touch"));
  const ChildUsage after = child_usage();
  CHECK(before.minor_faults >= 0);
  CHECK(after.minor_faults - before.minor_faults >= pages);
  CHECK(after.major_faults >= before.major_faults);
  CHECK(after.user_ns + after.system_ns >= before.user_ns + before.system_ns);
  CHECK(after.voluntary_switches + after.involuntary_switches >=
        before.voluntary_switches + before.involuntary_switches);
  CHECK(after.peak_resident_bytes >= static_cast<int64_t>(kTouchedBytes));
}

TEST(a_fork_begins_with_what_it_copies) {
  const int64_t before = forked_peak_bytes();
  REQUIRE(before > 0);
  Mapped mapped;
  REQUIRE(!map(kTouchedBytes, 64, Pages::kSmall, &mapped.mapping));
  touch(mapped);
  CHECK(forked_peak_bytes() - before >= static_cast<int64_t>(kTouchedBytes) / 2);
}

#endif
