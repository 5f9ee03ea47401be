// Linux: a ring of threads or forked processes on one CPU; see ring.h. fork(2) in a process of many threads
// leaves the child with locks that nobody will release: from there to its exit it makes system calls and
// reads memory, and nothing else. Signals stay blocked in it, so that no handler of the parent's runs twice;
// it is killed when the thread that made it dies, and a ring in which one member is missing ends by itself,
// since each process holds no pipe's end but its own two.
#if defined(__linux__)

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "platform/ring.h"
#include "platform/rules.h"

namespace linefill::platform {
namespace {

enum Gate : uint32_t { kShut, kOpen, kCancelled };

// What members share: in memory that a fork does not part.
struct Seat {
  alignas(128) std::atomic<uint32_t> token{0};  // how often it has come here, for futexes
  bool is_done = false;
  uint32_t sum = 0;
  double elapsed_ns = 0;
  double switches = 0;
};
struct Table {
  alignas(128) std::atomic<uint32_t> gate{kShut};
  Seat seats[kMostMembers];
};
static_assert(std::atomic<uint32_t>::is_always_lock_free, "a futex is a plain word");

// The table's memory, and its end.
class SharedTable {
 public:
  SharedTable() {
    if (memory_ != MAP_FAILED) table_ = new (memory_) Table;
  }
  ~SharedTable() {
    if (memory_ != MAP_FAILED) munmap(memory_, sizeof(Table));
  }
  SharedTable(const SharedTable&) = delete;
  SharedTable& operator=(const SharedTable&) = delete;
  Table* get() const { return table_; }

 private:
  void* const memory_ =
      mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Table* table_ = nullptr;
};

// One pipe a member, which it reads from.
class Pipes {
 public:
  ~Pipes() { keep_only(-1, -1); }
  bool open(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      if (pipe2(ends_[i], O_CLOEXEC) != 0) return false;
      ++count_;
    }
    return true;
  }
  int reads(uint32_t member) const { return ends_[member][0]; }
  int writes(uint32_t member) const { return ends_[member][1]; }
  // Closes all but the end that one reads from and the end that the other writes to. Fit for a forked child.
  void keep_only(int reads, int writes) {
    for (uint32_t i = 0; i < count_; ++i) {
      if (static_cast<int>(i) != reads) shut(&ends_[i][0]);
      if (static_cast<int>(i) != writes) shut(&ends_[i][1]);
    }
  }

 private:
  static void shut(int* end) {
    if (*end >= 0) ::close(*end);
    *end = -1;
  }
  int ends_[kMostMembers][2];
  uint32_t count_ = 0;
};

void futex_wait(std::atomic<uint32_t>* word, uint32_t while_it_is) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), FUTEX_WAIT, while_it_is, nullptr, nullptr, 0);
}

void futex_wake(std::atomic<uint32_t>* word, int most) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), FUTEX_WAKE, most, nullptr, nullptr, 0);
}

// A CPU as a set, without memory from the heap, unlike pin(): a forked child may not allocate.
struct OneCpu {
  static constexpr size_t kWords = 16;  // 16,384 CPUs
  cpu_set_t words[kWords] = {};

  explicit OneCpu(int cpu) { CPU_SET_S(static_cast<size_t>(cpu), sizeof words, words); }
  bool binds_caller() const { return sched_setaffinity(0, sizeof words, words) == 0; }
  bool binds(std::thread& thread) const {
    return pthread_setaffinity_np(thread.native_handle(), sizeof words, words) == 0;
  }
};

double switches_so_far() {
  rusage used;
  return getrusage(RUSAGE_THREAD, &used) == 0 ? static_cast<double>(used.ru_nvcsw + used.ru_nivcsw) : 0;
}

// One member's way through all laps.
class Walk {
 public:
  Walk(const Ring& ring, uint32_t member, const Pipes& pipes, Table* table)
      : ring_(ring), member_(member), next_((member + 1) % ring.members), pipes_(pipes), table_(table) {}

  // Waits at the gate, then plays. False where the ring is broken.
  bool run() {
    while (table_->gate.load(std::memory_order_acquire) == kShut) futex_wait(&table_->gate, kShut);
    if (table_->gate.load(std::memory_order_acquire) == kCancelled) return false;
    Seat& seat = table_->seats[member_];
    const uint32_t laps = ring_.warm_laps + ring_.laps;
    uint64_t start_ns = 0;
    double switches = 0;
    for (uint32_t lap = 0; lap < laps; ++lap) {
      if (member_ != 0 && !take(lap + 1)) return false;
      if (lap == ring_.warm_laps) {
        switches = switches_so_far();
        start_ns = now_ns();
      }
      seat.sum += ring_.turn(ring_.state, member_);
      if (!give(lap + 1)) return false;
      // The first one holds the token as a lap begins: it made it.
      if (member_ == 0 && !take(lap + 1)) return false;
    }
    seat.elapsed_ns = static_cast<double>(now_ns() - start_ns);
    seat.switches = switches_so_far() - switches;
    seat.is_done = true;
    return true;
  }

 private:
  bool take(uint32_t time) {
    if (ring_.token == Token::kFutex) {
      std::atomic<uint32_t>& word = table_->seats[member_].token;
      while (word.load(std::memory_order_acquire) != time) futex_wait(&word, time - 1);
      return true;
    }
    char byte;
    ssize_t got;
    while ((got = read(pipes_.reads(member_), &byte, 1)) < 0 && errno == EINTR) {
    }
    return got == 1;
  }

  bool give(uint32_t time) {
    if (ring_.token == Token::kFutex) {
      std::atomic<uint32_t>& word = table_->seats[next_].token;
      word.store(time, std::memory_order_release);
      futex_wake(&word, 1);
      return true;
    }
    const char byte = 1;
    ssize_t put;
    while ((put = write(pipes_.writes(next_), &byte, 1)) < 0 && errno == EINTR) {
    }
    return put == 1;
  }

  const Ring& ring_;
  const uint32_t member_, next_;
  const Pipes& pipes_;
  Table* const table_;
};

void open_gate(Table* table, Gate gate) {
  table->gate.store(gate, std::memory_order_release);
  futex_wake(&table->gate, static_cast<int>(kMostMembers));
}

constexpr const char* kNotPinned = "a member of the ring could not be bound to its CPU";

// A ring of threads ends only as a whole: who can't be bound is found before the gate opens.
const char* run_threads(const Ring& ring, const Pipes& pipes, Table* table) {
  const OneCpu cpu(ring.cpu);
  std::vector<std::thread> threads;
  const char* failed = nullptr;
  try {
    threads.reserve(ring.members);
    for (uint32_t i = 0; i < ring.members; ++i) {
      threads.emplace_back([&ring, &pipes, i, table] { Walk(ring, i, pipes, table).run(); });
      if (!cpu.binds(threads.back())) failed = kNotPinned;
    }
  } catch (const std::exception&) {
    failed = "the system gave no thread for a member of the ring";
  }
  open_gate(table, failed == nullptr ? kOpen : kCancelled);
  for (std::thread& thread : threads) thread.join();
  return failed;
}

// What a forked child does, to its end.
[[noreturn]] void live_as_child(const Ring& ring, uint32_t member, pid_t parent, Pipes* pipes, Table* table) {
  // Whoever dies between fork and prctl leaves an orphan, which sees that it is one.
  const bool is_watched = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
  pipes->keep_only(static_cast<int>(member), static_cast<int>((member + 1) % ring.members));
  if (is_watched && OneCpu(ring.cpu).binds_caller()) Walk(ring, member, *pipes, table).run();
  // Not _exit: a sanitizer would end its own affairs there, with locks that nobody will release.
  syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}

const char* run_processes(const Ring& ring, Pipes* pipes, Table* table) {
  pid_t children[kMostMembers];
  uint32_t born = 0;
  const pid_t self = getpid();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (; born < ring.members; ++born) {
    const pid_t child = fork();
    if (child == 0) live_as_child(ring, born, self, pipes, table);
    if (child < 0) break;
    children[born] = child;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pipes->keep_only(-1, -1);
  open_gate(table, born == ring.members ? kOpen : kCancelled);
  for (uint32_t i = 0; i < born; ++i) {
    // Any other error: somebody has reaped it already, or nobody has to.
    while (waitpid(children[i], nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return born == ring.members ? nullptr : "fork failed: the system allows no further process";
}

}  // namespace

std::string ring_refusal(const Ring& ring) {
  if (ring.token == Token::kFutex && ring.member == Member::kProcess) return "futexes serve threads only";
  const std::vector<int> cpus = allowed_cpus();
  if (!std::binary_search(cpus.begin(), cpus.end(), ring.cpu)) return cpu_not_allowed(ring.cpu, cpus).text;
  return "";
}

const char* run_ring(const Ring& ring, RingRecord* out) {
  const SharedTable shared;
  Table* const table = shared.get();
  if (table == nullptr) return "mmap gave no memory for the ring's table";
  Pipes pipes;
  if (ring.token == Token::kPipe && !pipes.open(ring.members)) return "pipe2 failed: too many open files";
  const char* const failed =
      ring.member == Member::kThread ? run_threads(ring, pipes, table) : run_processes(ring, &pipes, table);
  if (failed != nullptr) return failed;
  RingRecord record;
  for (uint32_t i = 0; i < ring.members; ++i) {
    if (!table->seats[i].is_done) return "a member of the ring ended before its time";
    record.switches += table->seats[i].switches;
    record.sum += table->seats[i].sum;
  }
  record.elapsed_ns = table->seats[0].elapsed_ns;
  *out = record;
  return nullptr;
}

}  // namespace linefill::platform

#endif
