// GCBench over the collector of Boehm, Demers and Weiser: what bench/collectors.ts builds and runs beside our
// collectors (native/collectors/programs/gc-bench.h is the same program over those). It is told how many
// passes, the bytes of its heap, the free-space divisor and the program's five numbers. The heap is taken at
// once and can't grow. It prints a line a pass: the ns of it, and those of every collection's pause.
#include <gc.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

struct Node {
  Node* left;
  Node* right;
  int i, j;
};

struct Shape {
  int stretch_depth, long_lived_depth, array_doubles, least_depth, most_depth;
};

using Clock = std::chrono::steady_clock;
std::vector<double> pauses_ns;
Clock::time_point begun;

double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

void on_event(GC_EventType event) {
  if (event == GC_EVENT_START) begun = Clock::now();
  if (event == GC_EVENT_END) pauses_ns.push_back(ns_since(begun));
}

template <class T>
T* made(void* memory) {
  if (memory != nullptr) return static_cast<T*>(memory);
  std::fprintf(stderr, "out of memory\n");
  std::exit(3);
}

Node* make_node() { return made<Node>(GC_MALLOC(sizeof(Node))); }

Node* bottom_up(int depth) {
  if (depth == 0) return make_node();
  Node* left = bottom_up(depth - 1);
  Node* right = bottom_up(depth - 1);
  Node* node = make_node();
  node->left = left;
  node->right = right;
  return node;
}

void top_down(int depth, Node* node) {
  if (depth == 0) return;
  node->left = make_node();
  node->right = make_node();
  top_down(depth - 1, node->left);
  top_down(depth - 1, node->right);
}

int64_t tree_size(int depth) { return (int64_t{2} << depth) - 1; }

int64_t nodes_below(const Node* node) {
  return node == nullptr ? 0 : 1 + nodes_below(node->left) + nodes_below(node->right);
}

// Not inlined, so that no register of the caller's keeps a tree that is done with.
__attribute__((noinline)) void trees(const Shape& shape, int depth) {
  const int64_t count = 2 * tree_size(shape.stretch_depth) / tree_size(depth);
  for (int64_t i = 0; i < count; ++i) top_down(depth, make_node());
  for (int64_t i = 0; i < count; ++i) bottom_up(depth);
}

bool gc_bench(const Shape& shape) {
  bottom_up(shape.stretch_depth);
  Node* volatile long_lived = make_node();
  top_down(shape.long_lived_depth, long_lived);
  double* volatile array = made<double>(GC_MALLOC_ATOMIC(sizeof(double) * shape.array_doubles));
  for (int i = 0; i < shape.array_doubles / 2; ++i) array[i] = 1.0 / (i + 1);
  for (int depth = shape.least_depth; depth <= shape.most_depth; depth += 2) trees(shape, depth);
  for (int i = 0; i < shape.array_doubles / 2; ++i) {
    if (array[i] != 1.0 / (i + 1)) return false;
  }
  return nodes_below(long_lived) == tree_size(shape.long_lived_depth);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 9) {
    std::fprintf(stderr, "usage: %s PASSES HEAP-BYTES DIVISOR STRETCH LONG-LIVED DOUBLES LEAST MOST\n",
                 arguments[0]);
    return 2;
  }
  const auto number = [&](int i) { return std::strtoul(arguments[i], nullptr, 10); };
  const auto small = [&](int i) { return static_cast<int>(number(i)); };
  const size_t heap_bytes = number(2);
  // One thread marks, as in our collectors.
  setenv("GC_MARKERS", "1", 1);
  GC_INIT();
  GC_set_free_space_divisor(number(3));
  GC_set_max_heap_size(heap_bytes);
  if (GC_get_heap_size() < heap_bytes && GC_expand_hp(heap_bytes - GC_get_heap_size()) == 0) {
    std::fprintf(stderr, "there is no heap of %zu bytes\n", heap_bytes);
    return 3;
  }
  GC_set_on_collection_event(on_event);
  const Shape shape = {small(4), small(5), small(6), small(7), small(8)};
  for (size_t pass = 0; pass < number(1); ++pass) {
    pauses_ns.clear();
    const auto start = Clock::now();
    if (!gc_bench(shape)) {
      std::fprintf(stderr, "what should have lived on is not what it was\n");
      return 4;
    }
    std::printf("%.0f", ns_since(start));
    for (const double pause : pauses_ns) std::printf(" %.0f", pause);
    std::printf("\n");
  }
  return 0;
}
