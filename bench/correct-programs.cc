// What a checker must stay silent on: `correct-programs <which>` uses memory in one way that is right, and
// ends with 0 where it finds what it wrote.
//   edges: blocks of every size, written from the first byte to the last; moves: realloc, up and down;
//   cleared: calloc, and blocks aligned to more than usual; objects: new and delete of all kinds; handed:
//   blocks that one thread allocates and another frees; churn: live blocks of which a random one is replaced
#include <pthread.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace {

bool is_filled(const char* block, char with, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    if (block[i] != with) return false;
  }
  return true;
}

bool fill(char* block, char with, size_t bytes) {
  if (block == nullptr) return false;
  std::memset(block, with, bytes);
  return is_filled(block, with, bytes);
}

bool edges() {
  bool ok = true;
  for (size_t bytes = 0; bytes < 300'000; bytes += 1 + bytes / 50) {
    auto* const block = static_cast<char*>(malloc(bytes));
    ok = fill(block, 1, bytes) && ok;
    free(block);
  }
  free(nullptr);
  return ok;
}

bool moves() {
  constexpr size_t sizes[] = {1, 40, 4096, 100'000, 300'000, 5000, 24, 600'000};
  bool ok = true;
  char* block = nullptr;
  size_t had = 0;
  for (const size_t bytes : sizes) {
    block = static_cast<char*>(realloc(block, bytes));
    ok = block != nullptr && is_filled(block, 2, had < bytes ? had : bytes) && fill(block, 2, bytes) && ok;
    had = bytes;
  }
  free(block);
  return ok;
}

bool cleared() {
  bool ok = true;
  for (size_t bytes = 8; bytes < 100'000; bytes *= 3) {
    // What a freed block held must not be seen.
    auto* const before = static_cast<char*>(malloc(bytes));
    ok = fill(before, 3, bytes) && ok;
    free(before);
    auto* const block = static_cast<char*>(calloc(bytes, 1));
    ok = block != nullptr && is_filled(block, 0, bytes) && ok;
    free(block);
    for (size_t alignment = 32; alignment <= 65'536; alignment *= 2) {
      void* aligned = nullptr;
      if (posix_memalign(&aligned, alignment, bytes) != 0) return false;
      const bool is_aligned = reinterpret_cast<uintptr_t>(aligned) % alignment == 0;
      ok = is_aligned && fill(static_cast<char*>(aligned), 4, bytes) && ok;
      free(aligned);
    }
  }
  return ok;
}

struct Plain {
  char bytes[100];
};
struct alignas(256) Wide {
  char bytes[256];
};
struct Counted {
  ~Counted() { ended++; }
  static int ended;
};
int Counted::ended = 0;

bool objects() {
  const std::unique_ptr<Plain> one(new Plain);
  const std::unique_ptr<Wide> wide(new Wide);
  const std::unique_ptr<char[]> many(new char[1000]);
  const std::unique_ptr<char[]> none(new char[0]);
  delete[] new Counted[7];
  delete new (std::nothrow) Counted;
  return fill(one->bytes, 5, sizeof one->bytes) && fill(wide->bytes, 6, sizeof wide->bytes) &&
         fill(many.get(), 7, 1000) && none != nullptr && Counted::ended == 8;
}

constexpr size_t handed_blocks = 5000;
char* laid[handed_blocks];

void* lay(void*) {
  for (size_t i = 0; i < handed_blocks; i++) {
    laid[i] = static_cast<char*>(malloc(1 + i));
    if (laid[i] != nullptr) std::memset(laid[i], 8, 1 + i);
  }
  return nullptr;
}

bool handed() {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, lay, nullptr) != 0) return false;
  pthread_join(thread, nullptr);
  bool ok = true;
  for (size_t i = 0; i < handed_blocks; i++) {
    ok = laid[i] != nullptr && is_filled(laid[i], 8, 1 + i) && ok;
    free(laid[i]);
  }
  return ok;
}

bool churn() {
  constexpr unsigned many = 1000;
  char* blocks[many] = {};
  size_t sizes[many] = {};
  unsigned state = 1;
  bool ok = true;
  for (long i = 0; i < 100'000; i++) {
    state = state * 1664525 + 1013904223;
    const unsigned at = (state >> 8) % many;
    const auto with = static_cast<char>(at);
    ok = (blocks[at] == nullptr || is_filled(blocks[at], with, sizes[at])) && ok;
    free(blocks[at]);
    sizes[at] = 1 + (state >> 20) % 500;
    blocks[at] = static_cast<char*>(malloc(sizes[at]));
    ok = fill(blocks[at], with, sizes[at]) && ok;
  }
  for (char* block : blocks) free(block);
  return ok;
}

struct Named {
  const char* name;
  bool (*run)();
};
constexpr Named programs[] = {{"edges", edges},     {"moves", moves},   {"cleared", cleared},
                              {"objects", objects}, {"handed", handed}, {"churn", churn}};

}  // namespace

int main(int count, char** words) {
  for (const Named& each : programs) {
    if (count == 2 && std::strcmp(words[1], each.name) == 0) return each.run() ? 0 : 1;
  }
  return 2;
}
