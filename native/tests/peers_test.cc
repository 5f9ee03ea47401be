// Allocators of others keep what the lab takes for granted when it compares them: blocks are aligned as
// promised or as asked, none overlaps another, and what was written stays, also in a block that moves.
#include "allocators/peers.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "allocators/heap.h"
#include "tests/test.h"

namespace linefill {
namespace {

struct Block {
  uint8_t* at;
  size_t bytes;
  uint8_t mark;
};

// A program that allocates, moves and frees at random, and looks at every byte.
class Program {
 public:
  explicit Program(const Peer& peer) : peer_(peer) {}

  void step() {
    if (blocks_.empty() || (blocks_.size() < kMostBlocks && random() % 2 == 0)) return allocate();
    if (random() % 4 == 0) return move();
    release();
  }

  void finish() {
    while (!blocks_.empty()) release();
  }

 private:
  static constexpr size_t kMostBlocks = 400;

  uint32_t random() {
    state_ = state_ * 1664525 + 1013904223;
    return state_ >> 8;
  }
  // As many of each magnitude.
  size_t any_bytes() { return 1 + random() % (size_t{1} << (1 + random() % 14)); }

  void allocate() {
    const size_t bytes = any_bytes();
    const uint32_t alignment = std::min(1u << (3 + random() % 10), peer_.kept_alignment_bytes);
    const bool is_promised = malloc_promises(static_cast<uint32_t>(bytes), alignment);
    void* block = is_promised ? peer_.allocate(bytes)
                              : peer_.aligned(alignment, (bytes + alignment - 1) / alignment * alignment);
    REQUIRE(block != nullptr);
    CHECK_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
    keep(static_cast<uint8_t*>(block), bytes);
  }

  void move() {
    const Block block = take();
    const size_t bytes = any_bytes();
    auto* moved = static_cast<uint8_t*>(peer_.reallocate(block.at, bytes));
    REQUIRE(moved != nullptr);
    check_filled(moved, std::min(bytes, block.bytes), block.mark);
    keep(moved, bytes);
  }

  void release() {
    const Block block = take();
    check_filled(block.at, block.bytes, block.mark);
    peer_.release(block.at);
  }

  void keep(uint8_t* at, size_t bytes) {
    // The block before it ends before it, and it before the next one.
    const auto next = places_.lower_bound(at);
    if (next != places_.end()) CHECK(at + bytes <= next->first);
    if (next != places_.begin()) CHECK(std::prev(next)->first + std::prev(next)->second <= at);
    places_[at] = bytes;
    const auto mark = static_cast<uint8_t>(random());
    std::memset(at, mark, bytes);
    blocks_.push_back({at, bytes, mark});
  }

  Block take() {
    std::swap(blocks_[random() % blocks_.size()], blocks_.back());
    const Block block = blocks_.back();
    blocks_.pop_back();
    places_.erase(block.at);
    return block;
  }

  static void check_filled(const uint8_t* at, size_t bytes, uint8_t mark) {
    CHECK(std::all_of(at, at + bytes, [mark](uint8_t byte) { return byte == mark; }));
  }

  const Peer& peer_;
  uint32_t state_ = 1;
  std::vector<Block> blocks_;
  std::map<uint8_t*, size_t> places_;
};

TEST(allocators_of_others_keep_some_alignment) {
  for (const Peer& peer : general_peers()) {
    if (peer.found()) CHECK(peer.kept_alignment_bytes >= 16);
  }
}

TEST(allocators_of_others_align_and_keep_what_was_written) {
  for (const Peer& peer : general_peers()) {
    if (!peer.found()) continue;
    Program program(peer);
    for (int i = 0; i < 20'000; ++i) program.step();
    program.finish();
  }
}

}  // namespace
}  // namespace linefill
