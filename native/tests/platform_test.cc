// The platform contract of platform.h, on whatever system this is, with what users get wrong.
#include "platform/platform.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "platform/cpu_features.h"
#include "platform/cpuid.h"
#include "platform/rules.h"
#include "tests/mapped.h"
#include "tests/test.h"

#if defined(__linux__)
#include <sched.h>
#endif

using namespace linefill::platform;
using linefill::test::kMiB;
using linefill::test::Mapped;
using linefill::test::touch;

namespace {

bool is_aligned(const void* pointer, size_t alignment) {
  return reinterpret_cast<uintptr_t>(pointer) % alignment == 0;
}

Failure try_map(size_t bytes, size_t alignment, Pages pages = Pages::kSystem) {
  Mapped mapped;
  return map(bytes, alignment, pages, &mapped.mapping);
}

bool mentions(const Failure& failure, const std::string& words) {
  return failure.text.find(words) != std::string::npos;
}

}  // namespace

// --- Clock -----------------------------------------------------------------------------------------------

TEST(clock_is_monotonic_and_shared_by_threads) {
  uint64_t last = now_ns();
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t now = now_ns();
    REQUIRE(now >= last);
    last = now;
  }
  uint64_t from_other = 0;
  std::thread([&from_other] { from_other = now_ns(); }).join();
  CHECK(from_other >= last);
  CHECK(now_ns() >= from_other);
  CHECK(std::strlen(clock_name()) > 0);
}

TEST(clock_figures_are_plausible) {
  const ClockFigures figures = measure_clock();
  std::printf("clock: %s, resolution %.0f ns, cost %.1f ns\n", clock_name(), figures.resolution_ns,
              figures.cost_ns);
  CHECK(figures.resolution_ns >= 1 && figures.resolution_ns < 1e6);
  CHECK(figures.cost_ns > 0 && figures.cost_ns < 1e5);
}

TEST(sleep_lasts_at_least_as_asked) {
  const uint64_t start = now_ns();
  sleep_ns(3'000'000);
  // The sleep counts the slewed clock, the measurement does not: they may differ by 500 ppm.
  CHECK(now_ns() - start >= 2'990'000);
  sleep_ns(0);
  yield_cpu();
}

// --- CPUs ------------------------------------------------------------------------------------------------

TEST(allowed_cpus_are_ascending_and_unlike) {
  const std::vector<int> cpus = allowed_cpus();
  CHECK(std::is_sorted(cpus.begin(), cpus.end()));
  CHECK_EQ(std::set<int>(cpus.begin(), cpus.end()).size(), cpus.size());
#if defined(__linux__) || defined(_WIN32)
  REQUIRE(!cpus.empty());
  CHECK(cpus.front() >= 0);
  const int here = current_cpu();
  CHECK(std::binary_search(cpus.begin(), cpus.end(), here));
#endif
}

TEST(pin_refuses_what_is_not_there_and_says_what_is) {
  if (allowed_cpus().empty()) {
    CHECK(pin(0));
    SKIP("this system has no hard affinity");
  }
  for (const int cpu : {-1, -2147483647 - 1, 99'999, 2'147'483'647}) {
    const Failure failure = pin(cpu);
    CHECK_EQ(failure.text, "CPU " + std::to_string(cpu) + " is not available to this process: choose from " +
                               cpu_ranges(allowed_cpus()));
  }
}

TEST(pin_moves_and_unpin_gives_the_whole_set_back) {
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.empty()) SKIP("this system has no hard affinity");
  for (const int cpu : cpus) {
    const Failure failure = pin(cpu);
    CHECK_EQ(failure.text, "");
    CHECK_EQ(current_cpu(), cpu);
    CHECK(allowed_cpus() == cpus);  // the process's, not the pinned thread's
  }
  CHECK(!unpin());
#if defined(__linux__)
  cpu_set_t now;
  REQUIRE(sched_getaffinity(0, sizeof now, &now) == 0);
  CHECK_EQ(CPU_COUNT(&now), cpus.size());
#endif
}

TEST(a_thread_made_by_a_pinned_one_can_leave_its_cpu) {
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.size() < 2) SKIP("one CPU only");
  CHECK(!pin(cpus.front()));
  std::thread([&cpus] {
    CHECK(allowed_cpus() == cpus);
    CHECK(!pin(cpus.back()));
    CHECK_EQ(current_cpu(), cpus.back());
    CHECK(!unpin());
#if defined(__linux__)
    cpu_set_t now;
    CHECK_EQ(sched_getaffinity(0, sizeof now, &now), 0);
    CHECK_EQ(CPU_COUNT(&now), cpus.size());
#endif
  }).join();
  CHECK_EQ(current_cpu(), cpus.front());
  CHECK(!unpin());
}

TEST(threads_pin_at_the_same_time) {
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.empty()) SKIP("this system has no hard affinity");
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([t, &cpus] {
      for (size_t round = 0; round < 100; ++round) {
        const int cpu = cpus[(t + round) % cpus.size()];
        CHECK(!pin(cpu));
        CHECK_EQ(current_cpu(), cpu);
        if (round % 10 == 0) CHECK(!unpin());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(lists_of_cpus_in_words) {
  CHECK_EQ(cpu_ranges({}), "");
  CHECK_EQ(cpu_ranges({3}), "3");
  CHECK_EQ(cpu_ranges({0, 1}), "0-1");
  CHECK_EQ(cpu_ranges({0, 1, 2, 5, 8, 9}), "0-2, 5, 8-9");
}

TEST(line_and_page_are_powers_of_two) {
  CHECK(page_bytes() >= 4096 && (page_bytes() & (page_bytes() - 1)) == 0);
  const size_t line = cache_line_bytes();
  CHECK(line == 0 || (line >= 16 && line <= 1024 && (line & (line - 1)) == 0));
}

TEST(cpu_features_agree_with_the_architecture) {
  const CpuFeatures found = cpu_features();
#if defined(__x86_64__) || defined(_M_X64)
  CHECK(found.sse2);
  CHECK(!found.neon && !found.sve);
  CHECK(!found.avx512f || found.avx2);
#elif defined(__aarch64__) || defined(_M_ARM64)
  CHECK(found.neon);
  CHECK(!found.sse2 && !found.avx2 && !found.fma && !found.avx512f);
#endif
}

TEST(cpuid_answers_agree_with_the_architecture) {
  const std::vector<CpuidAnswer> answers = cpuid_answers();
#if defined(__x86_64__) || defined(_M_X64)
  REQUIRE(answers.size() >= 2);
  CHECK_EQ(answers[0].leaf, 0u);
  CHECK_EQ(answers[1].leaf, 0x80000000u);
  CHECK(answers[0].ebx != 0 && answers[0].ecx != 0 && answers[0].edx != 0);  // the maker's name
  std::set<uint64_t> asked;
  for (const CpuidAnswer& answer : answers) {
    const uint32_t last = answers[answer.leaf >= 0x80000000u ? 1 : 0].eax;
    CHECK(answer.leaf <= last);
    CHECK(asked.insert(uint64_t{answer.leaf} << 32 | answer.subleaf).second);
  }
  // 64-bit CPUs all have the extended leaves that far.
  CHECK(asked.contains(uint64_t{0x80000006} << 32));
#else
  CHECK(answers.empty());
#endif
}

// --- Memory ----------------------------------------------------------------------------------------------

TEST(map_gives_zeroed_aligned_writable_memory) {
  for (const size_t bytes : {size_t{1}, page_bytes() - 1, page_bytes(), page_bytes() + 1, 3 * kMiB + 5}) {
    for (const size_t alignment :
         {size_t{1}, size_t{64}, page_bytes(), 16 * page_bytes(), 2 * kMiB, 64 * kMiB}) {
      for (const Pages pages : {Pages::kSystem, Pages::kSmall}) {
        Mapped mapped;
        const Failure failure = map(bytes, alignment, pages, &mapped.mapping);
        CHECK_EQ(failure.text, "");
        REQUIRE(mapped.mapping.data != nullptr);
        CHECK(mapped.mapping.bytes >= bytes && mapped.mapping.bytes < bytes + page_bytes());
        CHECK(is_aligned(mapped.mapping.data, std::max(alignment, page_bytes())));
        CHECK_EQ(mapped.bytes()[0], 0);
        CHECK_EQ(mapped.bytes()[mapped.mapping.bytes - 1], 0);
        std::memset(mapped.mapping.data, 0xa5, mapped.mapping.bytes);
      }
    }
  }
}

TEST(map_refuses_nonsense) {
  CHECK(mentions(try_map(0, 64), "0 bytes"));
  for (const size_t alignment : {size_t{0}, size_t{3}, size_t{48}, ~size_t{0}}) {
    CHECK(mentions(try_map(4096, alignment), "not a power of two"));
  }
  CHECK(map(4096, 64, Pages::kSystem, nullptr));
}

TEST(map_refuses_more_than_there_is) {
  for (const Pages pages :
       {Pages::kSystem, Pages::kSmall, Pages::kTransparent, Pages::kExplicit, Pages::kGigantic}) {
    for (const size_t bytes :
         {size_t{1} << 46, size_t{1} << 60, size_t{1} << 63, ~size_t{0}, ~size_t{0} - 4096}) {
      CHECK(try_map(bytes, 64, pages));
    }
    CHECK(try_map(4096, size_t{1} << 63, pages));
    CHECK(try_map(4096, size_t{1} << 61, pages));
  }
  CHECK(mentions(try_map(size_t{1} << 60, 64), "1 EiB asked"));
  const uint64_t available = available_memory_bytes();
  if (available > 0) CHECK(try_map(available, 64));
  CHECK(!try_map(16 * kMiB, 64));
}

TEST(a_failed_map_leaves_the_result_alone) {
  Mapping mapping;
  mapping.bytes = 77;
  CHECK(map(size_t{1} << 60, 64, Pages::kSystem, &mapping));
  CHECK_EQ(mapping.bytes, 77);
}

TEST(discard_keeps_the_addresses_and_zeroes_the_bytes) {
  Mapping mapping;
  REQUIRE(!map(1 << 20, 64, Pages::kSystem, &mapping));
  auto* bytes = static_cast<unsigned char*>(mapping.data);
  for (size_t i = 0; i < mapping.bytes; i += 512) bytes[i] = 7;
  CHECK(!discard(mapping));
  int sum = 0;
  for (size_t i = 0; i < mapping.bytes; i += 512) sum += bytes[i];
  CHECK_EQ(sum, 0);
  bytes[0] = 1;
  CHECK(!discard(mapping));
  CHECK(!unmap(&mapping));
  CHECK(!discard(mapping));
}

TEST(unmap_takes_an_empty_mapping_and_a_second_call) {
  CHECK(!unmap(nullptr));
  Mapping mapping;
  CHECK(!unmap(&mapping));
  REQUIRE(!map(4096, 64, Pages::kSystem, &mapping));
  CHECK(!unmap(&mapping));
  CHECK(mapping.data == nullptr && mapping.bytes == 0);
  CHECK(!unmap(&mapping));
}

TEST(threads_map_at_the_same_time) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([t] {
      for (int round = 0; round < 50; ++round) {
        Mapped mapped;
        CHECK(!map(kMiB, 2 * kMiB, Pages::kSystem, &mapped.mapping));
        if (mapped.mapping.data == nullptr) return;
        mapped.bytes()[0] = static_cast<unsigned char>(t);
        yield_cpu();
        CHECK_EQ(mapped.bytes()[0], t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(available_memory_is_plausible) {
  const uint64_t bytes = available_memory_bytes();
#if defined(__linux__) || defined(_WIN32) || defined(__APPLE__)
  CHECK(bytes > kMiB);
#endif
  CHECK(bytes < uint64_t{1} << 50);
}

TEST(small_pages_are_small) {
  Mapped mapped;
  REQUIRE(!map(8 * kMiB, 2 * kMiB, Pages::kSmall, &mapped.mapping));
  touch(mapped);
  const int64_t huge = huge_bytes(mapped.mapping.data, mapped.mapping.bytes);
  CHECK(huge == 0 || huge == -1);
}

TEST(transparent_huge_pages_are_told_honestly) {
  Mapped mapped;
  const Failure failure = map(8 * kMiB - 123, 64, Pages::kTransparent, &mapped.mapping);
  if (failure) SKIP(failure.text);
  CHECK(mapped.mapping.bytes >= 8 * kMiB - 123);
  CHECK(is_aligned(mapped.mapping.data, 2 * kMiB));
  const int64_t before = huge_bytes(mapped.mapping.data, mapped.mapping.bytes);
  CHECK(before == 0 || before == -1);
  touch(mapped);
  const int64_t after = huge_bytes(mapped.mapping.data, mapped.mapping.bytes);
  std::printf("transparent huge pages: %lld of %zu bytes\n", static_cast<long long>(after),
              mapped.mapping.bytes);
  CHECK(after >= -1 && after <= static_cast<int64_t>(mapped.mapping.bytes));
  CHECK_EQ(huge_bytes(mapped.mapping.data, 0), 0);
}

TEST(gigantic_pages_come_or_the_failure_names_the_pool) {
  Mapped mapped;
  const Failure failure = map(kMiB, 64, Pages::kGigantic, &mapped.mapping);
  if (failure) {
    CHECK(mapped.mapping.data == nullptr);
#if defined(__linux__)
    if (std::getenv("LINEFILL_EMULATED") != nullptr) SKIP("an emulator knows no such flag");
    CHECK(mentions(failure, "1 GiB"));
    CHECK(mentions(failure, "pool") || mentions(failure, "hugetlb"));
#endif
    SKIP(failure.text);
  }
  CHECK_EQ(mapped.mapping.bytes, 1024 * kMiB);
  CHECK(is_aligned(mapped.mapping.data, 1024 * kMiB));
  mapped.bytes()[0] = 1;
  if (huge_bytes(mapped.mapping.data, mapped.mapping.bytes) >= 0) {
    CHECK_EQ(huge_bytes(mapped.mapping.data, mapped.mapping.bytes), mapped.mapping.bytes);
  }
}

TEST(explicit_huge_pages_come_or_the_failure_names_the_pool) {
  Mapped mapped;
  const Failure failure = map(3 * kMiB, 64, Pages::kExplicit, &mapped.mapping);
  if (failure) {
    CHECK(mapped.mapping.data == nullptr);
#if defined(__linux__)
    CHECK(mentions(failure, "pool") || mentions(failure, "hugetlb"));
#endif
    SKIP(failure.text);
  }
  CHECK(mapped.mapping.bytes >= 3 * kMiB);
  touch(mapped);
  if (huge_bytes(mapped.mapping.data, mapped.mapping.bytes) >= 0) {
    CHECK_EQ(huge_bytes(mapped.mapping.data, mapped.mapping.bytes), mapped.mapping.bytes);
    CHECK_EQ(huge_bytes(mapped.bytes() + 100, kMiB), kMiB);
  }
  Mapped aligned;
  if (map(kMiB, 8 * kMiB, Pages::kExplicit, &aligned.mapping)) return;  // the pool may be too small for that
  CHECK(is_aligned(aligned.mapping.data, 8 * kMiB));
  touch(aligned);
}
