// A mapping for the length of a test.
#pragma once

#include <cstddef>

#include "platform/platform.h"
#include "tests/test.h"

namespace linefill::test {

inline constexpr size_t kMiB = size_t{1} << 20;

// Unmaps at the end of a test, whatever becomes of it.
struct Mapped {
  platform::Mapping mapping;
  Mapped() = default;
  ~Mapped() { CHECK(!platform::unmap(&mapping)); }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  unsigned char* bytes() const { return static_cast<unsigned char*>(mapping.data); }
};

// Writes one byte a page.
inline void touch(const Mapped& mapped) {
  for (size_t at = 0; at < mapped.mapping.bytes; at += platform::page_bytes()) {
    *const_cast<volatile unsigned char*>(mapped.bytes() + at) = 1;
  }
}

}  // namespace linefill::test
