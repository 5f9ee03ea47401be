// Kernels that several threads run over the same memory: their answers, and (under ThreadSanitizer) that they
// meet only through atomics.
#include "tests/team.h"

#include <string>
#include <vector>

#include "tests/test.h"

namespace linefill {
namespace {

using test::array;
using test::kernel_called;
using test::kWordsApart;
using test::number;
using test::run_team;

TEST(team_increments_of_one_counter_lose_nothing_when_atomic) {
  constexpr uint32_t kCount = 5000;
  std::vector<uint32_t> counters(1);
  const std::vector<Value> row = {array(counters), number(0), number(kCount), number(1)};
  run_team("increment", 3, {row, row, row});
  CHECK_EQ(counters[0], 3 * 3 * kCount);
}

TEST(team_increments_of_own_counters_lose_nothing) {
  constexpr uint32_t kCount = 5000;
  std::vector<uint32_t> counters(2 * kWordsApart + 1);
  std::vector<std::vector<Value>> rows;
  for (const uint32_t slot : {0U, 1U, 2 * kWordsApart}) {
    rows.push_back({array(counters), number(slot), number(kCount), number(0)});
  }
  const std::vector<uint64_t> answers = run_team("increment", 2, rows);
  for (const uint64_t answer : answers) CHECK_EQ(answer, 2 * kCount);
  CHECK_EQ(counters[1], 2 * kCount);
}

TEST(team_plain_increments_of_one_counter_may_lose_some_but_make_up_none) {
  constexpr uint32_t kCount = 5000;
  std::vector<uint32_t> counters(1);
  const std::vector<Value> row = {array(counters), number(0), number(kCount), number(0)};
  run_team("increment", 1, {row, row});
  CHECK(counters[0] >= 1);
  CHECK(counters[0] <= 2 * kCount);
}

TEST(team_ping_pong_counts_every_hand_over) {
  constexpr uint32_t kRoundTrips = 200;
  constexpr uint32_t kSamples = 3;
  for (const double swap : {0.0, 1.0}) {
    std::vector<uint32_t> line(kWordsApart);
    const auto row = [&](double role) -> std::vector<Value> {
      return {array(line), number(role), number(kRoundTrips), number(swap)};
    };
    const std::vector<uint64_t> answers = run_team("ping-pong", kSamples, {row(0), row(1)});
    CHECK_EQ(answers[0], 2 * kRoundTrips * kSamples - 1);
    CHECK_EQ(answers[1], 2 * kRoundTrips * kSamples);
    CHECK_EQ(line[0], 2 * kRoundTrips * kSamples);
  }
}

TEST(team_ping_pong_pair_plays_both_sides) {
  const Registration* kernel = kernel_called("ping-pong-pair");
  REQUIRE(kernel != nullptr);
  const std::vector<int> cpus = platform::allowed_cpus();
  if (cpus.size() < 2) SKIP("the partner needs a CPU of its own");
  constexpr uint32_t kRoundTrips = 100;
  std::vector<uint32_t> line(kWordsApart);
  std::vector<double> elapsed_ns(1);
  const auto play = [&](int cpu) {
    const Value row[] = {array(line), number(cpu), number(kRoundTrips), array(elapsed_ns)};
    Sample sample;
    return kernel->time(Plan{}, row, &sample, nullptr);
  };
  CHECK_EQ(play(cpus.back()).checksum, 2 * kRoundTrips);
  CHECK(elapsed_ns[0] > 0);
  CHECK_EQ(line[0], 2 * kRoundTrips);
  const Outcome refused = play(1 << 20);
  CHECK_EQ(std::string(refused.error == nullptr ? "" : refused.error),
           "\"partnerCpu\" is not a CPU of this process");
}

}  // namespace
}  // namespace linefill
