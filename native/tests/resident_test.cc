// resident_bytes() of platform.h, and the store that writes what it is asked for.
#include <string>
#include <vector>

#include "kernels/used-store.h"
#include "platform/platform.h"
#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill;
using namespace linefill::platform;
using linefill::test::kMiB;
using linefill::test::kSanitized;
using linefill::test::Mapped;
using linefill::test::touch;

TEST(resident_memory_grows_when_it_is_touched_and_falls_when_it_is_given_back) {
  if (resident_bytes() < 0) SKIP("this system does not say what is in RAM");
  // What it keeps beside each byte is in RAM too, and stays there.
  if (kSanitized) SKIP("a sanitizer's own memory grows with what is touched");
  Mapped mapped;
  REQUIRE(!map(16 * kMiB, 64, Pages::kSmall, &mapped.mapping));
  const int64_t before = resident_bytes();
  touch(mapped);
  const int64_t touched = resident_bytes();
  CHECK(touched - before >= static_cast<int64_t>(16 * kMiB));
  CHECK(touched - before < static_cast<int64_t>(24 * kMiB));
  REQUIRE(!discard(mapped.mapping));
  CHECK(resident_bytes() < before + static_cast<int64_t>(8 * kMiB));
}

namespace {

// Blocks that are allocated, and freed at once, under no patience at all; the error, or "".
std::string replayed(uint32_t pairs, uint32_t bytes, bool is_read = false) {
  std::vector<uint32_t> trace;
  for (uint32_t i = 0; i < pairs; ++i) {
    trace.insert(trace.end(), {static_cast<uint32_t>(HeapOp::kAlloc), 0, bytes, 8});
    trace.insert(trace.end(), {static_cast<uint32_t>(HeapOp::kFree), 0, 0, 0});
  }
  std::vector<uint64_t> slots(kSlotParts);
  PeerStore under(general_peers()[0]);
  UsedStore store(under, 0);
  for (int i = 0; is_read && i < 2; ++i) {
    store.spend_on_read(int64_t{64} << 30);
    if (!store.lasts()) break;
  }
  NoWatch watch;
  const Outcome outcome = replay_rows(store, trace, slots, watch);
  release_all(store, slots);
  return outcome.error == nullptr ? "" : outcome.error;
}

}  // namespace

TEST(used_pages_and_reads_of_much_count_against_the_stamina) {
  constexpr uint32_t kSome = 16 * kMiB;
  CHECK_EQ(replayed(2, kSome), "");
  CHECK_EQ(replayed(100, 64), "");
  CHECK_EQ(replayed(40, kSome), Stamina::kSpent);
  CHECK_EQ(replayed(2, 64, true), Stamina::kSpent);
}

TEST(used_store_writes_no_more_once_the_stamina_is_spent) {
  PeerStore under(general_peers()[0]);
  UsedStore store(under, 0);
  const auto write = [&store] {
    const uint64_t block = store.allocate(64 * kMiB, 8);
    REQUIRE(block != 0);
    return block;
  };
  std::vector<uint64_t> blocks;
  while (store.lasts() && blocks.size() < 10) blocks.push_back(write());
  CHECK(blocks.size() < 10);
  CHECK(!store.lasts());
  for (const uint64_t block : blocks) store.release(block, 64 * kMiB);
}
