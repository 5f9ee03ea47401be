// environment(): what native code knows of the machine, and the platform's calls that are not kernels.
#pragma once

#include <napi.h>

namespace linefill {

Napi::Value make_environment(Napi::Env env);

}  // namespace linefill
