/* gst-vlm: pictures against the reference
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include <vlm/vlm-size.h>

#include "io/json.h"
#include "io/safetensors.h"
#include "media/patchify.h"

static const char *const cases[] = { "img_28", "img_70x42", "img_480x640",
  "img_odd", "img_tall", "mixed", "vid1_fps2", "vid6_fps0p5", "vid6_fps1",
  "vid6_fps2", "vid6_fps4", "vid6_fps30", "vid7_fps0p5", "vid7_fps1",
  "vid7_fps2", "vid7_fps4", "vid7_fps30" };

static const VlmGeometry geometry = { 14, 2, 2, 3136, 12845056 };
static const float mean[3] = { 0.48145466f, 0.4578275f, 0.40821073f };
static const float std[3] = { 0.26862954f, 0.26130258f, 0.27577711f };

typedef struct
{
  char *root;
  VlmJsonDocument *document;
  VlmJson json;
  VlmSafetensors *golden;
} Case;

static gboolean
open_case (Case *c, const char *name)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autoptr (GError) error = NULL;

  memset (c, 0, sizeof *c);
  c->root = g_build_filename (shared ? shared : "", "golden", NULL);
  g_autofree char *path = g_strdup_printf ("%s/inputs/%s.json", c->root, name);
  g_autofree char *golden =
      g_strdup_printf ("%s/tiny-a/%s.safetensors", c->root, name);

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_test_skip ("no reference data in VLM_SHARED");
    g_clear_pointer (&c->root, g_free);
    return FALSE;
  }
  c->document = vlm_json_document_load (path, &error);
  g_assert_no_error (error);
  vlm_json_root (c->document, &c->json, &error);
  g_assert_no_error (error);
  c->golden = vlm_safetensors_open (golden, &error);
  g_assert_no_error (error);
  return TRUE;
}

static void
close_case (Case *c)
{
  g_clear_pointer (&c->root, g_free);
  g_clear_pointer (&c->document, vlm_json_document_free);
  g_clear_pointer (&c->golden, vlm_safetensors_free);
}

/* Version 1.0, bytes, in C order: [height, width, 3] or with frames before. */
static guint8 *
load_npy (const Case *c, const char *name, guint *n_frames, guint *height,
    guint *width)
{
  g_autofree char *path = g_build_filename (c->root, "inputs", name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_bytes;

  g_file_get_contents (path, &contents, &n_bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (contents, 6, "\x93NUMPY", 6);

  gsize header = 10 + (guint8) contents[8] + 256 * (guint8) contents[9];
  const char *shape = strstr (contents + 10, "'shape': (");
  guint64 dims[4] = { 0 };
  guint n_dims = 0;
  char *at = (char *) shape + strlen ("'shape': (");
  for (; *at != ')' && n_dims < 4; n_dims++) {
    dims[n_dims] = g_ascii_strtoull (at, &at, 10);
    at += strspn (at, ", ");
  }
  g_assert_cmpuint (n_dims, >=, 3);
  g_assert_cmpuint (dims[n_dims - 1], ==, 3);
  *n_frames = n_dims == 4 ? (guint) dims[0] : 1;
  *height = (guint) dims[n_dims - 3];
  *width = (guint) dims[n_dims - 2];
  g_assert_cmpuint (
      n_bytes, ==, header + (gsize) 3 * *n_frames * *height * *width);
  return g_memdup2 (contents + header, n_bytes - header);
}

static guint64
number (const VlmJson *at, const char *key)
{
  gint64 value = 0;

  if (vlm_json_has (at, key))
    g_assert_true (vlm_json_read_int64 (at, key, 0, G_MAXINT64, &value, NULL));
  return (guint64) value;
}

static VlmFrame *
make_frame (const guint8 *rgb, guint source_width, guint source_height,
    guint width, guint height, VlmResample resample)
{
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = source_width,
    .height = source_height,
    .planes = { rgb },
    .strides = { 3 * (gint) source_width } };
  g_autoptr (GError) error = NULL;
  VlmFrame *frame = vlm_frame_new (&view, width, height, resample, &error);

  g_assert_no_error (error);
  return frame;
}

/* The patches from row @first on. Returns the row after the last one. */
static guint64
check_patches (const Case *c, const char *tensor, guint64 first,
    VlmFrame *const *frames, guint n_frames, double tolerance)
{
  g_auto (VlmTensorView) view = { 0 };
  g_autoptr (GError) error = NULL;
  VlmNormTable table;
  VlmPatchGrid grid;

  vlm_norm_table_init (&table, mean, std);
  vlm_patch_grid (&geometry, frames, n_frames, &grid, &error);
  g_assert_no_error (error);
  g_assert_true (vlm_safetensors_find (c->golden, tensor, &view));
  g_assert_cmpuint (view.shape[1], ==, grid.patch_floats);
  g_assert_cmpuint (view.shape[0], >=, first + grid.n_patches);

  gsize n = (gsize) grid.n_patches * grid.patch_floats;
  g_autofree float *patches = g_new (float, n);
  g_autofree float *golden = g_new (float, n);
  vlm_patchify (&geometry, &table, &grid, frames, n_frames, patches);
  vlm_tensor_view_read_floats (
      &view, first * grid.patch_floats, n, golden, &error);
  g_assert_no_error (error);
  if (tolerance == 0.0) {
    g_assert_cmpmem (patches, n * sizeof (float), golden, n * sizeof (float));
  } else {
    for (gsize i = 0; i < n; i++)
      if (!(fabs ((double) patches[i] - golden[i]) <= tolerance))
        g_error ("%s: element %" G_GSIZE_FORMAT " is %.9g, not %.9g", tensor, i,
            patches[i], golden[i]);
  }
  return first + grid.n_patches;
}

static void
test_images (gconstpointer data)
{
  Case c;
  VlmJson images;
  guint n_images;
  guint64 row = 0;

  if (!open_case (&c, data))
    return;
  g_assert_true (
      vlm_json_read_list (&c.json, "images", &images, &n_images, NULL));
  for (guint i = 0; i < n_images; i++) {
    VlmJson item = vlm_json_element (&images, i);
    g_autoptr (GError) error = NULL;
    const char *name;
    guint n_frames, source_width, source_height, width, height;

    g_assert_true (vlm_json_read_string (&item, NULL, &name, NULL));
    g_autofree guint8 *rgb =
        load_npy (&c, name, &n_frames, &source_height, &source_width);
    vlm_image_plan_size (&geometry, source_width, source_height,
        number (&c.json, "min_pixels"), number (&c.json, "max_pixels"), &width,
        &height, &error);
    g_assert_no_error (error);

    g_autoptr (VlmFrame) frame = make_frame (
        rgb, source_width, source_height, width, height, VLM_RESAMPLE_IMAGE);
    row = check_patches (&c, "pixel_values", row, &frame, 1, 0.0);
  }

  g_auto (VlmTensorView) view = { 0 };
  g_assert_true (vlm_safetensors_find (c.golden, "pixel_values", &view));
  g_assert_cmpuint (view.shape[0], ==, row);
  close_case (&c);
}

/* The frames as the reference resized them. */
static VlmFrame *
golden_frame (const VlmTensorView *view, guint index)
{
  guint height = (guint) view->shape[1];
  guint width = (guint) view->shape[2];

  g_autofree guint8 *data = vlm_tensor_view_read_all (view, NULL);

  return make_frame (data + (gsize) 3 * width * height * index, width, height,
      width, height, VLM_RESAMPLE_IMAGE);
}

static void
compare_frames (const VlmFrame *frame, const VlmFrame *golden, guint *n_off)
{
  gsize n = (gsize) 3 * frame->width * frame->height;

  for (gsize i = 0; i < n; i++) {
    *n_off += frame->pixels[i] != golden->pixels[i];
  }
}

static void
test_video (gconstpointer data)
{
  Case c;
  VlmJson videos;
  guint n_videos, n_frames, source_width, source_height, width, height;
  g_autoptr (GError) error = NULL;
  const char *name;

  if (!open_case (&c, data))
    return;
  g_assert_true (
      vlm_json_read_list (&c.json, "videos", &videos, &n_videos, NULL));
  g_assert_cmpuint (n_videos, ==, 1);
  VlmJson video = vlm_json_element (&videos, 0);
  g_assert_true (vlm_json_read_string (&video, "frames", &name, NULL));
  g_autofree guint8 *rgb =
      load_npy (&c, name, &n_frames, &source_height, &source_width);

  VlmVideoLimits limits = { number (&video, "min_pixels"),
    number (&video, "max_pixels"), number (&video, "total_pixels") };
  vlm_video_plan_size (&geometry, &limits, n_frames, source_width,
      source_height, &width, &height, &error);
  g_assert_no_error (error);

  g_auto (VlmTensorView) view = { 0 };
  g_assert_true (vlm_safetensors_find (c.golden, "video0.resized_u8", &view));
  g_assert_cmpuint (view.shape[0], ==, n_frames);
  g_assert_cmpuint (view.shape[1], ==, height);
  g_assert_cmpuint (view.shape[2], ==, width);

  g_autoptr (GPtrArray) frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  guint n_off = 0;
  for (guint i = 0; i < n_frames; i++) {
    g_autoptr (VlmFrame) frame =
        make_frame (rgb + (gsize) 3 * source_width * source_height * i,
            source_width, source_height, width, height, VLM_RESAMPLE_VIDEO);
    VlmFrame *golden = golden_frame (&view, i);

    compare_frames (frame, golden, &n_off);
    g_ptr_array_add (frames, golden);
  }
  g_assert_cmpuint (n_off, ==, 0);
  check_patches (&c, "pixel_values_videos", 0,
      (VlmFrame *const *) frames->pdata, n_frames, 2.4e-7);
  close_case (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *image = g_strconcat ("/media/image/", cases[i], NULL);
    g_autofree char *video = g_strconcat ("/media/video/", cases[i], NULL);

    if (!g_str_has_prefix (cases[i], "vid"))
      g_test_add_data_func (image, cases[i], test_images);
    if (!g_str_has_prefix (cases[i], "img"))
      g_test_add_data_func (video, cases[i], test_video);
  }
  return g_test_run ();
}
