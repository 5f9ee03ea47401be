// What platform.h says of a thread: what it used, and what its counters count.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "platform/platform.h"
#include "platform/rules.h"
#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::kMiB;
using linefill::test::kSanitized;
using linefill::test::Mapped;
using linefill::test::touch;

// --- What a thread used ------------------------------------------------------------------------------------

TEST(usage_never_falls) {
  Usage last;
  thread_usage(&last);
  for (int i = 0; i < 200; ++i) {
    Usage now;
    thread_usage(&now);
    CHECK(now.minor_faults >= last.minor_faults);
    CHECK(now.major_faults >= last.major_faults);
    CHECK(now.voluntary_switches >= last.voluntary_switches);
    CHECK(now.involuntary_switches >= last.involuntary_switches);
    CHECK(now.cpu_ns >= last.cpu_ns);
    CHECK(now.migrations >= last.migrations);
    CHECK(now.steal_ticks >= last.steal_ticks);
    last = now;
  }
  std::printf("usage: migrations %lld, steal %lld ticks\n", static_cast<long long>(last.migrations),
              static_cast<long long>(last.steal_ticks));
}

TEST(faults_rise_by_the_pages_touched) {
  Mapped mapped;
  REQUIRE(!map(8 * kMiB, 64, Pages::kSmall, &mapped.mapping));
  const int64_t pages = static_cast<int64_t>(mapped.mapping.bytes / page_bytes());
  Usage before, after;
  thread_usage(&before);
  touch(mapped);
  thread_usage(&after);
  if (after.minor_faults < 0) SKIP("this system does not say");
  const int64_t faults = after.minor_faults - before.minor_faults;
  CHECK(faults >= pages);
  if (!kSanitized && !after.process_wide) CHECK(faults <= pages + 16);
}

TEST(cpu_time_rises_with_work_and_not_with_sleep) {
  Usage start, worked, slept;
  thread_usage(&start);
  do {  // as long as it takes on a machine that is busy with others
    thread_usage(&worked);
  } while (worked.cpu_ns - start.cpu_ns < 5'000'000);
  const uint64_t lay_down_ns = now_ns();
  sleep_ns(40'000'000);
  thread_usage(&slept);
  CHECK(slept.cpu_ns - worked.cpu_ns < static_cast<int64_t>(now_ns() - lay_down_ns) / 2);
  if (!slept.process_wide && slept.voluntary_switches >= 0) {
    CHECK(slept.voluntary_switches > worked.voluntary_switches);
  }
}

TEST(migrations_are_counted) {
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.size() < 2) SKIP("one CPU only");
  std::thread([&cpus] {  // a new thread: its own handles
    Usage before, after;
    CHECK(!pin(cpus[0]));
    thread_usage(&before);
    for (int round = 0; round < 10; ++round) {
      CHECK(!pin(cpus[1]));
      CHECK(!pin(cpus[0]));
    }
    thread_usage(&after);
    if (before.migrations < 0) return;
    CHECK(after.migrations - before.migrations >= 20);
    CHECK(!unpin());
  })
      .join();
}

// --- Counters ----------------------------------------------------------------------------------------------

TEST(counters_say_what_they_are_and_why_not) {
  const std::vector<CounterStatus> status = counter_status();
  REQUIRE(status.size() == Counters::count());
  for (const CounterStatus& counter : status) {
    std::printf("counter %s: %s%s\n", counter.name,
                counter.reason.empty() ? "available" : counter.reason.c_str(),
                counter.user_only ? " (user part only)" : "");
    CHECK(std::strlen(counter.name) > 0);
    CHECK(counter.reason.empty() || !counter.user_only);
  }
}

TEST(counters_are_nan_or_counts) {
  const std::vector<CounterStatus> status = counter_status();
  REQUIRE(status.size() == Counters::count());
  double counts[Counters::count()];
  Counters counters;
  counters.mark();
  Mapped mapped;
  REQUIRE(!map(4 * kMiB, 64, Pages::kSmall, &mapped.mapping));
  touch(mapped);
  const uint64_t until = now_ns() + 20'000'000;
  while (now_ns() < until) {
  }
  counters.read(counts);
  for (size_t i = 0; i < Counters::count(); ++i) {
    const std::string name = status[i].name;
    if (!status[i].reason.empty()) {
      CHECK(std::isnan(counts[i]));
      continue;
    }
    if (std::isnan(counts[i])) continue;  // the hardware counter was others' all the time
    CHECK(counts[i] >= 0);
    if (name == "task-clock") CHECK(counts[i] >= 1e6 && counts[i] < 10e9);
    if (name == "page-faults") CHECK(counts[i] >= static_cast<double>(4 * kMiB / page_bytes()));
    if (name == "instructions" || name == "cycles") CHECK(counts[i] > 1e4);
  }
}

TEST(counters_count_from_the_mark_on) {
  Counters counters;
  Mapped first, second;
  REQUIRE(!map(8 * kMiB, 64, Pages::kSmall, &first.mapping));
  REQUIRE(!map(kMiB, 64, Pages::kSmall, &second.mapping));
  const auto faults = [&counters]() -> double {
    double counts[Counters::count()];
    counters.read(counts);
    for (size_t i = 0; i < Counters::count(); ++i) {
      if (std::strcmp(kCounterNames[i].name, "page-faults") == 0) return counts[i];
    }
    return NAN;
  };
  touch(first);
  if (std::isnan(faults())) SKIP("no count of page faults here");
  CHECK(faults() >= static_cast<double>(8 * kMiB / page_bytes()));
  counters.mark();
  touch(second);
  CHECK(faults() >= static_cast<double>(kMiB / page_bytes()));
  if (!kSanitized) CHECK(faults() < static_cast<double>(kMiB / page_bytes() + 100));
}

TEST(threads_count_for_themselves) {
  const std::vector<CounterStatus> status = counter_status();
  REQUIRE(status.size() == Counters::count());
  size_t faults = Counters::count();
  for (size_t i = 0; i < status.size(); ++i) {
    if (std::strcmp(status[i].name, "page-faults") == 0 && status[i].reason.empty()) faults = i;
  }
  if (faults == Counters::count()) SKIP("no count of page faults here");
  const Counters mine;
  std::thread([] {
    const Counters of_another;
    Mapped mapped;
    CHECK(!map(8 * kMiB, 64, Pages::kSmall, &mapped.mapping));
    if (mapped.mapping.data != nullptr) touch(mapped);
  }).join();
  double counts[Counters::count()];
  mine.read(counts);
  if (!kSanitized) CHECK(counts[faults] < 500);
}
