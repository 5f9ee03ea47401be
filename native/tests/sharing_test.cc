// The kernels of what threads share: their answers and what they leave in memory are the same however the
// threads meet, and (under ThreadSanitizer) they meet through atomics only.
#include <string>
#include <vector>

#include "tests/team.h"
#include "tests/test.h"

namespace linefill {
namespace {

using test::array;
using test::kernel_called;
using test::kWordsApart;
using test::number;
using test::run_team;

constexpr uint32_t kSamples = 3;

std::string check_of(const char* id, const std::vector<Value>& row) {
  const Registration* kernel = kernel_called(id);
  REQUIRE(kernel != nullptr);
  return kernel->check(row.data());
}

TEST(sharing_every_way_to_write_one_word_finds_it_whole) {
  constexpr uint32_t kCount = 4000;
  // Stores and exchanges leave the last number in both halves; additions lose nothing.
  const uint32_t left[] = {kCount << 16 | kCount, kCount << 16 | kCount, kCount << 16 | kCount,
                           3 * kSamples * kCount, 3 * kSamples * kCount};
  for (uint32_t access = 0; access < 5; ++access) {
    std::vector<uint32_t> words(1);
    const std::vector<Value> row = {array(words), number(0), number(access), number(1), number(kCount)};
    const std::vector<uint64_t> answers = run_team("share-word", kSamples, {row, row, row});
    for (const uint64_t answer : answers) CHECK_EQ(answer, kCount);
    CHECK_EQ(words[0], left[access]);
  }
}

TEST(sharing_readers_of_a_word_see_whole_numbers_only) {
  constexpr uint32_t kCount = 8003;
  std::vector<uint32_t> words(1);
  const auto row = [&](double every) -> std::vector<Value> {
    return {array(words), number(0), number(0), number(every), number(kCount)};
  };
  const std::vector<uint64_t> answers = run_team("share-word", kSamples, {row(8), row(0), row(0)});
  for (const uint64_t answer : answers) CHECK_EQ(answer, kCount);
  CHECK_EQ(words[0], (kCount / 8) << 16 | kCount / 8);
}

TEST(sharing_a_torn_word_is_not_counted) {
  std::vector<uint32_t> words = {0x00010002};
  const std::vector<Value> row = {array(words), number(0), number(0), number(0), number(100)};
  CHECK_EQ(run_team("share-word", 1, {row})[0], 0);
}

TEST(sharing_walks_add_to_lines_of_their_own) {
  constexpr uint32_t kSlots = 256, kPasses = 3, kPair = 32;
  std::vector<uint32_t> words(kSlots * kPair);
  const auto row = [&](double first) -> std::vector<Value> {
    return {array(words), number(first), number(kPair), number(kSlots), number(kPasses)};
  };
  const std::vector<uint64_t> answers = run_team("walk-lines", 1, {row(0), row(16)});
  for (const uint64_t answer : answers) CHECK_EQ(answer, kSlots * (1 + 2 + 3));
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    CHECK_EQ(words[slot * kPair], kPasses);
    CHECK_EQ(words[slot * kPair + 16], kPasses);
  }
}

TEST(sharing_walks_stay_inside) {
  std::vector<uint32_t> words(100);
  const auto wrong = [&](double first, double apart, double slots) {
    return check_of("walk-lines", {array(words), number(first), number(apart), number(slots), number(1)});
  };
  CHECK_EQ(wrong(1, 33, 4), "\"words\" must hold the last slot, element 100; it has 100");
  CHECK_EQ(wrong(0, 33, 4), "");
  CHECK_EQ(wrong(4294967295.0, 4294967295.0, 2147483648.0),
           "\"words\" must hold the last slot, element 9223372034707292160; it has 100");
  CHECK_EQ(wrong(0, 0, 0), "\"slots\" must be a power of two, not 0");
  CHECK_EQ(wrong(0, 0, 3), "\"slots\" must be a power of two, not 3");
}

TEST(sharing_counters_in_shares_lose_nothing_and_totals_never_fall) {
  constexpr uint32_t kCount = 5000, kEvery = 64, kMembers = 3;
  for (const uint32_t shares : {1U, kMembers}) {
    std::vector<uint32_t> counters(kMembers * kWordsApart);
    std::vector<std::vector<Value>> rows;
    for (uint32_t member = 0; member < kMembers; ++member) {
      rows.push_back({array(counters), number(shares == 1 ? 0 : member), number(kWordsApart), number(shares),
                      number(kEvery), number(kCount)});
    }
    const std::vector<uint64_t> answers = run_team("sharded-count", kSamples, rows);
    for (const uint64_t answer : answers) CHECK_EQ(answer, kCount / kEvery);
    uint32_t total = 0;
    for (const uint32_t share : counters) total += share;
    CHECK_EQ(total, kMembers * kSamples * kCount);
    if (shares == kMembers) CHECK_EQ(counters[2 * kWordsApart], kSamples * kCount);
  }
}

TEST(sharing_a_ring_passes_every_item_in_order) {
  constexpr uint32_t kCount = 3000;
  for (const uint32_t capacity : {1U, 2U, 256U}) {
    for (const double copies : {0.0, 1.0}) {
      for (const uint32_t apart : {1U, kWordsApart}) {
        // Close to the end of 32 bits, so that positions wrap.
        std::vector<uint32_t> indexes(2 * kWordsApart), items(capacity);
        const uint32_t start = 0xffffffff - kCount;
        indexes[0] = indexes[apart] = start;
        const auto row = [&](double role) -> std::vector<Value> {
          return {array(indexes), number(apart), array(items), number(role), number(copies), number(kCount)};
        };
        const std::vector<uint64_t> answers = run_team("ring", kSamples, {row(0), row(1)});
        uint64_t last = 0;
        for (uint32_t i = 0; i < kCount; ++i) {
          last += static_cast<uint32_t>((start + (kSamples - 1) * kCount + i) * 2654435761U);
        }
        CHECK_EQ(answers[0], last);
        CHECK_EQ(answers[1], last);
        CHECK_EQ(indexes[0], start + kSamples * kCount);
        CHECK_EQ(indexes[apart], start + kSamples * kCount);
      }
    }
  }
}

TEST(sharing_a_record_is_read_whole_under_either_guard) {
  constexpr uint32_t kCount = 4000, kEvery = 16;
  for (const double sequence : {0.0, 1.0}) {
    std::vector<uint32_t> record(8);
    const auto row = [&](double every) -> std::vector<Value> {
      return {array(record), number(sequence), number(every), number(kCount)};
    };
    const std::vector<uint64_t> answers = run_team("guarded-record", kSamples, {row(kEvery), row(0), row(0)});
    for (const uint64_t answer : answers) CHECK_EQ(answer, kCount);
    const uint32_t changes = kSamples * (kCount / kEvery);
    CHECK_EQ(record[0], sequence != 0 ? 2 * changes : 0);
    for (size_t i = 1; i < record.size(); ++i) CHECK_EQ(record[i], changes);
  }
}

TEST(sharing_a_record_that_is_not_whole_is_not_counted) {
  std::vector<uint32_t> record = {0, 5, 5, 5, 4, 5, 5, 5};
  for (const double sequence : {0.0, 1.0}) {
    const std::vector<Value> row = {array(record), number(sequence), number(0), number(10)};
    CHECK_EQ(run_team("guarded-record", 1, {row})[0], 0);
  }
}

TEST(sharing_a_buffer_changes_hands_with_every_line_right) {
  constexpr uint32_t kLines = 64, kRounds = 50;
  std::vector<uint32_t> lines(kLines * 16), baton(1);
  const auto row = [&](double role) -> std::vector<Value> {
    return {array(lines), array(baton), number(role), number(kRounds)};
  };
  const std::vector<uint64_t> answers = run_team("line-transfer", kSamples, {row(0), row(1)});
  for (const uint64_t answer : answers) CHECK_EQ(answer, kLines * kRounds);
  CHECK_EQ(baton[0], 2 * kRounds * kSamples);
  // The last writing turn, and the line's number.
  CHECK_EQ(lines[16 * 7], 2 * kRounds * kSamples - 2 + 7);
}

TEST(sharing_ping_pong_gives_each_line_its_part_of_the_round_trips) {
  constexpr uint32_t kLines = 4, kRoundTrips = 102;
  for (const double swap : {0.0, 1.0}) {
    std::vector<uint32_t> line(kLines * kWordsApart - 63);
    const auto row = [&](double role) -> std::vector<Value> {
      return {array(line), number(role), number(kRoundTrips), number(swap)};
    };
    const std::vector<uint64_t> answers = run_team("ping-pong", kSamples, {row(0), row(1)});
    CHECK_EQ(answers[0], 2 * kRoundTrips * kSamples - kLines);
    CHECK_EQ(answers[1], 2 * kRoundTrips * kSamples);
    for (uint32_t i = 0; i < kLines; ++i) CHECK_EQ(line[i * kWordsApart], kSamples * 2 * (i < 2 ? 26 : 25));
  }
}

}  // namespace
}  // namespace linefill
