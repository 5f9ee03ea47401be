// What the compiler is to know of a vector unit, by its width. A file of loops includes this one and is
// itself included once for each width, so that one binary holds them all. (A template could not: the
// attribute depends on no parameter.) It takes LINEFILL_UNIT_BYTES, bytes of a vector (8: a number at a
// time), and undefines all five when it is done. No include guard, on purpose.
//   LINEFILL_UNIT         the namespace that takes the unit's code
//   LINEFILL_UNIT_TARGET  the attribute by which the compiler may use its instructions
//   LINEFILL_UNIT_NT      (to, vector) a non-temporal store; not defined where there is none
//   LINEFILL_UNIT_APART   keeps a function whole, to be found in a disassembly
// Source: the repeated inclusion is Highway's.
#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#endif

#if LINEFILL_UNIT_BYTES == 8
#define LINEFILL_UNIT scalar
#define LINEFILL_UNIT_TARGET
#elif LINEFILL_UNIT_BYTES == 16 && defined(__x86_64__)
#define LINEFILL_UNIT sse2
#define LINEFILL_UNIT_TARGET
#define LINEFILL_UNIT_NT _mm_stream_pd
#elif LINEFILL_UNIT_BYTES == 16 && defined(__aarch64__)
#define LINEFILL_UNIT neon
#define LINEFILL_UNIT_TARGET
#elif LINEFILL_UNIT_BYTES == 32
#define LINEFILL_UNIT avx2
#define LINEFILL_UNIT_TARGET __attribute__((target("avx2")))
#define LINEFILL_UNIT_NT _mm256_stream_pd
#elif LINEFILL_UNIT_BYTES == 64
#define LINEFILL_UNIT avx512
#define LINEFILL_UNIT_TARGET __attribute__((target("avx512f")))
#define LINEFILL_UNIT_NT _mm512_stream_pd
#else
#error "LINEFILL_UNIT_BYTES names no vector unit"
#endif

#if defined(__GNUC__)
#define LINEFILL_UNIT_APART __attribute__((noinline))
#else
#define LINEFILL_UNIT_APART
#endif
