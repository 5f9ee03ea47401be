// A shared library looked for at run time: what may be installed and is never required.
#pragma once

#include <initializer_list>

namespace linefill::platform {

// Opened once and never closed: an allocator's blocks and thread hooks outlive whoever asked for it.
class Library {
 public:
  // The first of `names` that the system's loader finds, its symbols kept apart from everyone else's.
  static Library open(std::initializer_list<const char*> names);

  // The program itself, with all that was loaded at its start, preloaded libraries among it.
  static Library program();

  bool found() const { return handle_ != nullptr; }
  // Whether one is there that the loader had no thread-local room left for (glibc's static TLS).
  bool lacks_static_tls() const { return lacks_static_tls_; }
  // Null where it has no such symbol, or was not found.
  void* symbol(const char* name) const;

 private:
  explicit Library(void* handle, bool lacks_static_tls = false)
      : handle_(handle), lacks_static_tls_(lacks_static_tls) {}
  void* handle_;
  bool lacks_static_tls_;
};

}  // namespace linefill::platform
