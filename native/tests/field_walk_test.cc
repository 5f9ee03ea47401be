// The walk over fields without Node: a plan worked by hand in every shape of a group, nothing touched beside
// the fields, and (under ThreadSanitizer) threads that share an array and meet only through atomics.
#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "kernel.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint64_t kUpdate = 0, kRead = 1, kWrite = 2;

struct Walk {
  std::vector<uint64_t> plan;
  std::vector<uint32_t> order;
  double first = 0, step = 1, visits = 0, width = 8, sums_reads = 1;
};

const Registration* kernel_called(const char* id) {
  const Registration* kernel = Registration::first();
  while (kernel && std::strcmp(kernel->id(), id) != 0) kernel = kernel->next();
  return kernel;
}

template <class T>
Value array(std::vector<T>& items) {
  return {0, items.data(), items.size()};
}

// Walks over the memory; the memory is made of words so that it is aligned.
uint64_t run(const char* id, std::vector<uint64_t>& memory, Walk walk, std::string* fault = nullptr) {
  const Registration* kernel = kernel_called(id);
  REQUIRE(kernel != nullptr);
  const Value values[] = {{0, memory.data(), 8 * memory.size()},
                          array(walk.plan),
                          array(walk.order),
                          {walk.first, nullptr, 0},
                          {walk.step, nullptr, 0},
                          {walk.visits, nullptr, 0},
                          {walk.width, nullptr, 0},
                          {walk.sums_reads, nullptr, 0}};
  const std::string found = kernel->check(values);
  if (fault) *fault = found;
  if (!found.empty()) return 0;
  Sample sample;
  const Outcome outcome = kernel->time(Plan{}, values, &sample, nullptr);
  CHECK(outcome.error == nullptr);
  return outcome.checksum;
}

// `updates`, `reads` and `writes` fields of eight bytes in elements of as many, or each in a column.
void walk_shape(size_t updates, size_t reads, size_t writes, bool columns) {
  constexpr size_t kElements = 21;
  const size_t fields = updates + reads + writes;
  std::vector<uint64_t> memory(fields * kElements + 2, 0xabababab00000000);
  Walk walk;
  walk.visits = kElements;
  const auto word_of = [&](size_t field, size_t element) {
    return 1 + (columns ? field * kElements + element : element * fields + field);
  };
  for (size_t field = 0; field < fields; ++field) {
    const uint64_t mode = field < updates ? kUpdate : field < updates + reads ? kRead : kWrite;
    walk.plan.insert(walk.plan.end(), {8 * word_of(field, 0), columns ? 8 : 8 * fields, mode});
    for (size_t e = 0; e < kElements; ++e) memory[word_of(field, e)] = 1000 * field + 7 * e;
  }
  const std::vector<uint64_t> before = memory;
  uint64_t expected = 0;
  for (size_t e = 0; e < kElements; ++e) {
    for (size_t field = 0; field < updates + reads; ++field) {
      const uint64_t value = before[word_of(field, e)];
      expected += field < updates ? value : value & 0xff;
    }
  }
  CHECK_EQ(run("field-walk", memory, walk), expected);
  for (size_t e = 0; e < kElements; ++e) {
    for (size_t field = 0; field < fields; ++field) {
      const uint64_t was = before[word_of(field, e)];
      CHECK_EQ(memory[word_of(field, e)], field < updates ? was + 1 : field < updates + reads ? was : e);
    }
  }
  CHECK_EQ(memory.front(), before.front());
  CHECK_EQ(memory.back(), before.back());
}

TEST(field_walk_does_every_shape_of_a_group_and_beyond) {
  for (const bool columns : {false, true}) {
    for (size_t updates = 0; updates <= 7; ++updates) {
      for (size_t reads = 0; updates + reads <= 7; ++reads) {
        for (size_t writes = 0; updates + reads + writes <= 7; ++writes) {
          if (updates + reads + writes > 0) walk_shape(updates, reads, writes, columns);
        }
      }
    }
    walk_shape(5, 9, 6, columns);
  }
}

TEST(field_walk_goes_by_step_or_by_order) {
  std::vector<uint64_t> memory(8);
  Walk walk;
  walk.plan = {0, 8, kUpdate};
  walk.first = 1;
  walk.step = 3;
  walk.visits = 3;
  run("field-walk", memory, walk);
  CHECK(memory == (std::vector<uint64_t>{0, 1, 0, 0, 1, 0, 0, 1}));
  walk.order = {2, 2, 6, 99};
  run("field-walk", memory, walk);
  CHECK(memory == (std::vector<uint64_t>{0, 1, 2, 0, 1, 0, 1, 1}));
}

TEST(field_walk_is_refused_where_it_would_leave_its_memory) {
  std::vector<uint64_t> memory(8);
  const auto fault_of = [&](Walk walk) {
    std::string fault;
    run("field-walk", memory, walk, &fault);
    return fault;
  };
  Walk whole;
  whole.plan = {0, 8, kUpdate};
  whole.visits = 8;
  CHECK_EQ(fault_of(whole), "");
  const auto refused = [&](auto change) {
    Walk walk = whole;
    change(walk);
    CHECK(!fault_of(walk).empty());
  };
  refused([](Walk& walk) { walk.visits = 9; });
  refused([](Walk& walk) { walk.first = 1; });
  refused([](Walk& walk) { walk.step = 2; });
  refused([](Walk& walk) { walk.visits = 9007199254740991.0; });
  refused([](Walk& walk) { walk.plan[0] = 8; });
  refused([](Walk& walk) { walk.plan[0] = ~uint64_t{7}; });
  refused([](Walk& walk) { walk.plan[1] = ~uint64_t{7}; });
  refused([](Walk& walk) { walk.plan[1] = 4; });
  refused([](Walk& walk) { walk.plan[2] = 3; });
  refused([](Walk& walk) { walk.order = {0, 1, 2, 3, 4, 5, 6, 8}; });
}

TEST(field_walk_threads_may_share_an_array) {
  // A word each: thread 0 updates, thread 1 watches and has one of its own in the same line.
  std::vector<uint64_t> memory(2 * 64);
  Walk writer;
  writer.plan = {0, 16, kUpdate};
  writer.visits = 64;
  Walk watcher;
  watcher.plan = {8, 16, kUpdate, 0, 16, kRead};
  watcher.visits = 64;
  watcher.sums_reads = 0;
  uint64_t watched = 0;
  std::thread one([&] {
    for (int i = 0; i < 200; ++i) run("field-walk-shared", memory, writer);
  });
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) watched = run("field-walk-shared", memory, watcher);
  });
  one.join();
  other.join();
  // What the other thread writes is not in the sum: 64 words, each 199 before the last walk.
  CHECK_EQ(watched, 64 * 199);
  CHECK(std::all_of(memory.begin(), memory.end(), [](uint64_t word) { return word == 200; }));
}

}  // namespace
}  // namespace linefill
