/* gst-vlm: checks rope_split
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ref/ref-heads.h"
#include "shaders/kv-data.h"

#include <math.h>
#include <string.h>

/* Two products and a sum: three roundings, of at most 6e-8 of |x|. */
#define NMSE 1e-13
/* A cache of 16 bits keeps 11 of the 24, and may cut off instead of rounding. */
#define HALF_ERROR 0x1p-10f
#define HALF_NMSE (0x1p-10 * 0x1p-10)

typedef struct
{
  guint n_tokens, n_heads, n_kv_heads, head_dim, first_key, capacity;

  VlmDType dtype;
  float *qkv_data, *angle_data;
  VlmNnTensor qkv, angles, q;
  VlmNnKv kv;
  KvData packed;
} Case;

static void
case_init (VkCheck *check, Case *c)
{
  const guint n_cols = (c->n_heads + 2 * c->n_kv_heads) * c->head_dim;
  const gsize n_qkv = (gsize) c->n_tokens * n_cols;
  const guint half = c->head_dim / 2;

  c->qkv_data = g_new (float, n_qkv);
  c->angle_data = g_new (float, c->n_tokens * c->head_dim);
  vkcheck_make_floats (check, VKCHECK_RANDOM, c->qkv_data, n_qkv);
  for (guint i = 0; i < c->n_tokens; i++)
    for (guint e = 0; e < half; e++) {
      const double angle = (c->first_key + i) * pow (1e6, -2.0 * e / half);

      c->angle_data[i * c->head_dim + e] = (float) cos (angle);
      c->angle_data[i * c->head_dim + half + e] = (float) sin (angle);
    }
  c->qkv = vkcheck_tensor (check, c->n_tokens, n_cols, c->qkv_data);
  c->angles = vkcheck_tensor (check, c->n_tokens, c->head_dim, c->angle_data);
  c->q = vkcheck_tensor (check, c->n_tokens, c->n_heads * c->head_dim, NULL);
  kv_data_init_cache (
      check, &c->kv, c->dtype, c->n_kv_heads, c->head_dim, c->capacity);
  kv_data_upload (check, &c->kv, NULL);
  kv_data_init (&c->packed, &c->kv, c->first_key, c->n_tokens);
}

static void
case_clear (Case *c)
{
  vlm_nn_tensor_clear (&c->qkv);
  vlm_nn_tensor_clear (&c->angles);
  vlm_nn_tensor_clear (&c->q);
  vlm_nn_kv_clear (&c->kv);
  kv_data_clear (&c->packed);
  g_clear_pointer (&c->qkv_data, g_free);
  g_clear_pointer (&c->angle_data, g_free);
}

static void
record (VlmNn *nn, gpointer user_data)
{
  Case *c = user_data;

  vlm_nn_rope_split (
      nn, &c->qkv, &c->angles, c->n_heads, &c->q, &c->kv, c->first_key);
}

static const float *
source (const Case *c, guint token, guint slot)
{
  const guint n_slots = c->n_heads + 2 * c->n_kv_heads;

  return c->qkv_data + ((gsize) token * n_slots + slot) * c->head_dim;
}

static void
compare_queries (VkCheck *check, Case *c)
{
  const gsize n = (gsize) c->n_tokens * c->n_heads * c->head_dim;
  g_autofree float *actual = g_new (float, n);
  g_autofree double *expected = g_new (double, n);
  GError *error = NULL;

  vkcheck_guards (check, &c->q);
  vlm_nn_tensor_read (&c->q, check->nn, 0, c->n_tokens, actual, &error);
  vkcheck_no_error (error, "read");
  for (guint i = 0; i < c->n_tokens; i++)
    for (guint h = 0; h < c->n_heads; h++)
      ref_rope_head (source (c, i, h), c->angle_data + i * c->head_dim,
          c->head_dim, expected + ((gsize) i * c->n_heads + h) * c->head_dim);
  vkcheck_compare (check, actual, expected, n, NMSE, 0.0);
}

static gboolean
is_same (const Case *c, const float *cached, const float *value)
{
  if (c->dtype == VLM_DTYPE_F32)
    return memcmp (cached, value, c->head_dim * sizeof *value) == 0;
  for (guint i = 0; i < c->head_dim; i++)
    if (!(fabsf (cached[i] - value[i]) <= HALF_ERROR * fabsf (value[i])))
      return FALSE;
  return TRUE;
}

static void
compare_cache (VkCheck *check, Case *c)
{
  const gsize n = (gsize) c->n_tokens * c->n_kv_heads * c->head_dim;
  g_autofree double *expected = g_new (double, n);
  gsize at = 0;

  kv_data_download (check, &c->kv, &c->packed);
  for (guint h = 0; h < c->n_kv_heads; h++)
    for (guint i = 0; i < c->n_tokens; i++, at += c->head_dim) {
      const float *value = source (c, i, c->n_heads + c->n_kv_heads + h);

      ref_rope_head (source (c, i, c->n_heads + h),
          c->angle_data + i * c->head_dim, c->head_dim, expected + at);
      if (!is_same (c, c->packed.values + at, value))
        vkcheck_fail (check, "value %u of head %u is another", i, h);
    }
  vkcheck_compare (check, c->packed.keys, expected, n,
      c->dtype == VLM_DTYPE_F16 ? HALF_NMSE : NMSE, 0.0);
}

static void
run_case_of (VkCheck *check, const char *split, VlmDType dtype, Case c)
{
  c.dtype = dtype;
  if (!vkcheck_begin (check, "rope_split/%s/%s/%u at %u/%u+2*%u heads of %u",
          split, vlm_dtype_name (dtype), c.n_tokens, c.first_key, c.n_heads,
          c.n_kv_heads, c.head_dim))
    return;
  case_init (check, &c);
  vkcheck_run (check, record, &c);
  compare_queries (check, &c);
  compare_cache (check, &c);
  vkcheck_time (
      check, record, &c, 0.0, 2.0 * c.n_tokens * c.qkv.n_cols * sizeof (float));
  vkcheck_end (check);
  case_clear (&c);
}

static void
run_case (VkCheck *check, const char *split, Case c)
{
  run_case_of (check, split, VLM_DTYPE_F32, c);
  run_case_of (check, split, VLM_DTYPE_F16, c);
}

/* What 16 bits cannot hold is not finite afterwards, on every device. */
static void
check_overflow (VkCheck *check)
{
  Case c = { .dtype = VLM_DTYPE_F16,
    .n_tokens = 1,
    .n_heads = 1,
    .n_kv_heads = 1,
    .head_dim = 8,
    .capacity = 32 };
  static const float row[24] = { [9] = 7e4f,
    [16] = 65504.0f,
    [17] = 65519.9f,
    [18] = -1e30f,
    [19] = INFINITY,
    [20] = NAN,
    [21] = -7e4f };
  GError *error = NULL;

  if (!vkcheck_begin (check, "rope_split/overflow"))
    return;
  case_init (check, &c);
  vlm_nn_tensor_write (&c.qkv, check->nn, 0, 1, row, &error);
  vkcheck_no_error (error, "write");
  vkcheck_run (check, record, &c);
  kv_data_download (check, &c.kv, &c.packed);
  if (!isinf (c.packed.keys[1]) || c.packed.values[0] != 65504.0f ||
      isfinite (c.packed.values[1]) || c.packed.values[2] != -INFINITY ||
      c.packed.values[3] != INFINITY || !isnan (c.packed.values[4]) ||
      c.packed.values[5] != -INFINITY || c.packed.values[6] != 0.0f)
    vkcheck_fail (check, "values beyond 16 bits became numbers");
  vkcheck_end (check);
  case_clear (&c);
}

void
check_rope (VkCheck *check)
{
  static const Case cases[] = {
    { 1, 1, 1, 8, 0, 32 },
    { 7, 2, 1, 16, 5, 64 },
    { 13, 4, 4, 80, 0, 32 },
    { 127, 7, 1, 32, 33, 160 },
    { 1, 16, 2, 128, 95, 96 },
    { 40, 8, 1, 128, 24, 64 },
    { 1025, 4, 2, 8, 7, 1056 },
  };
  static const Case many = { 61, 6, 3, 32, 3, 64 };
  static const Case wide = { 61, 2, 3, 128, 3, 64 };
  /* around the ends of segments of 32 */
  static const Case ends[] = {
    { 1, 4, 2, 16, 31, 64 },
    { 1, 4, 2, 16, 32, 64 },
    { 7, 4, 2, 16, 25, 64 },
    { 7, 4, 2, 16, 26, 64 },
    { 13, 4, 2, 16, 20, 64 },
  };
  static const Case vision = { 1024, 16, 16, 80, 0, 1024 };
  const VlmNnLimits limits = check->nn->limits;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    run_case (check, "whole", cases[i]);
  /* 8 rows of qkv are 12288 bytes, a head of the cache 8192. */
  check->nn->limits.binding_bytes = 64 * 32 * 4 * 2 + 100;
  run_case (check, "heads+rows", many);
  check->nn->limits.binding_bytes = 64 * 32 * 4 + 5000;
  run_case (check, "head+rows", many);
  check->nn->limits = limits;
  check->nn->limits.grid = 8;
  run_case (check, "grid", many);
  check->nn->limits = limits;
  check->nn->limits.segment_keys = 32;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    run_case (check, "segments", cases[i]);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    run_case (check, "segments", ends[i]);
  /* 8 rows of qkv are 32768 bytes, a head of a segment 16384. */
  check->nn->limits.binding_bytes = 33000;
  run_case (check, "segments+heads+rows", wide);
  check->nn->limits = limits;
  check_overflow (check);
  if (check->bench)
    run_case (check, "bench", vision);
}
