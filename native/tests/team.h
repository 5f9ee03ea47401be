// A team for the native tests: threads that run one kernel over the same memory, behind a common gate.
#pragma once

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "kernel.h"
#include "tests/test.h"

namespace linefill::test {

inline constexpr uint32_t kWordsApart = 64;

inline const Registration* kernel_called(const char* id) {
  const Registration* kernel = Registration::first();
  while (kernel && std::strcmp(kernel->id(), id) != 0) kernel = kernel->next();
  return kernel;
}

inline Value number(double value) { return {value, nullptr, 0}; }

template <class T>
Value array(std::vector<T>& items) {
  return {0, items.data(), items.size()};
}

// Runs the kernel in one thread for each row of arguments, behind a common gate; each answers with its
// checksum.
inline std::vector<uint64_t> run_team(const char* id, uint32_t samples,
                                      const std::vector<std::vector<Value>>& rows) {
  const Registration* kernel = kernel_called(id);
  REQUIRE(kernel != nullptr);
  alignas(128) int32_t words[Gate::kWords] = {};
  std::vector<uint64_t> answers(rows.size());
  std::vector<std::thread> team;
  for (size_t m = 0; m < rows.size(); ++m) {
    team.emplace_back([&, m] {
      Plan plan;
      plan.samples = samples;
      plan.gate.words = words;
      plan.gate.members = static_cast<int32_t>(rows.size());
      std::vector<Sample> noted(samples);
      CHECK_EQ(kernel->check(rows[m].data()), "");
      const Outcome outcome = kernel->time(plan, rows[m].data(), noted.data(), nullptr);
      CHECK_EQ(std::string(outcome.error == nullptr ? "" : outcome.error), "");
      answers[m] = outcome.checksum;
    });
  }
  for (std::thread& member : team) member.join();
  return answers;
}

}  // namespace linefill::test
