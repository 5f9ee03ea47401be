// The timed work over a trace: what a program's allocations cost, with no books kept beside them. Each block
// is tagged with its id in its first word, and the tag is read back before the block is freed: the sum of the
// tags proves the blocks to have been distinct and their contents to have survived a move. Over allocators of
// ours the sum takes every placement and every refusal as well. heap-replay.h replays the same rows with
// books.
//
// A template over the store that serves the blocks: no virtual call in the loop. A store S has: Handle (what
// is remembered of a block; 0: none), allocate(bytes, alignment), release(handle, bytes),
// release_sized(handle, bytes) where that differs, reallocate(handle, had_bytes, bytes, alignment),
// tag(handle), fold() (what the sum takes of the last placement), reset(), lasts() (whether to go on); where
// it has markers, mark() and release_to(marker). TypeScript twin: src/allocators/trace-work.ts.
#pragma once

#include <cstring>
#include <span>

#include "allocators/heap-replay.h"
#include "allocators/latency.h"
#include "allocators/peers.h"

namespace linefill {

// Rows of a trace that one call goes through: what bounds its duration.
inline constexpr size_t kMostRows = size_t{1} << 24;
// Whether to go on is asked once in so many rows: a single one takes a second at most.
inline constexpr size_t kRowsBetweenLooks = 16;
// Words or handles an id in "slots": the block, and the bytes that were asked for.
inline constexpr size_t kSlotParts = 2;

// An allocator of ours, over a heap that A::check found nothing wrong with.
template <class A>
class HeapStore {
 public:
  using Handle = uint32_t;

  HeapStore(std::span<uint32_t> heap, uint32_t parameter)
      : heap_(heap.data()),
        heap_words_(static_cast<uint32_t>(heap.size())),
        parameter_(parameter),
        allocator_(A::create(heap_, heap_words_, parameter)) {}

  LINEFILL_INLINE Handle allocate(uint32_t bytes, uint32_t alignment_bytes) {
    answer_ = allocator_.alloc(bytes, alignment_bytes);
    return answer_ > 0 ? static_cast<Handle>(answer_) : 0;
  }

  LINEFILL_INLINE void release(Handle offset, uint32_t) { allocator_.free(offset); }
  LINEFILL_INLINE void release_sized(Handle offset, uint32_t bytes) { allocator_.free_sized(offset, bytes); }

  // Where there is no room the block stays as it was, and 0 is returned.
  Handle reallocate(Handle offset, uint32_t had, uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_words_);
    if (wrong != AllocError::kNone) {
      answer_ = refusal(wrong);
      return 0;
    }
    if (resize_aligned(allocator_, offset, bytes, alignment_bytes)) {
      answer_ = static_cast<int32_t>(offset);
      return offset;
    }
    if constexpr (StaysPut<A>) {
      answer_ = refusal(AllocError::kOutOfOrder);
      return 0;
    }
    const Handle moved = allocate(bytes, alignment_bytes);
    if (moved == 0) return 0;
    const size_t words = std::min(had, bytes) / kWordBytes;
    stamina_.spend(words / Stamina::kWordsAStep);
    std::memcpy(heap_ + moved, heap_ + offset, words * kWordBytes);
    allocator_.free(offset);
    return moved;
  }

  uint32_t& tag(Handle offset) { return heap_[offset]; }
  uint32_t fold() const { return static_cast<uint32_t>(answer_); }
  void reset() {
    stamina_.spend(heap_words_ / Stamina::kWordsAStep);
    allocator_ = A::create(heap_, heap_words_, parameter_);
  }
  LINEFILL_INLINE bool lasts() { return stamina_.lasts(allocator_); }

  uint32_t mark() requires Marks<A> {
    const uint32_t marker = allocator_.mark();
    answer_ = static_cast<int32_t>(marker);
    return marker;
  }
  void release_to(uint32_t marker) requires Marks<A> { answer_ = refusal(allocator_.release(marker)); }

 private:
  uint32_t* heap_;
  uint32_t heap_words_;
  uint32_t parameter_;
  A allocator_;
  Stamina stamina_;
  int32_t answer_ = 0;
};

// An allocator of others, asked by malloc and realloc for what they promise, and else for the alignment. The
// checked trace resets nothing.
class PeerStore {
 public:
  using Handle = uint64_t;

  explicit PeerStore(const Peer& peer)
      : allocate_(peer.allocate),
        release_(peer.release),
        reallocate_(peer.reallocate),
        aligned_(peer.aligned) {}

  Handle allocate(uint32_t bytes, uint32_t alignment_bytes) {
    if (malloc_promises(bytes, alignment_bytes)) return handle_of(allocate_(std::max(bytes, 1u)));
    const size_t whole = (size_t{bytes} + alignment_bytes - 1) & ~size_t{alignment_bytes - 1};
    return handle_of(aligned_(alignment_bytes, std::max<size_t>(whole, alignment_bytes)));
  }

  void release(Handle block, uint32_t) { release_(block_of(block)); }

  Handle reallocate(Handle block, uint32_t had, uint32_t bytes, uint32_t alignment_bytes) {
    stamina_.spend(std::min(had, bytes) / kWordBytes / Stamina::kWordsAStep);
    if (malloc_promises(bytes, alignment_bytes)) {
      return handle_of(reallocate_(block_of(block), std::max(bytes, 1u)));
    }
    const Handle moved = allocate(bytes, alignment_bytes);
    if (moved == 0) return 0;
    std::memcpy(block_of(moved), block_of(block), std::min(had, bytes));
    release(block, had);
    return moved;
  }

  uint32_t& tag(Handle block) { return *static_cast<uint32_t*>(block_of(block)); }
  static uint32_t fold() { return 0; }
  static void reset() {}
  // What is moved counts: it may be much.
  bool lasts() { return stamina_.lasts(*this); }

 private:
  static Handle handle_of(const void* block) { return reinterpret_cast<uintptr_t>(block); }
  static void* block_of(Handle block) { return reinterpret_cast<void*>(static_cast<uintptr_t>(block)); }

  decltype(Peer::allocate) allocate_;
  decltype(Peer::release) release_;
  decltype(Peer::reallocate) reallocate_;
  decltype(Peer::aligned) aligned_;
  Stamina stamina_;
};

// Times nothing.
struct NoWatch {
  void start() {}
  void stop(size_t) {}
};

// Times each call to the allocator; one read of the clock is in it.
struct RowWatch {
  std::span<uint32_t> times_ns;
  uint64_t start_ns = 0;
  void start() { start_ns = platform::now_ns(); }
  void stop(size_t row) { times_ns[row] = since_ns(start_ns); }
};

// A store over an allocator that Marks.
template <class Store>
inline constexpr bool has_markers = requires(Store store) {
  store.mark();
};

// What each kind of row does; sum(): of the rows so far.
template <class Store, class Watch>
class RowReplay {
 public:
  using Handle = typename Store::Handle;

  RowReplay(Store& store, std::span<Handle> slots, Watch& watch)
      : store_(store), slots_(slots), watch_(watch) {}

  uint32_t sum() const { return sum_; }

  LINEFILL_INLINE void alloc(size_t row, uint32_t id, uint32_t bytes, uint32_t alignment_bytes) {
    watch_.start();
    const Handle block = store_.allocate(bytes, alignment_bytes);
    watch_.stop(row);
    keep(id, block, bytes);
    sum_ += store_.fold();
  }

  template <bool kIsSized>
  LINEFILL_INLINE void free(size_t row, uint32_t id) {
    Handle* slot = slot_of(id);
    const Handle block = slot[0];
    if (block == 0) return;
    const auto bytes = static_cast<uint32_t>(slot[1]);
    if (bytes >= kWordBytes) sum_ += store_.tag(block);
    slot[0] = 0;
    watch_.start();
    if constexpr (kIsSized && requires { store_.release_sized(block, bytes); }) {
      store_.release_sized(block, bytes);
    } else {
      store_.release(block, bytes);
    }
    watch_.stop(row);
  }

  LINEFILL_INLINE void realloc(size_t row, uint32_t id, uint32_t bytes, uint32_t alignment_bytes) {
    const Handle* slot = slot_of(id);
    const Handle had = slot[0];
    const auto had_bytes = static_cast<uint32_t>(slot[1]);
    watch_.start();
    const Handle block = had == 0 ? store_.allocate(bytes, alignment_bytes)
                                  : store_.reallocate(had, had_bytes, bytes, alignment_bytes);
    watch_.stop(row);
    sum_ += store_.fold();
    if (block == 0) return;
    // The tag has moved with the block, where both sizes have room for it.
    if (had != 0 && std::min(had_bytes, bytes) >= kWordBytes) sum_ += store_.tag(block);
    keep(id, block, bytes);
  }

  LINEFILL_INLINE void reset(size_t row) {
    watch_.start();
    store_.reset();
    watch_.stop(row);
  }

  // The marker lies where a block would.
  void mark(size_t row, uint32_t id) {
    watch_.start();
    const uint32_t marker = store_.mark();
    watch_.stop(row);
    slot_of(id)[0] = marker;
    sum_ += store_.fold();
  }

  // The slots of the blocks stay as they are: the checked trace names none of them before it has a new one.
  void release_to(size_t row, uint32_t id) {
    watch_.start();
    store_.release_to(static_cast<uint32_t>(slot_of(id)[0]));
    watch_.stop(row);
    slot_of(id)[0] = 0;
    sum_ += store_.fold();
  }

 private:
  Handle* slot_of(uint32_t id) const { return &slots_[size_t{id} * kSlotParts]; }

  LINEFILL_INLINE void keep(uint32_t id, Handle block, uint32_t bytes) {
    Handle* slot = slot_of(id);
    slot[0] = block;
    slot[1] = bytes;
    if (block != 0 && bytes >= kWordBytes) store_.tag(block) = id;
  }

  Store& store_;
  std::span<Handle> slots_;
  Watch& watch_;
  uint32_t sum_ = 0;
};

// Replays a checked trace. slots: kSlotParts for each id. Answers with the 32-bit sum. What the trace leaves
// live stays so.
template <class Store, class Watch>
Outcome replay_rows(Store& store, std::span<const uint32_t> trace, std::span<typename Store::Handle> slots,
                    Watch& watch) {
  RowReplay replay(store, slots, watch);
  const size_t rows = trace.size() / kRowWords;
  for (size_t row = 0; row < rows; ++row) {
    const uint32_t* at = &trace[row * kRowWords];
    switch (static_cast<HeapOp>(at[0])) {
      case HeapOp::kAlloc:
        replay.alloc(row, at[1], at[2], at[3]);
        break;
      case HeapOp::kFree:
        replay.template free<false>(row, at[1]);
        break;
      case HeapOp::kFreeSized:
        replay.template free<true>(row, at[1]);
        break;
      case HeapOp::kRealloc:
        replay.realloc(row, at[1], at[2], at[3]);
        break;
      case HeapOp::kReset:
        replay.reset(row);
        break;
      case HeapOp::kMark:
        if constexpr (has_markers<Store>) replay.mark(row, at[1]);
        break;
      case HeapOp::kRelease:
        if constexpr (has_markers<Store>) replay.release_to(row, at[1]);
        break;
      default:
        break;
    }
    if (row % kRowsBetweenLooks == 0 && !store.lasts()) [[unlikely]]
      return {0, Stamina::kSpent};
  }
  return {replay.sum(), nullptr};
}

// Frees what a replay left live, in the order of the ids, and clears the slots. Returns the sum of the tags.
template <class Store>
uint32_t release_all(Store& store, std::span<uint64_t> slots) {
  uint32_t sum = 0;
  for (size_t i = 0; i < slots.size(); i += kSlotParts) {
    const auto bytes = static_cast<uint32_t>(slots[i + 1]);
    if (slots[i] != 0) {
      if (bytes >= kWordBytes) sum += store.tag(slots[i]);
      store.release(slots[i], bytes);
    }
    slots[i] = slots[i + 1] = 0;
  }
  return sum;
}

// What is wrong with a trace and its slots for one call; empty: nothing. Of ours: `heap_words` of the heap,
// and whether it Marks.
std::string check_trace_work(std::span<const uint32_t> trace, size_t slots, size_t heap_words,
                             bool has_markers = false);
// Of others: no resets, and no more live bytes than this machine has to spare.
std::string check_peer_trace(std::span<const uint32_t> trace, size_t slots);

}  // namespace linefill
