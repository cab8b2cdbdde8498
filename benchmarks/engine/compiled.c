/* A bound: the flat workload by a compiled engine that knows nothing else.

   Rows go in blocks of 512, one vector of bits. Of every distinct atom ("slot") a block has two vectors: SURE, where it is true,
   and MAYBE, where it is true or unknown. Policies are small programs over the slots; a block is left as soon as nothing is
   possible in it. Columns are padded to whole blocks; money is int64 in fen throughout. */

#include <stdint.h>
#include <string.h>
#ifdef __AVX512DQ__
#include <immintrin.h>
#endif

enum { ROWS = 512, WORDS = 8, DEPTH = 16 };
enum { AND_SLOT, PUSH_SLOT, OR_TOP, AND_TOP, AND_POPPED };
enum { FIXED, TIMES, STEPS };

typedef uint64_t bits __attribute__((vector_size(64)));

typedef struct {
  bits *sure, *maybe; /* of block b and slot s at [b * slots + s] */
  int32_t slots;
} scratch;

typedef struct {
  int32_t kind, steps;
  const int64_t *column;
  const uint64_t *known;
  int64_t top, bottom, step, cap; /* TIMES: (column * top + bottom / 2) / bottom * step, at most cap */
  int64_t edges[4], fen[4], otherwise; /* STEPS and FIXED */
} pays;

static inline int any(bits x) { return (x[0] | x[1] | x[2] | x[3] | x[4] | x[5] | x[6] | x[7]) != 0; }

/* one bit a row: whether values are at least limit, or at least wholes times limit */
static inline uint64_t at_least(const int64_t *values, int64_t limit) {
  uint64_t found = 0;
#ifdef __AVX512DQ__
  __m512i wanted = _mm512_set1_epi64(limit);
  for (int i = 0; i < 8; i++)
    found |= (uint64_t)_mm512_cmpge_epi64_mask(_mm512_loadu_si512(values + 8 * i), wanted) << (8 * i);
#else
  for (int i = 0; i < 64; i++) found |= (uint64_t)(values[i] >= limit) << i;
#endif
  return found;
}

static inline uint64_t part_at_least(const int64_t *values, const int64_t *wholes, int64_t limit) {
  uint64_t found = 0;
#ifdef __AVX512DQ__
  __m512i wanted = _mm512_set1_epi64(limit);
  for (int i = 0; i < 8; i++) {
    __m512i edge = _mm512_mullo_epi64(_mm512_loadu_si512(wholes + 8 * i), wanted);
    found |= (uint64_t)_mm512_cmpge_epi64_mask(_mm512_loadu_si512(values + 8 * i), edge) << (8 * i);
  }
#else
  for (int i = 0; i < 64; i++) found |= (uint64_t)(values[i] >= wholes[i] * limit) << i;
#endif
  return found;
}

static inline void put(scratch into, int64_t slot, int word, uint64_t hits, uint64_t known) {
  ((uint64_t *)&into.sure[slot])[word] = hits & known;
  ((uint64_t *)&into.maybe[slot])[word] = (hits & known) | ~known;
}

/* --- atoms of one column (or two) for the blocks from first to last, last excluded --- */

void encode_numbers(scratch into, const int64_t *values, const uint64_t *known, int64_t first, int64_t last,
                    const int64_t *limits, int32_t count, int32_t base) {
  for (int64_t b = first; b < last; b++)
    for (int w = 0; w < WORDS; w++)
      for (int k = 0; k < count; k++)
        put(into, (b - first) * into.slots + base + k, w, at_least(values + b * ROWS + w * 64, limits[k]),
            known[b * WORDS + w]);
}

void encode_parts(scratch into, const int64_t *values, const int64_t *wholes, const uint64_t *known, int64_t first,
                  int64_t last, const int64_t *limits, int32_t count, int64_t denominator, int32_t base) {
  int64_t scaled[64];
  for (int64_t b = first; b < last; b++)
    for (int w = 0; w < WORDS; w++) {
      int64_t row = b * ROWS + w * 64;
      for (int i = 0; i < 64; i++) scaled[i] = values[row + i] * denominator;
      for (int k = 0; k < count; k++)
        put(into, (b - first) * into.slots + base + k, w, part_at_least(scaled, wholes + row, limits[k]),
            known[b * WORDS + w]);
    }
}

/* codes: those of starts[c] to starts[c + 1] in members are the atoms that code c belongs to */
void encode_codes(scratch into, const uint16_t *values, const uint64_t *known, int64_t first, int64_t last,
                  const int32_t *starts, const int32_t *members, int32_t count, int32_t base) {
  for (int64_t b = first; b < last; b++) {
    bits *sure = into.sure + (b - first) * into.slots + base, *maybe = into.maybe + (b - first) * into.slots + base;
    bits here;
    memcpy(&here, known + b * WORDS, sizeof here);
    memset(sure, 0, count * sizeof *sure);
    for (int i = 0; i < ROWS; i++) {
      uint64_t bit = 1ULL << (i & 63);
      if (!(here[i >> 6] & bit)) continue;
      int code = values[b * ROWS + i];
      for (int m = starts[code]; m < starts[code + 1]; m++) ((uint64_t *)&sure[members[m]])[i >> 6] |= bit;
    }
    for (int k = 0; k < count; k++) maybe[k] = sure[k] | ~here;
  }
}

void encode_flags(scratch into, const uint64_t *values, const uint64_t *known, int64_t first, int64_t last, int32_t base) {
  for (int64_t b = first; b < last; b++)
    for (int w = 0; w < WORDS; w++)
      put(into, (b - first) * into.slots + base, w, values[b * WORDS + w], known[b * WORDS + w]);
}

/* --- policies --- */

static int combine(const int32_t *code, const int32_t *end, const bits *sure, const bits *maybe, bits *t, bits *m) {
  bits ts[DEPTH], ms[DEPTH];
  int top = -1;
  for (; code < end; code += 3) {
    bits s = sure[code[1]], p = maybe[code[1]];
    if (code[2]) { bits swapped = ~p; p = ~s; s = swapped; }
    switch (code[0]) {
      case AND_SLOT: *t &= s; *m &= p; if (!any(*m)) return 0; break;
      case PUSH_SLOT: top++; ts[top] = s; ms[top] = p; break;
      case OR_TOP: top--; ts[top] |= ts[top + 1]; ms[top] |= ms[top + 1]; break;
      case AND_TOP: top--; ts[top] &= ts[top + 1]; ms[top] &= ms[top + 1]; break;
      default: *t &= ts[top]; *m &= ms[top]; top--; if (!any(*m)) return 0; break;
    }
  }
  return 1;
}

static int64_t ones(bits x) {
  int64_t found = 0;
  for (int w = 0; w < WORDS; w++) found += __builtin_popcountll(x[w]);
  return found;
}

/* met: bits of policy p and block b at [p * blocks + b]; counts of sure and of open pairs a policy are added to */
void decide(scratch from, const int32_t *code, const int32_t *starts, int32_t policies, const uint64_t *firms,
            int64_t first, int64_t last, bits *met, int64_t *sure, int64_t *open) {
  int64_t blocks = last - first;
  for (int64_t b = 0; b < blocks; b++) {
    bits here;
    memcpy(&here, firms + (first + b) * WORDS, sizeof here);
    for (int32_t p = 0; p < policies; p++) {
      bits t = here, m = here;
      if (!combine(code + 3 * starts[p], code + 3 * starts[p + 1], from.sure + b * from.slots,
                   from.maybe + b * from.slots, &t, &m)) {
        met[p * blocks + b] = (bits){0};
        continue;
      }
      met[p * blocks + b] = t;
      int64_t certain = ones(t);
      sure[p] += certain;
      open[p] += ones(m) - certain;
    }
  }
}

static int64_t amount(const pays *terms, int64_t row) {
  if (terms->kind == FIXED) return terms->otherwise;
  int64_t value = (terms->known[row >> 6] >> (row & 63) & 1) ? terms->column[row] : 0;
  if (terms->kind == TIMES) {
    int64_t found = (value * terms->top + terms->bottom / 2) / terms->bottom * terms->step;
    return found < terms->cap ? found : terms->cap;
  }
  for (int i = 0; i < terms->steps; i++)
    if (value >= terms->edges[i]) return terms->fen[i];
  return terms->otherwise;
}

/* rows and amounts of all pairs, policy after policy */
void extract(const bits *met, int32_t policies, int64_t blocks, int64_t first, const int64_t *sure, const pays *terms,
             int32_t *rows, int64_t *amounts) {
  int64_t at = 0;
  for (int32_t p = 0; p < policies; p++) {
    if (!sure[p]) continue;
    const uint64_t *words = (const uint64_t *)(met + p * blocks);
    for (int64_t w = 0; w < blocks * WORDS; w++)
      for (uint64_t left = words[w]; left; left &= left - 1) {
        int64_t row = (first * WORDS + w) * 64 + __builtin_ctzll(left);
        rows[at] = (int32_t)row;
        amounts[at++] = amount(terms + p, row);
      }
  }
}
