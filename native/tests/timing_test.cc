// The timed loop: what runs how often, what is written where, and how a team starts, stops and gives up.
// Times are compared only for their order, never for their length.
#include "timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr double kUntouched = -12345;

std::vector<Sample> untouched(size_t count) {
  Sample sample;
  double columns[kColumnCount];
  std::fill(columns, columns + kColumnCount, kUntouched);
  std::memcpy(&sample, columns, sizeof sample);
  return std::vector<Sample>(count, sample);
}

bool is_untouched(const Sample& sample) {
  return sample.elapsed_ns == kUntouched && sample.cpu == kUntouched;
}

std::string error_of(const Outcome& outcome) { return outcome.error == nullptr ? "" : outcome.error; }

// A zeroed gate for a team of `members`.
struct GateRoom {
  alignas(128) int32_t words[Gate::kWords] = {};
  Plan plan(int32_t members) {
    Plan plan;
    plan.gate.words = words;
    plan.gate.members = members;
    return plan;
  }
};

TEST(timing_runs_exactly_as_often_as_planned) {
  for (const uint32_t warmup : {0U, 3U}) {
    for (const uint32_t samples : {1U, 5U}) {
      for (const uint32_t iterations : {1U, 7U}) {
        Plan plan;
        plan.warmup = warmup;
        plan.samples = samples;
        plan.iterations = iterations;
        auto rows = untouched(samples + 1);
        uint64_t calls = 0;
        const Outcome outcome = time_samples(plan, rows.data(), nullptr, [&] { return ++calls; });
        CHECK_EQ(calls, warmup + samples * iterations);
        CHECK_EQ(outcome.checksum, calls);  // the last iteration's
        CHECK_EQ(error_of(outcome), "");
        for (uint32_t s = 0; s < samples; ++s) CHECK(!is_untouched(rows[s]));
        CHECK(is_untouched(rows[samples]));
      }
    }
  }
}

TEST(timing_samples_are_ordered_and_whole) {
  Plan plan;
  plan.samples = 20;
  std::vector<Sample> rows = untouched(plan.samples);
  time_samples(plan, rows.data(), nullptr, [] { return uint64_t{1}; });
  for (size_t s = 0; s < rows.size(); ++s) {
    CHECK(rows[s].end_ns >= rows[s].start_ns);
    CHECK(rows[s].elapsed_ns >= 0);
    CHECK(std::fabs(rows[s].elapsed_ns - (rows[s].end_ns - rows[s].start_ns)) <= 512);  // a double near 2^60
    if (s > 0) CHECK(rows[s].start_ns >= rows[s - 1].end_ns);
    for (const double count : {rows[s].cpu_ns, rows[s].minor_faults, rows[s].voluntary_switches}) {
      CHECK(std::isnan(count) || count >= 0);
    }
  }
}

TEST(timing_stops_at_the_first_error) {
  Plan plan;
  plan.warmup = 2;
  plan.samples = 4;
  plan.iterations = 3;
  for (const int bad : {1, 2, 3, 5, 14}) {
    int calls = 0;
    auto rows = untouched(plan.samples);
    const Outcome outcome = time_samples(plan, rows.data(), nullptr, [&]() -> Outcome {
      ++calls;
      return calls == bad ? Outcome{0, "the pool is empty"} : Outcome{7, nullptr};
    });
    CHECK_EQ(calls, bad);
    CHECK_EQ(error_of(outcome), "the pool is empty");
    CHECK(is_untouched(rows[3]));
  }
}

TEST(timing_counts_land_in_their_rows) {
  const size_t width = platform::Counters::count();
  Plan plan;
  plan.samples = 3;
  plan.counters = true;
  std::vector<Sample> rows(plan.samples);
  std::vector<double> counts((plan.samples + 1) * width, kUntouched);
  time_samples(plan, rows.data(), counts.data(), [] { return uint64_t{1}; });
  for (size_t i = 0; i < plan.samples * width; ++i) CHECK(std::isnan(counts[i]) || counts[i] >= 0);
  for (size_t i = plan.samples * width; i < counts.size(); ++i) CHECK_EQ(counts[i], kUntouched);
}

TEST(timing_unknown_usage_is_nan_never_zero) {
  platform::Usage before, after;
  before.minor_faults = after.minor_faults = -1;
  before.major_faults = after.major_faults = -1;
  before.voluntary_switches = after.voluntary_switches = -1;
  before.involuntary_switches = after.involuntary_switches = -1;
  before.cpu_ns = after.cpu_ns = -1;
  before.migrations = after.migrations = -1;
  before.steal_ticks = after.steal_ticks = -1;
  Sample sample = untouched(1)[0];
  record_usage(before, after, &sample);
  for (const double column :
       {sample.cpu_ns, sample.minor_faults, sample.major_faults, sample.voluntary_switches,
        sample.involuntary_switches, sample.migrations, sample.steal_ticks}) {
    CHECK(std::isnan(column));
  }
  before = after = platform::Usage{};
  after.minor_faults = 3;
  after.cpu_ns = 5;
  after.steal_ticks = 1;
  record_usage(before, after, &sample);
  CHECK_EQ(sample.minor_faults, 3.0);
  CHECK_EQ(sample.cpu_ns, 5.0);
  CHECK_EQ(sample.steal_ticks, 1.0);
  CHECK_EQ(sample.migrations, 0.0);
}

TEST(timing_gives_up_between_samples_when_patience_is_spent) {
  Plan plan;
  plan.samples = 50;
  plan.patience_ns = 1;
  auto rows = untouched(plan.samples);
  int calls = 0;
  const Outcome outcome = time_samples(plan, rows.data(), nullptr, [&] {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    return static_cast<uint64_t>(++calls);
  });
  CHECK_EQ(error_of(outcome), "the samples of one call lasted longer than its patience");
  CHECK_EQ(calls, 1);
  // The last sample is kept however long it took: there is nothing left to be impatient for.
  plan.samples = 1;
  CHECK_EQ(error_of(time_samples(plan, rows.data(), nullptr,
                                 [] {
                                   std::this_thread::sleep_for(std::chrono::microseconds(50));
                                   return uint64_t{1};
                                 })),
           "");
}

TEST(timing_gate_holds_a_team_together) {
  constexpr int32_t kMembers = 4;
  constexpr uint32_t kSamples = 25;
  GateRoom room;
  std::atomic<int> begun{0};
  std::atomic<int> alone{0};
  std::vector<std::vector<Sample>> rows(kMembers, std::vector<Sample>(kSamples));
  std::vector<std::thread> team;
  for (int32_t m = 0; m < kMembers; ++m) {
    team.emplace_back([&, m] {
      // The last to come is late: whoever does not wait for it is caught by the count.
      if (m == kMembers - 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++begun;
      Plan plan = room.plan(kMembers);
      plan.samples = kSamples;
      plan.iterations = 2;
      const Outcome outcome = time_samples(plan, rows[m].data(), nullptr, [&] {
        if (begun.load() != kMembers) ++alone;
        return uint64_t{3};
      });
      CHECK_EQ(error_of(outcome), "");
    });
  }
  for (std::thread& member : team) member.join();
  CHECK_EQ(alone.load(), 0);
  // Nobody starts a sample before everybody has ended the one before it.
  for (uint32_t s = 1; s < kSamples; ++s) {
    double last_end = 0;
    double first_start = std::numeric_limits<double>::infinity();
    for (int32_t m = 0; m < kMembers; ++m) {
      last_end = std::max(last_end, rows[m][s - 1].end_ns);
      first_start = std::min(first_start, rows[m][s].start_ns);
    }
    CHECK(first_start >= last_end);
  }
  CHECK_EQ(room.words[Gate::kStrideWords], kMembers * static_cast<int32_t>(kSamples));
  CHECK_EQ(room.words[2 * Gate::kStrideWords], kMembers * static_cast<int32_t>(kSamples));
}

TEST(timing_stop_flag_ends_a_waiting_team) {
  GateRoom room;
  std::vector<std::thread> team;
  std::atomic<int> calls{0};
  for (int m = 0; m < 2; ++m) {
    team.emplace_back([&] {
      Sample row;
      const Outcome outcome = time_samples(room.plan(3), &row, nullptr, [&] {  // the third never comes
        ++calls;
        return uint64_t{1};
      });
      CHECK_EQ(error_of(outcome), "the team was stopped, or a member never arrived");
    });
  }
  const Gate gate = room.plan(3).gate;
  while (gate.arrived().load() < 2) std::this_thread::yield();
  gate.stop().store(1);
  for (std::thread& member : team) member.join();
  CHECK_EQ(calls.load(), 0);
}

TEST(timing_patience_ends_a_wait_for_who_never_comes) {
  GateRoom room;
  Plan plan = room.plan(2);
  plan.patience_ns = kMillisecond;
  Sample row;
  int calls = 0;
  const Outcome outcome = time_samples(plan, &row, nullptr, [&] { return static_cast<uint64_t>(++calls); });
  CHECK_EQ(error_of(outcome), "the team was stopped, or a member never arrived");
  CHECK_EQ(calls, 0);
}

TEST(timing_patience_ends_a_wait_for_who_never_finishes) {
  GateRoom room;
  Plan plan = room.plan(2);
  plan.patience_ns = kMillisecond;
  plan.gate.arrived().store(1);  // the other arrived, and is never heard of again
  Sample row;
  const Outcome outcome = time_samples(plan, &row, nullptr, [] { return uint64_t{1}; });
  CHECK_EQ(error_of(outcome), "the team was stopped, or a member never finished");
}

}  // namespace
}  // namespace linefill
