// What it costs to get memory from the system: pages are mapped, brought in, given back, brought in again,
// and unmapped, all in one call, so that nothing is kept between two. A fresh page costs a fault (or its
// share of one, where the system brings many in at once), and being zeroed. Beside it stands the zeroing
// alone, of pages that are there already. After lmbench's lat_pagefault, for memory without a file. Cost: two
// faults a page. Reference: src/experiments/hardware/page-cost-kernels.ts.
#include <cstring>

#include "kernel.h"

namespace linefill {
namespace {

using platform::Failure;
using platform::Look;
using platform::Mapping;
using platform::Pages;
using Phases = Observed<double>;

constexpr Pages kKinds[] = {Pages::kSmall, Pages::kTransparent, Pages::kExplicit};
constexpr size_t kPhases = 4;
constexpr size_t kAlignment = 64;

// Unmaps on every way out.
struct Mapped {
  Mapping mapping;
  Mapped() = default;
  ~Mapped() { platform::unmap(&mapping); }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
};

// The time since it was last asked, in ns.
class Lap {
 public:
  double end() {
    const uint64_t now_ns = platform::now_ns();
    return static_cast<double>(now_ns - std::exchange(start_ns_, now_ns));
  }

 private:
  uint64_t start_ns_ = platform::now_ns();
};

// Every call that the kernel will make, for one page: so that what this system can't do is said in words.
Failure try_one(Pages pages, bool populates) {
  Mapped one;
  if (Failure failed = platform::map(1, kAlignment, pages, &one.mapping)) return failed;
  if (populates) {
    if (Failure failed = platform::populate(one.mapping)) return failed;
  }
  return platform::discard(one.mapping);
}

std::string check_pages(uint64_t bytes, uint32_t stride_bytes, uint32_t kind, uint32_t populate,
                        Phases phases_ns) {
  const auto must = [](const char* name, const char* be, uint64_t actual) {
    return std::string("\"") + name + "\" must be " + be + ", not " + std::to_string(actual);
  };
  if (stride_bytes < 1) return must("strideBytes", "at least 1", stride_bytes);
  if (bytes < 1 || bytes % stride_bytes != 0) return must("bytes", "a multiple of \"strideBytes\"", bytes);
  if (kind >= std::size(kKinds)) return must("kind", "0 (small), 1 (transparent) or 2 (explicit)", kind);
  if (populate > 1) return must("populate", "0 (touched) or 1 (populated)", populate);
  if (phases_ns.size() < kPhases) return must("phasesNs", "of at least 4 elements", phases_ns.size());
  if (Failure failed = try_one(kKinds[kind], populate == 1)) return failed.text;
  Mapped all;
  return platform::map(bytes, kAlignment, kKinds[kind], &all.mapping).text;
}

void touch(const Mapping& mapping, size_t bytes, size_t stride) {
  auto* const data = static_cast<volatile char*>(mapping.data);
  for (size_t at = 0; at < bytes; at += stride) data[at] = 1;
}

// 1. Map `bytes`. 2. Bring all pages in: write a byte every `strideBytes`, or have the system populate them.
// 3. Give the pages back, and 4. bring them in again. 5. Unmap. `phasesNs` gets the times of steps 2 to 5.
// Answer: how many strides of memory came in.
Outcome page_cost(uint64_t bytes, uint32_t stride_bytes, uint32_t kind, uint32_t populate, Phases phases_ns) {
  Mapped mapped;
  // The check has just looked.
  if (platform::map(bytes, kAlignment, kKinds[kind], &mapped.mapping, Look::kHasLooked)) {
    return {0, "the system no longer gives the pages that it gave before: memory ran out"};
  }
  const auto bring_in = [&] {
    if (populate) return !platform::populate(mapped.mapping);
    touch(mapped.mapping, bytes, stride_bytes);
    return true;
  };
  constexpr Outcome kExhausted{0, "the system could not bring the pages in: memory ran out"};
  Lap lap;
  if (!bring_in()) return kExhausted;
  phases_ns[0] = lap.end();
  if (platform::discard(mapped.mapping)) return {0, "the system did not take the pages back"};
  phases_ns[1] = lap.end();
  if (!bring_in()) return kExhausted;
  phases_ns[2] = lap.end();
  if (platform::unmap(&mapped.mapping)) return {0, "the system did not unmap the pages"};
  phases_ns[3] = lap.end();
  return {2 * (bytes / stride_bytes), nullptr};
}

std::string check_wipe(std::span<uint8_t> /*memory*/, uint32_t /*passes*/) { return ""; }

// 1. `passes` times, 2. write zero to every byte. Answer: the bytes written.
uint64_t page_wipe(std::span<uint8_t> memory, uint32_t passes) {
  for (uint32_t pass = 0; pass < passes; ++pass) {
    if (!memory.empty()) std::memset(memory.data(), 0, memory.size());
    clobber();
  }
  return uint64_t{passes} * memory.size();
}

LINEFILL_KERNEL(page_cost, "page-cost", "maps pages, brings them in, gives them back, again, and unmaps them",
                check_pages, "bytes", "strideBytes", "kind", "populate", "phasesNs");
LINEFILL_KERNEL(page_wipe, "page-wipe", "writes zeroes to memory that is there already", check_wipe, "memory",
                "passes");

}  // namespace
}  // namespace linefill
