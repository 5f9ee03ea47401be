#include "preload/check/blocks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>

#include "allocators/allocation.h"
#include "preload/check/report.h"

namespace linefill::check {
namespace {

constexpr unsigned char kCanary = 0xc5;
constexpr unsigned char kFresh = 0xa5;
constexpr unsigned char kFreed = 0xde;
// Of a large block that is not guarded no more is filled and looked at.
constexpr size_t kMostFilled = 64 << 10;
// Blocks held at most, and bytes.
constexpr uint32_t kMostHeld = 1 << 14;
constexpr size_t kMostHeldBytes = 64 << 20;
// Each call looks at so many blocks of the calls before it: a fault is found near to where it happens.
constexpr uint32_t kRecent = 8;
constexpr uint32_t kMostPending = 4;

constexpr const char* kMismatched =
    "mismatched free: the block was given by another kind of function than took it";

struct Checker {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  bool is_open = false;
  uint32_t held[kMostHeld] = {};
  uint32_t oldest = 0;
  uint32_t held_count = 0;
  size_t held_bytes = 0;
  uint32_t recent[kRecent] = {};
  uint32_t next_recent = 0;
};
Checker checker;

// What one call finds; told when the lock is free again.
class Call {
 public:
  Call() : stack_(capture()) {
    pthread_mutex_lock(&checker.lock);
    if (!checker.is_open) checker.is_open = open_arena();
    site_ = number_of(stack_);
  }
  ~Call() {
    const Guarding guarding = untold_guarding(false);
    pthread_mutex_unlock(&checker.lock);
    tell_unguarded(guarding.unguarded, guarding.blocks);
    for (uint32_t i = 0; i < pending_; ++i) tell(reports_[i], may_stop);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  uint32_t site() const { return site_; }
  bool is_full() const { return pending_ == kMostPending; }

  void note(const char* name, const Record& record, int64_t distance) {
    if (is_full()) return;
    reports_[pending_++] = {name,
                            record.payload,
                            record.bytes,
                            distance,
                            stack_,
                            stack_of(record.allocated),
                            stack_of(record.freed)};
  }
  void note(AllocError error, const Record& record, int64_t distance) {
    note(text_of(error), record, distance);
  }
  void note_stranger(AllocError error, const void* address) {
    if (!is_full()) reports_[pending_++] = {text_of(error), address, 0, 0, stack_, {}, {}};
  }

  bool may_stop = true;

 private:
  Stack stack_;
  uint32_t site_;
  uint32_t pending_ = 0;
  Report reports_[kMostPending];
};

// The first byte that is another, or null.
const char* first_other(const char* from, const char* to, unsigned char than) {
  if (from == to) return nullptr;
  // Each byte is the next one's like.
  const bool is_first = static_cast<unsigned char>(*from) == than;
  if (is_first && std::memcmp(from, from + 1, static_cast<size_t>(to - from) - 1) == 0) return nullptr;
  return std::find_if(from, to, [than](char byte) { return static_cast<unsigned char>(byte) != than; });
}

char* front_of(const Record& record) { return std::max(record.slot, record.payload - kMarginBytes); }
char* end_of(const Record& record) { return record.payload + record.bytes; }
char* back_of(const Record& record) { return record.slot + record.slot_bytes; }
size_t filled(const Record& record) { return std::min(record.bytes, kMostFilled); }

void write_margins(const Record& record) {
  if (record.bytes == 0) return;
  std::memset(front_of(record), kCanary, static_cast<size_t>(record.payload - front_of(record)));
  std::memset(end_of(record), kCanary, static_cast<size_t>(back_of(record) - end_of(record)));
}

// Looks at a block; what is found is mended, so that it is told once.
void look(Record& record, Call& call) {
  const bool is_held = record.state == State::kHeld;
  if (record.bytes == 0 || (!is_held && record.state != State::kLive) || (is_held && record.is_guarded))
    return;
  const char* at = is_held ? first_other(record.payload, record.payload + filled(record), kFreed) : nullptr;
  if (at == nullptr) at = first_other(front_of(record), record.payload, kCanary);
  if (at == nullptr) at = first_other(end_of(record), back_of(record), kCanary);
  if (at == nullptr || call.is_full()) return;
  const AllocError error = is_held               ? AllocError::kUseAfterFree
                           : at < record.payload ? AllocError::kUnderflow
                                                 : AllocError::kOverflow;
  call.note(error, record, at - record.payload);
  write_margins(record);
  if (is_held) std::memset(record.payload, kFreed, filled(record));
}

void look_at_recent(Call& call) {
  for (const uint32_t number : checker.recent) {
    if (number != 0) look(record(number), call);
  }
}

void remember(uint32_t number) {
  checker.recent[checker.next_recent] = number;
  checker.next_recent = (checker.next_recent + 1) % kRecent;
}

void let_oldest_go(Call& call) {
  const uint32_t number = checker.held[checker.oldest];
  Record& oldest = record(number);
  look(oldest, call);
  checker.held_bytes -= oldest.slot_bytes;
  checker.oldest = (checker.oldest + 1) % kMostHeld;
  --checker.held_count;
  give_back(number);
}

void hold(uint32_t number, Call& call) {
  Record& held = record(number);
  held.state = State::kHeld;
  held.freed = call.site();
  write_margins(held);
  if (held.is_guarded) {
    close_pages(held);
  } else {
    std::memset(held.payload, kFreed, filled(held));
  }
  if (checker.held_count == kMostHeld) let_oldest_go(call);
  checker.held[(checker.oldest + checker.held_count++) % kMostHeld] = number;
  checker.held_bytes += held.slot_bytes;
  while (checker.held_bytes > kMostHeldBytes) let_oldest_go(call);
}

bool is_inside(const Record& record, const char* at) { return at >= record.payload && at < end_of(record); }

// Finds a block in use by what is said to be its start; 0, and a report, where it is none.
uint32_t find(const void* block, Call& call) {
  const char* at = static_cast<const char*>(block);
  const uint32_t number = record_at(at);
  if (number == 0 || record(number).state == State::kNever) {
    call.note_stranger(AllocError::kForeign, at);
    return 0;
  }
  const Record& found = record(number);
  if (at == found.payload) {
    if (found.state == State::kLive) return number;
    call.note(AllocError::kDoubleFree, found, 0);
  } else if (found.state != State::kGone && is_inside(found, at)) {
    call.note(AllocError::kMisaligned, found, at - found.payload);
  } else {
    call.note_stranger(AllocError::kForeign, at);
  }
  return 0;
}

void* allocate_in(Call& call, size_t bytes, size_t alignment, Maker maker, bool is_zeroed) {
  look_at_recent(call);
  const uint32_t number = checker.is_open ? take(bytes, alignment) : 0;
  if (number == 0) {
    errno = ENOMEM;
    return nullptr;
  }
  Record& taken = record(number);
  taken.state = State::kLive;
  taken.maker = maker;
  taken.allocated = call.site();
  taken.freed = 0;
  write_margins(taken);
  // A large block's pages are new and zero.
  if (!is_zeroed) {
    std::memset(taken.payload, kFresh, filled(taken));
  } else if (taken.span == 0) {
    std::memset(taken.payload, 0, bytes);
  }
  remember(number);
  return taken.payload;
}

void release_in(Call& call, uint32_t number) {
  look(record(number), call);
  hold(number, call);
  remember(number);
}

}  // namespace

void* allocate(size_t bytes, size_t alignment, Maker maker, bool is_zeroed) {
  Call call;
  return allocate_in(call, bytes, alignment, maker, is_zeroed);
}

void release(void* block, Maker maker, size_t bytes) {
  if (block == nullptr) return;
  const int before = errno;
  {
    Call call;
    look_at_recent(call);
    const uint32_t number = find(block, call);
    if (number != 0) {
      if (record(number).maker != maker) call.note(kMismatched, record(number), 0);
      if (bytes != kAnySize && bytes != record(number).bytes)
        call.note(AllocError::kWrongSize, record(number), 0);
      release_in(call, number);
    }
  }
  errno = before;
}

void* reallocate(void* block, size_t bytes) {
  if (block == nullptr) return allocate(bytes, 1, Maker::kMalloc, false);
  Call call;
  const uint32_t number = find(block, call);
  if (number == 0) {
    errno = ENOMEM;
    return nullptr;
  }
  if (record(number).maker != Maker::kMalloc) call.note(kMismatched, record(number), 0);
  if (bytes == 0) {
    release_in(call, number);
    return nullptr;
  }
  void* moved = allocate_in(call, bytes, 1, Maker::kMalloc, false);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(bytes, record(number).bytes));
  release_in(call, number);
  return moved;
}

size_t size_of(const void* block) {
  Call call;
  const uint32_t number = record_at(block);
  const bool is_block =
      number != 0 && record(number).state == State::kLive && record(number).payload == block;
  return is_block ? record(number).bytes : 0;
}

namespace {

struct sigaction earlier;

// The name of what an access that was refused did, and of the block.
void on_refused(int signal, siginfo_t* info, void*) {
  const char* at = static_cast<const char*>(info->si_addr);
  const uint32_t number = record_at(at);
  if (number != 0 && record(number).state != State::kNever) {
    const Record& hit = record(number);
    const char* name = "overflow: the access that was refused is behind the block's end";
    if (hit.state != State::kLive) {
      name = "use after free: the access that was refused is to a block that was freed";
    } else if (at < hit.payload) {
      name = "underflow: the access that was refused is before the block's start";
    }
    Stack found = capture();
    // The first frame is the kernel's way into this function.
    if (found.depth > 0) std::copy(found.frames + 1, found.frames + found.depth--, found.frames);
    tell(
        {name, hit.payload, hit.bytes, at - hit.payload, found, stack_of(hit.allocated), stack_of(hit.freed)},
        false);
  }
  const Guarding guarding = untold_guarding(true);
  tell_unguarded(guarding.unguarded, guarding.blocks);
  // It happens again, and ends the process as it would have without us.
  sigaction(signal, &earlier, nullptr);
}

void before_fork() { pthread_mutex_lock(&checker.lock); }
void after_fork() { pthread_mutex_unlock(&checker.lock); }
void after_fork_in_child() {
  forget_guarding();
  after_fork();
}

__attribute__((constructor)) void start() {
  open_log();
  {
    Call call;
    if (getenv("LINEFILL_CHECK_GUARD") != nullptr) guard_all();
  }
  allow_capture();
  pthread_atfork(before_fork, after_fork, after_fork_in_child);
  struct sigaction action {};
  action.sa_sigaction = on_refused;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &earlier);
}

// What was never freed, and what is held, is looked at in the end.
__attribute__((destructor)) void finish() {
  uint32_t number = 1;
  for (bool is_done = false; !is_done;) {
    Call call;
    call.may_stop = false;
    for (; number <= last_record() && !call.is_full(); ++number) look(record(number), call);
    is_done = number > last_record();
  }
  Guarding guarding;
  {
    Call call;
    guarding = untold_guarding(true);
  }
  tell_unguarded(guarding.unguarded, guarding.blocks);
}

}  // namespace
}  // namespace linefill::check
