// The kernels of threads over one allocator: every tag comes back, whoever frees the block, and what a script
// could have forged is refused. Under ThreadSanitizer they meet through atomics only.
#include <string>
#include <vector>

#include "allocators/peers.h"
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

constexpr uint32_t kCount = 3000;
constexpr uint32_t kBatch = 30;
constexpr uint32_t kThreads = 2;
constexpr uint32_t kSamples = 3;

// What a call reads back: `kCount` tags from the first one of the thread on.
uint64_t tags_of(uint32_t thread) {
  return uint64_t{first_tag(thread)} * kCount + uint64_t{kCount} * (kCount - 1) / 2;
}

// 64-bit words, so that a heap starts where its head is aligned.
struct Words {
  explicit Words(uint64_t words)
      : memory(words / 2 + 1), span(reinterpret_cast<uint32_t*>(memory.data()), words) {}
  Value value() const { return {0, span.data(), span.size()}; }
  std::vector<uint64_t> memory;
  std::span<uint32_t> span;
};

struct Setting {
  const char* kernel;
  SharedPoolKind kind;
};
constexpr Setting kSettings[] = {{"mutex-pool-threads", SharedPoolKind::kMutex},
                                 {"lock-free-pool-threads", SharedPoolKind::kLockFree},
                                 {"cached-pool-threads", SharedPoolKind::kCached}};

struct Pool {
  explicit Pool(const Setting& setting, uint32_t capacity)
      : caches(setting.kind == SharedPoolKind::kCached ? kThreads : 0),
        shape(shared_pool_shape(64, capacity, caches)),
        heap(shape.heap_words),
        ring(HandOver::kWords),
        cpu_ns(kThreads) {
    make_shared_pool(setting.kind, 64, capacity, caches, heap.span.data());
  }
  std::vector<Value> row(uint32_t thread, Role role) {
    return {heap.value(),   ring.value(),   number(thread), number(static_cast<uint32_t>(role)),
            number(kBatch), number(kCount), array(cpu_ns)};
  }
  void check_nothing_is_lost() {
    Census census;
    CHECK_EQ(take_census(heap.span.data(), shape, &census), "");
    CHECK_EQ(census.in_use, 0);
  }

  uint32_t caches;
  SharedPoolShape shape;
  Words heap;
  Words ring;
  std::vector<double> cpu_ns;
};

TEST(pool_threads_free_their_own_batches) {
  for (const Setting& setting : kSettings) {
    Pool pool(setting, 3000);
    const auto answers =
        run_team(setting.kernel, kSamples, {pool.row(0, Role::kOwn), pool.row(1, Role::kOwn)});
    for (uint32_t thread = 0; thread < kThreads; ++thread) CHECK_EQ(answers[thread], tags_of(thread));
    pool.check_nothing_is_lost();
  }
}

TEST(pool_threads_free_what_another_has_allocated) {
  for (const Setting& setting : kSettings) {
    Pool pool(setting, 4000);
    const auto answers =
        run_team(setting.kernel, kSamples, {pool.row(0, Role::kProducer), pool.row(1, Role::kConsumer)});
    for (const uint64_t answer : answers) CHECK_EQ(answer, tags_of(0));
    pool.check_nothing_is_lost();
  }
}

TEST(pool_threads_follow_nothing_that_was_forged) {
  for (const Setting& setting : kSettings) {
    for (const uint32_t forged : {0u, 1u, 0x7fffffffu, UINT32_MAX}) {
      Pool pool(setting, 100);
      // Items that nobody laid down.
      pool.ring.span[HandOver::kTailWord] = 5;
      for (uint32_t i = HandOver::kFirstItemWord; i < HandOver::kWords; ++i) pool.ring.span[i] = forged;
      const std::vector<Value> row = pool.row(1, Role::kConsumer);
      const Registration* kernel = kernel_called(setting.kernel);
      CHECK_EQ(kernel->check(row.data()), "");
      Sample sample;
      const Outcome outcome = kernel->time(Plan{}, row.data(), &sample, nullptr);
      CHECK_EQ(std::string(outcome.error), text_of(AllocError::kForeign));
      pool.check_nothing_is_lost();
    }
  }
}

TEST(pool_threads_say_when_the_pool_is_too_small) {
  for (const Setting& setting : kSettings) {
    Pool pool(setting, kBatch - 1);
    const std::vector<Value> row = pool.row(0, Role::kOwn);
    Sample sample;
    const Outcome outcome = kernel_called(setting.kernel)->time(Plan{}, row.data(), &sample, nullptr);
    CHECK_EQ(std::string(outcome.error), text_of(AllocError::kExhausted));
    pool.check_nothing_is_lost();
  }
}

TEST(pool_threads_refuse_a_part_that_is_none) {
  Pool pool(kSettings[2], 100);
  const auto wrong = [&](size_t at, double value, const char* id) {
    std::vector<Value> row = pool.row(0, Role::kOwn);
    row[at] = number(value);
    return kernel_called(id)->check(row.data());
  };
  const char* id = kSettings[2].kernel;
  CHECK_EQ(wrong(2, 2, id), "\"thread\" must be below the caches of \"heap\", 2, not 2");
  CHECK(wrong(3, 3, id).starts_with("\"role\" must be 0"));
  CHECK_EQ(wrong(4, 0, id), "\"blocks\" must be from 1 to 65536, not 0");
  CHECK_EQ(wrong(5, 1 << 25, id), "\"count\" must be at most 16777216, not 33554432");
  CHECK(wrong(3, 1, "block-list-threads").starts_with("\"role\" must be 0: this list is for one thread"));
  CHECK(wrong(3, 0, "mutex-pool-threads").starts_with("\"heap\" must hold a mutex pool: its word 0"));
}

TEST(peer_threads_free_their_own_and_each_others_blocks) {
  // A sanitizer knows malloc, but not what those do that were compiled without it.
  const auto peers = general_peers().first(test::kSanitized ? 1 : 4);
  for (uint32_t peer = 0; peer < peers.size(); ++peer) {
    if (!peers[peer].found()) continue;
    Words key(2);
    std::vector<double> cpu_ns(kThreads);
    const auto row = [&](uint32_t thread, Role role) -> std::vector<Value> {
      return {key.value(),    number(peer),   number(thread), number(static_cast<uint32_t>(role)),
              number(kBatch), number(kCount), number(64),     array(cpu_ns)};
    };
    const auto own = run_team("peer-threads", kSamples, {row(0, Role::kOwn), row(1, Role::kOwn)});
    for (uint32_t thread = 0; thread < kThreads; ++thread) CHECK_EQ(own[thread], tags_of(thread));
    const auto handed =
        run_team("peer-threads", kSamples, {row(0, Role::kProducer), row(1, Role::kConsumer)});
    for (const uint64_t answer : handed) CHECK_EQ(answer, tags_of(0));
  }
}

}  // namespace
}  // namespace linefill
