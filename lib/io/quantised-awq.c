/* gst-vlm: AWQ, as AutoAWQ's GEMM packs it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * qweight I32 [in, out / 8], qzeros I32 [in / group, out / 8], scales
 * [in / group, out]; w = (q - zero) * scale. AutoAWQ, awq/modules/linear/gemm.py,
 * WQLinear_GEMM.from_linear (). */
#include <string.h>

#include "base/blocks.h"
#include "io/quantised-private.h"

#define PER_WORD 8u /* outputs */
#define BAND 128u   /* inputs unpacked at a time: the largest block */

typedef struct
{
  VlmTensorRows parent;
  VlmTensorView qweight, qzeros, scales;
  guint64 n_in;
  guint64 group_size;
  VlmDType dtype;
} Awq;

/* Which half byte of a word holds output j of 8, in bits. */
static const guint8 shifts[PER_WORD] = { 0, 16, 4, 20, 8, 24, 12, 28 };

static guint32
word_at (const guint8 *bytes)
{
  guint32 word;

  memcpy (&word, bytes, sizeof word);
  return GUINT32_FROM_LE (word);
}

static guint
nibble (const guint8 *words, guint64 output)
{
  return word_at (words + output / PER_WORD * sizeof (guint32)) >>
      shifts[output % PER_WORD] &
      15;
}

/* The data of one call: outputs [first, first + n), the words that hold them, and
 * room for what is read. */
typedef struct
{
  const Awq *awq;
  guint64 first, n;
  guint64 first_word, n_words;
  guint8 *codes; /* [BAND][n_words] words */
  guint8 *zeros; /* [n_words] words */
  float *scales; /* [n] */
  guint8 *data;
  gsize row_bytes;
} Piece;

/* The heads of the blocks that begin at input @in. */
static gboolean
put_heads (const Piece *piece, guint64 in, GError **error)
{
  const Awq *awq = piece->awq;
  const guint64 group = in / awq->group_size;
  const guint64 skipped = piece->first - piece->first_word * PER_WORD;
  const gsize at = in / vlm_dtype_block_length (awq->dtype) *
      vlm_dtype_block_bytes (awq->dtype);

  if (!vlm_quant_read_run (&awq->qzeros, group, piece->first_word,
          piece->n_words, piece->zeros, error) ||
      !vlm_quant_read_floats (
          &awq->scales, group, piece->first, piece->n, piece->scales, error))
    return FALSE;
  vlm_quant_round_scales (awq->scales.dtype, piece->scales, piece->n);
  for (guint64 i = 0; i < piece->n; i++)
    vlm_quant_put_head (piece->data + i * piece->row_bytes + at,
        piece->scales[i], (gint) nibble (piece->zeros, skipped + i));
  return TRUE;
}

/* Codes of the outputs of word @word for inputs [in, in + n_in), n_in even, that
 * are one block. */
static void
put_word (const Piece *piece, guint64 word, gsize at, guint n_in)
{
  const gsize line = piece->n_words * sizeof (guint32);
  const guint8 *words = piece->codes + word * sizeof (guint32);
  const guint64 output = (piece->first_word + word) * PER_WORD;
  guint8 unused[BAND / 2];
  guint8 *targets[PER_WORD];

  for (guint j = 0; j < PER_WORD; j++)
    targets[j] =
        output + j >= piece->first && output + j < piece->first + piece->n
        ? piece->data + (output + j - piece->first) * piece->row_bytes + at
        : unused;
  for (guint k = 0; k < n_in; k += 2) {
    guint32 first = word_at (words + k * line);
    guint32 second = word_at (words + (k + 1) * line);

    for (guint j = 0; j < PER_WORD; j++)
      targets[j][k / 2] = (guint8) ((first >> shifts[j] & 15) |
          (second >> shifts[j] & 15) << 4);
  }
}

static gboolean
put_block (const Piece *piece, guint64 in, GError **error)
{
  const Awq *awq = piece->awq;
  const guint n_in = vlm_dtype_block_length (awq->dtype);
  const gsize line = piece->n_words * sizeof (guint32);
  const gsize at =
      in / n_in * vlm_dtype_block_bytes (awq->dtype) + 2 * sizeof (float);

  for (guint k = 0; k < n_in; k++)
    if (!vlm_quant_read_run (&awq->qweight, in + k, piece->first_word,
            piece->n_words, piece->codes + k * line, error))
      return FALSE;
  for (guint64 word = 0; word < piece->n_words; word++)
    put_word (piece, word, at, n_in);
  return put_heads (piece, in, error);
}

static gboolean
awq_read (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Awq *awq = (const Awq *) rows;
  const guint64 first_word = first / PER_WORD;
  const guint64 n_words = (first + n + PER_WORD - 1) / PER_WORD - first_word;
  g_autofree guint8 *codes = g_malloc (BAND * n_words * sizeof (guint32));
  g_autofree guint8 *zeros = g_malloc (n_words * sizeof (guint32));
  g_autofree float *scales = g_new (float, n);
  const Piece piece = { awq, first, n, first_word, n_words, codes, zeros,
    scales, data, vlm_dtype_row_bytes (awq->dtype, (gsize) awq->n_in) };

  for (guint64 in = 0; in < awq->n_in;
       in += vlm_dtype_block_length (awq->dtype))
    if (!put_block (&piece, in, error))
      return FALSE;
  return TRUE;
}

static void
awq_free (VlmTensorRows *rows)
{
  Awq *awq = (Awq *) rows;

  vlm_tensor_view_clear (&awq->qweight);
  vlm_tensor_view_clear (&awq->qzeros);
  vlm_tensor_view_clear (&awq->scales);
  g_free (awq);
}

/* The parts fit one another; sets what follows from them. */
static gboolean
check_parts (Awq *awq, const VlmQuantSettings *settings, GError **error)
{
  const VlmTensorView *q = &awq->qweight;
  guint64 n_groups;

  if (q->n_dims != 2)
    return vlm_quant_fail (
        q, VLM_LOAD_ERROR_MISMATCH, error, "%u dimensions, not 2", q->n_dims);
  awq->n_in = q->shape[0];
  awq->group_size =
      settings->group_size < 0 ? awq->n_in : (guint64) settings->group_size;
  if (awq->n_in == 0 || awq->n_in % awq->group_size != 0)
    return vlm_quant_fail (q, VLM_LOAD_ERROR_MISMATCH, error,
        "%" G_GUINT64_FORMAT
        " inputs are not a multiple of the group size %" G_GUINT64_FORMAT,
        awq->n_in, awq->group_size);
  awq->dtype = vlm_quant_int_type (4, awq->group_size);
  if (awq->dtype == VLM_DTYPE_F32)
    return vlm_quant_fail (q, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "groups of %" G_GUINT64_FORMAT " inputs, no multiple of 32",
        awq->group_size);
  n_groups = awq->n_in / awq->group_size;
  return vlm_quant_check (q, VLM_DTYPE_I32, awq->n_in, q->shape[1], error) &&
      vlm_quant_check (
          &awq->qzeros, VLM_DTYPE_I32, n_groups, q->shape[1], error) &&
      vlm_quant_check_scales (&awq->scales, error) &&
      vlm_quant_check (&awq->scales, awq->scales.dtype, n_groups,
          q->shape[1] * PER_WORD, error);
}

static gboolean
awq_open (const VlmTensorSource *source, const VlmQuantSettings *settings,
    const char *stem, VlmTensorView *view, GError **error)
{
  Awq *awq = g_new0 (Awq, 1);

  vlm_quant_init_rows (&awq->parent, awq_read, awq_free);
  if (!vlm_quant_find (source, stem, ".qweight", &awq->qweight, error) ||
      !vlm_quant_find (source, stem, ".qzeros", &awq->qzeros, error) ||
      !vlm_quant_find (source, stem, ".scales", &awq->scales, error) ||
      !check_parts (awq, settings, error)) {
    awq_free (&awq->parent);
    return FALSE;
  }
  vlm_quant_init_view (view, stem, &awq->qweight, awq->dtype,
      awq->qweight.shape[1] * PER_WORD, awq->n_in, &awq->parent);
  return TRUE;
}

static gsize
awq_match (const VlmTensorSource *source, const char *name)
{
  return vlm_quant_match_suffix (name, ".qweight");
}

static gboolean
awq_read_config (const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  const char *bits = vlm_json_has (at, "w_bit") ? "w_bit" : "bits";
  const char *group =
      vlm_json_has (at, "q_group_size") ? "q_group_size" : "group_size";
  const char *version = "gemm";
  gboolean has_zeros;

  if (!vlm_json_read_uint (at, bits, 0, 64, &settings->bits, error) ||
      !vlm_json_read_int64 (
          at, group, -1, G_MAXINT32, &settings->group_size, error) ||
      !vlm_json_read_boolean_or (at, "zero_point", TRUE, &has_zeros, error) ||
      (vlm_json_has (at, "version") &&
          !vlm_json_read_string (at, "version", &version, error)))
    return FALSE;
  if (settings->bits != 4)
    return vlm_json_fail (error, at, bits, VLM_LOAD_ERROR_UNSUPPORTED,
        "AWQ of %u bits, only 4 is supported: " VLM_QUANT_INSTEAD,
        settings->bits);
  if (settings->group_size == 0)
    return vlm_json_fail (error, at, group, VLM_LOAD_ERROR_CORRUPT,
        "0 is not a valid group size");
  if (g_ascii_strcasecmp (version, "gemm") != 0)
    return vlm_json_fail (error, at, "version", VLM_LOAD_ERROR_UNSUPPORTED,
        "packed as \"%s\", only \"gemm\" is supported: " VLM_QUANT_INSTEAD,
        version);
  if (!has_zeros)
    return vlm_json_fail (error, at, "zero_point", VLM_LOAD_ERROR_UNSUPPORTED,
        "AWQ without zero points is not supported: " VLM_QUANT_INSTEAD);
  return TRUE;
}

const VlmQuantMethod vlm_quant_awq = { "awq", awq_read_config, awq_match,
  awq_open };
