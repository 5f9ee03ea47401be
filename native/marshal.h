// N-API values to Candidates and Plans. The only file that reads arguments out of JavaScript; what they must
// be is boundary.h's affair. Reading an element or a property may run a script's getter, which may detach a
// buffer read before: so all values are fetched first, and only then described.
#pragma once

#include <napi.h>

#include <vector>

#include "boundary.h"
#include "timing.h"

namespace linefill {

// Throws a Napi::TypeError that names `kernel` when `arguments` is no array.
std::vector<Napi::Value> fetch_all(const char* kernel, const Napi::Value& arguments);
Candidate describe(const Napi::Value& value);

// {warmup, samples, iterations, patienceNs, counters, gate, members}: all optional but checked.
struct FetchedPlan {
  Plan plan;
  Napi::Value gate;  // described last
};
FetchedPlan fetch_plan(const char* kernel, const Napi::Value& value);
// Reads the gate's words; throws where they are no Int32Array over a SharedArrayBuffer of Gate::kWords.
void attach_gate(const char* kernel, FetchedPlan* fetched);

}  // namespace linefill
