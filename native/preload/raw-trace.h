// The raw form in which the preloaded recorder leaves what it saw: cheap to write from many threads at once,
// and whole up to the last operation however the process ends, since it is written through a shared mapping.
//
//   a FileHead, then chunks of chunk_bytes each, every one of a single thread; a thread's chunks follow one
//   another chunk: ChunkHead, then operations until a zero byte or the end operation: a byte (operation << 3
//   | n), then n bytes, little-endian: its operand; the two commonest, where their operand is small, in a
//   byte: 10dddddd frees what was allocated 1 + d allocs ago, 11ssssss allocates 8 (s + 1) bytes
//
// Threads are numbered from 1, and blocks by the thread that allocated them, from 0, by the order of its
// allocs. So an alloc names no block, and a free by the same thread says how many allocs ago; what belongs to
// another thread is named by two operations before. A thread's own order is exact. Between threads there are
// stamps, one every hundred operations or so.
//
// Twin: src/trace/raw-recording.ts.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace linefill::preload {

inline constexpr char raw_magic[8] = {'L', 'F', 'R', 'A', 'W', '0', '1', '\n'};
inline constexpr std::uint32_t chunk_magic = 0x4b4e4843;
inline constexpr std::uint64_t chunk_bytes = 128 << 10;
// A multiple of every page size, as chunk_bytes is.
inline constexpr std::uint64_t head_bytes = 64 << 10;
inline constexpr unsigned thread_shift = 48;

inline constexpr std::uint8_t short_free = 0x80;
inline constexpr std::uint8_t short_alloc = 0xc0;
inline constexpr std::uint64_t shorts = 64;
inline constexpr std::uint64_t short_grain = 8;

struct FileHead {
  char magic[8];
  std::uint32_t pid;
  std::uint32_t parent_pid;
  // Threads below this are the parent's: their blocks were inherited by a fork.
  std::uint32_t first_thread;
  std::uint32_t reserved;
  // Since 1970, and on the clock of the stamps.
  std::uint64_t started_ns;
  std::uint64_t clock_ns;
  std::atomic<std::uint64_t> chunks;
  // Operations that are not here: a signal's handler interrupted the recorder, or it had to stop.
  std::atomic<std::uint64_t> missed;
  // 0, or the error number for which recording stopped.
  std::atomic<std::uint64_t> stopped;
  // The first word of the command line, ending in a zero.
  char program[256];
};
static_assert(std::endian::native == std::endian::little && sizeof(void*) == 8);
static_assert(sizeof(FileHead) <= head_bytes && std::atomic<std::uint64_t>::is_always_lock_free);

struct ChunkHead {
  std::uint32_t magic;
  std::uint32_t thread;
  // The number of the first block that is allocated in here.
  std::uint64_t first_block;
  std::uint64_t start_ns;
};

enum class Op : std::uint8_t {
  // Operand: nanoseconds since the last stamp or the chunk's start.
  stamp = 1,
  // Operand: the size.
  alloc = 2,
  alloc_zeroed = 3,
  // Of the next alloc or realloc; operand: the alignment in bytes.
  alignment = 4,
  // Operand: how many allocs ago, from 1, the block was allocated by this thread.
  free = 5,
  block = 6,
  // Operands: a thread, and a number of a block of it.
  thread = 7,
  block_of_thread = 8,
  // Of the block that was named before.
  free_named = 9,
  // The same; operand: the size. From then on the block has this thread's next number, as if it had been
  // allocated: whoever
  // frees it thereby says that it was resized before.
  realloc_named = 10,
};

}  // namespace linefill::preload
