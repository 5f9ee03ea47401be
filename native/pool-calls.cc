#include "pool-calls.h"

#include "allocators/checked-pool.h"
#include "marshal.h"

namespace linefill {
namespace {

// The words of a heap whose header is sound; throws otherwise. O(1), so the list behind it is not looked at.
std::span<uint32_t> heap_of(const char* call, const Napi::CallbackInfo& info) {
  const Candidate heap = describe(info[0]);
  if (heap.what != Candidate::What::kTypedArray || !heap.known_element || heap.element != Element::kUint32 ||
      heap.shared || heap.detached) {
    throw Napi::TypeError::New(info.Env(),
                               std::string(call) + ": \"heap\" must be Uint32Array over an ArrayBuffer");
  }
  const std::span<uint32_t> words(static_cast<uint32_t*>(heap.data), heap.length);
  const bool checked = !words.empty() && words[kKindWord] == static_cast<uint32_t>(PoolKind::kChecked);
  const std::string wrong = check_header(words, checked ? PoolKind::kChecked : PoolKind::kPool);
  if (!wrong.empty()) throw Napi::TypeError::New(info.Env(), std::string(call) + ": " + wrong);
  return words;
}

bool is_checked(std::span<const uint32_t> heap) {
  return heap[kKindWord] == static_cast<uint32_t>(PoolKind::kChecked);
}

template <class P>
int32_t alloc_one(uint32_t* heap) {
  P pool(heap);
  const int32_t answer = pool.alloc();
  pool.write_back();
  return answer;
}

template <class P>
int32_t free_one(uint32_t* heap, uint32_t offset) {
  P pool(heap);
  const AllocError wrong = pool.free(offset);
  pool.write_back();
  return refusal(wrong);
}

}  // namespace

Napi::Value pool_alloc_call(const Napi::CallbackInfo& info) {
  const std::span<uint32_t> heap = heap_of("poolAlloc", info);
  // A pool trusts its links, but no script may lead us out of the heap: the head is looked at first.
  const uint32_t head = heap[kHeadsWord];
  int32_t answer = 0;
  if (is_checked(heap)) {
    answer = alloc_one<CheckedPool>(heap.data());
  } else if (head != 0 && check_offset(shape_of(heap.data()), head) != AllocError::kNone) {
    answer = refusal(AllocError::kCorrupt);
  } else {
    answer = alloc_one<Pool>(heap.data());
  }
  return Napi::Number::New(info.Env(), answer);
}

Napi::Value pool_free_call(const Napi::CallbackInfo& info) {
  const std::span<uint32_t> heap = heap_of("poolFree", info);
  const double offset = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : -1;
  if (!(offset >= 0 && offset <= 4294967295.0) || offset != static_cast<uint32_t>(offset)) {
    throw Napi::TypeError::New(info.Env(), "poolFree: \"offset\" must be an integer from 0 to 4294967295");
  }
  const auto block = static_cast<uint32_t>(offset);
  const AllocError wrong = check_offset(shape_of(heap.data()), block);
  if (is_checked(heap)) return Napi::Number::New(info.Env(), free_one<CheckedPool>(heap.data(), block));
  if (wrong != AllocError::kNone) return Napi::Number::New(info.Env(), refusal(wrong));
  return Napi::Number::New(info.Env(), free_one<Pool>(heap.data(), block));
}

}  // namespace linefill
