#include "preload/check/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

#include "preload/pages.h"

namespace linefill::check {
namespace {

constexpr size_t kMostBytes = size_t{1} << (sizeof(size_t) == 8 ? 38 : 30);
constexpr size_t kLeastBytes = size_t{1} << 28;
constexpr size_t kMostRecords = 1 << 26;
// Of address space; blocks are larger, most of them.
constexpr size_t kBytesARecord = 256;
// Blocks above have pages of their own.
constexpr size_t kMostSmallBytes = 2048;
constexpr size_t kGrainBytes = 16;
// Four slot sizes a doubling, from 64 bytes on.
constexpr uint32_t kClasses = 28;
// Such blocks between two times that they are told.
constexpr uint64_t kMostUntold = 1024;
// Units that are never used, so that an access far before or behind a block finds nothing.
constexpr size_t kSpareUnits = 32;

struct Span {
  uint32_t first_unit;
  uint32_t units;
  // 0: one large block.
  uint32_t slot_bytes;
  uint32_t first_record;
};

// Runs of units that were given back, by their number: exact to 16, then powers of two.
constexpr uint32_t kRunLists = 64;

struct Arena {
  char* base = nullptr;
  size_t units = 0;
  size_t next_small = 0;
  size_t next_large = 0;
  bool guards = false;
  uint32_t guarded = 0;
  Guarding since = {};
  bool lacks_guards = false;
  // By unit: the span's number.
  uint32_t* span_of = nullptr;
  Span* spans = nullptr;
  uint32_t last_span = 0;
  Record* records = nullptr;
  size_t most_records = 0;
  uint32_t last_record = 0;
  // First in, first out, so that memory is used again as late as can be.
  struct List {
    uint32_t first = 0;
    uint32_t last = 0;
  };
  List free_slots[kClasses];
  List free_runs[kRunLists];
};
Arena arena;

constexpr size_t up(size_t bytes, size_t multiple) { return (bytes + multiple - 1) / multiple * multiple; }
char* up(char* address, size_t multiple) {
  return address +
         (up(reinterpret_cast<uintptr_t>(address), multiple) - reinterpret_cast<uintptr_t>(address));
}

constexpr size_t class_bytes(uint32_t index) { return (size_t{4} + index % 4) << (4 + index / 4); }

uint32_t class_of(size_t bytes) {
  uint32_t index = 0;
  while (class_bytes(index) < bytes) ++index;
  return index;
}

void push(Arena::List& list, uint32_t number) {
  arena.records[number].next = 0;
  if (list.last == 0) {
    list.first = number;
  } else {
    arena.records[list.last].next = number;
  }
  list.last = number;
}

uint32_t pop(Arena::List& list) {
  const uint32_t number = list.first;
  if (number == 0) return 0;
  list.first = arena.records[number].next;
  if (list.first == 0) list.last = 0;
  return number;
}

uint32_t new_span(size_t first_unit, size_t units, size_t slot_bytes) {
  const uint32_t number = ++arena.last_span;
  arena.spans[number] = {static_cast<uint32_t>(first_unit), static_cast<uint32_t>(units),
                         static_cast<uint32_t>(slot_bytes), arena.last_record + 1};
  for (size_t i = 0; i < units; ++i) arena.span_of[first_unit + i] = number;
  return number;
}

// A span of slots; false: no more memory.
bool add_slots(uint32_t index) {
  const size_t bytes = class_bytes(index);
  const size_t count = kUnitBytes / bytes;
  if (arena.next_small + kSpareUnits >= arena.units / 2 || arena.last_record + count >= arena.most_records)
    return false;
  char* start = arena.base + arena.next_small * kUnitBytes;
  if (mprotect(start, kUnitBytes, PROT_READ | PROT_WRITE) != 0) return false;
  new_span(arena.next_small++, 1, bytes);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t number = ++arena.last_record;
    arena.records[number].slot = start + i * bytes;
    arena.records[number].slot_bytes = bytes;
    push(arena.free_slots[index], number);
  }
  return true;
}

uint32_t take_small(size_t bytes, size_t alignment) {
  const uint32_t index = class_of(bytes + 2 * kMarginBytes + alignment - kGrainBytes);
  if (arena.free_slots[index].first == 0 && !add_slots(index)) return 0;
  const uint32_t number = pop(arena.free_slots[index]);
  Record& taken = arena.records[number];
  taken.payload = up(taken.slot + kMarginBytes, alignment);
  taken.is_guarded = false;
  return number;
}

uint32_t run_list(size_t units) {
  return units <= 16 ? static_cast<uint32_t>(units) : 16 + static_cast<uint32_t>(std::bit_width(units - 1));
}

// A record of so many units; 0: no more.
uint32_t take_run(size_t units) {
  const uint32_t list = run_list(units);
  if (list >= kRunLists) return 0;
  if (const uint32_t number = pop(arena.free_runs[list])) return number;
  if (units > 16) units = std::bit_ceil(units);
  if (units > arena.units - kSpareUnits - arena.next_large || arena.last_record + 1 >= arena.most_records)
    return 0;
  const size_t first = arena.next_large;
  const uint32_t span = new_span(first, units, 0);
  arena.next_large += units;
  const uint32_t number = ++arena.last_record;
  arena.records[number].span = span;
  return number;
}

// The least alignment that anything of so many bytes can need.
size_t natural_alignment(size_t bytes, size_t alignment) {
  if (alignment > kGrainBytes || bytes == 0) return alignment;
  return std::min(alignment, std::bit_floor(bytes));
}

uint32_t take_large(size_t bytes, size_t alignment) {
  const size_t pages =
      up(bytes + (arena.guards ? 0 : 2 * kMarginBytes) + (alignment > kPageBytes ? alignment : 0) +
             (!arena.guards && alignment > kMarginBytes ? alignment : 0),
         kPageBytes);
  const uint32_t number = take_run(up(pages + 2 * kPageBytes, kUnitBytes) / kUnitBytes);
  if (number == 0) return 0;
  Record& taken = arena.records[number];
  const Span& span = arena.spans[taken.span];
  char* start = arena.base + span.first_unit * kUnitBytes;
  taken.slot = start + kPageBytes;
  taken.slot_bytes = pages;
  taken.payload = taken.slot;
  // Nothing of an empty block may be touched.
  if (bytes == 0) {
    taken.slot_bytes = 0;
    taken.is_guarded = true;
    return number;
  }
  taken.is_guarded = arena.guarded < kMostGuarded;
  // Without guards neighbours are one mapping.
  const bool is_open = taken.is_guarded
                           ? mprotect(taken.slot, pages, PROT_READ | PROT_WRITE) == 0
                           : mprotect(start, span.units * kUnitBytes, PROT_READ | PROT_WRITE) == 0;
  if (!is_open) {
    push(arena.free_runs[run_list(span.units)], number);
    return 0;
  }
  if (taken.is_guarded) ++arena.guarded;
  if (arena.guards) {
    const size_t natural = natural_alignment(bytes, alignment);
    char* last = taken.slot + pages - bytes;
    taken.payload = last - reinterpret_cast<uintptr_t>(last) % natural;
  } else {
    taken.payload = up(taken.slot + kMarginBytes, alignment);
  }
  return number;
}

bool open_with(size_t bytes) {
  const size_t units = bytes / kUnitBytes;
  const size_t records = std::min(kMostRecords, bytes / kBytesARecord);
  void* base =
      mmap(nullptr, bytes + kUnitBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  auto* span_of = reserve_pages<uint32_t>(units);
  auto* spans = reserve_pages<Span>(units + 1);
  auto* all = reserve_pages<Record>(records);
  if (base == MAP_FAILED || span_of == nullptr || spans == nullptr || all == nullptr) {
    if (base != MAP_FAILED) munmap(base, bytes + kUnitBytes);
    if (span_of != nullptr) munmap(span_of, units * sizeof *span_of);
    if (spans != nullptr) munmap(spans, (units + 1) * sizeof *spans);
    if (all != nullptr) munmap(all, records * sizeof *all);
    return false;
  }
  arena.base = up(static_cast<char*>(base), kUnitBytes);
  arena.units = units;
  arena.next_small = kSpareUnits;
  arena.next_large = units / 2 + kSpareUnits;
  arena.span_of = span_of;
  arena.spans = spans;
  arena.records = all;
  arena.most_records = records;
  return true;
}

}  // namespace

void guard_all() { arena.guards = true; }

bool open_arena() {
  // A limit on address space, or a system that promises no more than it has, leaves less.
  for (size_t bytes = kMostBytes; bytes >= kLeastBytes; bytes /= 2) {
    if (open_with(bytes)) return true;
  }
  return false;
}

uint32_t take(size_t bytes, size_t alignment) {
  if (bytes > kMostBytes || alignment > kMostBytes) return 0;
  alignment = std::max(alignment, kGrainBytes);
  const bool is_small = bytes > 0 && bytes + alignment <= kMostSmallBytes;
  uint32_t number = 0;
  if (!is_small || (arena.guards && arena.guarded < kMostGuarded)) number = take_large(bytes, alignment);
  if (number == 0 && is_small) number = take_small(bytes, alignment);
  if (number == 0) return 0;
  arena.records[number].bytes = bytes;
  if (arena.guards) {
    ++arena.since.blocks;
    if (!arena.records[number].is_guarded) ++arena.since.unguarded;
  }
  return number;
}

Guarding untold_guarding(bool is_last) {
  const uint64_t due = !arena.lacks_guards ? 1 : is_last ? 0 : kMostUntold;
  const Guarding untold = arena.since;
  if (untold.unguarded < due) return {};
  arena.lacks_guards = true;
  arena.since = {};
  return untold;
}

void forget_guarding() {
  arena.lacks_guards = false;
  arena.since = {};
}

void close_pages(Record& record) {
  if (record.is_guarded && record.slot_bytes > 0) mprotect(record.slot, record.slot_bytes, PROT_NONE);
}

void give_back(uint32_t number) {
  Record& given = arena.records[number];
  given.state = State::kGone;
  if (given.span == 0) {
    push(arena.free_slots[class_of(given.slot_bytes)], number);
    return;
  }
  const Span& span = arena.spans[given.span];
  char* start = arena.base + span.first_unit * kUnitBytes;
  // New pages, when it is used again; until then none that may be touched.
  mmap(start, span.units * kUnitBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
       0);
  if (given.is_guarded && given.slot_bytes > 0) --arena.guarded;
  push(arena.free_runs[run_list(span.units)], number);
}

Record& record(uint32_t number) { return arena.records[number]; }

uint32_t last_record() { return arena.last_record; }

uint32_t record_at(const void* address) {
  const size_t distance = reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(arena.base);
  const size_t unit = distance / kUnitBytes;
  if (arena.base == nullptr || unit >= arena.units) return 0;
  const uint32_t number = arena.span_of[unit];
  if (number == 0) return 0;
  const Span& span = arena.spans[number];
  if (span.slot_bytes == 0) return span.first_record;
  const size_t slot = distance % kUnitBytes / span.slot_bytes;
  return slot < kUnitBytes / span.slot_bytes ? span.first_record + static_cast<uint32_t>(slot) : 0;
}

}  // namespace linefill::check
