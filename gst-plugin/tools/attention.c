/* gst-vlm: attention maps as files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/attention.h"

#include <errno.h>
#include <math.h>

#include <cairo.h>
#include <glib/gstdio.h>

#include "tools/result-file.h"
#include "util/gstvlmjson.h"

#define INDEX "attention.json"

/* Smaller pictures are enlarged, so that a map can be seen. */
#define MIN_SIDE 240

/* How much of the picture is left under a map. */
#define PICTURE_SHARE 0.45

typedef struct
{
  const VlmAttention *attention;
  const char *folder;
  JsonBuilder *json;
} Writer;

gboolean
attention_make_folder (const char *folder, GError **error)
{
  g_autoptr (GDir) dir = NULL;
  g_autofree char *index = NULL;
  g_auto (ResultFile) probe = { 0 };

  if (g_mkdir_with_parents (folder, 0777) != 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
        folder, g_strerror (errno));
    return FALSE;
  }
  dir = g_dir_open (folder, 0, error);
  if (dir == NULL)
    return FALSE;
  /* The files in it are not ours. */
  if (g_dir_read_name (dir) != NULL) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
        "%s: is not empty: maps are written to a new or empty folder", folder);
    return FALSE;
  }
  index = g_build_filename (folder, INDEX, NULL);
  return result_file_open (&probe, index, error);
}

static void
put_text (Writer *writer, const char *name, const char *text)
{
  json_builder_set_member_name (writer->json, name);
  json_builder_add_string_value (writer->json, text);
}

static void
put_number (Writer *writer, const char *name, gint64 value)
{
  json_builder_set_member_name (writer->json, name);
  json_builder_add_int_value (writer->json, value);
}

static void
put_pair (Writer *writer, const char *name, guint first, guint second)
{
  json_builder_set_member_name (writer->json, name);
  json_builder_begin_array (writer->json);
  json_builder_add_int_value (writer->json, first);
  json_builder_add_int_value (writer->json, second);
  json_builder_end_array (writer->json);
}

/* --- arrays --------------------------------------------------------------- */

/* Version 1.0 of NumPy's format: magic, length of the header, a dictionary
 * padded to 64 bytes, the values. */
static gboolean
write_array (Writer *writer, const char *key, guint slice, const float *values,
    const guint *shape, guint n_dims, GError **error)
{
  g_autofree char *name = g_strdup_printf ("slice%03u-%s.npy", slice, key);
  g_autofree char *path = g_build_filename (writer->folder, name, NULL);
  g_autoptr (GString) file = g_string_new (NULL);
  g_autoptr (GString) header = g_string_new (NULL);
  gsize n = 1;

  g_string_append_printf (header,
      "{'descr': '%cf4', 'fortran_order': False, 'shape': (",
      G_BYTE_ORDER == G_LITTLE_ENDIAN ? '<' : '>');
  for (guint i = 0; i < n_dims; i++) {
    g_string_append_printf (header, "%u, ", shape[i]);
    n *= shape[i];
  }
  g_string_append (header, "), }");
  while ((10 + header->len + 1) % 64 != 0)
    g_string_append_c (header, ' ');
  g_string_append_c (header, '\n');
  g_string_append_len (file, "\x93NUMPY\x01\x00", 8);
  g_string_append_c (file, (char) (header->len & 0xff));
  g_string_append_c (file, (char) (header->len >> 8));
  g_string_append_len (file, header->str, (gssize) header->len);
  g_string_append_len (
      file, (const char *) values, (gssize) (n * sizeof (float)));
  put_text (writer, key, name);
  return g_file_set_contents (path, file->str, (gssize) file->len, error);
}

/* --- pictures ------------------------------------------------------------- */

static cairo_surface_t *
picture_of (const VlmFrame *frame)
{
  cairo_surface_t *surface = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, (int) frame->width, (int) frame->height);
  guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);

  for (guint y = 0; y < frame->height; y++) {
    const guint8 *from = frame->pixels + (gsize) y * frame->width * 3;
    guint32 *to = (guint32 *) (gpointer) (data + (gsize) y * (gsize) stride);

    for (guint x = 0; x < frame->width; x++)
      to[x] = (guint32) from[3 * x] << 16 | (guint32) from[3 * x + 1] << 8 |
          from[3 * x + 2];
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}

/* Black, violet, orange, pale yellow: lighter for more. Premultiplied. */
static guint32
colour_of (double value)
{
  static const double stops[][3] = { { 0.0, 0.0, 0.0 }, { 0.34, 0.06, 0.43 },
    { 0.93, 0.41, 0.15 }, { 0.99, 1.0, 0.64 } };
  double place = CLAMP (value, 0.0, 1.0) * (G_N_ELEMENTS (stops) - 1);
  guint i = MIN ((guint) place, G_N_ELEMENTS (stops) - 2);
  double t = place - i;
  double alpha = CLAMP (1.5 * value, 0.0, 0.9);
  guint32 colour = (guint32) (alpha * 255.0 + 0.5) << 24;

  for (guint c = 0; c < 3; c++) {
    double v = stops[i][c] * (1.0 - t) + stops[i + 1][c] * t;

    colour |= (guint32) (alpha * v * 255.0 + 0.5) << (16 - 8 * c);
  }
  return colour;
}

/* Root of the share of the largest value, as most of a map is far below it. */
static cairo_surface_t *
map_of (const double *values, guint n_rows, guint n_cols)
{
  cairo_surface_t *surface = cairo_image_surface_create (
      CAIRO_FORMAT_ARGB32, (int) n_cols, (int) n_rows);
  guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  double largest = 1e-30;

  for (gsize i = 0; i < (gsize) n_rows * n_cols; i++)
    largest = MAX (largest, values[i]);
  for (guint y = 0; y < n_rows; y++) {
    guint32 *to = (guint32 *) (gpointer) (data + (gsize) y * (gsize) stride);

    for (guint x = 0; x < n_cols; x++)
      to[x] = colour_of (sqrt (values[(gsize) y * n_cols + x] / largest));
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}

/* @surface stretched over all of the picture. */
static void
paint_stretched (cairo_t *cairo, cairo_surface_t *surface, guint width,
    guint height, double alpha)
{
  cairo_save (cairo);
  cairo_scale (cairo, (double) width / cairo_image_surface_get_width (surface),
      (double) height / cairo_image_surface_get_height (surface));
  cairo_set_source_surface (cairo, surface, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cairo), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (cairo_get_source (cairo), CAIRO_FILTER_BILINEAR);
  cairo_paint_with_alpha (cairo, alpha);
  cairo_restore (cairo);
}

/* The frame, under a map if there is one. */
static gboolean
write_picture (Writer *writer, const char *name, const VlmFrame *frame,
    const double *values, guint n_rows, guint n_cols, GError **error)
{
  g_autofree char *path = g_build_filename (writer->folder, name, NULL);
  guint side = MIN (frame->width, frame->height);
  guint zoom = (MIN_SIDE + side - 1) / side;
  guint width = frame->width * zoom, height = frame->height * zoom;
  cairo_surface_t *target = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, (int) width, (int) height);
  cairo_t *cairo = cairo_create (target);
  cairo_surface_t *surface = picture_of (frame);
  cairo_status_t status;

  paint_stretched (
      cairo, surface, width, height, values != NULL ? PICTURE_SHARE : 1.0);
  cairo_surface_destroy (surface);
  if (values != NULL) {
    surface = map_of (values, n_rows, n_cols);
    paint_stretched (cairo, surface, width, height, 1.0);
    cairo_surface_destroy (surface);
  }
  status = cairo_status (cairo);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_write_to_png (target, path);
  cairo_destroy (cairo);
  cairo_surface_destroy (target);
  if (status == CAIRO_STATUS_SUCCESS)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", path,
      cairo_status_to_string (status));
  return FALSE;
}

/* --- slices --------------------------------------------------------------- */

/* [n]: mean of @n_maps maps. (transfer full) */
static double *
mean_of (const float *maps, guint n_maps, gsize n)
{
  double *mean = g_new0 (double, n);

  for (guint i = 0; i < n_maps; i++)
    for (gsize j = 0; j < n; j++)
      mean[j] += (double) maps[i * n + j] / n_maps;
  return mean;
}

static gboolean
write_answer_map (Writer *writer, guint index, GError **error)
{
  const VlmAttentionSlice *slice = &writer->attention->slices[index];
  gsize n = (gsize) slice->n_rows * slice->n_cols;
  g_autofree char *name = g_strdup_printf ("slice%03u-answer.png", index);
  g_autofree double *mean =
      mean_of (slice->layers, writer->attention->n_layers, n);
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += mean[i];
  json_builder_set_member_name (writer->json, "share");
  json_builder_add_double_value (writer->json, gst_vlm_json_round (sum));
  put_text (writer, "answer_picture", name);
  return write_picture (
      writer, name, slice->frame, mean, slice->n_rows, slice->n_cols, error);
}

static gboolean
write_block_maps (Writer *writer, guint index, GError **error)
{
  const VlmAttention *attention = writer->attention;
  const VlmAttentionSlice *slice = &attention->slices[index];
  gsize n = (gsize) slice->n_patch_rows * slice->n_patch_cols;

  json_builder_set_member_name (writer->json, "block_pictures");
  json_builder_begin_array (writer->json);
  for (guint i = 0; i < attention->n_blocks; i++) {
    g_autofree char *name = g_strdup_printf (
        "slice%03u-block%02u.png", index, attention->blocks[i]);
    g_autofree double *mean =
        mean_of (slice->received + (gsize) i * attention->n_heads * n,
            attention->n_heads, n);

    json_builder_add_string_value (writer->json, name);
    if (!write_picture (writer, name, slice->frame, mean, slice->n_patch_rows,
            slice->n_patch_cols, error))
      return FALSE;
  }
  json_builder_end_array (writer->json);
  return TRUE;
}

static gboolean
write_slice (Writer *writer, guint index, GError **error)
{
  const VlmAttention *attention = writer->attention;
  const VlmAttentionSlice *slice = &attention->slices[index];
  g_autofree char *picture = g_strdup_printf ("slice%03u.png", index);
  guint shape[4] = { attention->n_layers, slice->n_rows, slice->n_cols };

  json_builder_begin_object (writer->json);
  put_text (writer, "picture", picture);
  put_text (writer, "kind", slice->is_video ? "video" : "image");
  if (slice->is_video && slice->frame->time.stream_time != VLM_TIME_NONE)
    put_number (writer, "time_ns", slice->frame->time.stream_time);
  put_pair (writer, "source_size", slice->frame->source_width,
      slice->frame->source_height);
  put_pair (writer, "size", slice->frame->width, slice->frame->height);
  if (!write_picture (writer, picture, slice->frame, NULL, 0, 0, error) ||
      !write_array (writer, "layers", index, slice->layers, shape, 3, error))
    return FALSE;
  shape[0] = attention->n_tokens;
  if (!write_array (writer, "tokens", index, slice->tokens, shape, 3, error))
    return FALSE;
  shape[0] = attention->n_blocks;
  shape[1] = attention->n_heads;
  shape[2] = slice->n_patch_rows;
  shape[3] = slice->n_patch_cols;
  if (!write_array (
          writer, "received", index, slice->received, shape, 4, error) ||
      !write_answer_map (writer, index, error) ||
      !write_block_maps (writer, index, error))
    return FALSE;
  json_builder_end_object (writer->json);
  return TRUE;
}

static void
put_tokens (Writer *writer, const char *answer)
{
  const VlmAttention *attention = writer->attention;
  gsize begin = 0;

  json_builder_set_member_name (writer->json, "tokens");
  json_builder_begin_array (writer->json);
  for (guint i = 0; i < attention->n_tokens; i++) {
    gsize end = attention->token_ends[i];
    g_autofree char *token = g_strndup (answer + begin, end - begin);

    json_builder_add_string_value (writer->json, token);
    begin = end;
  }
  json_builder_end_array (writer->json);
}

static gboolean
write_index (Writer *writer, GError **error)
{
  g_autofree char *path = g_build_filename (writer->folder, INDEX, NULL);
  g_autoptr (JsonNode) root = json_builder_get_root (writer->json);
  g_autofree char *text = gst_vlm_json_write_pretty (root);
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  return g_file_set_contents (path, line, -1, error);
}

gboolean
attention_write (const VlmAttention *attention, const char *answer,
    const char *folder, GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  Writer writer = { attention, folder, json };

  json_builder_begin_object (json);
  put_text (&writer, "answer", answer);
  put_tokens (&writer, answer);
  put_number (&writer, "n_layers", attention->n_layers);
  put_number (&writer, "n_heads", attention->n_heads);
  json_builder_set_member_name (json, "blocks");
  json_builder_begin_array (json);
  for (guint i = 0; i < attention->n_blocks; i++)
    json_builder_add_int_value (json, attention->blocks[i]);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "slices");
  json_builder_begin_array (json);
  for (guint i = 0; i < attention->n_slices; i++)
    if (!write_slice (&writer, i, error))
      return FALSE;
  json_builder_end_array (json);
  json_builder_end_object (json);
  return write_index (&writer, error);
}
