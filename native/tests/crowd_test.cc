// Threads over a general allocator: every block is freed once and intact, whoever frees it; what is torn or
// runs out is found out; and no crowd that can not be is run. Under ThreadSanitizer over malloc alone: it
// does not know the locks of the others.
#include "allocators/crowd.h"

#include <atomic>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "tests/team.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kScatter = 2654435761;

// What blocks numbered from `first` on sum to.
uint32_t sum_of(uint32_t first, uint32_t count) {
  uint32_t sum = 0;
  for (uint32_t n = first; n < first + count; ++n) sum += n * kScatter;
  return sum;
}

uint64_t expected(uint32_t first, uint32_t count, uint32_t bytes) {
  return uint64_t{count} << 32 | static_cast<uint32_t>(sum_of(first, count) + count * bytes);
}

struct Crowd {
  uint32_t pattern = 0;
  uint32_t threads = 1;
  uint32_t rounds = 1;
  uint32_t steps = 1;
  uint32_t width = 1;
  uint32_t moves = 0;
  uint32_t peer = 0;
  std::vector<uint32_t> cpus = {};
  std::vector<uint32_t> sizes = {48};
  std::vector<uint32_t> choices = {0};
  std::vector<double> cpu_ns = {0};

  std::vector<Value> values() {
    using test::array, test::number;
    return {number(peer),  number(pattern), array(cpus),  number(threads), number(rounds), number(steps),
            number(width), number(moves),   array(sizes), array(choices),  array(cpu_ns)};
  }
  std::string refusal() { return test::kernel_called("crowd")->check(values().data()); }
  uint64_t run() {
    REQUIRE(refusal().empty());
    return test::run_team("crowd", 2, {values()})[0];
  }
};

std::vector<uint32_t> choices_below(uint32_t bound) {
  std::vector<uint32_t> choices(97);
  for (size_t i = 0; i < choices.size(); ++i) choices[i] = static_cast<uint32_t>(i * 53 % 89) % bound;
  return choices;
}

// As many peers as may be called here.
std::vector<uint32_t> peers_here() {
  std::vector<uint32_t> found = {0};
  for (uint32_t peer = 1; peer < general_peers().size() && !test::kSanitized; ++peer) {
    if (general_peers()[peer].found()) found.push_back(peer);
  }
  return found;
}

}  // namespace

TEST(a_crowd_frees_each_block_once_whoever_made_it) {
  for (const uint32_t peer : peers_here()) {
    for (const uint32_t threads : {1u, 2u, 3u, 4u}) {
      Crowd slots{.pattern = 0, .threads = threads, .rounds = 5, .steps = 400, .width = 40, .moves = 1};
      slots.peer = peer;
      slots.choices = choices_below(40);
      CHECK_EQ(slots.run(), expected(0, threads * 5 * 400, 48));
      CHECK(slots.cpu_ns[0] > 0);

      Crowd queue{.pattern = 1, .threads = threads, .rounds = 20, .steps = 0, .width = 50};
      queue.peer = peer;
      CHECK_EQ(queue.run(), expected(0, (threads == 1 ? 1 : threads / 2) * 20 * 50, 48));

      Crowd exchange{.pattern = 2, .threads = threads, .rounds = 4, .steps = 301, .width = 20};
      exchange.peer = peer;
      exchange.choices = {0x12345678, 0x0007f0ff, 0xfedcba90, 0x00010203, 77, 0xffffffff, 0x80000001};
      CHECK_EQ(exchange.run(), expected(0, threads * 4 * (301 + 150), 48));

      for (const uint32_t handed : {0u, 1u}) {
        Crowd writes{.pattern = 3, .threads = threads, .rounds = 10, .steps = 1000, .width = 0};
        writes.peer = peer;
        writes.moves = handed;
        writes.sizes = {8};
        // Sixteen candidates for each thread come first.
        const uint32_t first = handed == 1 ? 0 : 16 * threads;
        CHECK_EQ(writes.run(), expected(first, threads * 10 + handed * 16 * threads, 8));
      }
    }
  }
}

TEST(a_crowd_runs_on_the_cpus_that_it_is_told) {
  Crowd slots{.steps = 10};
  for (const int cpu : platform::allowed_cpus()) {
    slots.cpus = {static_cast<uint32_t>(cpu)};
    CHECK_EQ(slots.run(), expected(0, 10, 48));
  }
  std::atomic<int> elsewhere{0};
  const auto allowed = platform::allowed_cpus();
  if (allowed.empty()) SKIP("this system pins no thread");
  const uint32_t last = static_cast<uint32_t>(allowed.back());
  const char* const wrong = run_crowd({&last, 1}, 3, [&](uint32_t) {
    if (platform::current_cpu() != allowed.back()) ++elsewhere;
  });
  CHECK(wrong == nullptr);
  CHECK_EQ(elsewhere.load(), 0);
}

TEST(the_process_time_counts_threads_that_have_ended) {
  constexpr int64_t kSpinNs = 3'000'000;
  const int64_t before_ns = platform::process_cpu_ns();
  if (before_ns < 0) SKIP("this system does not tell a process's time");
  std::atomic<int64_t> spun_ns{0};
  const char* const wrong = run_crowd({}, 1, [&](uint32_t) {
    platform::Usage began, now;
    platform::thread_usage(&began);
    do {
      platform::thread_usage(&now);
    } while (now.cpu_ns - began.cpu_ns < kSpinNs);
    spun_ns = now.cpu_ns - began.cpu_ns;
  });
  CHECK(wrong == nullptr);
  CHECK(spun_ns.load() >= kSpinNs);
  CHECK(platform::process_cpu_ns() - before_ns >= kSpinNs);
}

TEST(a_hand_finds_what_was_written_over) {
  const Peer& peer = general_peers()[0];
  for (const uint32_t at : {0u, 2u}) {
    Tally tally;
    {
      Hand hand(peer, &tally, 5);
      uint32_t* const block = hand.take(12);
      block[at] ^= 1;
      hand.give(block);
    }
    const Outcome outcome = outcome_of({&tally, 1});
    REQUIRE(outcome.error != nullptr);
    CHECK_EQ(std::string(outcome.error), "a block's contents changed while it was in use");
  }
}

TEST(a_crowd_whose_allocator_runs_out_says_so_and_frees_the_rest) {
  static std::atomic<int> left;
  static std::atomic<int> live;
  Peer scarce = general_peers()[0];
  scarce.allocate = [](size_t bytes) -> void* {
    if (left.fetch_sub(1) <= 0) return nullptr;
    ++live;
    return std::malloc(bytes);
  };
  scarce.release = [](void* block) {
    --live;
    std::free(block);
  };
  const std::vector<uint32_t> sizes = {48};
  const std::vector<uint32_t> choices = choices_below(5);
  const CrowdPlan plan{&scarce, {}, 3, 4, 50, 5, 0, sizes, choices};
  CrowdPlan queue = plan;
  queue.steps = 0;
  CrowdPlan writes = plan;
  writes.width = 0;
  writes.moves = 1;
  const auto check = [](const CrowdPlan& each, auto run) {
    left = 10;
    live = 0;
    std::vector<Tally> tallies(each.threads + 1);
    CHECK(run(each, tallies) == nullptr);
    const Outcome outcome = outcome_of(tallies);
    REQUIRE(outcome.error != nullptr);
    CHECK_EQ(std::string(outcome.error), "exhausted: no free block fits the request");
    CHECK_EQ(live.load(), 0);
  };
  check(plan, run_crowd_slots);
  check(queue, run_crowd_queue);
  check(plan, run_crowd_exchange);
  check(writes, run_crowd_writes);
}

TEST(crowds_that_can_not_be_are_refused) {
  const auto refusal = [](auto change) {
    Crowd crowd{.choices = {0}};
    change(crowd);
    return crowd.refusal();
  };
  CHECK_EQ(refusal([](Crowd&) {}), "");
  CHECK_EQ(refusal([](Crowd& c) { c.peer = 4; }), "\"peer\" must be from 0 to 3, not 4");
  CHECK_EQ(refusal([](Crowd& c) { c.pattern = 4; }), "\"pattern\" must be from 0 to 3, not 4");
  CHECK_EQ(refusal([](Crowd& c) { c.threads = 0; }), "\"threads\" must be from 1 to 256, not 0");
  CHECK_EQ(refusal([](Crowd& c) { c.threads = 257; }), "\"threads\" must be from 1 to 256, not 257");
  CHECK_EQ(refusal([](Crowd& c) { c.rounds = 16'385; }), "\"rounds\" must be from 1 to 16384, not 16385");
  CHECK_EQ(refusal([](Crowd& c) { c.steps = 1u << 25; }),
           "\"steps\" must be from 1 to 16777216, not 33554432");
  CHECK_EQ(refusal([](Crowd& c) {
             c.choices = {0, 1};
           }),
           "\"choices\"[1] must be below \"width\" (1), not 1");
  CHECK_EQ(refusal([](Crowd& c) { c.choices.clear(); }), "\"choices\" must have at least 1 element, not 0");
  CHECK_EQ(refusal([](Crowd& c) { c.sizes = {8, 7}; }), "\"sizes\"[1] must be from 8 to 16777216, not 7");
  CHECK_EQ(refusal([](Crowd& c) { c.sizes.clear(); }), "\"sizes\" must have at least 1 element, not 0");
  CHECK_EQ(refusal([](Crowd& c) { c.cpu_ns.clear(); }), "\"cpuNs\" must have at least 1 element, not 0");
  CHECK(refusal([](Crowd& c) {
          c.sizes = {1u << 24};
          c.width = 1u << 20;
          c.threads = 256;
        }).find("\"sizes\" must be lower") == 0);
  if (!platform::allowed_cpus().empty()) {
    CHECK_EQ(refusal([](Crowd& c) { c.cpus = {99'999}; }),
             "\"cpus\"[0] must be a CPU that this process may use, not 99999");
  }
  CHECK_EQ(refusal([](Crowd& c) {
             c.pattern = 1;
             c.steps = 1;
           }),
           "\"steps\" must be 0, not 1");
  CHECK_EQ(refusal([](Crowd& c) {
             c.pattern = 3;
             c.width = 0;
             c.moves = 2;
           }),
           "\"moves\" must be from 0 to 1, not 2");
}

}  // namespace linefill
