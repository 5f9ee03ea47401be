// The space of blocks and marking without Node, for the sanitizers: random requests, frees and sweeps beside
// books of our own; and what a kernel that marks a hostile heap says of it.
#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "collectors/collector.h"
#include "collectors/marking.h"
#include "collectors/spaces/block-space.h"
#include "kernel.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kStart = kHeapStart;

// Words that an object of so many takes.
uint32_t room_of(uint32_t words) {
  if (words > kMostCellWords) return (words + kBlockWords - 1) / kBlockWords * kBlockWords;
  return kCellSizes.words[kCellSizes.of_pairs[words / 2]];
}

struct Modelled {
  explicit Modelled(uint32_t blocks) : heap(kStart + BlockSpace::kLeastWords + blocks * 1060, 0xdeadbeef) {
    space = BlockSpace(heap.data(), kStart, static_cast<uint32_t>(heap.size()));
  }

  void take(uint32_t words) {
    const uint32_t at = space.take(words);
    if (at == kNull) return;
    CHECK(space.contains(at));
    CHECK(live.emplace(at, words).second);
    // All of it can be written: nobody else's words are hurt.
    make_object(heap.data(), at, 0, 0, words, kWhite);
    std::fill_n(heap.begin() + at + 2, words - 2, at);
  }

  void free(size_t which) {
    if (live.empty()) return;
    const auto found = std::next(live.begin(), static_cast<ptrdiff_t>(which % live.size()));
    space.free(found->first);
    live.erase(found);
  }

  void sweep(uint32_t kept, bool is_lazy) {
    space.finish_sweep();
    uint32_t number = 0;
    for (auto each = live.begin(); each != live.end();) {
      if (number++ % 9 < kept) {
        CHECK(space.mark(each->first));
        CHECK(!space.mark(each->first));
        ++each;
      } else {
        each = live.erase(each);
      }
    }
    space.begin_lazy_sweep();
    if (!is_lazy) space.finish_sweep();
  }

  void check() {
    auto expected = live.begin();
    uint32_t end = space.start();
    space.objects([&](uint32_t at) {
      if (expected == live.end() || expected->first != at) {
        CHECK_EQ(at, kNull);
        return;
      }
      CHECK(at >= end);
      end = at + room_of(expected->second);
      CHECK_EQ(heap[at + expected->second - 1], expected->second > 2 ? at : 0);
      ++expected;
    });
    CHECK(expected == live.end());
    CHECK(end <= space.end());
    uint32_t words = 0;
    for (const auto& [at, wanted] : live) words += room_of(wanted);
    if (space.is_swept()) CHECK_EQ(space.used_words(), words);
  }

  std::vector<uint32_t> heap;
  BlockSpace space;
  Counts counts;
  std::map<uint32_t, uint32_t> live;
};

TEST(block_space_keeps_what_is_marked_and_gives_all_else) {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    std::mt19937 draw(seed);
    Modelled modelled(1 + draw() % 30);
    for (uint32_t step = 0; step < 2000; ++step) {
      const uint32_t what = draw() % 100;
      if (what < 60) {
        const uint32_t kind = draw() % 10;
        modelled.take(2 * (kind == 0 ? 257 + draw() % 1400 : kind < 4 ? 2 + draw() % 4 : 2 + draw() % 250));
      } else if (what < 96) {
        modelled.free(draw());
      } else if (what < 98) {
        modelled.sweep(draw() % 9, draw() % 2 == 0);
      } else {
        modelled.space.finish_sweep();
      }
      if (step % 16 == 0) modelled.check();
    }
    modelled.space.finish_sweep();
    while (!modelled.live.empty()) modelled.free(0);
    CHECK_EQ(modelled.space.used_words(), 0);
    CHECK(modelled.space.take(modelled.space.capacity_words()) != kNull);
  }
}

// A ring of objects, each of which names two others; half of what is there is not reached.
TEST(marking_in_steps_finds_what_is_reachable) {
  constexpr uint32_t kObjects = 500;
  std::vector<uint32_t> heap(20 * kBlockWords);
  std::vector<uint32_t> scratch(heap.size());
  BlockSpace space(heap.data(), kStart, static_cast<uint32_t>(heap.size()));
  std::vector<uint32_t> objects;
  for (uint32_t i = 0; i < 2 * kObjects; ++i) {
    objects.push_back(space.take(6));
    make_object(heap.data(), objects.back(), 0, 2, 6, kWhite);
  }
  for (uint32_t i = 0; i < kObjects; ++i) {
    heap[objects[2 * i] + kObjectHeaderWords] = objects[2 * ((i + 1) % kObjects)];
    heap[objects[2 * i] + kObjectHeaderWords + 1] = objects[2 * (i * 7 % kObjects)];
  }
  for (const uint64_t limit : {uint64_t{1}, uint64_t{10}, UINT64_MAX}) {
    Counts counts;
    Marking marking(heap.data(), scratch, 0);
    marking.begin();
    marking.see(space, objects[0]);
    marking.see(space, kNull);
    uint32_t steps = 1;
    while (!marking.drain(space, counts, limit)) ++steps;
    CHECK(marking.is_done());
    CHECK(limit == UINT64_MAX ? steps == 1 : steps > 3 * kObjects / limit / 4);
    CHECK_EQ(counts.marked_objects, kObjects);
    CHECK_EQ(counts.scanned_slots, 2 * kObjects);
    CHECK_EQ(marking.words(), 6 * kObjects);
    for (uint32_t i = 0; i < 2 * kObjects; ++i) CHECK_EQ(space.is_marked(objects[i]), i % 2 == 0);
    space.clear_marks();
  }
}

// What a kernel says of a heap, its check and its run together; empty: nothing.
std::string said_of(const char* id, std::vector<uint32_t> heap, double root, size_t stack_words = 64) {
  const Registration* kernel = Registration::first();
  while (kernel && std::strcmp(kernel->id(), id) != 0) kernel = kernel->next();
  REQUIRE(kernel != nullptr);
  std::vector<uint32_t> used((heap.size() + 63) / 64), marks(used.size()), stack(stack_words);
  std::vector<double> times(2);
  std::vector<Value> values = {{0, heap.data(), heap.size()}};
  if (std::strstr(id, "map")) {
    values.push_back({0, used.data(), used.size()});
    values.push_back({0, marks.data(), marks.size()});
  }
  values.push_back({0, stack.data(), stack.size()});
  values.push_back({root, nullptr, 0});
  values.push_back({0, times.data(), times.size()});
  if (std::string wrong = kernel->check(values.data()); !wrong.empty()) return wrong;
  Sample sample;
  const Outcome outcome = kernel->time(Plan{}, values.data(), &sample, nullptr);
  return outcome.error == nullptr ? "" : outcome.error;
}

TEST(mark_kernels_say_what_is_wrong_with_a_heap) {
  for (const char* id :
       {"mark-headers", "mark-headers-grey", "mark-headers-queue", "mark-map", "mark-map-queue"}) {
    std::vector<uint32_t> heap(kStart + 6 * 100);
    for (uint32_t at = kStart; at < heap.size(); at += 6) make_object(heap.data(), at, 0, 2, 6, kWhite);
    heap[kStart + 2] = kStart + 6;
    CHECK_EQ(said_of(id, heap, kStart), "");
    CHECK(said_of(id, heap, 8).find("\"root\"") != std::string::npos);
    CHECK(said_of(id, heap, kStart, 4).find("\"stack\"") != std::string::npos);
    std::vector<uint32_t> beyond = heap;
    beyond[kStart + 3] = kStart + 6 * 99 + 1;
    CHECK(said_of(id, beyond, kStart).find("beyond its last cell") != std::string::npos);
    std::vector<uint32_t> many = heap;
    many[kStart + 6] = 3 << kStateBits;
    CHECK(said_of(id, many, kStart).find("more than 2 references") != std::string::npos);
    // Any words at all: an end, with or without a complaint.
    std::mt19937 draw(7);
    for (uint32_t round = 0; round < 200; ++round) {
      std::vector<uint32_t> rubbish(heap.size());
      for (uint32_t& word : rubbish) word = draw() % (round % 2 == 0 ? 700 : 520);
      said_of(id, rubbish, kStart + draw() % (6 * 99));
    }
    heap.resize(heap.size() + 1);
    CHECK(said_of(id, heap, kStart).find("\"heap\"") != std::string::npos);
  }
}

}  // namespace
}  // namespace linefill
