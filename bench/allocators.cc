// Our general allocators and public ones over the same traces, in one program: what bench/allocators.ts
// builds and reads. It is told how many passes, how many words a heap has and files of trace rows; for each
// file and each allocator it prints a line of the trace's number, the allocator's id and the ns a row of each
// pass. All take turns in every pass, in an order that turns round; the memory that they manage is new in
// each pass and touched before. An allocator that takes long has fewer passes, three at least.
//
// The peers are compiled in, as far as their checkouts are there: LINEFILL_TLSF says where mattconte/tlsf's
// tlsf.c is, LINEFILL_MTREBI that mtrebi/memory-allocators' sources are linked. mimalloc is looked for while
// it runs.
#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <vector>

#include "allocators/heaps.h"
#include "allocators/trace-work.h"

#if defined(LINEFILL_TLSF)
#include LINEFILL_TLSF
#endif
#if defined(LINEFILL_MTREBI)
#include "FreeListAllocator.h"
#endif

namespace linefill {

// The clock that a replay's limit looks at; all else of the platform's is left out.
uint64_t platform::now_ns() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

namespace {

using Rows = std::span<const uint32_t>;

constexpr double kEnoughNs = 1e9;
constexpr size_t kLeastPasses = 3;

// A peer of which only alloc and free are used, by its address.
struct ByAddress {
  using Handle = uint64_t;
  static uint32_t& tag(Handle block) { return *reinterpret_cast<uint32_t*>(block); }
  static uint32_t fold() { return 0; }
  static void reset() {}
  static constexpr bool lasts() { return true; }
  static Handle reallocate(Handle, uint32_t, uint32_t, uint32_t) { std::abort(); }
  static Handle handle_of(void* block) { return reinterpret_cast<uintptr_t>(block); }
  static void* block_of(Handle block) { return reinterpret_cast<void*>(static_cast<uintptr_t>(block)); }
};

#if defined(LINEFILL_TLSF)
class TlsfStore : public ByAddress {
 public:
  explicit TlsfStore(std::span<uint32_t> memory)
      : tlsf_(tlsf_create_with_pool(memory.data(), memory.size_bytes())) {}
  // It aligns to 8 without being asked.
  Handle allocate(uint32_t bytes, uint32_t alignment_bytes) {
    return handle_of(alignment_bytes <= 8 ? tlsf_malloc(tlsf_, bytes)
                                          : tlsf_memalign(tlsf_, alignment_bytes, bytes));
  }
  void release(Handle block, uint32_t) { tlsf_free(tlsf_, block_of(block)); }

 private:
  tlsf_t tlsf_;
};
#endif

#if defined(LINEFILL_MTREBI)
template <FreeListAllocator::PlacementPolicy kPolicy>
class MtrebiStore : public ByAddress {
 public:
  explicit MtrebiStore(std::span<uint32_t> memory)
      : list_(std::make_shared<FreeListAllocator>(memory.size_bytes(), kPolicy)) {
    list_->Init();
  }
  // What it cuts off must have room for a node, or it writes beyond: so all are multiples of a node.
  Handle allocate(uint32_t bytes, uint32_t alignment_bytes) {
    return handle_of(list_->Allocate(align_up(std::max(bytes, kNodeBytes), kNodeBytes), alignment_bytes));
  }
  void release(Handle block, uint32_t) { list_->Free(block_of(block)); }

 private:
  static constexpr uint32_t kNodeBytes = 16;
  std::shared_ptr<FreeListAllocator> list_;
};
#endif

// Called for no more than its malloc promises.
class MimallocStore : public ByAddress {
 public:
  static bool is_here() { return malloc_ != nullptr && free_ != nullptr; }
  explicit MimallocStore(std::span<uint32_t>) {}
  Handle allocate(uint32_t bytes, uint32_t) { return handle_of(malloc_(bytes)); }
  void release(Handle block, uint32_t) { free_(block_of(block)); }

 private:
  inline static void* const library_ = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
  static void* symbol(const char* name) { return library_ == nullptr ? nullptr : dlsym(library_, name); }
  inline static void* (*const malloc_)(size_t) = reinterpret_cast<void* (*)(size_t)>(symbol("mi_malloc"));
  inline static void (*const free_)(void*) = reinterpret_cast<void (*)(void*)>(symbol("mi_free"));
};

template <class A, uint32_t kParameter>
struct Ours : HeapStore<A> {
  explicit Ours(std::span<uint32_t> memory) : HeapStore<A>(memory, kParameter) {}
};

struct Contender {
  const char* id;
  std::function<double(std::span<uint32_t>, Rows)> pass;
  std::vector<double> ns = {};
  double spent_ns = 0;
};

// ns of one replay.
template <class Store>
double pass(std::span<uint32_t> memory, Rows rows) {
  static std::vector<typename Store::Handle> slots;
  slots.assign(rows.size() / kRowWords * kSlotParts, 0);
  std::fill(memory.begin(), memory.end(), 0);
  Store store(memory);
  NoWatch watch;
  const auto start = std::chrono::steady_clock::now();
  const Outcome found = replay_rows(store, rows, std::span(slots), watch);
  const auto end = std::chrono::steady_clock::now();
  keep(found.checksum);
  return std::chrono::duration<double, std::nano>(end - start).count();
}

std::vector<Contender> contenders() {
  std::vector<Contender> all = {
      {"free-list-first", pass<Ours<FreeList, static_cast<uint32_t>(Fit::kFirst)>>},
      {"free-list-best", pass<Ours<FreeList, static_cast<uint32_t>(Fit::kBest)>>},
      {"segregated", pass<Ours<Segregated, 0>>},
      {"tlsf", pass<Ours<Tlsf, 0>>},
      {"buddy", pass<Ours<Buddy, 0>>},
      {"multi-pool", pass<Ours<MultiPool, 0>>},
      {"slab", pass<Ours<Slab, 0>>},
      {"small-object", pass<Ours<SmallObject, 0>>},
  };
#if defined(LINEFILL_TLSF)
  all.push_back({"mattconte-tlsf", pass<TlsfStore>});
#endif
#if defined(LINEFILL_MTREBI)
  all.push_back({"mtrebi-first", pass<MtrebiStore<FreeListAllocator::FIND_FIRST>>});
#endif
  if (MimallocStore::is_here()) all.push_back({"mimalloc", pass<MimallocStore>});
  return all;
}

std::vector<uint32_t> words_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<uint32_t> words(bytes.size() / kWordBytes);
  std::memcpy(words.data(), bytes.data(), words.size() * kWordBytes);
  return words;
}

void compare(int number, Rows rows, std::span<uint32_t> memory, size_t passes) {
  std::vector<Contender> all = contenders();
  const size_t n = all.size();
  for (size_t each = 0; each < passes; ++each) {
    for (size_t i = 0; i < n; ++i) {
      const size_t turn = (i + each) % n;
      Contender& next = all[each % 2 == 0 ? turn : n - 1 - turn];
      if (next.ns.size() >= kLeastPasses && next.spent_ns > kEnoughNs) continue;
      const double ns = next.pass(memory, rows);
      next.spent_ns += ns;
      next.ns.push_back(ns / static_cast<double>(rows.size() / kRowWords));
    }
  }
  for (const Contender& each : all) {
    std::printf("%d %s", number, each.id);
    for (const double ns : each.ns) std::printf(" %.4f", ns);
    std::printf("\n");
  }
}

}  // namespace
}  // namespace linefill

int main(int count, char** arguments) {
  if (count < 4) {
    std::fprintf(stderr, "usage: %s PASSES HEAP-WORDS TRACE...\n", arguments[0]);
    return 2;
  }
  const size_t passes = std::strtoul(arguments[1], nullptr, 10);
  std::vector<uint32_t> memory(std::strtoul(arguments[2], nullptr, 10));
  for (int i = 3; i < count; ++i) linefill::compare(i - 3, linefill::words_of(arguments[i]), memory, passes);
  return 0;
}
