// Walks over the elements of an array of structures, or of columns, and touches some fields of each: what a
// loop of a program does to memory, without its arithmetic. A plan says what to touch, a row for each access
// of an element: where element 0 has it (offset), how far it is to the next element (stride), and how (mode).
//
//   mode 0 update  load, add to the sum, store one more      as wide as "width" says, at a multiple of it
//   mode 1 read    load, add to the sum                      one byte: what counts is the line
//   mode 2 write   store the element's number                as wide as "width" says, at a multiple of it
//
// Nothing is made at run time: up to six rows of any modes have a loop of their own, compiled in, that visits
// element by element as the program's loop does, with little but loads and stores in it. That matters: what a
// loop adds takes room in the reorder buffer that the next misses could have had. A plan of more rows is
// walked in groups of six, a block of elements at a time. All accesses are relaxed atomic ones (ordinary
// moves), so that threads may share the memory.
// Cost: an access each row and element. Reference: src/kernel/field-walk.ts.
#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include "kernel.h"

namespace linefill {
namespace {

enum Mode : uint64_t { kUpdate, kRead, kWrite };
constexpr uint64_t kModes = 3;

constexpr size_t kRowWords = 3;
constexpr size_t kGroupRows = 6;
constexpr uint64_t kBlock = 64;
constexpr uint64_t kMostElement = uint64_t{1} << 53;

struct Row {
  uint64_t offset;
  uint64_t stride;
  uint64_t mode;
};

Row row_at(std::span<const uint64_t> plan, size_t row) {
  return {plan[kRowWords * row], plan[kRowWords * row + 1], plan[kRowWords * row + 2]};
}

// The elements `order[0]`, `order[1]`, ... where there is an order, else first, first + step, ...
struct Elements {
  const uint32_t* order;
  uint64_t first;
  uint64_t step;

  Elements from(uint64_t visit) const {
    return order ? Elements{order + visit, 0, 0} : Elements{nullptr, first + visit * step, step};
  }
};

struct Sums {
  uint64_t updated = 0;
  uint64_t read = 0;
};

template <class T>
inline T load(uint8_t* at) {
  return std::atomic_ref<T>(*reinterpret_cast<T*>(at)).load(std::memory_order_relaxed);
}

template <class T>
inline void store(uint8_t* at, T value) {
  std::atomic_ref<T>(*reinterpret_cast<T*>(at)).store(value, std::memory_order_relaxed);
}

// A group of rows: U updates, then R reads, then W writes. `uniform`: all have the same stride.
// 3. Element by element, 4. load what is updated, then what is read, 5. store what is updated, then what is
// written.
template <class T, bool uniform, size_t... u, size_t... r, size_t... w>
inline Sums visit_each(uint8_t* memory, const Row* rows, Elements elements, uint64_t visits,
                       std::index_sequence<u...>, std::index_sequence<r...>, std::index_sequence<w...>) {
  constexpr size_t U = sizeof...(u), R = sizeof...(r);
  const uint64_t offset[] = {rows[u].offset..., rows[U + r].offset..., rows[U + R + w].offset...};
  const uint64_t stride[] = {rows[u].stride..., rows[U + r].stride..., rows[U + R + w].stride...};
  Sums sums;
  uint64_t next = elements.first;
  for (uint64_t i = 0; i < visits; ++i, next += elements.step) {
    const uint64_t element = elements.order ? elements.order[i] : next;
    uint8_t* const base = uniform ? memory + element * stride[0] : memory;
    const auto at = [&](size_t row) {
      return uniform ? base + offset[row] : base + (offset[row] + element * stride[row]);
    };
    [[maybe_unused]] const T old[U + 1] = {load<T>(at(u))...};
    ((sums.read += load<uint8_t>(at(U + r))), ...);
    ((sums.updated += old[u]), ...);
    (store<T>(at(u), static_cast<T>(old[u] + 1)), ...);
    (store<T>(at(U + R + w), static_cast<T>(element)), ...);
  }
  return sums;
}

using Visit = Sums (*)(uint8_t* memory, const Row* rows, Elements elements, uint64_t visits);

template <class T, bool uniform, size_t updates, size_t reads, size_t writes>
Sums visit_group(uint8_t* memory, const Row* rows, Elements elements, uint64_t visits) {
  return visit_each<T, uniform>(memory, rows, elements, visits, std::make_index_sequence<updates>{},
                                std::make_index_sequence<reads>{}, std::make_index_sequence<writes>{});
}

// A group's shape as one number, its digits the updates, reads and writes.
constexpr size_t kDigit = kGroupRows + 1;
constexpr size_t kShapes = kDigit * kDigit * kDigit;

template <class T, bool uniform, size_t shape>
constexpr Visit visit_of() {
  constexpr size_t updates = shape / (kDigit * kDigit), reads = shape / kDigit % kDigit,
                   writes = shape % kDigit;
  if constexpr (shape == 0 || updates + reads + writes > kGroupRows) {
    return nullptr;
  } else if constexpr (updates + writes == 0) {
    return &visit_group<uint8_t, uniform, 0, reads, 0>;
  } else {
    return &visit_group<T, uniform, updates, reads, writes>;
  }
}

template <class T, bool uniform, size_t... shapes>
constexpr std::array<Visit, kShapes> visits_of(std::index_sequence<shapes...>) {
  return {visit_of<T, uniform, shapes>()...};
}

template <class T, bool uniform>
constexpr std::array<Visit, kShapes> kVisits = visits_of<T, uniform>(std::make_index_sequence<kShapes>{});

template <bool uniform>
Visit visit_for(uint32_t width, size_t shape) {
  if (width == 8) return kVisits<uint64_t, uniform>[shape];
  if (width == 4) return kVisits<uint32_t, uniform>[shape];
  return kVisits<uint8_t, uniform>[shape];
}

// Rows `first` .. of a plan, six or what is left, and the loop for them.
struct Group {
  Row rows[kGroupRows];
  Visit visit;

  Group(std::span<const uint64_t> plan, size_t first, uint32_t width) {
    const size_t count = std::min(kGroupRows, plan.size() / kRowWords - first);
    constexpr size_t kPlace[kModes] = {kDigit * kDigit, kDigit, 1};
    size_t shape = 0;
    bool uniform = true;
    for (size_t i = 0; i < count; ++i) {
      rows[i] = row_at(plan, first + i);
      shape += kPlace[rows[i].mode];
      uniform = uniform && rows[i].stride == rows[0].stride;
    }
    visit = uniform ? visit_for<true>(width, shape) : visit_for<false>(width, shape);
  }
};

// 1. Block by block of the elements (one block, where the plan is one group), 2. group by group of the plan's
// rows. Answer: the sum of what was updated and, where asked for, of what was read.
uint64_t walk(uint8_t* memory, std::span<const uint64_t> plan, Elements elements, uint64_t visits,
              uint32_t width, bool sums_reads) {
  const size_t rows = plan.size() / kRowWords;
  const uint64_t block = rows <= kGroupRows ? visits : kBlock;
  Sums sums;
  for (uint64_t visited = 0; visited < visits; visited += block) {
    const uint64_t count = std::min(block, visits - visited);
    for (size_t row = 0; row < rows; row += kGroupRows) {
      const Group group(plan, row, width);
      const Sums more = group.visit(memory, group.rows, elements.from(visited), count);
      sums.updated += more.updated;
      sums.read += more.read;
    }
  }
  keep(sums.read);
  return sums.updated + (sums_reads ? sums.read : 0);
}

std::string check_row(std::span<const uint64_t> plan, size_t row, uintptr_t memory, size_t bytes,
                      uint32_t width) {
  const auto [offset, stride, mode] = row_at(plan, row);
  const size_t word = kRowWords * row;
  const uint64_t least = row == 0 ? 0 : row_at(plan, row - 1).mode;
  if (mode >= kModes || mode < least) {
    return wrong_item("plan", word + 2, "a mode (0 update, 1 read, 2 write) in ascending order", mode);
  }
  const uint64_t own = mode == kRead ? 1 : width;
  if (own > bytes || offset > bytes - own) {
    return wrong_item("plan", word, "an offset inside the " + std::to_string(bytes) + " bytes of \"memory\"",
                      offset);
  }
  if ((memory + offset) % own != 0) {
    return wrong_item("plan", word, "an offset whose address is a multiple of " + std::to_string(own),
                      offset);
  }
  if (stride % own == 0) return "";
  return wrong_item("plan", word + 1, "a multiple of " + std::to_string(own), stride);
}

// Fills `last` with the largest number of an element that is visited; there is one.
std::string check_elements(std::span<const uint32_t> order, uint64_t first, uint64_t step, uint64_t visits,
                           uint64_t* last) {
  if (!order.empty()) {
    if (visits > order.size()) {
      return "\"visits\" must be at most the length of \"order\" (" + std::to_string(order.size()) +
             "), not " + std::to_string(visits);
    }
    const std::span<const uint32_t> visited = order.first(static_cast<size_t>(visits));
    *last = *std::max_element(visited.begin(), visited.end());
    return "";
  }
  if (step != 0 && visits - 1 > (kMostElement - first) / step) {
    return "\"visits\" must end before element 2^53, not " + std::to_string(visits) + " of step " +
           std::to_string(step);
  }
  *last = first + (visits - 1) * step;
  return "";
}

std::string check_plan(std::span<uint8_t> memory, std::span<const uint64_t> plan, uint32_t width) {
  if (width != 1 && width != 4 && width != 8) {
    return "\"width\" must be 1, 4 or 8, not " + std::to_string(width);
  }
  if (plan.size() % kRowWords != 0) {
    return "\"plan\" must have rows of 3 (offset, stride, mode), not " + std::to_string(plan.size()) +
           " words";
  }
  for (size_t row = 0; row < plan.size() / kRowWords; ++row) {
    const uintptr_t address = reinterpret_cast<uintptr_t>(memory.data());
    const std::string fault = check_row(plan, row, address, memory.size(), width);
    if (!fault.empty()) return fault;
  }
  return "";
}

std::string check_walk(std::span<uint8_t> memory, std::span<const uint64_t> plan,
                       std::span<const uint32_t> order, uint64_t first, uint64_t step, uint64_t visits,
                       uint32_t width, uint32_t sums_reads) {
  const std::string fault = check_plan(memory, plan, width);
  if (!fault.empty()) return fault;
  if (sums_reads > 1) return "\"sumsReads\" must be 0 or 1, not " + std::to_string(sums_reads);
  if (visits == 0) return "";
  uint64_t last = 0;
  const std::string elements = check_elements(order, first, step, visits, &last);
  if (!elements.empty()) return elements;
  for (size_t row = 0; row < plan.size() / kRowWords; ++row) {
    const auto [offset, stride, mode] = row_at(plan, row);
    const uint64_t room = memory.size() - offset - (mode == kRead ? 1 : width);
    if (stride == 0 || last <= room / stride) continue;
    return wrong_item("plan", kRowWords * row + 1,
                      "a stride that keeps element " + std::to_string(last) + " inside the " +
                          std::to_string(memory.size()) + " bytes of \"memory\"",
                      stride);
  }
  return "";
}

std::string check_own(std::span<uint8_t> memory, std::span<const uint64_t> plan,
                      std::span<const uint32_t> order, uint64_t first, uint64_t step, uint64_t visits,
                      uint32_t width, uint32_t sums_reads) {
  return check_walk(memory, plan, order, first, step, visits, width, sums_reads);
}

uint64_t field_walk(std::span<uint8_t> memory, std::span<const uint64_t> plan,
                    std::span<const uint32_t> order, uint64_t first, uint64_t step, uint64_t visits,
                    uint32_t width, uint32_t sums_reads) {
  const Elements elements{order.empty() ? nullptr : order.data(), first, step};
  return walk(memory.data(), plan, elements.from(0), visits, width, sums_reads == 1);
}

std::string check_shared(Shared<uint8_t> memory, std::span<const uint64_t> plan,
                         std::span<const uint32_t> order, uint64_t first, uint64_t step, uint64_t visits,
                         uint32_t width, uint32_t sums_reads) {
  return check_walk(memory.span, plan, order, first, step, visits, width, sums_reads);
}

uint64_t field_walk_shared(Shared<uint8_t> memory, std::span<const uint64_t> plan,
                           std::span<const uint32_t> order, uint64_t first, uint64_t step, uint64_t visits,
                           uint32_t width, uint32_t sums_reads) {
  return field_walk(memory.span, plan, order, first, step, visits, width, sums_reads);
}

LINEFILL_KERNEL(field_walk, "field-walk", "touches fields of an array's elements, as a plan says", check_own,
                "memory", "plan", "order", "first", "step", "visits", "width", "sumsReads");
LINEFILL_KERNEL(field_walk_shared, "field-walk-shared", "the same in memory that several threads touch",
                check_shared, "memory", "plan", "order", "first", "step", "visits", "width", "sumsReads");

}  // namespace
}  // namespace linefill
