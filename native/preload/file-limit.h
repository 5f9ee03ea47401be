// Files that we write in somebody's program, which may have a limit on the size of files (RLIMIT_FSIZE): what
// goes beyond it would end the program by SIGXFSZ.
#pragma once

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace linefill {

// While it lives, what this thread writes beyond the limit fails with EFBIG and does nothing else: the
// signal, which goes to the thread that writes, waits, and is taken away in the end. One that the program
// itself has waiting stays. Calls by number are those that would be points of cancellation. errno stays as it
// was.
class LimitIsAnError {
 public:
  LimitIsAnError() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    sigset_t waiting;
    is_programs_ = sigpending(&waiting) == 0 && sigismember(&waiting, SIGXFSZ) == 1;
    is_held_ = pthread_sigmask(SIG_BLOCK, &signal_, &before_) == 0;
  }
  ~LimitIsAnError() {
    if (!is_held_) return;
    const int error = errno;
    constexpr long kKernelSetBytes = 8;
    const timespec at_once{};
    if (!is_programs_) syscall(SYS_rt_sigtimedwait, &signal_, nullptr, &at_once, kKernelSetBytes);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  LimitIsAnError(const LimitIsAnError&) = delete;
  LimitIsAnError& operator=(const LimitIsAnError&) = delete;

 private:
  sigset_t signal_;
  sigset_t before_;
  bool is_programs_;
  bool is_held_;
};

}  // namespace linefill
