// Another store with each page of a block written, as a program would use what it asks for: what a trace
// keeps in RAM is read over it. A page that is written for the first time costs the system far more than a
// row costs malloc, so pages count against a stamina; when that is spent no more are written, and the replay
// ends at its next look.
#pragma once

#include "allocators/trace-work.h"

namespace linefill {

template <class Store>
class UsedStore {
 public:
  using Handle = typename Store::Handle;
  static constexpr size_t kPageBytes = 4096;

  explicit UsedStore(Store& store, uint64_t patience_ns = Stamina::kPatienceNs)
      : store_(store), stamina_(patience_ns) {}

  Handle allocate(uint32_t bytes, uint32_t alignment_bytes) {
    return used(store_.allocate(bytes, alignment_bytes), bytes);
  }
  void release(Handle block, uint32_t bytes) { store_.release(block, bytes); }
  // The tag is in the first word, which used() leaves alone.
  Handle reallocate(Handle block, uint32_t had, uint32_t bytes, uint32_t alignment_bytes) {
    return used(store_.reallocate(block, had, bytes, alignment_bytes), bytes);
  }
  uint32_t& tag(Handle block) { return store_.tag(block); }
  static uint32_t fold() { return 0; }
  static void reset() {}

  // Resident memory was read, and this is what it was: the system walks through the pages for it.
  void spend_on_read(int64_t resident_bytes) {
    if (resident_bytes > 0) stamina_.spend(static_cast<uint64_t>(resident_bytes) / kPageBytes);
    stamina_.spend(kStepsARead);
  }
  // Says no for good, once it has: rows lie between two looks.
  bool lasts() {
    lasts_ = lasts_ && stamina_.lasts(*this) && store_.lasts();
    return lasts_;
  }

 private:
  static constexpr size_t kStepsAPage = kPageBytes / kWordBytes / Stamina::kWordsAStep;
  // About a tenth of a millisecond, where next to nothing is resident.
  static constexpr uint64_t kStepsARead = uint64_t{1} << 14;

  Handle used(Handle block, uint32_t bytes) {
    if (block == 0 || !lasts()) return block;
    auto* const data = reinterpret_cast<volatile char*>(&tag(block));
    for (size_t at = kPageBytes; at < bytes; at += kPageBytes) data[at] = 1;
    if (bytes > kWordBytes) data[bytes - 1] = 1;
    stamina_.spend((bytes / kPageBytes + 1) * kStepsAPage);
    return block;
  }

  Store& store_;
  Stamina stamina_;
  bool lasts_ = true;
};

}  // namespace linefill
