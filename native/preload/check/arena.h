// The address space of the checker, and who is where in it: 64 KiB units of one reserved range. A span is a
// run of units: small blocks share one, all slots alike; a large block has pages of its own, with pages
// around it that may not be touched. What is known of a block stands in a record apart from it, so that no
// overflow reaches it.
//
//   small   | slot | slot | ...                 slot    | 32 bytes | payload | 32 bytes and more |
//   large   | no access | payload's pages | no access to the end of the span |
//
// Nothing here locks: the caller does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linefill::check {

inline constexpr size_t kUnitBytes = 64 << 10;
inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kMarginBytes = 32;
// A process may have 65,530 mappings; a large block parts one in three.
inline constexpr uint32_t kMostGuarded = 28'000;

enum class State : uint8_t { kNever, kLive, kHeld, kGone };
// Which function gave a block.
enum class Maker : uint8_t { kMalloc, kNew, kNewArray };

struct Record {
  char* slot;
  // Of the slot, or of the pages that may be touched.
  size_t slot_bytes;
  char* payload;
  size_t bytes;
  uint32_t allocated;
  uint32_t freed;
  // The next in a list; 0: none.
  uint32_t next;
  // Of a large block, its span; 0 for a small one.
  uint32_t span;
  State state;
  Maker maker;
  // Its pages are not to be touched while it is held.
  bool is_guarded;
};

// False where the system gives no address space.
bool open_arena();
// From here on every block has pages of its own, as long as the system has room for that.
void guard_all();
// Of the blocks since it was last asked, how many have no pages of their own though each was to have them,
// and how many there were.
struct Guarding {
  uint64_t unguarded;
  uint64_t blocks;
};
// Zeros where that need not be told: it is at the first such block, at each thousand or so, and in the end.
Guarding untold_guarding(bool is_last);
// In a child after fork: the blocks until now are the parent's to tell.
void forget_guarding();
// The number of a new block's record, its payload set, nothing written; 0: no more memory.
uint32_t take(size_t bytes, size_t alignment);
// A held block's memory may no longer be touched, where it has pages of its own.
void close_pages(Record& record);
// Gives a block's memory back.
void give_back(uint32_t number);
Record& record(uint32_t number);
// The highest record's number so far.
uint32_t last_record();
// Of the block whose slot or span has an address; 0: none.
uint32_t record_at(const void* address);

}  // namespace linefill::check
