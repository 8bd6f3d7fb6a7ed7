/* gst-vlm: the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HF transformers modeling_qwen2_5_vl.py Qwen2_5_VisionTransformer. Slices
 * never see each other, so they are encoded in groups that bound the scratch.
 * Only attention looks across rows: all else goes through a group in bands of
 * rows, so that even the largest single picture needs little more than its
 * residual stream, queries, keys and values. */
#include "model/qwen2_5_vl/vision-private.h"

#include "base/work.h"
#include "model/qwen2_5_vl/weights.h"

/* modeling_qwen2_5_vl.py: Qwen2RMSNorm(config.hidden_size, eps=1e-6). */
#define NORM_EPS 1e-6f
/* How long a submission should take: longer than submitting costs, shorter than
 * watchdogs and cancellation allow. */
#define MIN_SUBMIT_US (100 * 1000)
#define MAX_SUBMIT_US (1000 * 1000)

/* One call of encode. */
typedef struct
{
  VlmNnTensor *features;
  GCancellable *cancellable;
  const VlmWork *work;
  guint64 work_total; /* patches times blocks */
  guint64 work_done;
  guint64 work_recorded; /* since the last submission */
  guint64 macs_recorded; /* likewise, multiply-adds */
} Job;

static gboolean
wait_idle (VlmQwenVision *vision, GCancellable *cancellable, GError **error)
{
  if (!vlm_nn_wait (vision->base.nn, cancellable, error))
    return FALSE;
  vision->busy = FALSE;
  return TRUE;
}

/* Submits what is recorded and waits for it. @elapsed: what the device took. */
static gboolean
run (VlmQwenVision *vision, Job *job, gint64 *elapsed, GError **error)
{
  gint64 start;
  gboolean good;

  if (!vlm_turns_take (
          vision->base.turns, VLM_TURN_BULK, job->cancellable, error))
    return FALSE;
  start = g_get_monotonic_time ();
  good = vlm_nn_submit (vision->base.nn, error);
  if (good) {
    vision->busy = TRUE;
    good = wait_idle (vision, job->cancellable, error);
  }
  vlm_turns_give_back (vision->base.turns);
  *elapsed = g_get_monotonic_time () - start;
  return good;
}

static gboolean
flush (VlmQwenVision *vision, Job *job, GError **error)
{
  gint64 elapsed;

  if (g_cancellable_set_error_if_cancelled (job->cancellable, error) ||
      !run (vision, job, &elapsed, error))
    return FALSE;
  if (elapsed > MAX_SUBMIT_US)
    vision->submit_macs = MAX (vision->submit_macs / 2, 1);
  else if (elapsed < MIN_SUBMIT_US && job->macs_recorded >= vision->submit_macs)
    vision->submit_macs *= 2;
  job->work_done += job->work_recorded;
  job->work_recorded = 0;
  job->macs_recorded = 0;
  vlm_work_progress (
      job->work, "vision", (double) job->work_done / job->work_total);
  return TRUE;
}

/* Submits when enough was recorded. Only the scratch of the whole group is
 * carried from one piece to the next. */
static gboolean
meter (VlmQwenVision *vision, Job *job, guint64 n_macs, GError **error)
{
  job->macs_recorded += n_macs;
  if (job->macs_recorded < vision->submit_macs)
    return TRUE;
  if (!flush (vision, job, error))
    return FALSE;
  vlm_nn_begin (vision->base.nn);
  return TRUE;
}

/* Rows of a band in all of its scratch. */
typedef struct
{
  guint first, n;
  VlmNnTensor x, q, attended, angles, normed, qkv, mlp;
} Band;

static Band
take_band (const VlmQwenVision *vision, guint first)
{
  guint n = MIN (vision->plan->n_patches - first, vision->band_rows);

  return (Band){
    .first = first,
    .n = n,
    .x = vlm_nn_tensor_rows (&vision->x, first, n),
    .q = vlm_nn_tensor_rows (&vision->q, first, n),
    .attended = vlm_nn_tensor_rows (&vision->attended, first, n),
    .angles = vlm_nn_tensor_rows (&vision->angles, first, n),
    .normed = vlm_nn_tensor_rows (&vision->normed, 0, n),
    .qkv = vlm_nn_tensor_rows (&vision->qkv, 0, n),
    .mlp = vlm_nn_tensor_rows (&vision->mlp, 0, n),
  };
}

/* x = patches · Wᵀ; the convolution over 2 x 14 x 14 pixels is a matrix. */
static gboolean
embed_patches (
    VlmQwenVision *vision, const float *patches, Job *job, GError **error)
{
  const VlmVisionConfig *c = &vision->base.net->config.vision;
  guint cell = c->spatial_merge_size * c->spatial_merge_size;
  gsize cell_floats = (gsize) cell * vlm_vision_patch_floats (c);

  for (guint first = 0; first < vision->plan->n_patches;
       first += vision->band_rows) {
    Band band = take_band (vision, first);
    VlmNnTensor source = vlm_nn_tensor_rows (&vision->patches, 0, band.n);

    /* The device reads the last band's pixels until it is done. */
    if (first > 0 && !flush (vision, job, error))
      return FALSE;
    for (guint i = 0; i < band.n / cell; i++)
      memcpy (vision->band + i * cell_floats,
          patches + vision->plan->window_index[first / cell + i] * cell_floats,
          cell_floats * sizeof (float));
    if (!vlm_nn_tensor_write (
            &vision->patches, vision->base.nn, 0, band.n, vision->band, error))
      return FALSE;
    vlm_nn_begin (vision->base.nn);
    vlm_nn_label (vision->base.nn, "vision.patch_embed");
    vlm_nn_matmul (vision->base.nn, &source,
        vlm_net_matrix (vision->base.net, VLM_QWEN_VISION_PATCH, 0), NULL,
        VLM_NN_STORE, &band.x);
    vlm_model_taps_take (
        vision->base.taps, vision->base.nn, "patch_embed", -1, &band.x);
  }
  return TRUE;
}

static void
record_qkv (VlmQwenVision *vision, guint block, const Band *band)
{
  VlmNet *net = vision->base.net;
  VlmNn *nn = vision->base.nn;

  vlm_nn_label (nn, "vision.norm");
  vlm_nn_rms_norm (nn, &band->x,
      vlm_net_vector (net, VLM_QWEN_VISION_NORM1, block), NORM_EPS,
      &band->normed);
  vlm_nn_label (nn, "vision.qkv");
  vlm_nn_matmul (nn, &band->normed,
      vlm_net_matrix (net, VLM_QWEN_VISION_QKV, block),
      vlm_net_vector (net, VLM_QWEN_VISION_QKV_BIAS, block), VLM_NN_STORE,
      &band->qkv);
  vlm_nn_label (nn, "vision.rope");
  vlm_nn_rope_split (nn, &band->qkv, &band->angles, net->config.vision.n_heads,
      &band->q, &vision->kv, band->first);
}

static void
record_mlp (VlmQwenVision *vision, guint block, const Band *band)
{
  VlmNet *net = vision->base.net;
  VlmNn *nn = vision->base.nn;

  vlm_nn_label (nn, "vision.out");
  vlm_nn_matmul (nn, &band->attended,
      vlm_net_matrix (net, VLM_QWEN_VISION_PROJ, block),
      vlm_net_vector (net, VLM_QWEN_VISION_PROJ_BIAS, block), VLM_NN_ADD,
      &band->x);
  vlm_nn_label (nn, "vision.norm");
  vlm_nn_rms_norm (nn, &band->x,
      vlm_net_vector (net, VLM_QWEN_VISION_NORM2, block), NORM_EPS,
      &band->normed);
  vlm_nn_label (nn, "vision.gate_up");
  vlm_nn_matmul (nn, &band->normed,
      vlm_net_matrix (net, VLM_QWEN_VISION_GATE_UP, block),
      vlm_net_vector (net, VLM_QWEN_VISION_GATE_UP_BIAS, block), VLM_NN_SWIGLU,
      &band->mlp);
  vlm_nn_label (nn, "vision.down");
  vlm_nn_matmul (nn, &band->mlp,
      vlm_net_matrix (net, VLM_QWEN_VISION_DOWN, block),
      vlm_net_vector (net, VLM_QWEN_VISION_DOWN_BIAS, block), VLM_NN_ADD,
      &band->x);
}

static gboolean
record_attention (VlmQwenVision *vision, guint block, Job *job, GError **error)
{
  guint n = vision->plan->n_patches;
  VlmNnTensor q = vlm_nn_tensor_rows (&vision->q, 0, n);
  VlmNnTensor attended = vlm_nn_tensor_rows (&vision->attended, 0, n);
  gboolean is_full =
      vlm_vision_config_is_full (&vision->base.net->config.vision, block);
  const VlmNnAttentionPlan *plan = is_full ? vision->slices : vision->windows;

  vlm_model_taps_take (
      vision->base.taps, vision->base.nn, "q", (int) block, &q);
  vlm_model_taps_take_keys (
      vision->base.taps, vision->base.nn, "k", (int) block, &vision->kv, n);
  for (guint i = 0; i < vlm_nn_attention_plan_get_n_chunks (plan); i++) {
    vlm_nn_label (vision->base.nn,
        is_full ? "vision.attention_full" : "vision.attention");
    vlm_nn_attention_chunk (
        vision->base.nn, &q, &vision->kv, plan, i, &attended);
    if (!meter (vision, job, vlm_nn_attention_plan_get_macs (plan, i), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
record_block (VlmQwenVision *vision, guint block, Job *job, GError **error)
{
  const VlmVisionConfig *c = &vision->base.net->config.vision;
  guint n = vision->plan->n_patches;
  VlmNnTensor x = vlm_nn_tensor_rows (&vision->x, 0, n);

  for (guint first = 0; first < n; first += vision->band_rows) {
    Band band = take_band (vision, first);

    record_qkv (vision, block, &band);
    if (!meter (vision, job, band.n * vlm_vision_qkv_macs (c), error))
      return FALSE;
  }
  if (!record_attention (vision, block, job, error))
    return FALSE;
  for (guint first = 0; first < n; first += vision->band_rows) {
    Band band = take_band (vision, first);

    record_mlp (vision, block, &band);
    job->work_recorded += band.n;
    if (!meter (vision, job, band.n * vlm_vision_mlp_macs (c), error))
      return FALSE;
  }
  vlm_model_taps_take (
      vision->base.taps, vision->base.nn, "block", (int) block, &x);
  return TRUE;
}

/* The norm is over each patch; the four patches of a cell are neighbours in
 * memory and become one row by looking at them so. Rows go back to the order
 * the patches came in. */
static void
record_merger (VlmQwenVision *vision, VlmNnTensor *features)
{
  VlmNet *net = vision->base.net;
  VlmNn *nn = vision->base.nn;
  const VlmVisionConfig *c = &net->config.vision;
  guint cell = c->spatial_merge_size * c->spatial_merge_size;
  guint cell_cols = cell * c->hidden_size;

  for (guint f = 0; f < vision->plan->n_patches; f += vision->band_rows) {
    Band band = take_band (vision, f);
    guint n = band.n / cell;
    VlmNnTensor cells = vlm_nn_tensor_reshape (&band.normed, n, cell_cols);
    VlmNnTensor hidden = vlm_nn_tensor_reshape (&band.qkv, n, cell_cols);
    VlmNnTensor merged = vlm_nn_tensor_rows (&vision->merged, 0, n);
    VlmNnTensor index = vlm_nn_tensor_rows (&vision->index, f / cell, n);

    vlm_nn_label (nn, "vision.merger");
    vlm_nn_rms_norm (nn, &band.x, vlm_net_vector (net, VLM_QWEN_MERGER_NORM, 0),
        NORM_EPS, &band.normed);
    vlm_nn_matmul (nn, &cells, vlm_net_matrix (net, VLM_QWEN_MERGER_IN, 0),
        vlm_net_vector (net, VLM_QWEN_MERGER_IN_BIAS, 0), VLM_NN_GELU, &hidden);
    vlm_nn_matmul (nn, &hidden, vlm_net_matrix (net, VLM_QWEN_MERGER_OUT, 0),
        vlm_net_vector (net, VLM_QWEN_MERGER_OUT_BIAS, 0), VLM_NN_STORE,
        &merged);
    vlm_nn_scatter_rows (nn, &merged, &index, features);
  }
}

static gboolean
encode_group (VlmQwenVision *vision, const float *patches, const GArray *grids,
    guint64 first_row, Job *job, GError **error)
{
  guint depth = vision->base.net->config.vision.depth;

  if (!vlm_vision_prepare_group (vision, grids, first_row, error) ||
      !embed_patches (vision, patches, job, error))
    return FALSE;
  for (guint i = 0; i < depth; i++)
    if (!record_block (vision, i, job, error))
      return FALSE;
  record_merger (vision, job->features);
  return flush (vision, job, error);
}

gboolean
vlm_qwen_vision_encode (VlmVision *base, const float *patches,
    const VlmGrid *grids, guint n_grids, VlmNnTensor *features,
    guint64 first_row, const VlmWork *work, GError **error)
{
  VlmQwenVision *vision = (VlmQwenVision *) base;
  const VlmVisionConfig *c = &base->net->config.vision;
  guint cell = c->spatial_merge_size * c->spatial_merge_size;
  g_autoptr (GArray) group = g_array_new (FALSE, FALSE, sizeof (VlmGrid));
  Job job = { .features = features,
    .cancellable = vlm_work_cancellable (work),
    .work = work };
  guint n_patches, grid = 0, slice = 0;

  if (!vlm_vision_plan_count (c, grids, n_grids, &n_patches, error))
    return FALSE;
  g_assert (features->n_cols == c->out_hidden_size);
  g_assert (first_row + n_patches / cell <= features->n_rows);
  job.work_total = (guint64) n_patches * c->depth;
  /* The device may still read what a cancelled call gave it. */
  if (vision->busy && !wait_idle (vision, NULL, error))
    return FALSE;
  while (grid < n_grids) {
    guint n =
        vlm_vision_next_group (vision, grids, n_grids, &grid, &slice, group);

    if (!encode_group (vision, patches, group, first_row, &job, error))
      return FALSE;
    patches += (gsize) n * vlm_vision_patch_floats (c);
    first_row += n / cell;
  }
  return TRUE;
}
