// Free lists alone: an object takes the head of the list of its size, and the next cell's offset is read from
// the cell itself. Where a list is empty, the next stretch of the heap is cut into cells of its size,
// threaded in the order of addresses, as a sweep that links cells leaves them; the log tells of that as a
// step. It never collects: it is there to be compared with other ways to find room, and is none of the
// collectors that a user can choose. The heads lie in the heap, before the cells. Source: D. Knuth, The Art
// of Computer Programming 1, section 2.2.3 (the AVAIL stack). TypeScript twin:
// src/collectors/plans/free-lists.ts.
#pragma once

#include "collectors/plain-heap.h"
#include "collectors/spaces/bump-space.h"
#include "collectors/spaces/cell-sizes.h"

namespace linefill {

class FreeLists : public PlainHeap {
  static constexpr uint32_t kFirst = (kHeapStart + CellSizes::kSizes + 15) / 16 * 16;
  // Threaded at once.
  static constexpr uint32_t kThreadedWords = 1 << 14;

 public:
  static constexpr uint32_t kSettings = 0;

  static std::string check(size_t heap_words, std::span<const uint32_t> /*settings*/) {
    return check_collected_heap(heap_words);
  }

  FreeLists(const CollectorRoom& room, std::span<const uint32_t> /*settings*/)
      : PlainHeap(room), heads_(heap_ + kHeapStart), rest_(kFirst, static_cast<uint32_t>(room.heap.size())) {
    std::fill(heads_, heap_ + kFirst, kNull);
  }

  uint32_t alloc(uint32_t slots, uint64_t words) {
    const uint32_t at = take(words);
    if (at == kNull) [[unlikely]]
      return out_of_memory(*this, words);
    return make(at, slots, words);
  }

  void collect() {}
  void finish() { counts.peak_used_words = used_words(); }
  uint32_t used_words() const { return static_cast<uint32_t>(counts.allocated_words); }
  uint32_t capacity_words() const { return rest_.capacity_words(); }
  // Of the stretch that is not cut into cells yet.
  uint32_t largest_free_words() const { return rest_.largest_free_words(); }

 private:
  uint32_t take(uint64_t words) {
    if (words > kMostCellWords) [[unlikely]]
      return rest_.take(words);
    const uint32_t size = kCellSizes.of_pairs[words / 2];
    if (heads_[size] == kNull) [[unlikely]]
      thread(size);
    const uint32_t at = heads_[size];
    if (at != kNull) [[likely]]
      heads_[size] = heap_[at];
    return at;
  }

  // The next stretch of the heap, or what there is of it, becomes a size's list.
  LINEFILL_COLD void thread(uint32_t size) {
    pauses_->begin(PauseKind::kStep);
    const uint32_t cell = kCellSizes.words[size];
    const uint32_t cells = std::min(kThreadedWords, rest_.end() - rest_.free()) / cell;
    uint32_t* link = &heads_[size];
    for (uint32_t each = 0; each < cells; ++each) {
      *link = rest_.take(cell);
      link = heap_ + *link;
    }
    *link = kNull;
    pauses_->end();
  }

  uint32_t* heads_;
  BumpSpace rest_;
};

}  // namespace linefill
