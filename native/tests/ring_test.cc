// The ring of ring.h: every member takes its turns in order, a hand-over is a switch, and nobody outlives a
// call.
#include "platform/ring.h"

#if defined(__linux__)

#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::kSanitized;

namespace {

// A turn's answer tells who took it: laps of three members sum to laps * (1 + 10 + 100).
uint32_t tell(const void* state, uint32_t member) { return static_cast<const uint32_t*>(state)[member]; }
constexpr uint32_t kWorth[] = {1, 10, 100};

Ring ring_of(Member member, Token token, uint32_t members, uint32_t laps) {
  Ring ring;
  ring.member = member;
  ring.token = token;
  ring.members = members;
  ring.cpu = allowed_cpus().at(0);
  ring.warm_laps = 2;
  ring.laps = laps;
  ring.turn = tell;
  ring.state = kWorth;
  return ring;
}

size_t open_descriptors() {
  size_t count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

bool has_children() { return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

std::string children_file(pid_t thread) { return "/proc/self/task/" + std::to_string(thread) + "/children"; }

std::vector<pid_t> children_of(pid_t thread) {
  std::ifstream file(children_file(thread));
  std::vector<pid_t> children;
  for (pid_t child; file >> child;) children.push_back(child);
  return children;
}

}  // namespace

TEST(a_ring_gives_each_member_its_turns) {
  for (const Member member : {Member::kThread, Member::kProcess}) {
    for (uint32_t members = 1; members <= 3; ++members) {
      RingRecord record;
      const char* failed = run_ring(ring_of(member, Token::kPipe, members, 50), &record);
      REQUIRE(failed == nullptr);
      const uint32_t a_lap = members == 1 ? 1 : members == 2 ? 11 : 111;
      CHECK_EQ(record.sum, 52 * a_lap);
      CHECK(record.elapsed_ns > 0);
    }
  }
  RingRecord record;
  REQUIRE(run_ring(ring_of(Member::kThread, Token::kFutex, 3, 50), &record) == nullptr);
  CHECK_EQ(record.sum, 52 * 111);
  REQUIRE(run_ring(ring_of(Member::kThread, Token::kFutex, 1, 50), &record) == nullptr);
  CHECK_EQ(record.sum, 52);
}

TEST(a_pass_of_a_ring_is_a_switch_and_alone_it_is_none) {
  if (kSanitized) SKIP("a sanitizer's own threads and locks switch too");
  constexpr uint32_t kLaps = 1000;
  for (const Member member : {Member::kThread, Member::kProcess}) {
    RingRecord record;
    REQUIRE(run_ring(ring_of(member, Token::kPipe, 2, kLaps), &record) == nullptr);
    // Others may run on the CPU in between; the last member's final switch may come after its last look.
    CHECK(record.switches >= 2 * kLaps - 2);
    REQUIRE(run_ring(ring_of(member, Token::kPipe, 1, kLaps), &record) == nullptr);
    CHECK(record.switches < kLaps / 2);
  }
}

TEST(a_ring_leaves_nothing_behind) {
  RingRecord record;
  REQUIRE(run_ring(ring_of(Member::kProcess, Token::kPipe, 3, 5), &record) == nullptr);
  const size_t before = open_descriptors();
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK_EQ(sigismember(&mask, SIGTERM), 0);
  for (int i = 0; i < 20; ++i) {
    CHECK(run_ring(ring_of(Member::kProcess, Token::kPipe, 3, 5), &record) == nullptr);
    CHECK(run_ring(ring_of(Member::kThread, Token::kPipe, 3, 5), &record) == nullptr);
  }
  CHECK_EQ(open_descriptors(), before);
  CHECK(!has_children());
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK_EQ(sigismember(&mask, SIGTERM), 0);
}

TEST(a_ring_that_loses_a_member_ends_and_says_so) {
  if (!std::ifstream(children_file(getpid()))) SKIP("this kernel does not list a thread's children");
  std::atomic<pid_t> caller{0};
  const char* failed = nullptr;
  std::thread runner([&] {
    caller = static_cast<pid_t>(syscall(SYS_gettid));
    RingRecord record;
    // Would go on for hours.
    failed = run_ring(ring_of(Member::kProcess, Token::kPipe, 3, 1u << 30), &record);
  });
  std::vector<pid_t> children;
  while (children.size() < 3) {
    sleep_ns(1'000'000);
    children = children_of(caller);
  }
  kill(children[1], SIGKILL);
  runner.join();
  REQUIRE(failed != nullptr);
  CHECK_EQ(std::string(failed), "a member of the ring ended before its time");
  CHECK(!has_children());
}

TEST(rings_that_can_not_be_are_refused) {
  Ring ring = ring_of(Member::kProcess, Token::kFutex, 2, 1);
  CHECK_EQ(ring_refusal(ring), "futexes serve threads only");
  ring.token = Token::kPipe;
  CHECK_EQ(ring_refusal(ring), "");
  ring.cpu = 99'999;
  CHECK(ring_refusal(ring).find("CPU 99999 is not available to this process") == 0);
}

#else

#include "tests/test.h"

TEST(a_ring_is_refused_where_there_is_none) {
  CHECK(linefill::platform::ring_refusal({}).find("not available here") == 0);
}

#endif
