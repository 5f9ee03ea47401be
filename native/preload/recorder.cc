#include "preload/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "preload/raw-file.h"

extern char** environ;

namespace linefill::preload {

Thread no_thread;
Thread muted_thread;
thread_local constinit Thread* mine = &no_thread;
BlockTable blocks;

namespace {

// Of a process, and zeros in its children, as threads' states are.
struct Process {
  FileHead* file;
  Thread* idle;
  std::atomic<std::uint32_t> is_locked;
  // 0: no file is open.
  pid_t pid;
};

enum class Wish { unknown, record, nothing };

Process* process = nullptr;
Wish wish = Wish::unknown;
pthread_key_t thread_end_key;
char folder[3072];
char path[sizeof folder + 64];
// Threads that this process and those that it was forked from ever had states for.
std::atomic<std::uint32_t> threads_made{0};

constexpr std::uint32_t most_threads = (1 << (64 - thread_shift)) - 1;
// Between two stamps: a hundred operations or so, since reading the clock waits for all that came before it.
constexpr std::int64_t stamp_bytes = 256;
constexpr std::int64_t line_bytes = 64;
// Behind a buffer's last stretch: for the longest group of operations, and for stretches that a signal's
// handler has used up before.
constexpr std::size_t spare_bytes = 2048;
// Destructors of others may allocate after ours: we are called again, and go in the last round but one.
constexpr std::uint32_t destructor_rounds = 3;

// Whether this thread is inside this file, or behind its end.
thread_local constinit bool is_inside = false;
thread_local constinit bool has_ended = false;

std::uint64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

char* append(char* end, const char* text) {
  while (*text != '\0') *end++ = *text++;
  *end = '\0';
  return end;
}

char* append(char* end, std::uint64_t number) {
  char digits[24];
  char* first = digits + sizeof digits;
  *--first = '\0';
  do *--first = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  return append(end, first);
}

// Zeros in a child after fork, also one by clone() without handlers; where the system is older than
// Linux 4.14 the handlers must do.
void* wiped_on_fork(std::size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  madvise(pages, bytes, MADV_WIPEONFORK);
  return pages;
}

// In a child, unless one that was wiped has begun already: nothing of what the parent wrote is the child's.
void forget_parent() {
  if (process->pid == getpid()) return;
  std::memset(static_cast<void*>(process), 0, sizeof *process);
  mine = &no_thread;
}

void read_program(char* into, std::size_t bytes) {
  const int fd = open_file("/proc/self/cmdline", O_RDONLY);
  if (fd < 0) return;
  const long length = syscall(SYS_read, fd, into, bytes - 1);
  into[length > 0 ? length : 0] = '\0';
  close_file(fd);
}

// The file that can't be written is left empty, by a name that says why.
void leave_refused(int fd) {
  static char refused[sizeof path + 32];
  append(append(append(refused, path), ".refused-"), static_cast<std::uint64_t>(errno));
  // Where it can't be renamed it stays, without a head.
  if (ftruncate(fd, 0) == 0) rename(path, refused);
}

// A file of this process alone: after exec the process has its id still, and a file of before.
FileHead* make_file() {
  for (std::uint64_t image = 0; image < 1000; image++) {
    char* end = append(path, folder);
    end = append(append(end, "/"), static_cast<std::uint64_t>(getpid()));
    append(append(append(end, "-"), image), ".raw");
    const int fd = open_file(path, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return nullptr;
    // Only a page of it is used.
    const auto used = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    void* pages = reserve(fd, 0, used) ? map_shared(fd, 0, head_bytes) : nullptr;
    if (pages == nullptr) leave_refused(fd);
    close_file(fd);
    return static_cast<FileHead*>(pages);
  }
  return nullptr;
}

bool knows_folder() {
  if (wish != Wish::unknown) return wish == Wish::record;
  // Before the C library has begun there is no environment: it is asked again.
  if (environ == nullptr) return false;
  static constexpr char name[] = "LINEFILL_RECORD=";
  for (char** entry = environ; *entry != nullptr; entry++) {
    if (std::strncmp(*entry, name, sizeof name - 1) != 0) continue;
    const char* value = *entry + sizeof name - 1;
    if (*value != '\0' && std::strlen(value) < sizeof folder) {
      append(folder, value);
      wish = Wish::record;
      return true;
    }
  }
  wish = Wish::nothing;
  return false;
}

void on_thread_end(void* state);

// Begins a recording: at the first operation of a program, and of a child after fork.
bool open_process() {
  if (!knows_folder()) return false;
  if (process == nullptr) {
    process = static_cast<Process*>(wiped_on_fork(sizeof(Process)));
    if (process == nullptr || !blocks.open() || pthread_atfork(nullptr, nullptr, forget_parent) != 0 ||
        pthread_key_create(&thread_end_key, on_thread_end) != 0) {
      wish = Wish::nothing;
      return false;
    }
  }
  FileHead* file = make_file();
  if (file == nullptr) {
    wish = Wish::nothing;
    return false;
  }
  file->pid = static_cast<std::uint32_t>(getpid());
  file->parent_pid = static_cast<std::uint32_t>(getppid());
  file->first_thread = threads_made.load() + 1;
  file->started_ns = now_ns(CLOCK_REALTIME);
  file->clock_ns = now_ns(CLOCK_MONOTONIC);
  read_program(file->program, sizeof file->program);
  std::memcpy(file->magic, raw_magic, sizeof raw_magic);
  process->file = file;
  process->pid = getpid();
  return true;
}

bool is_open() { return process != nullptr && process->pid != 0; }

void count_missed() {
  if (is_open()) process->file->missed.fetch_add(1, std::memory_order_relaxed);
}

class Locked {
 public:
  Locked() {
    while (process->is_locked.exchange(1, std::memory_order_acquire) != 0) sched_yield();
  }
  ~Locked() { process->is_locked.store(0, std::memory_order_release); }
};

// The state of a thread that has ended, or a new one; null where there is none to be had.
Thread* adopt_thread() {
  {
    Locked locked;
    Thread* idle = process->idle;
    if (idle != nullptr) {
      process->idle = idle->next_idle;
      return idle;
    }
  }
  const std::uint64_t index = threads_made.fetch_add(1) + 1;
  if (index > most_threads) return nullptr;
  auto* fresh = static_cast<Thread*>(wiped_on_fork(sizeof(Thread)));
  if (fresh == nullptr) return nullptr;
  fresh->next_block = index << thread_shift;
  fresh->is_ours = 1;
  return fresh;
}

void release_thread(Thread* thread) {
  Locked locked;
  thread->next_idle = process->idle;
  process->idle = thread;
}

void on_thread_end(void* state) {
  auto* thread = static_cast<Thread*>(state);
  if (thread != mine || thread->is_ours == 0) return;
  if (--thread->rounds_left > 0) {
    pthread_setspecific(thread_end_key, thread);
    return;
  }
  mine = &no_thread;
  has_ended = true;
  is_inside = true;
  release_thread(thread);
  is_inside = false;
}

bool take_chunk(Thread& thread) {
  FileHead& file = *process->file;
  if (file.stopped.load(std::memory_order_relaxed) != 0) return false;
  const std::uint64_t offset = head_bytes + file.chunks.fetch_add(1) * chunk_bytes;
  const int fd = open_file(path, O_RDWR);
  void* pages = nullptr;
  if (fd >= 0 && reserve(fd, offset, chunk_bytes)) {
    // A thread's first chunk may stay nearly empty; those behind it fill up. Written at one go, such a chunk
    // is in memory as one piece, where else each page costs a fault and the file system's books.
    if (thread.chunk != nullptr) put_zeros(fd, offset, chunk_bytes);
    pages = map_shared(fd, offset, chunk_bytes);
  }
  if (pages == nullptr) file.stopped.store(static_cast<std::uint64_t>(errno));
  if (fd >= 0) close_file(fd);
  if (pages == nullptr) return false;
  if (thread.chunk != nullptr) munmap(thread.chunk, chunk_bytes);
  thread.chunk = static_cast<std::uint8_t*>(pages);
  thread.last_ns = now_ns(CLOCK_MONOTONIC);
  const std::uint64_t numbers = (std::uint64_t{1} << thread_shift) - 1;
  const ChunkHead head{chunk_magic, static_cast<std::uint32_t>(thread.next_block >> thread_shift),
                       thread.next_block & numbers, thread.last_ns};
  std::memcpy(thread.chunk, &head, sizeof head);
  thread.cursor = thread.chunk + sizeof head;
  thread.hard_end = thread.chunk + chunk_bytes - spare_bytes;
  return true;
}

// Also has the lines of the next stretch brought near.
void stamp(Thread& thread) {
  const std::uint64_t now = now_ns(CLOCK_MONOTONIC);
  put(thread, Op::stamp, now - thread.last_ns);
  thread.last_ns = now;
  for (std::int64_t at = line_bytes; at <= stamp_bytes; at += line_bytes) {
    __builtin_prefetch(thread.cursor + at, 1);
  }
}

// The slow way, while it lives: the thread's state with room in it, the quick way closed, errno as it was at
// the end.
class Inside {
 public:
  Inside() : errno_(errno) {
    if (mine == &muted_thread) return;
    // A signal's handler has interrupted this very thread, here or on the quick way.
    if (is_inside || mine->room == is_noting) {
      count_missed();
      return;
    }
    is_inside = true;
    is_entered_ = true;
    if (is_open() || open_process()) enter();
  }

  ~Inside() {
    if (thread_ != nullptr) {
      const std::int64_t left = thread_->hard_end - thread_->cursor;
      const std::int64_t until_stamp = room_ - (thread_->cursor - begin_);
      thread_->room = left < until_stamp ? left : until_stamp;
      if (has_ended) release_thread(thread_);
    }
    if (is_entered_) is_inside = false;
    errno = errno_;
  }

  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  // Null: this is not to be recorded, or can't be.
  Thread* thread() const { return thread_; }

 private:
  void enter() {
    Thread* thread = mine;
    if (thread->is_ours == 0) {
      thread = adopt_thread();
      if (thread == nullptr) return count_missed();
      if (!has_ended) {
        mine = thread;
        thread->rounds_left = destructor_rounds;
        pthread_setspecific(thread_end_key, thread);
      }
    }
    room_ = thread->room;
    thread->room = is_noting;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (thread->cursor >= thread->hard_end && !take_chunk(*thread)) {
      thread->room = 0;
      if (has_ended) release_thread(thread);
      return count_missed();
    }
    begin_ = thread->cursor;
    if (room_ <= 0) {
      stamp(*thread);
      room_ = stamp_bytes;
    }
    thread_ = thread;
  }

  const int errno_;
  Thread* thread_ = nullptr;
  std::uint8_t* begin_ = nullptr;
  std::int64_t room_ = 0;
  bool is_entered_ = false;
};

bool is_inherited(std::uint64_t block) { return block >> thread_shift < process->file->first_thread; }

// Names a block of any thread for the operation that follows.
void put_name(Thread& thread, std::uint64_t block) {
  if (((block ^ thread.next_block) >> thread_shift) == 0) {
    put(thread, Op::block, thread.next_block - block);
    return;
  }
  put(thread, Op::thread, block >> thread_shift);
  put(thread, Op::block_of_thread, block & ((std::uint64_t{1} << thread_shift) - 1));
}

}  // namespace

void note_alloc_slowly(Op op, const void* address, std::uint64_t bytes, std::uint64_t alignment) {
  const Inside inside;
  Thread* const thread = inside.thread();
  if (thread == nullptr) return;
  BlockTable::Entry* const entry = blocks.make(address);
  if (entry == nullptr) return count_missed();
  entry->store(thread->next_block++, std::memory_order_relaxed);
  if (alignment != 0) put(*thread, Op::alignment, alignment);
  put(*thread, op, bytes);
}

void note_free_slowly(std::uint64_t block) {
  const Inside inside;
  Thread* const thread = inside.thread();
  if (thread == nullptr || is_inherited(block)) return;
  if (((block ^ thread->next_block) >> thread_shift) == 0) {
    put_free(*thread, thread->next_block - block);
    return;
  }
  put_name(*thread, block);
  put(*thread, Op::free_named, 0);
}

void note_realloc(std::uint64_t block, const void* address, std::uint64_t bytes) {
  const Inside inside;
  Thread* const thread = inside.thread();
  if (thread == nullptr) return;
  BlockTable::Entry* const entry = blocks.make(address);
  if (entry == nullptr) return count_missed();
  if (block == no_block || is_inherited(block)) {
    entry->store(thread->next_block++, std::memory_order_relaxed);
    put_alloc(*thread, bytes);
    return;
  }
  put_name(*thread, block);
  entry->store(thread->next_block++, std::memory_order_relaxed);
  put(*thread, Op::realloc_named, bytes);
}

}  // namespace linefill::preload
