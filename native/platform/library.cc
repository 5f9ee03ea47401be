// dlopen where there is one, LoadLibrary on Windows.
#include "platform/library.h"

#if defined(_WIN32)
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#else
#include <dlfcn.h>

#include <cstring>
#endif

namespace linefill::platform {

#if defined(_WIN32)

Library Library::open(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    // Never from the current folder: what lies there is not what the user installed.
    if (HMODULE module = LoadLibraryExA(name, nullptr, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS)) {
      return Library(reinterpret_cast<void*>(module));
    }
  }
  return Library(nullptr);
}

Library Library::program() { return Library(reinterpret_cast<void*>(GetModuleHandleA(nullptr))); }

void* Library::symbol(const char* name) const {
  if (handle_ == nullptr) return nullptr;
  return reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(handle_), name));
}

#else

Library Library::open(std::initializer_list<const char*> names) {
  bool lacks_static_tls = false;
  for (const char* name : names) {
    if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return Library(handle);
    const char* why = dlerror();
    if (why != nullptr && std::strstr(why, "static TLS") != nullptr) lacks_static_tls = true;
  }
  return Library(nullptr, lacks_static_tls);
}

Library Library::program() { return Library(dlopen(nullptr, RTLD_NOW)); }

void* Library::symbol(const char* name) const { return handle_ == nullptr ? nullptr : dlsym(handle_, name); }

#endif

}  // namespace linefill::platform
