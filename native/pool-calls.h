// The native pool for JavaScript, a call an operation: what crossing the boundary costs, and how far a pool
// behind it can pay. Both functions take the heap (a Uint32Array over an ArrayBuffer) that holds a pool or a
// checked pool and answer as the allocators do: an offset or the negative of an error; 0 or the negative of
// an error.
#pragma once

#include <napi.h>

namespace linefill {

// poolAlloc(heap) -> offset. Throws TypeError where the heap holds no pool.
Napi::Value pool_alloc_call(const Napi::CallbackInfo& info);
// poolFree(heap, offset) -> 0. Throws TypeError where the heap holds no pool, or the offset is no 32-bit
// integer.
Napi::Value pool_free_call(const Napi::CallbackInfo& info);

}  // namespace linefill
