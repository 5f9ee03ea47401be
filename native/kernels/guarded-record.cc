// A record that one thread changes now and then and all threads read all the time, guarded in two ways. Under
// a lock, every reader writes the lock's line, so that the line travels although nothing has changed. Under a
// sequence number (a seqlock), readers write nothing: they read the number, the record and the number again,
// and try once more where it was odd (a change under way) or another. Nothing but atomics is read beside a
// writer, as Boehm has it (Can Seqlocks Get Along With Programming Language Memory Models?, MSPC 2012). Guard
// and record share one line. Cost: `count` reads of all words. Reference:
// src/experiments/hardware/sharing-record.ts.
#include "kernel.h"
#include "kernels/patience.h"

namespace linefill {
namespace {

constexpr size_t kWords = 7;
constexpr const char* kStuck = "the record stayed under a change for 10 s";

std::string check_record(Shared<uint32_t> record, uint32_t sequence, uint32_t /*every*/, uint32_t /*count*/) {
  if (record.size() < 1 + kWords) {
    return "\"record\" must have at least " + std::to_string(1 + kWords) + " elements, not " +
           std::to_string(record.size());
  }
  return sequence <= 1 ? "" : "\"sequence\" must be 0 (lock) or 1 (seqlock), not " + std::to_string(sequence);
}

struct Record {
  uint32_t* words;
  std::atomic_ref<uint32_t> guard() const { return std::atomic_ref<uint32_t>(words[0]); }
  std::atomic_ref<uint32_t> word(size_t i) const { return std::atomic_ref<uint32_t>(words[1 + i]); }
};

// All words of a record are the number of its last change. True where they are one number.
inline bool read_words(Record record, std::memory_order order, uint32_t* number) {
  *number = record.word(0).load(order);
  bool whole = true;
  LINEFILL_UNROLL
  for (size_t i = 1; i < kWords; ++i) whole &= record.word(i).load(order) == *number;
  return whole;
}

struct Lock {
  static bool take(Record record) {
    Patience patience;
    while (record.guard().exchange(1, std::memory_order_acquire) != 0) {
      while (record.guard().load(std::memory_order_relaxed) != 0) {
        spin_pause();
        if (!patience.lasts()) return false;
      }
    }
    return true;
  }
  static void give(Record record) { record.guard().store(0, std::memory_order_release); }

  static bool read(Record record, bool* whole, uint32_t* number) {
    if (!take(record)) return false;
    *whole = read_words(record, std::memory_order_relaxed, number);
    give(record);
    return true;
  }
  static bool change(Record record, uint32_t number) {
    if (!take(record)) return false;
    LINEFILL_UNROLL
    for (size_t i = 0; i < kWords; ++i) record.word(i).store(number, std::memory_order_relaxed);
    give(record);
    return true;
  }
};

struct Sequence {
  static bool read(Record record, bool* whole, uint32_t* number) {
    Patience patience;
    for (;;) {
      const uint32_t before = record.guard().load(std::memory_order_acquire);
      // Acquiring: the second look at the number may not come before any of these.
      *whole = read_words(record, std::memory_order_acquire, number);
      if (before % 2 == 0 && record.guard().load(std::memory_order_relaxed) == before) return true;
      if (!patience.lasts()) return false;
    }
  }
  static bool change(Record record, uint32_t number) {
    const uint32_t before = record.guard().load(std::memory_order_relaxed);
    record.guard().store(before + 1, std::memory_order_relaxed);
    // Releasing: who sees any of these also sees the odd number.
    LINEFILL_UNROLL
    for (size_t i = 0; i < kWords; ++i) record.word(i).store(number, std::memory_order_release);
    record.guard().store(before + 2, std::memory_order_release);
    return true;
  }
};

// 1. Read the record, which must be whole and no older than when it was read last; 2. after each `every`-th
// reading (0: never) change it to the next number. Answer: the readings that were as they must be.
template <class Guard>
Outcome use(Record record, uint32_t every, uint32_t count) {
  uint64_t right = 0;
  uint32_t least = record.word(0).load(std::memory_order_relaxed);
  uint32_t next = least + 1;
  uint32_t until_change = every;
  for (uint32_t i = 0; i < count; ++i) {
    bool whole = false;
    uint32_t number = 0;
    if (!Guard::read(record, &whole, &number)) return {0, kStuck};
    right += whole && static_cast<int32_t>(number - least) >= 0;
    least = number;
    if (until_change == 0 || --until_change != 0) continue;
    until_change = every;
    if (!Guard::change(record, next++)) return {0, kStuck};
  }
  return {right, nullptr};
}

Outcome guarded_record(Shared<uint32_t> record, uint32_t sequence, uint32_t every, uint32_t count) {
  const Record held{record.data()};
  return sequence ? use<Sequence>(held, every, count) : use<Lock>(held, every, count);
}

LINEFILL_KERNEL(guarded_record, "guarded-record", "reads and changes a record under a lock or a seqlock",
                check_record, "record", "sequence", "every", "count");

}  // namespace
}  // namespace linefill
