// What the recorder's cost is shown on: `recorded-loop <what> <rounds> <threads>` allocates and frees small
// blocks, each of which is written to, and does nothing else. Prints the nanoseconds that it took.
//   pair: a block of 64 B, freed at once; batch: 1,000 of 16-256 B, freed in their order; churn: 20,000 live
//   ones of 16-512 B, of which a random one is replaced
#include <pthread.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

const char* what;
long rounds;

void pair() {
  for (long i = 0; i < rounds; i++) {
    auto* volatile block = static_cast<char*>(malloc(64));
    *block = 1;
    free(block);
  }
}

void batch() {
  constexpr size_t many = 1000;
  void* blocks[many];
  for (long i = 0; i < rounds; i += many) {
    for (size_t k = 0; k < many; k++) {
      blocks[k] = malloc(16 * (1 + k % 16));
      std::memset(blocks[k], 1, 16);
    }
    for (void* block : blocks) free(block);
  }
}

void churn() {
  constexpr unsigned many = 20'000;
  auto** blocks = static_cast<char**>(calloc(many, sizeof(char*)));
  unsigned state = 1;
  for (long i = 0; i < rounds; i++) {
    state = state * 1664525 + 1013904223;
    char*& block = blocks[(state >> 8) % many];
    free(block);
    const size_t bytes = 16 + (state >> 20) % 497;
    block = static_cast<char*>(malloc(bytes));
    std::memset(block, 1, bytes < 64 ? bytes : 64);
  }
  for (unsigned i = 0; i < many; i++) free(blocks[i]);
  free(blocks);
}

void* work(void*) {
  if (std::strcmp(what, "pair") == 0) pair();
  if (std::strcmp(what, "batch") == 0) batch();
  if (std::strcmp(what, "churn") == 0) churn();
  return nullptr;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) return 2;
  what = words[1];
  rounds = std::atol(words[2]);
  pthread_t threads[64];
  const int many = std::atoi(words[3]);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < many; i++) pthread_create(threads + i, nullptr, work, nullptr);
  for (int i = 0; i < many; i++) pthread_join(threads[i], nullptr);
  const std::chrono::nanoseconds elapsed = std::chrono::steady_clock::now() - begin;
  std::printf("%lld\n", static_cast<long long>(elapsed.count()));
}
