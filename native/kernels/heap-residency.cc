// The phase change over the process's own malloc, and how much of it stays in RAM: small blocks, 90% of them
// freed in a random order, larger ones in their place, then all freed. Resident memory is read together with
// the bytes that are live at that moment. The program's own tables lie in mapped pages, so that malloc serves
// nothing but the blocks. To be run in a child process whose malloc is the one that is meant. Reference:
// src/experiments/allocation/heap-residency-kernel.ts.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "kernel.h"

namespace linefill {
namespace {

constexpr uint64_t kLeastLiveBytes = uint64_t{1} << 16;
constexpr uint64_t kMostLiveBytes = uint64_t{1} << 30;
constexpr uint32_t kMostWaitMs = 10'000;
constexpr uint32_t kLeastSmall = 16, kMostSmall = 128;
constexpr uint32_t kLeastLarge = 256, kMostLarge = 1024;
constexpr uint32_t kFreedTenths = 9;
// Resident memory is read whenever so many parts of the most that is live came or went.
constexpr uint64_t kParts = 16;

// What the array "resident" gets: resident bytes over live bytes after each phase, and their mean over the
// reads; then resident bytes when all is freed, and `waitMs` later.
enum Reading : uint32_t { kFilled, kFreed, kRefilled, kMean, kDrained, kWaited, kReadings };

std::string check_residency(uint64_t live_bytes, uint32_t seed, uint32_t wait_ms, Observed<double> resident) {
  if (live_bytes < kLeastLiveBytes || live_bytes > kMostLiveBytes) {
    return "\"liveBytes\" must be from " + std::to_string(kLeastLiveBytes) + " to " +
           std::to_string(kMostLiveBytes) + ", not " + std::to_string(live_bytes);
  }
  if (seed == 0) return "\"seed\" must not be 0";
  if (wait_ms > kMostWaitMs) {
    return "\"waitMs\" must be at most " + std::to_string(kMostWaitMs) + ", not " + std::to_string(wait_ms);
  }
  if (resident.size() != kReadings) {
    return "\"resident\" must have " + std::to_string(kReadings) + " numbers, not " +
           std::to_string(resident.size());
  }
  if (platform::resident_bytes() < 0) return "this system does not say what of a process is in RAM";
  return "";
}

// Marsaglia's xorshift of 32 bits: what both languages draw from.
class Draws {
 public:
  explicit Draws(uint32_t seed) : state_(seed) {}
  uint32_t below(uint32_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % bound;
  }
  uint32_t between(uint32_t least, uint32_t most) { return least + below(most - least + 1); }

 private:
  uint32_t state_;
};

struct Block {
  char* data;
  uint32_t bytes;
  uint32_t tag;
};

// The program: its blocks by slot, what is live, and what it reads of its own memory.
class Program {
 public:
  Program(uint64_t live_bytes, uint32_t seed) : live_bytes_(live_bytes), draws_(seed) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    for (uint32_t slot = 0; slot < slots_; ++slot) std::free(blocks()[slot].data);
    platform::unmap(&blocks_);
    platform::unmap(&order_);
  }

  // False: no room for the tables.
  bool begin() {
    const size_t most = live_bytes_ / kLeastSmall + 1;
    if (platform::map(most * sizeof(Block), alignof(Block), platform::Pages::kSmall, &blocks_)) return false;
    if (platform::map(most * sizeof(uint32_t), 64, platform::Pages::kSmall, &order_)) return false;
    before_ = platform::resident_bytes();
    return true;
  }

  // False: malloc gave nothing.
  bool fill() {
    while (live_ < live_bytes_) {
      if (!take(slots_, kLeastSmall, kMostSmall)) return false;
      ++slots_;
    }
    return true;
  }

  void free_most() {
    for (uint32_t i = 0; i < slots_; ++i) order()[i] = i;
    for (uint32_t i = slots_ - 1; i > 0; --i) std::swap(order()[i], order()[draws_.below(i + 1)]);
    freed_ = static_cast<uint32_t>(uint64_t{slots_} * kFreedTenths / 10);
    for (uint32_t i = 0; i < freed_; ++i) give(order()[i]);
  }

  // As many bytes as were freed take fewer slots than were freed: blocks are twice as large at least.
  bool refill() {
    for (uint32_t i = 0; live_ < live_bytes_ && i < freed_; ++i) {
      if (!take(order()[i], kLeastLarge, kMostLarge)) return false;
    }
    return true;
  }

  void drain() {
    for (uint32_t slot = 0; slot < slots_; ++slot) {
      if (blocks()[slot].data != nullptr) give(slot);
    }
  }

  uint64_t checksum() const { return (uint64_t{taken_} << 32) | sum_; }
  // What came into RAM since begin().
  double growth() const { return static_cast<double>(platform::resident_bytes() - before_ - own()); }
  double over_live() const { return growth() / static_cast<double>(live_); }
  double mean_over_live() const { return total_ / reads_; }

 private:
  Block* blocks() const { return static_cast<Block*>(blocks_.data); }
  uint32_t* order() const { return static_cast<uint32_t*>(order_.data); }
  // Of the tables, which grow beside the heap: what was written of them.
  int64_t own() const {
    return static_cast<int64_t>(slots_ * sizeof(Block) + (freed_ > 0 ? slots_ * sizeof(uint32_t) : 0));
  }

  bool take(uint32_t slot, uint32_t least, uint32_t most) {
    const uint32_t bytes = draws_.between(least, most);
    auto* const data = static_cast<char*>(std::malloc(bytes));
    if (data == nullptr) return false;
    // Its first and last bytes: no block is as large as a page.
    std::memcpy(data, &taken_, sizeof taken_);
    data[bytes - 1] = 1;
    blocks()[slot] = {data, bytes, taken_};
    ++taken_;
    live_ += bytes;
    note(bytes);
    return true;
  }

  void give(uint32_t slot) {
    Block& block = blocks()[slot];
    uint32_t tag = 0;
    std::memcpy(&tag, block.data, sizeof tag);
    sum_ = sum_ * 31 + (tag ^ block.bytes);
    std::free(block.data);
    block.data = nullptr;
    live_ -= block.bytes;
    note(block.bytes);
  }

  void note(uint32_t bytes) {
    moved_ += bytes;
    if (moved_ < live_bytes_ / kParts) return;
    moved_ = 0;
    // With little live the ratio says nothing.
    if (live_ < live_bytes_ / kParts) return;
    total_ += over_live();
    ++reads_;
  }

  uint64_t live_bytes_;
  Draws draws_;
  platform::Mapping blocks_;
  platform::Mapping order_;
  int64_t before_ = 0;
  uint32_t slots_ = 0;
  uint32_t freed_ = 0;
  uint32_t taken_ = 0;
  uint32_t sum_ = 0;
  uint64_t live_ = 0;
  uint64_t moved_ = 0;
  double total_ = 0;
  uint32_t reads_ = 0;
};

// 1. Fill with small blocks. 2. Free nine of ten, in a random order. 3. Fill up with larger ones. 4. Free
// them all, and 5. wait. Answer: how many blocks there were, and a hash of their tags and sizes in the order
// of their frees.
Outcome heap_residency(uint64_t live_bytes, uint32_t seed, uint32_t wait_ms, Observed<double> resident) {
  Program program(live_bytes, seed);
  constexpr Outcome kExhausted{0, "malloc gave nothing: memory ran out"};
  if (!program.begin()) return {0, "the system gave no pages for the program's tables: memory ran out"};
  if (!program.fill()) return kExhausted;
  resident[kFilled] = program.over_live();
  program.free_most();
  resident[kFreed] = program.over_live();
  if (!program.refill()) return kExhausted;
  resident[kRefilled] = program.over_live();
  program.drain();
  resident[kMean] = program.mean_over_live();
  resident[kDrained] = program.growth();
  std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
  resident[kWaited] = program.growth();
  return {program.checksum(), nullptr};
}

LINEFILL_KERNEL(heap_residency, "heap-residency",
                "fills, frees and refills malloc's heap and reads how much of it is in RAM", check_residency,
                "liveBytes", "seed", "waitMs", "resident");

}  // namespace
}  // namespace linefill
