/* gst-vlm: GPTQ, as AutoGPTQ packs it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * qweight I32 [in * bits / 32, out], value i of a word is input i of its 32 /
 * bits; qzeros I32 [groups, out * bits / 32]; scales [groups, out]; g_idx I32
 * [in], the group of each input. w = (q - zero) * scale, where the zero is one
 * more than the stored one, except in gptq_v2. AutoGPTQ,
 * auto_gptq/nn_modules/qlinear/qlinear_cuda.py, pack () and forward (). */
#include <string.h>

#include "base/blocks.h"
#include "io/quantised-private.h"

#define WORD_BITS 32u

typedef struct
{
  VlmTensorRows parent;
  VlmTensorView qweight, qzeros, scales;
  guint bits;
  guint64 n_in, n_out, n_groups;
  gboolean has_true_zeros;
  gint32 *groups; /* of each input */
  guint32 *order; /* inputs, group after group; NULL: they are so as they are */
  VlmDType dtype;
} Gptq;

static guint
code_of (guint32 word, guint64 index, guint bits)
{
  const guint per_word = WORD_BITS / bits;

  return word >> (bits * (index % per_word)) & ((1u << bits) - 1);
}

/* Of element @i of a row as it is read. */
static gint32
group_at (const Gptq *gptq, guint64 i)
{
  return gptq->groups[gptq->order != NULL ? gptq->order[i] : i];
}

static guint32
word_at (const guint8 *words, guint64 index)
{
  guint32 word;

  memcpy (&word, words + index * sizeof word, sizeof word);
  return GUINT32_FROM_LE (word);
}

/* Scales and zeros of outputs [first, first + n) in one group. */
static gboolean
read_group (const Gptq *gptq, guint64 group, guint64 first, guint64 n,
    float *scales, gint *zeros, GError **error)
{
  const guint per_word = WORD_BITS / gptq->bits;
  const guint64 first_word = first / per_word;
  const guint64 n_words = (first + n + per_word - 1) / per_word - first_word;
  g_autofree guint8 *words = g_malloc (n_words * sizeof (guint32));

  if (!vlm_quant_read_run (
          &gptq->qzeros, group, first_word, n_words, words, error) ||
      !vlm_quant_read_floats (&gptq->scales, group, first, n, scales, error))
    return FALSE;
  vlm_quant_round_scales (gptq->scales.dtype, scales, n);
  for (guint64 i = 0; i < n; i++) {
    guint32 word = word_at (words, (first + i) / per_word - first_word);

    zeros[i] = (gint) code_of (word, first + i, gptq->bits) +
        (gptq->has_true_zeros ? 0 : 1);
  }
  return TRUE;
}

/* The words of a block are its codes as they are. */
static gboolean
put_words (const Gptq *gptq, guint64 in, guint64 first, guint64 n,
    guint8 *words, guint8 *data, GError **error)
{
  const gsize row_bytes = vlm_dtype_row_bytes (gptq->dtype, (gsize) gptq->n_in);
  const guint length = vlm_dtype_block_length (gptq->dtype);
  const guint per_word = WORD_BITS / gptq->bits;
  const guint64 n_left = MIN (length, gptq->n_in - in);
  const gsize at =
      in / length * vlm_dtype_block_bytes (gptq->dtype) + 2 * sizeof (float);

  for (guint64 i = 0; i < n; i++)
    memset (data + i * row_bytes + at, 0, length / per_word * sizeof (guint32));
  for (guint w = 0; w < n_left / per_word; w++) {
    if (!vlm_quant_read_run (
            &gptq->qweight, in / per_word + w, first, n, words, error))
      return FALSE;
    for (guint64 i = 0; i < n; i++)
      memcpy (data + i * row_bytes + at + w * sizeof (guint32),
          words + i * sizeof (guint32), sizeof (guint32));
  }
  return TRUE;
}

/* The codes of a block, each from its own word: of all words [n_in / per_word][n]
 * of the outputs. */
static void
put_codes (
    const Gptq *gptq, guint64 in, guint64 n, const guint8 *words, guint8 *data)
{
  const gsize row_bytes = vlm_dtype_row_bytes (gptq->dtype, (gsize) gptq->n_in);
  const guint length = vlm_dtype_block_length (gptq->dtype);
  const guint per_word = WORD_BITS / gptq->bits;
  const guint64 n_left = MIN (length, gptq->n_in - in);

  data +=
      in / length * vlm_dtype_block_bytes (gptq->dtype) + 2 * sizeof (float);
  for (guint64 i = 0; i < n; i++)
    memset (data + i * row_bytes, 0, length / per_word * sizeof (guint32));
  for (guint64 k = 0; k < n_left; k++) {
    const guint64 from = gptq->order[in + k];
    const guint shift = (guint) (k * gptq->bits % 8);
    guint8 *target = data + k * gptq->bits / 8;

    for (guint64 i = 0; i < n; i++)
      target[i * row_bytes] |=
          (guint8) (code_of (word_at (words, from / per_word * n + i), from,
                        gptq->bits)
              << shift);
  }
}

/* (transfer full) */
static guint8 *
read_all_words (const Gptq *gptq, guint64 first, guint64 n, GError **error)
{
  const guint64 n_lines = gptq->qweight.shape[0];
  g_autofree guint8 *words = g_malloc (n_lines * n * sizeof (guint32));

  for (guint64 line = 0; line < n_lines; line++)
    if (!vlm_quant_read_run (&gptq->qweight, line, first, n,
            words + line * n * sizeof (guint32), error))
      return NULL;
  return g_steal_pointer (&words);
}

/* All inputs of a block are of one group. */
static gboolean
read_blocks (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Gptq *gptq = (const Gptq *) rows;
  const gsize row_bytes = vlm_dtype_row_bytes (gptq->dtype, (gsize) gptq->n_in);
  const guint length = vlm_dtype_block_length (gptq->dtype);
  g_autofree guint8 *words = gptq->order == NULL
      ? g_malloc (n * sizeof (guint32))
      : read_all_words (gptq, first, n, error);
  g_autofree float *scales = g_new (float, n);
  g_autofree gint *zeros = g_new (gint, n);

  if (words == NULL)
    return FALSE;
  for (guint64 in = 0; in < gptq->n_in; in += length) {
    const gsize at = in / length * vlm_dtype_block_bytes (gptq->dtype);

    if (!read_group (gptq, (guint64) group_at (gptq, in), first, n, scales,
            zeros, error))
      return FALSE;
    if (gptq->order != NULL)
      put_codes (gptq, in, n, words, data);
    else if (!put_words (gptq, in, first, n, words, data, error))
      return FALSE;
    for (guint64 i = 0; i < n; i++)
      vlm_quant_put_head (data + i * row_bytes + at, scales[i], zeros[i]);
  }
  return TRUE;
}

/* Groups that fill no blocks: floats. */
static gboolean
read_floats (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Gptq *gptq = (const Gptq *) rows;
  const guint per_word = WORD_BITS / gptq->bits;
  g_autofree guint8 *words = g_malloc (n * sizeof (guint32));
  g_autofree float *scales = g_new (float, gptq->n_groups *n);
  g_autofree gint *zeros = g_new (gint, gptq->n_groups * n);
  float *values = (float *) (gpointer) data;

  for (guint64 group = 0; group < gptq->n_groups; group++)
    if (!read_group (gptq, group, first, n, scales + group * n,
            zeros + group * n, error))
      return FALSE;
  for (guint64 in = 0; in < gptq->n_in; in++) {
    const guint64 group = (guint64) gptq->groups[in] * n;

    if (in % per_word == 0 &&
        !vlm_quant_read_run (
            &gptq->qweight, in / per_word, first, n, words, error))
      return FALSE;
    for (guint64 i = 0; i < n; i++) {
      gint code = (gint) code_of (word_at (words, i), in, gptq->bits);

      values[i * gptq->n_in + in] =
          (float) (code - zeros[group + i]) * scales[group + i];
    }
  }
  return TRUE;
}

static void
gptq_free (VlmTensorRows *rows)
{
  Gptq *gptq = (Gptq *) rows;

  vlm_tensor_view_clear (&gptq->qweight);
  vlm_tensor_view_clear (&gptq->qzeros);
  vlm_tensor_view_clear (&gptq->scales);
  g_free (gptq->groups);
  g_free (gptq->order);
  g_free (gptq);
}

/* Without g_idx inputs are in order. */
static gboolean
set_groups_in_order (
    Gptq *gptq, const VlmQuantSettings *settings, GError **error)
{
  const VlmTensorView *q = &gptq->qweight;
  guint64 size;

  gptq->n_in = q->shape[0] * (WORD_BITS / settings->bits);
  if (settings->is_any_bits)
    return vlm_quant_fail (q, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "layers with individual settings (dynamic) need g_idx");
  size = settings->group_size < 0 ? gptq->n_in : (guint64) settings->group_size;
  gptq->groups = g_new (gint32, gptq->n_in);
  for (guint64 i = 0; i < gptq->n_in; i++)
    gptq->groups[i] = (gint32) (i / size);
  return TRUE;
}

static gboolean
read_groups (
    Gptq *gptq, const VlmTensorSource *source, const char *stem, GError **error)
{
  g_auto (VlmTensorView) view = { 0 };

  if (!vlm_quant_find (source, stem, ".g_idx", &view, error))
    return FALSE;
  if (view.dtype != VLM_DTYPE_I32 || view.n_dims != 1)
    return vlm_quant_fail (
        &view, VLM_LOAD_ERROR_MISMATCH, error, "is not a list of type I32");
  gptq->n_in = view.n_elements;
  gptq->groups = (gint32 *) (gpointer) vlm_tensor_view_read_all (&view, error);
  if (gptq->groups == NULL)
    return FALSE;
  for (guint64 i = 0; i < gptq->n_in; i++) {
    gptq->groups[i] = GINT32_FROM_LE (gptq->groups[i]);
    if (gptq->groups[i] < 0 || (guint64) gptq->groups[i] >= gptq->n_groups)
      return vlm_quant_fail (&view, VLM_LOAD_ERROR_MISMATCH, error,
          "input %" G_GUINT64_FORMAT
          " is of group %d, there are %" G_GUINT64_FORMAT,
          i, gptq->groups[i], gptq->n_groups);
  }
  return TRUE;
}

/* Bits follow from the shapes; the configuration must agree. */
static gboolean
set_bits (Gptq *gptq, const VlmQuantSettings *settings, GError **error)
{
  const VlmTensorView *q = &gptq->qweight;
  static const guint widths[] = { 4, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (widths); i++)
    if (gptq->n_in % (WORD_BITS / widths[i]) == 0 &&
        q->shape[0] == gptq->n_in / (WORD_BITS / widths[i]))
      gptq->bits = widths[i];
  if (gptq->bits == 0 ||
      (gptq->bits != settings->bits && !settings->is_any_bits))
    return vlm_quant_fail (q, VLM_LOAD_ERROR_MISMATCH, error,
        "%" G_GUINT64_FORMAT " rows of words do not hold %" G_GUINT64_FORMAT
        " inputs of %u bits",
        q->shape[0], gptq->n_in, settings->bits);
  return TRUE;
}

static gboolean
is_sorted (const Gptq *gptq)
{
  for (guint64 i = 1; i < gptq->n_in; i++)
    if (gptq->groups[i - 1] > gptq->groups[i])
      return FALSE;
  return TRUE;
}

/* With act-order the inputs of a group may be anywhere. */
static void
sort_inputs (Gptq *gptq)
{
  g_autofree guint64 *next = g_new0 (guint64, gptq->n_groups + 1);

  if (is_sorted (gptq))
    return;
  gptq->order = g_new (guint32, gptq->n_in);
  for (guint64 i = 0; i < gptq->n_in; i++)
    next[gptq->groups[i] + 1]++;
  for (guint64 group = 1; group < gptq->n_groups; group++)
    next[group] += next[group - 1];
  for (guint64 i = 0; i < gptq->n_in; i++)
    gptq->order[next[gptq->groups[i]]++] = (guint32) i;
}

/* The largest block that never crosses groups. */
static VlmDType
find_type (const Gptq *gptq)
{
  static const guint lengths[] = { 128, 64, 32 };

  for (guint k = 0; k < G_N_ELEMENTS (lengths); k++) {
    gboolean fits = TRUE;

    for (guint64 i = 0; i < gptq->n_in && fits; i++)
      fits = group_at (gptq, i) == group_at (gptq, i - i % lengths[k]);
    if (fits)
      return vlm_quant_int_type (gptq->bits, lengths[k]);
  }
  return VLM_DTYPE_F32;
}

static gboolean
check_parts (Gptq *gptq, const VlmTensorSource *source,
    const VlmQuantSettings *settings, const char *stem, GError **error)
{
  const VlmTensorView *q = &gptq->qweight;
  guint64 n_zero_words;

  if (q->n_dims != 2 || gptq->scales.n_dims != 2)
    return vlm_quant_fail (q, VLM_LOAD_ERROR_MISMATCH, error,
        "this tensor or its scales are not a matrix");
  gptq->n_out = q->shape[1];
  gptq->n_groups = gptq->scales.shape[0];
  if (!(vlm_quant_has (source, stem, ".g_idx")
              ? read_groups (gptq, source, stem, error)
              : set_groups_in_order (gptq, settings, error)) ||
      !set_bits (gptq, settings, error))
    return FALSE;
  if (gptq->n_in == 0 || gptq->n_out % (WORD_BITS / gptq->bits) != 0)
    return vlm_quant_fail (q, VLM_LOAD_ERROR_MISMATCH, error,
        "%" G_GUINT64_FORMAT " outputs of %" G_GUINT64_FORMAT
        " inputs fill no words",
        gptq->n_out, gptq->n_in);
  if ((guint64) gptq->groups[gptq->n_in - 1] >= gptq->n_groups)
    return vlm_quant_fail (&gptq->scales, VLM_LOAD_ERROR_MISMATCH, error,
        "%" G_GUINT64_FORMAT " groups are fewer than the inputs have",
        gptq->n_groups);
  n_zero_words = gptq->n_out / (WORD_BITS / gptq->bits);
  return vlm_quant_check (q, VLM_DTYPE_I32, q->shape[0], gptq->n_out, error) &&
      vlm_quant_check_scales (&gptq->scales, error) &&
      vlm_quant_check (&gptq->scales, gptq->scales.dtype, gptq->n_groups,
          gptq->n_out, error) &&
      vlm_quant_check (
          &gptq->qzeros, VLM_DTYPE_I32, gptq->n_groups, n_zero_words, error);
}

static gboolean
gptq_open (const VlmTensorSource *source, const VlmQuantSettings *settings,
    const char *stem, VlmTensorView *view, GError **error)
{
  Gptq *gptq = g_new0 (Gptq, 1);

  vlm_quant_init_rows (&gptq->parent, read_blocks, gptq_free);
  gptq->has_true_zeros = settings->has_true_zeros;
  if (!vlm_quant_find (source, stem, ".qweight", &gptq->qweight, error) ||
      !vlm_quant_find (source, stem, ".qzeros", &gptq->qzeros, error) ||
      !vlm_quant_find (source, stem, ".scales", &gptq->scales, error) ||
      !check_parts (gptq, source, settings, stem, error)) {
    gptq_free (&gptq->parent);
    return FALSE;
  }
  sort_inputs (gptq);
  gptq->dtype = find_type (gptq);
  if (gptq->dtype == VLM_DTYPE_F32) {
    g_clear_pointer (&gptq->order, g_free);
    gptq->parent.read = read_floats;
  }
  gptq->parent.order = gptq->order;
  vlm_quant_init_view (view, stem, &gptq->qweight, gptq->dtype, gptq->n_out,
      gptq->n_in, &gptq->parent);
  return TRUE;
}

static gsize
gptq_match (const VlmTensorSource *source, const char *name)
{
  return vlm_quant_match_suffix (name, ".qweight");
}

static gboolean
read_format (const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  static const char key[] = "checkpoint_format";
  const char *format = "gptq";
  gboolean is_marlin;

  if (!vlm_json_read_boolean_or (
          at, "is_marlin_format", FALSE, &is_marlin, error) ||
      (vlm_json_has (at, key) &&
          !vlm_json_read_string (at, key, &format, error)))
    return FALSE;
  if (is_marlin)
    format = "marlin";
  settings->has_true_zeros = g_str_equal (format, "gptq_v2");
  if (settings->has_true_zeros || g_str_equal (format, "gptq"))
    return TRUE;
  return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_UNSUPPORTED,
      "packed as \"%s\", only \"gptq\" and \"gptq_v2\" are "
      "supported: " VLM_QUANT_INSTEAD,
      format);
}

static gboolean
gptq_read_config (const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  settings->is_any_bits = vlm_json_has (at, "dynamic");
  if (!vlm_json_read_uint (at, "bits", 0, 64, &settings->bits, error) ||
      !vlm_json_read_int64 (
          at, "group_size", -1, G_MAXINT32, &settings->group_size, error) ||
      !read_format (at, settings, error))
    return FALSE;
  if (settings->bits != 4 && settings->bits != 8)
    return vlm_json_fail (error, at, "bits", VLM_LOAD_ERROR_UNSUPPORTED,
        "GPTQ of %u bits, only 4 and 8 are supported: " VLM_QUANT_INSTEAD,
        settings->bits);
  if (settings->group_size == 0)
    return vlm_json_fail (error, at, "group_size", VLM_LOAD_ERROR_CORRUPT,
        "0 is not a valid group size");
  return TRUE;
}

const VlmQuantMethod vlm_quant_gptq = { "gptq", gptq_read_config, gptq_match,
  gptq_open };
