// The kernels of a crowd over pools by class: all blocks come back, whoever frees them, and what a script
// could have forged is refused. Under ThreadSanitizer the threads meet through atomics only.
#include <string>
#include <vector>

#include "allocators/crowd.h"
#include "allocators/shared-pool.h"
#include "kernels/thread-work.h"
#include "tests/team.h"
#include "tests/test.h"

namespace linefill {
namespace {

using test::array;
using test::kernel_called;
using test::number;
using test::run_team;

constexpr uint32_t kThreads = 2, kRounds = 3, kSteps = 2000, kWidth = 40, kClasses = 3;
// Of the board: the place of the slots, and of each thread's.
constexpr uint32_t kFirstSlot = 128, kPart = 64;
enum Argument : size_t {
  kPools = 1,
  kBoard,
  kThread,
  kThreadCount,
  kRole,
  kRoundCount,
  kStepCount,
  kSizes = 10
};

struct Setting {
  const char* kernel;
  SharedPoolKind kind;
};
constexpr Setting kSettings[] = {{"lock-free-pool-crowd", SharedPoolKind::kLockFree},
                                 {"cached-pool-crowd", SharedPoolKind::kCached}};

struct Crowd {
  explicit Crowd(const Setting& setting, uint32_t capacity = 5000)
      : caches(setting.kind == SharedPoolKind::kCached ? kThreads : 0),
        board(HandOver::kWords + kFirstSlot + kThreads * kPart),
        cpu_ns(kThreads) {
    uint32_t words = 0;
    for (uint32_t i = 0; i < kClasses; ++i) {
      shapes.push_back(shared_pool_shape(kLineBytes << i, capacity, caches));
      pools.push_back(words);
      words += static_cast<uint32_t>(shapes.back().heap_words);
    }
    memory.resize(words / 2 + 1);
    heap = {reinterpret_cast<uint32_t*>(memory.data()), words};
    for (uint32_t i = 0; i < kClasses; ++i) {
      make_shared_pool(setting.kind, kLineBytes << i, capacity, caches, heap.data() + pools[i]);
    }
    for (uint32_t i = 0; i < 101; ++i) sizes.push_back(8 + i * 37 % 249);
    for (uint32_t i = 0; i < 97; ++i) choices.push_back(i * 29 % kWidth);
  }
  std::vector<Value> row(uint32_t thread, uint32_t role) {
    return {{0, heap.data(), heap.size()},
            array(pools),
            array(board),
            number(thread),
            number(kThreads),
            number(role),
            number(kRounds),
            number(kSteps),
            number(kWidth),
            number(1),
            array(sizes),
            array(choices),
            array(cpu_ns)};
  }
  void check_nothing_is_lost() {
    for (uint32_t i = 0; i < kClasses; ++i) {
      Census census;
      CHECK_EQ(take_census(heap.data() + pools[i], shapes[i], &census), "");
      CHECK_EQ(census.in_use, 0);
    }
  }

  uint32_t caches;
  std::vector<SharedPoolShape> shapes;
  std::vector<uint64_t> memory;
  std::span<uint32_t> heap;
  std::vector<uint32_t> pools, board, sizes, choices;
  std::vector<double> cpu_ns;
};

constexpr uint32_t kSlots = 3;

}  // namespace

TEST(pool_crowd_frees_each_block_once_whoever_made_it) {
  for (const Setting& setting : kSettings) {
    Crowd crowd(setting);
    const auto answers = run_team(setting.kernel, 3, {crowd.row(0, kSlots), crowd.row(1, kSlots)});
    CHECK_EQ((answers[0] >> 32) + (answers[1] >> 32), uint64_t{kThreads} * kRounds * kSteps);
    crowd.check_nothing_is_lost();
  }
}

TEST(pool_crowd_hands_blocks_over) {
  for (const Setting& setting : kSettings) {
    Crowd crowd(setting);
    const auto answers = run_team(setting.kernel, 3, {crowd.row(0, 1), crowd.row(1, 2)});
    constexpr uint64_t kCount = kRounds * kWidth;
    for (const uint64_t answer : answers) CHECK_EQ(answer, kCount * (kCount - 1) / 2);
    crowd.check_nothing_is_lost();
  }
}

TEST(pool_crowd_follows_nothing_that_was_forged) {
  for (const Setting& setting : kSettings) {
    for (const uint32_t forged : {1u, 0x7fffffffu, UINT32_MAX}) {
      Crowd crowd(setting);
      for (uint32_t i = 0; i < kThreads * kPart; ++i) crowd.board[kFirstSlot + i] = forged;
      std::vector<Value> row = crowd.row(0, kSlots);
      row[kThreadCount] = number(1);
      Sample sample;
      const Outcome outcome = kernel_called(setting.kernel)->time(Plan{}, row.data(), &sample, nullptr);
      CHECK_EQ(std::string(outcome.error), text_of(AllocError::kForeign));
    }
  }
}

TEST(pool_crowd_says_when_its_pools_are_too_small) {
  for (const Setting& setting : kSettings) {
    Crowd crowd(setting, 3);
    std::vector<Value> row = crowd.row(0, kSlots);
    row[kThreadCount] = number(1);
    Sample sample;
    const Outcome outcome = kernel_called(setting.kernel)->time(Plan{}, row.data(), &sample, nullptr);
    CHECK_EQ(std::string(outcome.error), text_of(AllocError::kExhausted));
  }
}

TEST(pool_crowd_refuses_a_plan_that_is_none) {
  Crowd crowd(kSettings[1]);
  const auto wrong = [&](size_t at, Value value) {
    std::vector<Value> row = crowd.row(0, kSlots);
    row[at] = value;
    return kernel_called(kSettings[1].kernel)->check(row.data());
  };
  CHECK_EQ(wrong(kRole, number(4)), "\"role\" must be from 0 to 3, not 4");
  CHECK_EQ(wrong(kThreadCount, number(0)), "\"threads\" must be from 1 to 256, not 0");
  CHECK_EQ(wrong(kThread, number(2)), "\"thread\" must be from 0 to 1, not 2");
  CHECK_EQ(wrong(kRoundCount, number(0)), "\"rounds\" must be from 1 to 16384, not 0");
  CHECK(wrong(kStepCount, number(1 << 24)).starts_with("\"steps\" must be from 1 to"));
  std::vector<uint32_t> none, odd = {1}, far = {1u << 30};
  CHECK_EQ(wrong(kPools, array(none)), "\"pools\" must have from 1 to 11 elements, not 0");
  CHECK(wrong(kPools, array(odd)).starts_with("\"pools\"[0] must be even"));
  CHECK(wrong(kPools, array(far)).starts_with("\"pools\"[0] must be even"));
  std::vector<uint32_t> small = {crowd.pools[0], crowd.pools[0]};
  CHECK_EQ(wrong(kPools, array(small)), "\"pools\"[1]: blocks must have at least 128 bytes, not 64");
  std::vector<uint32_t> large = {257};
  CHECK(wrong(kSizes, array(large)).starts_with("\"sizes\""));
  std::vector<uint32_t> short_board(100);
  CHECK(wrong(kBoard, array(short_board)).starts_with("\"board\" must have at least 256 elements"));
}

}  // namespace linefill
