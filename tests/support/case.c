/* gst-vlm: a question in a file: pictures, videos and a prompt of token ids
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/case.h"

#include <vlm/vlm-size.h>

#include "io/json.h"
#include "media/patchify.h"
#include "tests/support/npy.h"

/* What reading a case needs at every step. */
typedef struct
{
  TestCase *self;
  const VlmConfig *config;
  VlmGeometry geometry;
  const char *folder;            /* of the case */
  VlmJson special;               /* name -> id, or node NULL … */
  const VlmTokenizer *tokenizer; /* … and this */
  gint32 n_ordinary;             /* random tokens are below this */
} Reader;

static void
medium_clear (gpointer data)
{
  g_clear_pointer (&((TestMedium *) data)->frames, g_ptr_array_unref);
}

static TestCase *
case_new (void)
{
  TestCase *self = g_new0 (TestCase, 1);

  self->images = g_array_new (FALSE, TRUE, sizeof (TestMedium));
  self->videos = g_array_new (FALSE, TRUE, sizeof (TestMedium));
  g_array_set_clear_func (self->images, medium_clear);
  g_array_set_clear_func (self->videos, medium_clear);
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->inputs = g_array_new (FALSE, FALSE, sizeof (gint32));
  vlm_positions_init (&self->positions);
  return self;
}

void
test_case_free (TestCase *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->images);
  g_array_unref (self->videos);
  g_array_unref (self->ids);
  g_array_unref (self->inputs);
  vlm_positions_clear (&self->positions);
  g_free (self);
}

static gboolean
get_pixels (const VlmJson *at, const char *key, guint64 *value, GError **error)
{
  gint64 number = 0;

  if (vlm_json_has (at, key) &&
      !vlm_json_read_int64 (at, key, 1, G_MAXINT32, &number, error))
    return FALSE;
  *value = (guint64) number;
  return TRUE;
}

/* The first dimension is that of the frames. */
static gboolean
load_frames (const Reader *reader, const char *name, guint n_dims, Npy *npy,
    GError **error)
{
  g_autofree char *path = g_build_filename (reader->folder, name, NULL);

  if (!npy_load (path, npy, error))
    return FALSE;
  if (npy->n_dims == n_dims && npy->shape[n_dims - 1] == 3)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: not %u dimensions with 3 colours at the end", path, n_dims);
  return FALSE;
}

static gboolean
add_medium (const Reader *reader, GArray *media, const Npy *npy, guint width,
    guint height, VlmResample resample, float second_per_grid, GError **error)
{
  const gsize *shape = npy->shape + npy->n_dims - 3;
  gsize n_frames = npy->n_dims == 4 ? npy->shape[0] : 1;
  TestMedium medium = { .second_per_grid = second_per_grid };
  VlmPatchGrid grid;

  medium.frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  for (gsize i = 0; i < n_frames; i++) {
    VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
      .width = (guint) shape[1],
      .height = (guint) shape[0],
      .planes = { npy->data + i * shape[0] * shape[1] * 3 },
      .strides = { (gint) shape[1] * 3 } };
    VlmFrame *frame = vlm_frame_new (&view, width, height, resample, error);

    if (frame == NULL) {
      g_ptr_array_unref (medium.frames);
      return FALSE;
    }
    g_ptr_array_add (medium.frames, frame);
  }
  if (!vlm_patch_grid (&reader->geometry,
          (VlmFrame *const *) medium.frames->pdata, medium.frames->len, &grid,
          error)) {
    g_ptr_array_unref (medium.frames);
    return FALSE;
  }
  medium.grid = (VlmGrid){ grid.t, grid.h, grid.w };
  medium.first_row = reader->self->n_rows;
  reader->self->n_rows += grid.n_patches /
      (reader->geometry.merge_size * reader->geometry.merge_size);
  g_array_append_val (media, medium);
  return TRUE;
}

static gboolean
add_image (
    const Reader *reader, const VlmJson *root, const char *name, GError **error)
{
  g_auto (Npy) npy = { 0 };
  guint64 min_pixels, max_pixels;
  guint width, height;

  return get_pixels (root, "min_pixels", &min_pixels, error) &&
      get_pixels (root, "max_pixels", &max_pixels, error) &&
      load_frames (reader, name, 3, &npy, error) &&
      vlm_image_plan_size (&reader->geometry, (guint) npy.shape[1],
          (guint) npy.shape[0], min_pixels, max_pixels, &width, &height,
          error) &&
      add_medium (reader, reader->self->images, &npy, width, height,
          VLM_RESAMPLE_IMAGE, 0, error);
}

static gboolean
add_video (const Reader *reader, const VlmJson *video, GError **error)
{
  g_auto (Npy) npy = { 0 };
  VlmVideoLimits limits;
  const char *name;
  guint width, height;
  double fps = 2.0;

  if (vlm_json_has (video, "fps") &&
      !vlm_json_read_double (video, "fps", 1e-3, 1e3, &fps, error))
    return FALSE;
  return get_pixels (video, "min_pixels", &limits.min_pixels, error) &&
      get_pixels (video, "max_pixels", &limits.max_pixels, error) &&
      get_pixels (video, "total_pixels", &limits.total_pixels, error) &&
      vlm_json_read_string (video, "frames", &name, error) &&
      load_frames (reader, name, 4, &npy, error) &&
      vlm_video_plan_size (&reader->geometry, &limits, (guint) npy.shape[0],
          (guint) npy.shape[2], (guint) npy.shape[1], &width, &height, error) &&
      add_medium (reader, reader->self->videos, &npy, width, height,
          VLM_RESAMPLE_VIDEO,
          (float) (reader->geometry.temporal_patch_size / fps), error);
}

static gboolean
add_media (const Reader *reader, const VlmJson *root, GError **error)
{
  VlmJson list;
  guint n;

  if (vlm_json_has (root, "images")) {
    if (!vlm_json_read_list (root, "images", &list, &n, error))
      return FALSE;
    for (guint i = 0; i < n; i++) {
      VlmJson item = vlm_json_element (&list, i);
      const char *name;

      if (!vlm_json_read_string (&item, NULL, &name, error) ||
          !add_image (reader, root, name, error))
        return FALSE;
    }
  }
  reader->self->n_image_rows = reader->self->n_rows;
  if (vlm_json_has (root, "videos")) {
    if (!vlm_json_read_list (root, "videos", &list, &n, error))
      return FALSE;
    for (guint i = 0; i < n; i++) {
      VlmJson item = vlm_json_element (&list, i);

      if (!add_video (reader, &item, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* The tokens of names in special_ids.json that are not the name of the token
 * between its bars. */
static const struct
{
  const char *name;
  const char *token;
} special_tokens[] = {
  { "bos_token_id", "<|endoftext|>" },
  { "eos_token_id", "<|im_end|>" },
  { "vision_start_token_id", "<|vision_start|>" },
  { "vision_end_token_id", "<|vision_end|>" },
  { "vision_token_id", "<|vision_pad|>" },
  { "image_token_id", "<|image_pad|>" },
  { "video_token_id", "<|video_pad|>" },
};

static gboolean
find_special (
    const Reader *reader, const char *name, gint64 *id, GError **error)
{
  g_autofree char *token = g_strdup_printf ("<|%s|>", name);

  if (reader->special.node != NULL)
    return vlm_json_read_int64 (&reader->special, name, 0,
        reader->config->text.vocab_size - 1, id, error);
  for (guint i = 0; i < G_N_ELEMENTS (special_tokens); i++)
    if (g_str_equal (name, special_tokens[i].name)) {
      g_free (token);
      token = g_strdup (special_tokens[i].token);
    }
  *id = vlm_tokenizer_find_special (reader->tokenizer, token);
  if (*id >= 0)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "there is no token %s", token);
  return FALSE;
}

static void
add_token (TestCase *self, gint32 id)
{
  g_array_append_val (self->ids, id);
  g_array_append_val (self->inputs, id);
  vlm_positions_add_text (&self->positions, 1);
}

/* Start, one pad per cell, end. */
static void
add_pads (const Reader *reader, const TestMedium *medium, gboolean is_video)
{
  TestCase *self = reader->self;
  const VlmVisionConfig *vision = &reader->config->vision;
  gint32 pad = is_video ? reader->config->video_token_id
                        : reader->config->image_token_id;
  guint cell = vision->spatial_merge_size * vision->spatial_merge_size;
  guint n = medium->grid.t * medium->grid.h * medium->grid.w / cell;

  add_token (self, reader->config->vision_start_token_id);
  for (guint i = 0; i < n; i++) {
    gint32 input = -1 - (gint32) (medium->first_row + i);

    g_array_append_val (self->ids, pad);
    g_array_append_val (self->inputs, input);
  }
  if (is_video)
    vlm_positions_add_video (
        &self->positions, vision, medium->grid, medium->second_per_grid);
  else
    vlm_positions_add_image (&self->positions, vision, medium->grid);
  add_token (self, reader->config->vision_end_token_id);
}

static gboolean
add_random (const Reader *reader, const VlmJson *pair, GError **error)
{
  VlmJson count = vlm_json_element (pair, 0), seed = vlm_json_element (pair, 1);
  gint64 n, state;

  if (!vlm_json_read_int64 (&count, NULL, 0, 1 << 20, &n, error) ||
      !vlm_json_read_int64 (&seed, NULL, 0, G_MAXUINT32, &state, error))
    return FALSE;
  guint32 s = (guint32) state * 2654435761u + 12345u;
  for (gint64 i = 0; i < n; i++) {
    s = 1664525u * s + 1013904223u;
    add_token (
        reader->self, (gint32) ((s >> 8) % (guint32) reader->n_ordinary));
  }
  return TRUE;
}

/* A name is a medium or a special token. */
static gboolean
add_name (const Reader *reader, const VlmJson *item, GError **error)
{
  const char *name;
  gint64 id;

  if (!vlm_json_read_string (item, NULL, &name, error))
    return FALSE;
  if (g_str_has_prefix (name, "IMG") || g_str_has_prefix (name, "VID")) {
    gboolean is_video = name[0] == 'V';
    GArray *media = is_video ? reader->self->videos : reader->self->images;
    guint64 index;

    if (!g_ascii_string_to_unsigned (
            name + 3, 10, 0, G_MAXUINT32, &index, error))
      return FALSE;
    if (index >= media->len)
      return vlm_json_fail (
          error, item, NULL, VLM_LOAD_ERROR_MISMATCH, "there is no %s", name);
    add_pads (
        reader, &g_array_index (media, TestMedium, (guint) index), is_video);
    return TRUE;
  }
  if (!find_special (reader, name, &id, error))
    return FALSE;
  add_token (reader->self, (gint32) id);
  return TRUE;
}

static gboolean
add_prompt (const Reader *reader, const VlmJson *root, GError **error)
{
  VlmJson list;
  guint n;

  if (!vlm_json_read_list (root, "prompt", &list, &n, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    VlmJson item = vlm_json_element (&list, i), pair;
    guint n_pair;
    gint64 id;

    if (JSON_NODE_HOLDS_ARRAY (item.node)) {
      if (!vlm_json_read_list (&item, NULL, &pair, &n_pair, error))
        return FALSE;
      if (n_pair != 2)
        return vlm_json_fail (
            error, &item, NULL, VLM_LOAD_ERROR_CORRUPT, "not [count, seed]");
      if (!add_random (reader, &pair, error))
        return FALSE;
    } else if (json_node_get_value_type (item.node) == G_TYPE_STRING) {
      if (!add_name (reader, &item, error))
        return FALSE;
    } else {
      if (!vlm_json_read_int64 (
              &item, NULL, 0, reader->config->text.vocab_size - 1, &id, error))
        return FALSE;
      add_token (reader->self, (gint32) id);
    }
  }
  if (reader->self->ids->len == 0)
    return vlm_json_fail (
        error, root, "prompt", VLM_LOAD_ERROR_CORRUPT, "a prompt of no token");
  return TRUE;
}

static VlmJsonDocument *
load_special (const char *directory, GError **error)
{
  g_autofree char *path =
      g_build_filename (directory, "special_ids.json", NULL);

  return vlm_json_document_load (path, error);
}

TestCase *
test_case_load (const char *path, const char *directory,
    const VlmTokenizer *tokenizer, const VlmConfig *config, GError **error)
{
  g_autoptr (TestCase) self = case_new ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  g_autoptr (VlmJsonDocument) special = NULL;
  Reader reader = {
    .self = self, .config = config, .folder = folder, .tokenizer = tokenizer
  };
  VlmJson root;
  gint64 bos;

  if (document == NULL || !vlm_json_root (document, &root, error))
    return NULL;
  if (directory != NULL) {
    special = load_special (directory, error);
    if (special == NULL || !vlm_json_root (special, &reader.special, error))
      return NULL;
  }
  if (!find_special (&reader, "bos_token_id", &bos, error))
    return NULL;
  reader.n_ordinary = (gint32) MIN (bos, config->text.vocab_size);
  vlm_config_get_geometry (config, &reader.geometry);
  if (!add_media (&reader, &root, error) || !add_prompt (&reader, &root, error))
    return NULL;
  return g_steal_pointer (&self);
}

float *
test_case_patches (const TestCase *self, const VlmConfig *config,
    gboolean videos, GArray **grids, GError **error)
{
  const GArray *media = videos ? self->videos : self->images;
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (VlmGrid));
  VlmGeometry geometry;
  VlmNormTable table;

  vlm_config_get_geometry (config, &geometry);
  vlm_norm_table_init (&table, config->preprocess.mean, config->preprocess.std);
  for (guint i = 0; i < media->len; i++) {
    const TestMedium *medium = &g_array_index (media, TestMedium, i);
    VlmFrame *const *frames = (VlmFrame *const *) medium->frames->pdata;
    VlmPatchGrid grid;
    guint at = all->len;

    if (!vlm_patch_grid (&geometry, frames, medium->frames->len, &grid, error))
      return NULL;
    g_array_set_size (all, at + grid.n_patches * grid.patch_floats);
    vlm_patchify (&geometry, &table, &grid, frames, medium->frames->len,
        &g_array_index (all, float, at));
    g_array_append_val (list, medium->grid);
  }
  *grids = g_steal_pointer (&list);
  return (float *) g_array_free (g_steal_pointer (&all), FALSE);
}
