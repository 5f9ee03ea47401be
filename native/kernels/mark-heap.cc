// Marks what a root reaches in a heap of small objects, and sweeps it, in several ways that collectors have:
// marks in the objects' headers or in a map beside the heap, depth first at once, with a prefetch of what
// becomes grey, or with a queue between the stack and the look, whose lines are on their way. The heap's
// cells all have six words: a header of two, two references, two of data (collectors/object.h). Bounds are
// tested at every step off the dependent path; a check of ten million objects would take as long as the
// marking. Cost: each cell once or twice. Source of the queue: Cher, Hosking and Vitek, Software Prefetching
// for Mark-Sweep Garbage Collection (2004). Reference: src/experiments/collection/mark-pause-kernels.ts.
#include <span>

#include "collectors/collector.h"
#include "keep.h"
#include "kernel.h"
#include "platform/platform.h"

namespace linefill {
namespace {

constexpr uint32_t kCellWords = 6;
constexpr uint32_t kCellSlots = 2;
constexpr uint32_t kLeastStack = 16;
// Objects whose lines are on their way.
constexpr uint32_t kAhead = 16;

enum class Look { kAtOnce, kPrefetched, kQueued };

std::string check_heap(size_t words, size_t stack, uint32_t root, size_t times) {
  if (words < kHeapStart + kCellWords || words > kMostCollectedWords ||
      (words - kHeapStart) % kCellWords != 0) {
    return "\"heap\" must have 16 words and cells of 6, one at least and below 2^29 words, not " +
           std::to_string(words) + " words";
  }
  if (stack < kLeastStack) return "\"stack\" must have 16 words at least, not " + std::to_string(stack);
  if (root < kHeapStart || root > words - kCellWords) {
    return "\"root\" must be the offset of a cell, from 16 to " + std::to_string(words - kCellWords) +
           ", not " + std::to_string(root);
  }
  if (times == 2) return "";
  return "\"times\" must have 2 numbers, not " + std::to_string(times);
}

class InHeaders {
 public:
  explicit InHeaders(std::span<uint32_t> heap) : heap_(heap.data()) {}

  // False: it was marked.
  bool mark(uint32_t at) {
    if ((heap_[at] & kBlack) != 0) return false;
    heap_[at] |= kBlack;
    return true;
  }

 private:
  uint32_t* heap_;
};

class InMap {
 public:
  explicit InMap(std::span<uint32_t> marks) : marks_(marks.data()) {}

  bool mark(uint32_t at) {
    uint32_t& word = marks_[at / 64];
    const uint32_t bit = uint32_t{1} << at / 2 % 32;
    if ((word & bit) != 0) return false;
    word |= bit;
    return true;
  }

 private:
  uint32_t* marks_;
};

struct Found {
  uint32_t objects = 0;
  uint32_t offsets = 0;
  const char* wrong = nullptr;
};

constexpr char kNoCell[] = "\"heap\" has a reference beyond its last cell";
constexpr char kManySlots[] = "\"heap\" has a cell of more than 2 references";
constexpr char kDeep[] = "\"stack\" has no room for what is grey";

// Objects are marked when they are found, and pushed once. What is popped waits in the queue, if there is
// one.
template <Look kLook, class Marks>
Found mark_found(std::span<const uint32_t> heap, Marks marks, std::span<uint32_t> stack, uint32_t root) {
  constexpr uint32_t kQueue = kLook == Look::kQueued ? kAhead : 1;
  const uint32_t* words = heap.data();
  const auto last = static_cast<uint32_t>(heap.size()) - kCellWords;
  uint32_t queue[kQueue];
  uint32_t oldest = 0;
  uint32_t queued = 0;
  size_t top = 0;
  Found found;
  if (marks.mark(root)) stack[top++] = root;
  for (;;) {
    while (queued < kQueue && top > 0) {
      const uint32_t at = stack[--top];
      if (kLook == Look::kQueued) prefetch(words + at);
      queue[(oldest + queued++) % kQueue] = at;
    }
    if (queued == 0) return found;
    const uint32_t at = queue[oldest];
    oldest = (oldest + 1) % kQueue;
    --queued;
    const uint32_t slots = slots_of(words, at);
    if (slots > kCellSlots) return {0, 0, kManySlots};
    if (top + kCellSlots > stack.size()) return {0, 0, kDeep};
    ++found.objects;
    found.offsets += at;
    for (uint32_t slot = 0; slot < slots; ++slot) {
      const uint32_t target = words[at + kObjectHeaderWords + slot];
      if (target == kNull) continue;
      if (target > last) return {0, 0, kNoCell};
      if (!marks.mark(target)) continue;
      if (kLook == Look::kPrefetched) prefetch(words + target);
      stack[top++] = target;
    }
  }
}

// References are pushed unseen, and objects marked when they leave the queue: none is touched before its line
// is there. One that is named twice may wait twice.
template <class Marks>
Found mark_named(std::span<const uint32_t> heap, Marks marks, std::span<uint32_t> stack, uint32_t root) {
  const uint32_t* words = heap.data();
  const auto last = static_cast<uint32_t>(heap.size()) - kCellWords;
  uint32_t queue[kAhead];
  uint32_t oldest = 0;
  uint32_t queued = 0;
  size_t top = 0;
  Found found;
  stack[top++] = root;
  for (;;) {
    while (queued < kAhead && top > 0) {
      const uint32_t at = stack[--top];
      prefetch(words + at);
      queue[(oldest + queued++) % kAhead] = at;
    }
    if (queued == 0) return found;
    const uint32_t at = queue[oldest];
    oldest = (oldest + 1) % kAhead;
    --queued;
    if (!marks.mark(at)) continue;
    const uint32_t slots = slots_of(words, at);
    if (slots > kCellSlots) return {0, 0, kManySlots};
    if (top + kCellSlots > stack.size()) return {0, 0, kDeep};
    ++found.objects;
    found.offsets += at;
    for (uint32_t slot = 0; slot < slots; ++slot) {
      const uint32_t target = words[at + kObjectHeaderWords + slot];
      if (target == kNull) continue;
      if (target > last) return {0, 0, kNoCell};
      stack[top++] = target;
    }
  }
}

// Looks at every cell: marks are taken away, cells without one linked into a list.
uint32_t sweep_cells(std::span<uint32_t> heap) {
  uint32_t* words = heap.data();
  uint32_t free = kNull;
  uint32_t cells = 0;
  for (size_t at = kHeapStart; at < heap.size(); at += kCellWords) {
    if ((words[at] & kBlack) != 0) {
      words[at] &= ~kBlack;
      continue;
    }
    words[at] = 0;
    words[at + 1] = free;
    free = static_cast<uint32_t>(at);
    ++cells;
  }
  return cells;
}

// What is marked is in use, and no mark is left. The heap is not looked at.
uint32_t sweep_map(std::span<uint32_t> used, std::span<uint32_t> marks, size_t heap_words) {
  uint32_t marked = 0;
  for (size_t word = 0; word < marks.size(); ++word) {
    uint32_t bits = marks[word];
    used[word] = bits;
    marks[word] = 0;
    bits -= bits >> 1 & 0x55555555;
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
    marked += ((bits + (bits >> 4)) & 0x0f0f0f0f) * 0x01010101 >> 24;
  }
  return static_cast<uint32_t>((heap_words - kHeapStart) / kCellWords) - marked;
}

Outcome answer(const Found& found, uint32_t free, uint64_t marked_ns, uint64_t start_ns,
               std::span<double> times) {
  if (found.wrong != nullptr) return {0, found.wrong};
  times[0] = static_cast<double>(marked_ns - start_ns);
  times[1] = static_cast<double>(platform::now_ns() - marked_ns);
  return {uint64_t{found.offsets + found.objects} << 32 | free, nullptr};
}

std::string check_headers(Scratch<uint32_t> heap, Scratch<uint32_t> stack, uint32_t root,
                          Observed<double> times) {
  return check_heap(heap.span.size(), stack.span.size(), root, times.span.size());
}

// 1. Mark. 2. Sweep cell by cell.
template <Look kLook>
Outcome mark_in_headers(Scratch<uint32_t> heap, Scratch<uint32_t> stack, uint32_t root,
                        Observed<double> times) {
  const uint64_t start_ns = platform::now_ns();
  Found found;
  if constexpr (kLook == Look::kQueued)
    found = mark_named(heap.span, InHeaders(heap.span), stack.span, root);
  else
    found = mark_found<kLook>(heap.span, InHeaders(heap.span), stack.span, root);
  const uint64_t marked_ns = platform::now_ns();
  return answer(found, sweep_cells(heap.span), marked_ns, start_ns, times.span);
}

std::string check_map(std::span<const uint32_t> heap, std::span<uint32_t> used, std::span<uint32_t> marks,
                      Scratch<uint32_t> stack, uint32_t root, Observed<double> times) {
  const size_t words = (heap.size() + 63) / 64;
  for (const auto& [name, map] : {std::pair{"used", used}, std::pair{"marks", marks}}) {
    if (map.size() == words) continue;
    return "\"" + std::string(name) + "\" must have a word for each 64 of \"heap\", " +
           std::to_string(words) + ", not " + std::to_string(map.size());
  }
  return check_heap(heap.size(), stack.span.size(), root, times.span.size());
}

// 1. Mark. 2. Sweep the map.
template <Look kLook>
Outcome mark_in_map(std::span<const uint32_t> heap, std::span<uint32_t> used, std::span<uint32_t> marks,
                    Scratch<uint32_t> stack, uint32_t root, Observed<double> times) {
  const uint64_t start_ns = platform::now_ns();
  const Found found = mark_found<kLook>(heap, InMap(marks), stack.span, root);
  const uint64_t marked_ns = platform::now_ns();
  return answer(found, sweep_map(used, marks, heap.size()), marked_ns, start_ns, times.span);
}

LINEFILL_KERNEL(mark_in_headers<Look::kAtOnce>, "mark-headers", "marks and sweeps: marks in headers",
                check_headers, "heap", "stack", "root", "times");
LINEFILL_KERNEL(mark_in_headers<Look::kPrefetched>, "mark-headers-grey",
                "marks and sweeps: marks in headers, what is grey prefetched", check_headers, "heap", "stack",
                "root", "times");
LINEFILL_KERNEL(mark_in_headers<Look::kQueued>, "mark-headers-queue",
                "marks and sweeps: marks in headers, a queue before the look", check_headers, "heap", "stack",
                "root", "times");
LINEFILL_KERNEL(mark_in_map<Look::kAtOnce>, "mark-map", "marks and sweeps: marks in a map", check_map, "heap",
                "used", "marks", "stack", "root", "times");
LINEFILL_KERNEL(mark_in_map<Look::kQueued>, "mark-map-queue",
                "marks and sweeps: marks in a map, a queue before the look", check_map, "heap", "used",
                "marks", "stack", "root", "times");

}  // namespace
}  // namespace linefill
