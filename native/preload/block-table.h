// Which block is at an address: a table of two levels over 48 bits of address, a word for each 16 bytes, of
// which only the pages in use are in memory. So the program's blocks stay where they would be without us, and
// nothing is searched. Blocks that begin in the second half of their 16 bytes, which some allocators have for
// requests of 8 bytes, are in a table of their own. Cost: two dependent loads; half a byte of memory for each
// byte of heap that holds small blocks, less for larger ones. Idea: the shadow memory of AddressSanitizer
// (Serebryany et al., USENIX ATC 2012), in two levels as page tables are.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "preload/pages.h"

namespace linefill::preload {

class BlockTable {
 public:
  using Entry = std::atomic<std::uint64_t>;

  bool is_open() const { return root_ != nullptr; }

  // False where the system has no address space left for it.
  bool open() {
    root_ = reserve_pages<std::atomic<Entry*>>(std::size_t{2} << root_bits);
    return root_ != nullptr;
  }

  // The entry of an address; null where none near it was ever made. The table is open.
  Entry* find(const void* address) const {
    const auto bits = reinterpret_cast<std::uintptr_t>(address);
    Entry* leaf = place_of(bits).load(std::memory_order_acquire);
    return leaf == nullptr ? nullptr : leaf + ((bits >> grain_bits) & ((std::uintptr_t{1} << leaf_bits) - 1));
  }

  // The same, made where it is not there; null where there is no memory.
  Entry* make(const void* address) {
    Entry* found = find(address);
    if (found != nullptr) return found;
    auto& place = place_of(reinterpret_cast<std::uintptr_t>(address));
    Entry* fresh = reserve_pages<Entry>(std::size_t{1} << leaf_bits);
    if (fresh == nullptr) return nullptr;
    Entry* none = nullptr;
    if (!place.compare_exchange_strong(none, fresh, std::memory_order_acq_rel)) {
      munmap(fresh, sizeof(Entry) << leaf_bits);
    }
    return find(address);
  }

 private:
  // A block takes as much, or half of it.
  static constexpr unsigned grain_bits = 4;
  static constexpr unsigned leaf_bits = 20;
  static constexpr unsigned leaf_shift = grain_bits + leaf_bits;
  static constexpr unsigned root_bits = 48 - leaf_shift;

  // Where the leaf of an address is. The probability makes a branch of it, since most programs have blocks of
  // one kind only, where `unlikely` makes a choice that every look-up waits for.
  std::atomic<Entry*>& place_of(std::uintptr_t bits) const {
    std::atomic<Entry*>* half = root_;
    const bool is_second = (bits & (std::uintptr_t{1} << (grain_bits - 1))) != 0;
    if (__builtin_expect_with_probability(is_second, 0, 0.999)) half += std::size_t{1} << root_bits;
    return half[(bits >> leaf_shift) & ((std::uintptr_t{1} << root_bits) - 1)];
  }

  std::atomic<Entry*>* root_ = nullptr;
};

}  // namespace linefill::preload
