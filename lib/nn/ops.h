/* gst-vlm: the operations of the model, each recorded by one call
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * T tokens or patches, H heads, K key/value heads, D head size, V vocabulary.
 * All activations are f32. Calls between begin and submit only record; an error
 * is kept and reported by submit. Ops may be given tensors of any number of
 * rows: they split themselves where a binding would exceed the device's limits.
 * Sources of formulas: Hugging Face transformers modeling_qwen2_5_vl.py.
 *
 * Values that are not finite stay so: if an input of a row of the output is NaN
 * or infinite, or a sum overflows, that row is not finite either, in any kernel.
 * So it is enough to check the logits, which vlm_nn_choose () does. The
 * exceptions are those of arithmetic: a score of minus infinity is no attention
 * at all. */
#pragma once

#include "nn/device.h"
#include "nn/tensor.h"

/* Recorder of ops on one device. One thread at a time. */
VlmNn *vlm_nn_new (VlmNnDevice *device, GError **error);
void vlm_nn_free (VlmNn *nn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmNn, vlm_nn_free)
VlmNnDevice *vlm_nn_get_device (VlmNn *nn);

/* Allows kernels that compute in less than f32, if the device has some: inputs of
 * matrix products are rounded to 16 bits. Each is first tried on some products,
 * once in a process, and dropped with a warning if they are wrong. Nothing may be
 * recorded. */
void vlm_nn_set_fast (VlmNn *nn, gboolean fast);

void vlm_nn_begin (VlmNn *nn);
/* One submission of everything since begin. */
gboolean vlm_nn_submit (VlmNn *nn, GError **error);
/* Waits for the last submission. */
gboolean vlm_nn_wait (VlmNn *nn, GCancellable *cancellable, GError **error);

/* Names what follows in timings and in a capture; a static string. */
void vlm_nn_label (VlmNn *nn, const char *label);

typedef enum
{
  VLM_NN_STORE, /* y  = x W^T + b                                  [T, n_out] */
  VLM_NN_ADD,   /* y += x W^T + b                                  [T, n_out] */
  VLM_NN_GELU,  /* y  = gelu (x W^T + b), the exact one with erf   [T, n_out] */
  VLM_NN_SWIGLU, /* y  = silu (g) * u, [g, u] = x W^T + b interleaved
                    in blocks of 8, or each on its own where their types
                    differ                                      [T, n_out / 2] */
} VlmNnEpilogue;

/* x [T, n_in], w [n_out, n_in], bias [1, n_out] or NULL. With SWIGLU the bias
 * is interleaved like w, so that it has 2 * align8 (n_out / 2) columns, with
 * zeros where w has padding: bias g or u of output j is column 16 * (j / 8) + j
 * % 8 (+ 8 for u). Picks the kernel from a table by device and shape; T small
 * is the matrix-vector path. Where inputs of w are in an order of their own, x is
 * first copied in that order, to memory that the recorder keeps. y must not be
 * x. */
void vlm_nn_matmul (VlmNn *nn, const VlmNnTensor *x, const VlmNnMatrix *w,
    const VlmNnTensor *bias, VlmNnEpilogue epilogue, const VlmNnTensor *y);

/* y[t] = x[t] * w / sqrt (mean (x[t]^2) + eps); y may be x. w [1, n]. */
void vlm_nn_rms_norm (VlmNn *nn, const VlmNnTensor *x, const VlmNnTensor *w,
    float eps, const VlmNnTensor *y);

/* y += x W^T, then normed = the rms norm of y: vlm_nn_matmul () with ADD and
 * vlm_nn_rms_norm (), in one dispatch where rows are few and a kernel can. */
void vlm_nn_matmul_norm (VlmNn *nn, const VlmNnTensor *x, const VlmNnMatrix *w,
    const VlmNnTensor *y, const VlmNnTensor *norm, float eps,
    const VlmNnTensor *normed);

/* y[t] = ids[t] >= 0 ? w[ids[t]] : features[-1 - ids[t]]: token embedding with
 * image and video features put in their places. ids: integers [T, 1] as written
 * by the host. features may be NULL when no id is negative. */
void vlm_nn_embed (VlmNn *nn, const VlmNnTensor *ids, const VlmNnMatrix *w,
    const VlmNnTensor *features, const VlmNnTensor *y);

/* y[index[i]] = x[i]; index: integers [T, 1], a permutation. */
void vlm_nn_scatter_rows (VlmNn *nn, const VlmNnTensor *x,
    const VlmNnTensor *index, const VlmNnTensor *y);

/* y[0 .. n) = x[first .. first + n). Any row offset. */
void vlm_nn_copy_rows (VlmNn *nn, const VlmNnTensor *x, guint64 first_x,
    const VlmNnTensor *y, guint64 first_y, guint64 n_rows);

#define VLM_NN_HEAD_STEP 8

/* Keys of a segment of a cache that grows. Attention takes a dispatch for each
 * segment and joins what they leave, so few and large ones are fast. But a
 * short sequence takes one completely: 75 MB of 16 bits for the 3B model. */
#define VLM_NN_KV_SEGMENT 2048

typedef struct
{
  VlmVkBuffer *keys;   /* [K][segment_keys / 8][D / 4][8][4] */
  VlmVkBuffer *values; /* [K][segment_keys][D] */
} VlmNnKvSegment;

/* Keys and values of one layer, packed for the attention kernel. A plain struct
 * with init/clear. Key i is key i % segment_keys of segment i / segment_keys. */
typedef struct
{
  VlmNnKvSegment *segments;
  guint n_segments;
  guint segment_keys; /* multiple of 32 */
  VlmDType dtype;     /* F32 or F16 */
  guint n_heads;      /* K */
  guint head_dim;     /* D, a multiple of VLM_NN_HEAD_STEP */
} VlmNnKv;

/* One segment with room for @capacity keys at least. @dtype: F32, or F16, which
 * rounds what is written; what F16 cannot hold becomes infinite. */
gboolean vlm_nn_kv_init (VlmNnKv *kv, VlmNn *nn, VlmDType dtype, guint n_heads,
    guint head_dim, guint capacity, GError **error);
/* Bytes that it takes. */
guint64
vlm_nn_kv_bytes (VlmDType dtype, guint n_heads, guint head_dim, guint capacity);
/* NULL-safe and idempotent. */
void vlm_nn_kv_clear (VlmNnKv *kv);
/* Keys that there is room for. */
guint vlm_nn_kv_capacity (const VlmNnKv *kv);
/* Makes room for @n_keys keys at least, in segments of VLM_NN_KV_SEGMENT: adds
 * what is missing. Those that are there stay where they are, and nothing is
 * copied. @kv: all zero, or grown by this, of the same kind. On error the cache
 * is as before. */
gboolean vlm_nn_kv_reserve (VlmNnKv *kv, VlmNn *nn, VlmDType dtype,
    guint n_heads, guint head_dim, guint n_keys, GError **error);
/* The capacity of a cache that grew to @n_keys. */
guint vlm_nn_kv_round_up (const VlmNn *nn, guint n_keys);
/* For exactness tests: caches that are empty yet grow in segments of @n_keys, a
 * power of two from 32 on. */
void vlm_nn_set_kv_segment (VlmNn *nn, guint n_keys);
/* Keys first … first + n - 1 to the host, rows [n, K * D] like those of q. For
 * looking at, not for speed. The device must not be using them. */
gboolean vlm_nn_kv_read_keys (const VlmNnKv *kv, VlmNn *nn, guint first,
    guint n, float *rows, GError **error);

/* qkv [T, (H + 2K) * D], rows q (all heads), k, v -> q [T, H * D], rotated;
 * rotated keys and values to rows first_key … first_key + T - 1 of the cache.
 * angles [T, D]: D/2 cosines then D/2 sines; pairs are (j, j + D/2). */
void
vlm_nn_rope_split (VlmNn *nn, const VlmNnTensor *qkv, const VlmNnTensor *angles,
    guint n_heads, const VlmNnTensor *q, const VlmNnKv *kv, guint first_key);

/* Which keys each query sees. Made once for a forward pass, used in every
 * layer; made on the host. */
typedef struct _VlmNnAttentionPlan VlmNnAttentionPlan;

/* Query i sees keys [b, e) of the segment [b, e) that holds i; bounds are
 * n_segments + 1 increasing values. For a cache of one segment. */
VlmNnAttentionPlan *vlm_nn_attention_plan_new_segments (VlmNn *nn,
    const guint32 *bounds, guint n_segments, guint n_heads, guint n_kv_heads,
    guint head_dim, GError **error);
/* Query i sees keys 0 … first_key + i. */
VlmNnAttentionPlan *
vlm_nn_attention_plan_new_causal (VlmNn *nn, guint n_queries, guint first_key,
    guint n_heads, guint n_kv_heads, guint head_dim, GError **error);
void vlm_nn_attention_plan_free (VlmNnAttentionPlan *plan);
/* Bytes that the second kind takes, about, where a cache has several
 * segments. */
guint64 vlm_nn_attention_plan_bytes (
    guint n_heads, guint head_dim, guint n_queries, guint n_keys);
/* Parts of the queries that take a bounded time each: where attention is much
 * work, the caller can submit between them. At most so many multiply-adds. */
guint vlm_nn_attention_plan_get_n_chunks (const VlmNnAttentionPlan *plan);
guint64
vlm_nn_attention_plan_get_macs (const VlmNnAttentionPlan *plan, guint chunk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmNnAttentionPlan, vlm_nn_attention_plan_free)

/* out[i] = softmax (q[i] k^T / sqrt (D)) v over the keys the plan gives, query
 * head h with key head h / (H / K). Streaming softmax in f32: no n x n matrix.
 * q, out: [T, H * D]. Few queries are split over keys, and all of them over
 * the segments of the cache. */
void vlm_nn_attention (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, const VlmNnTensor *out);
/* The queries of one chunk only. */
void vlm_nn_attention_chunk (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, guint chunk, const VlmNnTensor *out);

#define VLM_NN_NOT_FINITE (-2)

/* What the device answers about one row of logits. */
typedef struct
{
  gint32 token;      /* argmax over allowed tokens after the penalty, lowest id
                       on ties; -1 when nothing is allowed;
                       VLM_NN_NOT_FINITE when any of the n_valid logits is */
  float logit;       /* its logit after the penalty */
  float log_sum;     /* log sum exp of the allowed, penalised logits */
  float log_sum_all; /* the same without the mask */
} VlmNnChoice;

/* logits [1, V]. allowed: bit i of word i / 32 says that token i may come, NULL
 * for all of the first n_valid; seen: likewise, tokens the repetition penalty
 * touches (logit > 0 ? / penalty : * penalty), NULL for none. Both are
 * integers [1, ceil (V / 32)]. choice: [n, 4] words; result goes to row
 * @row, read it back as VlmNnChoice. */
void vlm_nn_choose (VlmNn *nn, const VlmNnTensor *logits, guint n_valid,
    const VlmNnTensor *allowed, const VlmNnTensor *seen, float penalty,
    const VlmNnTensor *choice, guint row);
