// The list of general allocators: each with the id under which its kernels and its TypeScript twin are known
// (src/allocators/heaps.ts). LINEFILL_HEAPS(EACH) expands to EACH(type, "id"); for all that serve any sizes,
// LINEFILL_ONE_SIZE_HEAPS(EACH) for those whose parameter says how large their blocks are.
#pragma once

#include "allocators/buddy.h"
#include "allocators/free-list.h"
#include "allocators/linear.h"
#include "allocators/multi-pool.h"
#include "allocators/pool-heap.h"
#include "allocators/segregated.h"
#include "allocators/slab.h"
#include "allocators/small-object.h"
#include "allocators/stack.h"
#include "allocators/tlsf.h"

#define LINEFILL_HEAPS(EACH)      \
  EACH(Linear, "linear");         \
  EACH(Stack, "stack");           \
  EACH(FreeList, "free-list");    \
  EACH(Segregated, "segregated"); \
  EACH(Tlsf, "tlsf");             \
  EACH(Buddy, "buddy");           \
  EACH(MultiPool, "multi-pool");  \
  EACH(Slab, "slab");             \
  EACH(SmallObject, "small-object")

#define LINEFILL_ONE_SIZE_HEAPS(EACH) EACH(PoolHeap, "pool-heap")
