// A pool of fixed-size blocks for several threads, each with a cache of its own. A thread takes blocks from
// its cache and gives them back to it, as if it were alone. A block that another thread gives back goes onto
// a list of the cache that it came from, by one compare-exchange; the owner takes that whole list by one
// exchange when its cache is empty. What no cache holds is in one list for all (tagged-list.h), from which
// caches are filled, and onto which they overflow, in batches.
//
//   cache of 0  |head|count| -> 4 -> 9            its thread alone
//               |remote| -> 7 -> 2                all others put, 0 takes all at once
//   all         |head, tag| -> 11 -> 12 -> ...    batches
//
// Up to kMostCached blocks of a cache are out of the others' reach; what was given back to an idle thread is
// not: who finds the common list empty takes it. "Exhausted" is true: at one moment of the call no block was
// free but in the others' caches. Who takes what was given back and holds more than a cache, until the rest
// is in the common list, says so by an odd number; who finds nothing meanwhile waits, and is stuck where that
// takes too long. While a CachedPool is open, head and count live in the object; write_back() puts them into
// the heap. One object a cache at a time. Cost: O(1), nothing atomic but a compare-exchange for a block of
// another's, and two in a batch; "exhausted" takes a look at every cache. Source: Leijen, Zorn and de Moura,
// "Mimalloc: Free List Sharding in Action" (2019), for the remote list; Bonwick and Adams, "Magazines and
// Vmem" (2001), for batches; Boehm, "Can Seqlocks Get Along With Programming Language Memory
// Models?" (2012), for a number that is odd during a change. TypeScript twin: src/allocators/cached-pool.ts.
#pragma once

#include <algorithm>

#include "allocators/pool-wait.h"
#include "allocators/tagged-list.h"
#include "inline.h"

namespace linefill {

class CachedPool {
 public:
  static constexpr SharedPoolKind kKind = SharedPoolKind::kCached;
  static constexpr uint32_t kBatch = 64;
  static constexpr uint32_t kMostCached = 16 * kBatch;

  // Opens cache `thread`, below the shape's caches, of a heap that read_shared_pool found sound.
  // `patience_ns`: of one wait for a thread that is taking what was given back.
  CachedPool(uint32_t* heap, const SharedPoolShape& shape, uint32_t thread,
             uint64_t patience_ns = PoolWait::kUsualNs)
      : blocks_(heap, shape),
        own_(kFirstCacheWord + thread * kCacheWords),
        mark_(kInUse | thread),
        caches_(shape.caches),
        head_(blocks_.word(own_ + kCacheHead).load(std::memory_order_relaxed)),
        count_(blocks_.word(own_ + kCacheCount).load(std::memory_order_relaxed)),
        patience_ns_(patience_ns) {}

  const SharedBlocks& blocks() const { return blocks_; }

  // A block's offset, -kExhausted, -kCorrupt, or -kStuck.
  LINEFILL_INLINE int32_t alloc() {
    // 1. The cache's first block, 2. its link the next, 3. and it is in use by this thread.
    if (head_ == 0) [[unlikely]] {
      const AllocError wrong = refill();
      if (wrong != AllocError::kNone) return refusal(wrong);
    }
    const uint32_t block = head_;
    if (!blocks_.is_block(block)) [[unlikely]]
      return refusal(AllocError::kCorrupt);
    const auto link = blocks_.link(block);
    head_ = link.load(std::memory_order_relaxed);
    --count_;
    link.store(mark_, std::memory_order_relaxed);
    return blocks_.offset_of(block);
  }

  // kNone, or what is wrong with the pointer; refused calls change nothing.
  LINEFILL_INLINE AllocError free(uint32_t offset) {
    const int32_t found = blocks_.block_at(offset);
    if (found < 0) return error_in(found);
    const auto block = static_cast<uint32_t>(found);
    const auto link = blocks_.link(block);
    const uint32_t mark = link.load(std::memory_order_relaxed);
    if (mark < kInUse) return AllocError::kDoubleFree;
    // 1. Another's block goes back to the cache that it came from.
    if (mark != mark_) return give_back(block, mark - kInUse);
    // 2. One's own becomes the cache's first; 3. a batch leaves a cache that is full.
    link.store(head_, std::memory_order_relaxed);
    head_ = block;
    if (++count_ > kMostCached) [[unlikely]]
      return overflow();
    return AllocError::kNone;
  }

  // Makes the heap's words true. The cache stays open.
  void write_back() {
    blocks_.word(own_ + kCacheHead).store(head_, std::memory_order_relaxed);
    blocks_.word(own_ + kCacheCount).store(count_, std::memory_order_relaxed);
  }

 private:
  // What was given back is counted as far as the bits go: an owner that took a few blocks at a time would
  // take the line from whoever gives back, each time.
  static constexpr uint32_t kMostCounted = (uint32_t{1} << (32 - kBlockBitCount)) - 1;

  // Made where it is needed: a call on a member would keep head and count out of registers.
  TaggedList all() const { return TaggedList(blocks_); }
  std::atomic_ref<uint32_t> remote_of(uint32_t cache) const {
    return blocks_.word(kFirstCacheWord + cache * kCacheWords + kCacheRemote);
  }

  LINEFILL_INLINE AllocError give_back(uint32_t block, uint32_t owner) {
    if (owner >= caches_) return AllocError::kCorrupt;
    const auto remote = remote_of(owner);
    const auto link = blocks_.link(block);
    // No tag: nobody takes a single block off this list, so a head that came back is the head.
    uint32_t before = remote.load(std::memory_order_relaxed);
    uint32_t counted = 0;
    do {
      link.store(before & kBlockBits, std::memory_order_relaxed);
      counted = std::min((before >> kBlockBitCount) + 1, kMostCounted);
    } while (!remote.compare_exchange_weak(before, counted << kBlockBitCount | block,
                                           std::memory_order_release, std::memory_order_relaxed));
    return AllocError::kNone;
  }

  // 1. What others gave back, if it is about a batch, 2. a batch of the list for all, 3. what there is.
  LINEFILL_INLINE AllocError refill() {
    const uint32_t thread = mark_ - kInUse;
    const uint32_t waiting = remote_of(thread).load(std::memory_order_relaxed) >> kBlockBitCount;
    AllocError wrong = waiting == kMostCounted ? take_remote(thread) : AllocError::kExhausted;
    if (wrong == AllocError::kExhausted) wrong = take_batch();
    if (wrong != AllocError::kExhausted) return wrong;
    // By a copy: a call on a member would keep head and count out of registers.
    CachedPool searching = *this;
    wrong = searching.search();
    *this = searching;
    return wrong;
  }

  LINEFILL_INLINE AllocError take_batch() {
    const Chain chain = all().take_chain(kBatch);
    if (chain.first == 0) return AllocError::kExhausted;
    head_ = chain.first;
    count_ = chain.count;
    return AllocError::kNone;
  }

  // Looks everywhere until there is a block, or was a moment without any.
  LINEFILL_COLD AllocError search() {
    for (PoolWait wait(patience_ns_);;) {
      // 1. A batch of the list for all, 2. what was given back: to this cache, or to one whose thread left it
      // lying.
      const Takings before = takings_of_others();
      AllocError wrong = take_batch();
      for (uint32_t i = 0; i < caches_ && wrong == AllocError::kExhausted; ++i) {
        const uint32_t cache = (mark_ - kInUse + i) % caches_;
        if (remote_of(cache).load(std::memory_order_acquire) != 0) wrong = take_remote(cache);
      }
      if (wrong != AllocError::kExhausted) return wrong;
      // 3. Nobody has taken anything since the first of these looks: what each saw empty was empty when the
      // list for all was, too. 4. Else something may have come onto a list behind the look at it.
      if (!before.under_way && takings_of_others().count == before.count) return AllocError::kExhausted;
      if (before.under_way && !wait.lasts()) break;
    }
    patience_ns_ = 0;
    return AllocError::kStuck;
  }

  // How often the others began and ended to take a list of what was given back.
  struct Takings {
    uint32_t count = 0;
    bool under_way = false;
  };
  Takings takings_of_others() const {
    Takings all;
    for (uint32_t word = kFirstCacheWord; word < kFirstCacheWord + caches_ * kCacheWords;
         word += kCacheWords) {
      if (word == own_) continue;
      const uint32_t count = blocks_.word(word + kCacheTakings).load(std::memory_order_acquire);
      all.count += count;
      all.under_way |= count % 2 != 0;
    }
    return all;
  }

  // Takes all that was given back to a cache. Who sees that list empty hereafter sees the odd number, too,
  // and who then sees an even one sees the list for all with the rest in it.
  LINEFILL_INLINE AllocError take_remote(uint32_t cache) {
    const auto takings = blocks_.word(own_ + kCacheTakings);
    // Odd in any case: a thread that was ended in between has left an odd one.
    const uint32_t odd = (takings.load(std::memory_order_relaxed) + 1) | 1;
    takings.store(odd, std::memory_order_relaxed);
    head_ = remote_of(cache).exchange(0, std::memory_order_acq_rel) & kBlockBits;
    const AllocError wrong = head_ == 0 ? AllocError::kExhausted : adopt();
    takings.store(odd + 1, std::memory_order_release);
    return wrong;
  }

  // Counts the blocks that came in; all beyond a full cache goes to the list for all.
  LINEFILL_INLINE AllocError adopt() {
    const uint32_t kept = follow(head_, kMostCached, &count_);
    if (kept == 0) return AllocError::kCorrupt;
    const auto end = blocks_.link(kept);
    const uint32_t rest = end.load(std::memory_order_relaxed);
    if (rest == 0) return AllocError::kNone;
    uint32_t count = 0;
    const uint32_t last = follow(rest, blocks_.capacity(), &count);
    if (last == 0 || blocks_.link(last).load(std::memory_order_relaxed) != 0) return AllocError::kCorrupt;
    end.store(0, std::memory_order_relaxed);
    all().put(rest, last);
    return AllocError::kNone;
  }

  // A batch goes from the cache to the list for all.
  LINEFILL_INLINE AllocError overflow() {
    uint32_t count = 0;
    const uint32_t first = head_;
    const uint32_t last = follow(first, kBatch, &count);
    if (last == 0) return AllocError::kCorrupt;
    head_ = blocks_.link(last).load(std::memory_order_relaxed);
    count_ -= count;
    all().put(first, last);
    return AllocError::kNone;
  }

  // The last of up to `most` blocks from `first` on, and their number; 0 where a link names no block.
  LINEFILL_INLINE uint32_t follow(uint32_t first, uint32_t most, uint32_t* count) const {
    uint32_t last = first;
    *count = 0;
    for (uint32_t block = first; block != 0 && *count < most; ++*count) {
      if (!blocks_.is_block(block)) return 0;
      last = block;
      block = blocks_.link(block).load(std::memory_order_relaxed);
    }
    return last;
  }

  SharedBlocks blocks_;
  uint32_t own_;
  uint32_t mark_;
  uint32_t caches_;
  uint32_t head_;
  uint32_t count_;
  uint64_t patience_ns_;
};

}  // namespace linefill
