/* gst-vlm: packing rows of weights into a matrix
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A bundle is what shares granules in one plane: one block, or some neighbouring
 * ones (nn/format.h). Bundles with all their rows are written straight to the
 * device, others are read, completed and written back. */
#include "nn/matrix.h"

#include "base/checked.h"

#include <string.h>

#define GRANULE_BYTES (VLM_NN_GRANULE_WORDS * 4)
#define MAX_SHARE 4
#define MAX_BUNDLE_ROWS (MAX_SHARE * VLM_NN_BLOCK)

/* One call of write (). */
typedef struct
{
  const VlmNnMatrix *matrix;
  VlmNnRows rows;
  guint first_out; /* of the rows that are there, as their source counts */
  guint n_rows;
  const guint8 *data;
} Source;

/* One plane of one part. */
typedef struct
{
  const Source *source;
  const VlmNnPart *part;
  VlmNnPlaneKind plane;
  guint share;
  guint n_steps;
  guint words;
  gsize row_bytes;
  guint64 bundle_bytes;
  guint first_bundle; /* that a fill begins with */
  guint8 *scratch;    /* words of the rows of a bundle */
} Plane;

static void
plane_init (Plane *plane, const Source *source, const VlmNnPart *part,
    VlmNnPlaneKind index)
{
  const VlmNnFormat *format = part->format;
  const guint n_in = source->matrix->n_in;

  *plane = (Plane){
    .source = source,
    .part = part,
    .plane = index,
    .share = vlm_nn_format_share (format, index),
    .n_steps = vlm_nn_format_steps (format, index, n_in),
    .words = format->planes[index].words,
    .row_bytes = vlm_nn_format_row_bytes (format, n_in),
  };
  plane->bundle_bytes =
      plane->share * vlm_nn_format_plane_bytes (format, index, n_in);
  if (format->pack != NULL)
    plane->scratch = g_malloc (plane->bundle_bytes);
}

static void
plane_clear (Plane *plane)
{
  g_clear_pointer (&plane->scratch, g_free);
}

/* The row of output @lane of block @block, as its source counts; -1 if it is of
 * another source. */
static gint64
row_of (const Source *source, guint block, guint lane)
{
  switch (source->rows) {
  case VLM_NN_ROWS_PAIR_FIRST:
  case VLM_NN_ROWS_PAIR_SECOND:
    if (block % 2 != (source->rows == VLM_NN_ROWS_PAIR_SECOND))
      return -1;
    return (gint64) block / 2 * VLM_NN_BLOCK + lane;
  default:
    return (gint64) block * VLM_NN_BLOCK + lane;
  }
}

/* NULL if the row is not among those of the call. */
static const guint8 *
find_row (const Plane *plane, guint block, guint lane)
{
  const Source *source = plane->source;
  const gint64 row = row_of (source, block, lane) - source->first_out;

  if (block >= plane->part->first_block + plane->part->n_padded || row < 0 ||
      row >= source->n_rows)
    return NULL;
  return source->data + (gsize) row * plane->row_bytes;
}

/* Whether every output of a bundle is among the rows of the call. */
static gboolean
is_complete (const Plane *plane, guint bundle)
{
  const Source *source = plane->source;
  const VlmNnPart *part = plane->part;
  const guint block = part->first_block + bundle * plane->share;
  guint64 begin = (guint64) block * VLM_NN_BLOCK;
  guint64 end = MIN (begin + plane->share * VLM_NN_BLOCK,
      (guint64) part->first_block * VLM_NN_BLOCK + part->n_out);

  if (source->rows != VLM_NN_ROWS_PLAIN) {
    if (plane->share > 1)
      return FALSE;
    begin = (guint64) block / 2 * VLM_NN_BLOCK;
    end = MIN (begin + VLM_NN_BLOCK, source->matrix->n_out / 2);
  }
  return begin >= source->first_out &&
      end <= (guint64) source->first_out + source->n_rows;
}

/* @n bytes of a row from @at on, zeros past its end. */
static void
copy_words (
    guint8 *target, const guint8 *row, gsize row_bytes, gsize at, gsize n)
{
  const gsize there = at < row_bytes ? MIN (row_bytes - at, n) : 0;

  memcpy (target, row + at, there);
  memset (target + there, 0, n - there);
}

/* Writes the rows that exist, in order; zeros for others, or with @keep
 * nothing. */
static void
interleave (const Plane *plane, const guint8 *const *rows, gsize row_bytes,
    gboolean keep, guint8 *target)
{
  const gsize part_bytes = MIN (plane->words, VLM_NN_GRANULE_WORDS) * 4;
  const gsize n_granules =
      (gsize) plane->n_steps * MAX (plane->words / VLM_NN_GRANULE_WORDS, 1);
  const guint n_rows = plane->share * VLM_NN_BLOCK;

  for (gsize i = 0; i < n_granules; i++) {
    for (guint r = 0; r < n_rows; r++) {
      const guint lane = r % VLM_NN_BLOCK, b = r / VLM_NN_BLOCK;
      guint8 *at = target + lane * GRANULE_BYTES + b * part_bytes;

      if (rows[r] != NULL)
        copy_words (at, rows[r], row_bytes, i * part_bytes, part_bytes);
      else if (!keep)
        memset (at, 0, part_bytes);
    }
    target += VLM_NN_BLOCK * GRANULE_BYTES;
  }
}

/* The usual case: eight whole rows, a granule each at a time. */
static void
interleave_block (const guint8 *const *rows, gsize n_granules, guint8 *target)
{
  for (gsize i = 0; i < n_granules; i++) {
    for (guint r = 0; r < VLM_NN_BLOCK; r++)
      memcpy (target + r * GRANULE_BYTES, rows[r] + i * GRANULE_BYTES,
          GRANULE_BYTES);
    target += VLM_NN_BLOCK * GRANULE_BYTES;
  }
}

static void
fill_bundle (const Plane *plane, guint bundle, gboolean keep, guint8 *target)
{
  const VlmNnFormat *format = plane->part->format;
  const guint n_rows = plane->share * VLM_NN_BLOCK;
  const gsize n_words = (gsize) plane->n_steps * plane->words;
  const guint8 *rows[MAX_BUNDLE_ROWS];
  gsize row_bytes = plane->row_bytes;
  gboolean whole = TRUE;

  for (guint r = 0; r < n_rows; r++) {
    rows[r] = find_row (plane,
        plane->part->first_block + bundle * plane->share + r / VLM_NN_BLOCK,
        r % VLM_NN_BLOCK);
    whole = whole && rows[r] != NULL;
    if (rows[r] != NULL && format->pack != NULL) {
      guint32 *words = (guint32 *) plane->scratch + r * n_words;

      format->pack (
          format, plane->plane, rows[r], plane->source->matrix->n_in, words);
      rows[r] = (const guint8 *) words;
    }
  }
  if (format->pack != NULL)
    row_bytes = n_words * 4;
  if (whole && plane->share == 1) {
    const gsize n_granules = n_words / VLM_NN_GRANULE_WORDS;
    const gsize n_full = MIN (row_bytes / GRANULE_BYTES, n_granules);

    interleave_block (rows, n_full, target);
    target += n_full * VLM_NN_BLOCK * GRANULE_BYTES;
    for (gsize i = n_full; i < n_granules; i++) {
      for (guint r = 0; r < n_rows; r++)
        copy_words (target + r * GRANULE_BYTES, rows[r], row_bytes,
            i * GRANULE_BYTES, GRANULE_BYTES);
      target += VLM_NN_BLOCK * GRANULE_BYTES;
    }
  } else {
    interleave (plane, rows, row_bytes, keep, target);
  }
}

static void
fill_bundles (guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  const Plane *plane = user_data;
  const guint first =
      plane->first_bundle + (guint) (offset / plane->bundle_bytes);

  for (gsize i = 0; i < n_bytes / plane->bundle_bytes; i++)
    fill_bundle (
        plane, first + (guint) i, FALSE, target + i * plane->bundle_bytes);
}

static gboolean
complete_bundle (Plane *plane, guint bundle, GError **error)
{
  const guint64 offset =
      plane->part->plane_offset[plane->plane] + bundle * plane->bundle_bytes;
  g_autofree guint8 *copy = g_malloc (plane->bundle_bytes);

  if (!vlm_vk_buffer_read (
          plane->part->buffer, offset, copy, plane->bundle_bytes, error))
    return FALSE;
  fill_bundle (plane, bundle, TRUE, copy);
  return vlm_vk_buffer_write (
      plane->part->buffer, offset, copy, plane->bundle_bytes, error);
}

/* Bundles [first, end) of the part's plane, each with some row of the call. */
static gboolean
write_bundles (Plane *plane, guint first, guint end, GError **error)
{
  while (first < end) {
    guint n = 0;

    while (first + n < end && is_complete (plane, first + n))
      n++;
    plane->first_bundle = first;
    if (n == 0 && !complete_bundle (plane, first, error))
      return FALSE;
    if (!vlm_vk_buffer_fill (plane->part->buffer,
            plane->part->plane_offset[plane->plane] +
                first * plane->bundle_bytes,
            n * plane->bundle_bytes, plane->bundle_bytes, fill_bundles, plane,
            error))
      return FALSE;
    first += MAX (n, 1);
  }
  return TRUE;
}

/* Blocks [begin, end) of the part, in which every block, or every other one, has
 * a row of the call. */
static gboolean
write_blocks (const Source *source, const VlmNnPart *part, guint begin,
    guint end, GError **error)
{
  const guint step = source->rows == VLM_NN_ROWS_PLAIN ? 1 : 2;

  for (guint i = 0; i < VLM_NN_N_PLANES; i++) {
    Plane plane;
    gboolean ok = TRUE;

    if (part->format->planes[i].words == 0)
      continue;
    plane_init (&plane, source, part, i);
    if (plane.share >= step) {
      ok = write_bundles (&plane, begin / plane.share,
          (guint) vlm_div_round_up (end, plane.share), error);
    } else {
      for (guint block = begin; ok && block < end; block += step)
        ok = write_bundles (&plane, block, block + 1, error);
    }
    plane_clear (&plane);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

gboolean
vlm_nn_matrix_write (VlmNnMatrix *matrix, VlmNnRows rows, guint first_out,
    guint n_rows, const void *data, GError **error)
{
  const guint n_out =
      rows == VLM_NN_ROWS_PLAIN ? matrix->n_out : matrix->n_out / 2;
  guint step = rows == VLM_NN_ROWS_PLAIN ? 1 : 2;
  guint second = rows == VLM_NN_ROWS_PAIR_SECOND;
  Source source = { matrix, rows, first_out, n_rows, data };
  guint begin, end;

  g_assert ((guint64) first_out + n_rows <= n_out);
  if (n_rows == 0)
    return TRUE;
  if (matrix->n_first > 0) {
    first_out += second * matrix->n_first * VLM_NN_BLOCK;
    source = (Source){ matrix, VLM_NN_ROWS_PLAIN, first_out, n_rows, data };
    step = 1;
    second = 0;
  }
  begin = first_out / VLM_NN_BLOCK * step + second;
  end = (first_out + n_rows - 1) / VLM_NN_BLOCK * step + second + 1;
  for (guint i = 0; i < matrix->n_parts; i++) {
    const VlmNnPart *part = &matrix->parts[i];
    const guint part_end = i + 1 < matrix->n_parts
        ? part[1].first_block
        : part->first_block + part->n_padded;
    guint from = MAX (begin, part->first_block);
    const guint to = MIN (end, part_end);

    /* Parts of paired rows begin with a pair. */
    if (from > begin)
      from += second;
    if (from < to &&
        !write_blocks (&source, part, from - part->first_block,
            to - part->first_block, error))
      return FALSE;
  }
  return TRUE;
}
