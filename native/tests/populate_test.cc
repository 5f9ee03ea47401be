// populate() and map() without a look, of platform.h.
#include <cstdlib>
#include <cstring>
#include <string>

#include "platform/platform.h"
#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::kMiB;
using linefill::test::kSanitized;
using linefill::test::Mapped;
using linefill::test::touch;

namespace {

int64_t faults() {
  Usage usage;
  thread_usage(&usage);
  return usage.minor_faults;
}

}  // namespace

TEST(populated_pages_need_no_further_fault) {
  Mapped mapped;
  REQUIRE(!map(4 * kMiB, 64, Pages::kSmall, &mapped.mapping));
  if (const Failure failure = populate(mapped.mapping)) {
    CHECK(failure.text.find("MADV_POPULATE_WRITE") != std::string::npos ||
          failure.text.find("no call") != std::string::npos);
    SKIP(failure.text);
  }
  if (std::getenv("LINEFILL_EMULATED") != nullptr) SKIP("an emulator takes the advice and does nothing");
  const int64_t before = faults();
  touch(mapped);
  const int64_t pages = static_cast<int64_t>(mapped.mapping.bytes / page_bytes());
  if (!kSanitized && before >= 0) CHECK(faults() - before < pages / 10);
  CHECK_EQ(mapped.bytes()[1], 0);
  // What was given back comes in anew, zeroed.
  mapped.bytes()[5] = 7;
  REQUIRE(!discard(mapped.mapping));
  REQUIRE(!populate(mapped.mapping));
  CHECK_EQ(mapped.bytes()[5], 0);
}

TEST(populating_nothing_is_no_failure) { CHECK(!populate(Mapping{})); }

TEST(map_without_a_look_gives_the_same_memory) {
  for (const Pages pages : {Pages::kSystem, Pages::kSmall, Pages::kTransparent}) {
    Mapped looked, not_looked;
    if (map(kMiB, 64, pages, &looked.mapping)) continue;
    REQUIRE(!map(kMiB, 64, pages, &not_looked.mapping, Look::kHasLooked));
    CHECK_EQ(not_looked.mapping.bytes, looked.mapping.bytes);
    CHECK_EQ(not_looked.bytes()[kMiB - 1], 0);
    std::memset(not_looked.bytes(), 1, kMiB);
  }
  Mapping refused;
  CHECK(map(0, 64, Pages::kSystem, &refused, Look::kHasLooked));
}
