// The list of collectors: each with the id under which its kernels and its TypeScript twin are known
// (src/collectors/plans.ts). LINEFILL_COLLECTORS(EACH) expands to EACH(type, "id"); for all of them.
#pragma once

#include "collectors/plans/semi-space.h"

#define LINEFILL_COLLECTORS(EACH) EACH(SemiSpace, "semi-space")
