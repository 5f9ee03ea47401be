// Notes what a process asks of its allocator. The quick way is here, inline: a few stores into a buffer of
// the calling thread. Everything else is in recorder.cc: threads and processes that begin, full buffers,
// stamps.
//
// Nothing here allocates, throws or changes errno. The quick way is open while a thread's state has `room`:
// it is closed while an operation is being noted, so that a signal's handler which allocates meanwhile does
// not write into the middle of it. A handler that comes just before leaves us with the room that there was;
// that is why room is a length and not a place, and more is spare at a buffer's end than one stretch. In a
// child after fork all states are zeros, so that it can't write into its parent's file: the system wipes them
// (MADV_WIPEONFORK), and a handler of fork forgets them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "preload/block-table.h"
#include "preload/raw-trace.h"

namespace linefill::preload {

struct Thread {
  std::uint8_t* cursor;
  // Bytes until the next stamp is due, or the buffer ends; 0 and less: the quick way is closed.
  std::int64_t room;
  // This thread's next block: its number, and above thread_shift the thread.
  std::uint64_t next_block;
  std::uint8_t* hard_end;
  std::uint8_t* chunk;
  std::uint64_t last_ns;
  Thread* next_idle;
  // 0 in a child after fork.
  std::uint32_t is_ours;
  // Rounds of destructors that the thread's end still has.
  std::uint32_t rounds_left;
};

// The room of a thread that is noting an operation.
inline constexpr std::int64_t is_noting = INT32_MIN;

// The state of a thread that has none, or is not to be recorded: the quick way is closed.
extern Thread no_thread;
extern Thread muted_thread;
extern thread_local constinit Thread* mine;
extern BlockTable blocks;

// The same as below where the quick way is closed.
[[gnu::cold]] void note_alloc_slowly(Op op, const void* address, std::uint64_t bytes,
                                     std::uint64_t alignment);
[[gnu::cold]] void note_free_slowly(std::uint64_t block);
// A block has been resized, and moved or not; one that we did not know of counts as new.
void note_realloc(std::uint64_t block, const void* address, std::uint64_t bytes);

// Puts a word's first bytes behind the last operation. At least 8 bytes are free there, and stay zero behind
// `length`, which it returns, as those below do.
inline unsigned put_word(Thread& thread, std::uint64_t word, unsigned length) {
  __builtin_memcpy(thread.cursor, &word, sizeof word);
  thread.cursor += length;
  return length;
}

// How many bytes an operation takes with this operand, which is below 2^56.
inline unsigned length_of(std::uint64_t operand) {
  return (71 - static_cast<unsigned>(__builtin_clzll(operand | 1))) >> 3;
}

inline std::uint64_t word_of(Op op, std::uint64_t operand) {
  return operand << 8 | static_cast<std::uint64_t>(op) << 3 | length_of(operand);
}

inline unsigned put(Thread& thread, Op op, std::uint64_t operand) {
  return put_word(thread, word_of(op, operand), 1 + length_of(operand));
}

// The operation in a byte or in some.
inline unsigned put_short(Thread& thread, bool is_short, std::uint64_t short_word, Op op,
                          std::uint64_t operand) {
  return put_word(thread, is_short ? short_word : word_of(op, operand),
                  is_short ? 1 : 1 + length_of(operand));
}

inline unsigned put_alloc(Thread& thread, std::uint64_t bytes) {
  const std::uint64_t grains = bytes / short_grain - 1;
  return put_short(thread, grains < shorts && bytes % short_grain == 0, short_alloc + grains, Op::alloc,
                   bytes);
}

inline unsigned put_free(Thread& thread, std::uint64_t distance) {
  return put_short(thread, distance <= shorts, short_free + distance - 1, Op::free, distance);
}

// `is_zeroed` is known where this is called.
__attribute__((always_inline)) inline void note_alloc(const void* address, std::uint64_t bytes,
                                                      bool is_zeroed) {
  if (address == nullptr) [[unlikely]]
    return;
  const Op op = is_zeroed ? Op::alloc_zeroed : Op::alloc;
  Thread* const thread = mine;
  const std::int64_t room = thread->room;
  if (room <= 0) [[unlikely]]
    return note_alloc_slowly(op, address, bytes, 0);
  BlockTable::Entry* const entry = blocks.find(address);
  if (entry == nullptr) [[unlikely]]
    return note_alloc_slowly(op, address, bytes, 0);
  thread->room = is_noting;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const std::uint64_t block = thread->next_block;
  entry->store(block, std::memory_order_relaxed);
  thread->next_block = block + 1;
  const unsigned length = is_zeroed ? put(*thread, op, bytes) : put_alloc(*thread, bytes);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread->room = room - length;
}

inline constexpr std::uint64_t no_block = 0;

// Takes the block that is at an address and notes that it is freed. False, and nothing done, where that is no
// matter for the quick way: nothing is known of a block there, it is another thread's, or the way is closed.
__attribute__((always_inline)) inline bool note_own_free(const void* address) {
  Thread* const thread = mine;
  const std::int64_t room = thread->room;
  if (room <= 0) [[unlikely]]
    return false;
  BlockTable::Entry* const entry = blocks.find(address);
  if (entry == nullptr) [[unlikely]]
    return false;
  const std::uint64_t block = entry->load(std::memory_order_relaxed);
  // no_block is nobody's: threads are numbered from 1.
  if (((block ^ thread->next_block) >> thread_shift) != 0) [[unlikely]]
    return false;
  thread->room = is_noting;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  entry->store(no_block, std::memory_order_relaxed);
  // Read once more: a handler may have allocated before the way was closed.
  const unsigned length = put_free(*thread, thread->next_block - block);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread->room = room - length;
  return true;
}

// Which block was at an address, which no longer is; no_block where we know of none.
inline std::uint64_t take_block(const void* address) {
  if (!blocks.is_open()) [[unlikely]]
    return no_block;
  BlockTable::Entry* const entry = blocks.find(address);
  if (entry == nullptr) [[unlikely]]
    return no_block;
  const std::uint64_t block = entry->load(std::memory_order_relaxed);
  if (block != no_block) entry->store(no_block, std::memory_order_relaxed);
  return block;
}

// While it lives, what the real allocator asks of itself is not noted.
class Muted {
 public:
  Muted() : thread_(mine) { mine = &muted_thread; }
  ~Muted() { mine = thread_; }
  Muted(const Muted&) = delete;
  Muted& operator=(const Muted&) = delete;

 private:
  Thread* const thread_;
};

}  // namespace linefill::preload
