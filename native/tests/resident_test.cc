// resident_bytes() of platform.h.
#include "platform/platform.h"
#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::kMiB;
using linefill::test::Mapped;
using linefill::test::touch;

TEST(resident_memory_grows_when_it_is_touched_and_falls_when_it_is_given_back) {
  if (resident_bytes() < 0) SKIP("this system does not say what is in RAM");
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
