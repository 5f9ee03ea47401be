// Runs the registered tests: all of them, or those whose name contains one of the arguments. Prints a line a
// failure and a closing count. Exit code 0 where all passed, 1 where one failed or no test has such a name.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>

#include "tests/test.h"

namespace linefill::test {
namespace {

struct List {
  Case* first = nullptr;
  Case** end = &first;
};

// A function's static, as the tests register from constructors of many files in no known order.
List& list() {
  static List all;
  return all;
}

std::atomic<const Case*> running{nullptr};
std::atomic<int> failures_of_running{0};

bool chosen(const Case& test, int count, char** filters) {
  if (count == 0) return true;
  for (int i = 0; i < count; ++i) {
    if (std::strstr(test.name, filters[i]) != nullptr) return true;
  }
  return false;
}

enum class Outcome { kPassed, kFailed, kSkipped };

Outcome run(const Case& test) {
  running = &test;
  failures_of_running = 0;
  try {
    test.body();
  } catch (const Abandon&) {
  } catch (const Skip& skip) {
    if (failures_of_running == 0) {
      std::printf("%s: skipped: %s\n", test.name, skip.reason.c_str());
      return Outcome::kSkipped;
    }
  } catch (const std::exception& error) {
    fail(test.file, 0, std::string("threw: ") + error.what());
  } catch (...) {
    fail(test.file, 0, "threw something that is no std::exception");
  }
  return failures_of_running == 0 ? Outcome::kPassed : Outcome::kFailed;
}

}  // namespace

Case::Case(const char* the_name, const char* the_file, void (*the_body)())
    : name(the_name), file(the_file), body(the_body) {
  *list().end = this;
  list().end = &next;
}

void fail(const char* file, int line, const std::string& text) {
  static std::mutex one_line_at_a_time;
  const std::lock_guard<std::mutex> lock(one_line_at_a_time);
  ++failures_of_running;
  const Case* test = running;
  std::printf("%s:%d: %s: %s\n", file, line, test == nullptr ? "?" : test->name, text.c_str());
  std::fflush(stdout);
}

}  // namespace linefill::test

int main(int argc, char** argv) {
  using linefill::test::Outcome;
  int counts[3] = {0, 0, 0};
  for (linefill::test::Case* test = linefill::test::list().first; test != nullptr; test = test->next) {
    if (linefill::test::chosen(*test, argc - 1, argv + 1))
      ++counts[static_cast<int>(linefill::test::run(*test))];
  }
  const auto [passed, failed, skipped] = counts;
  std::printf("%d passed, %d failed", passed, failed);
  if (skipped > 0) std::printf(", %d skipped", skipped);
  std::printf("\n");
  if (passed + failed + skipped == 0) std::printf("no test has such a name\n");
  return failed > 0 || passed + failed + skipped == 0 ? 1 : 0;
}
