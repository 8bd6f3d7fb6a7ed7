/* gst-vlm: the same instants are the same positions, at any frame rate
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From timestamps to MRoPE: the sampler's windows laid out as a prompt. */
#include <vlm/vlm.h>

#include "engine/model.h"
#include "engine/prompt.h"

#define SIDE 28
#define SECONDS 12

static VlmConfig *config;
static VlmTokenizer *tokenizer;

static VlmFrame *
make_frame (gint64 time)
{
  guint8 pixels[SIDE * SIDE * 3] = { 0 };
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, SIDE, SIDE, { pixels }, { SIDE * 3 } };
  VlmFrame *frame = vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, NULL);

  frame->time.stream_time = time;
  return frame;
}

/* The temporal position of each slice against the first one's, by the time of
 * its slot: [slot time in ns] -> position. */
static GHashTable *
temporal_ids (const VlmWindow *window)
{
  GHashTable *ids =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autoptr (VlmLayout) layout = NULL;
  gint32 base = -1;

  vlm_prompt_add_window (prompt, window);
  vlm_prompt_add_text (prompt, "What happens?");
  layout = vlm_layout_new (prompt, config, tokenizer, NULL);
  g_assert_nonnull (layout);
  for (guint i = 0; i < layout->ids->len; i++) {
    gint32 id = g_array_index (layout->ids, gint32, i);
    gint32 t = g_array_index (layout->positions.axes[0], gint32, i);

    if (id >= 0)
      continue;
    if (base < 0)
      base = t;
    g_hash_table_insert (ids,
        g_memdup2 (&window->samples[2 * (-1 - id)].slot_time, sizeof (gint64)),
        GINT_TO_POINTER (t - base));
  }
  return ids;
}

/* SECONDS of video in one window; frame i at i * d / n s and up to @jitter of
 * a frame late or early. @fps: of the sampling grid. */
static GHashTable *
watch (guint n, guint d, double jitter, guint fps)
{
  const VlmSamplerParams params = {
    .fps_n = fps, .fps_d = 1, .window = SECONDS * VLM_SECOND
  };
  g_autoptr (VlmSampler) sampler = vlm_sampler_new (&params);
  g_autoptr (VlmWindow) window = NULL;
  gint64 duration = VLM_SECOND * d / n;

  for (guint i = 0; i < SECONDS * n / d + 1; i++) {
    gint64 time = (gint64) i * VLM_SECOND * d / n;

    if (i > 0)
      time += (gint64) (jitter * (double) duration *
          g_test_rand_double_range (-1.0, 1.0));
    if (vlm_sampler_wants (sampler, time, duration)) {
      g_autoptr (VlmFrame) frame = make_frame (time);

      vlm_sampler_add (sampler, frame, duration);
    }
  }
  window = vlm_sampler_pop (sampler);
  if (window == NULL)
    window = vlm_sampler_finish (sampler);
  g_assert_nonnull (window);
  return temporal_ids (window);
}

static void
check_equal (GHashTable *expected, GHashTable *found)
{
  GHashTableIter iter;
  gpointer time;
  gpointer id;

  g_assert_cmpuint (
      g_hash_table_size (found), ==, g_hash_table_size (expected));
  g_hash_table_iter_init (&iter, expected);
  while (g_hash_table_iter_next (&iter, &time, &id)) {
    g_assert_true (g_hash_table_contains (found, time));
    g_assert_cmpint (GPOINTER_TO_INT (g_hash_table_lookup (found, time)), ==,
        GPOINTER_TO_INT (id));
  }
}

static void
test_rates (void)
{
  static const struct
  {
    guint n, d;
    double jitter;
  } streams[] = { { 1, 1, 0 }, { 2, 1, 0 }, { 5, 1, 0 }, { 25, 2, 0 },
    { 30, 1, 0 }, { 30000, 1001, 0 }, { 30, 1, 0.45 }, { 25, 2, 0.3 } };

  for (guint fps = 1; fps <= 4; fps *= 2) {
    g_autoptr (GHashTable) expected = watch (60, 1, 0, fps);

    g_assert_cmpuint (g_hash_table_size (expected), ==, SECONDS * fps / 2);
    for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
      g_autoptr (GHashTable) found =
          watch (streams[i].n, streams[i].d, streams[i].jitter, fps);

      g_test_message ("%u/%u fps, jitter %.2f, on a grid of %u", streams[i].n,
          streams[i].d, streams[i].jitter, fps);
      check_equal (expected, found);
    }
  }
}

/* Two positions a second, from time alone: a grid twice as dense gives the same
 * positions at the same times. */
static void
test_grids (void)
{
  g_autoptr (GHashTable) coarse = watch (30, 1, 0, 1);
  g_autoptr (GHashTable) fine = watch (30, 1, 0, 4);
  GHashTableIter iter;
  gpointer time;
  gpointer id;

  g_hash_table_iter_init (&iter, fine);
  while (g_hash_table_iter_next (&iter, &time, &id))
    g_assert_cmpint (
        GPOINTER_TO_INT (id), ==, (gint) (*(gint64 *) time * 2 / VLM_SECOND));
  g_hash_table_iter_init (&iter, coarse);
  while (g_hash_table_iter_next (&iter, &time, &id))
    g_assert_cmpint (GPOINTER_TO_INT (g_hash_table_lookup (fine, time)), ==,
        GPOINTER_TO_INT (id));
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  path =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  config = vlm_config_load (path, NULL);
  tokenizer = vlm_tokenizer_load (path, NULL);
  g_assert_true (config != NULL && tokenizer != NULL);
  g_test_add_func ("/absolute-time/rates", test_rates);
  g_test_add_func ("/absolute-time/grids", test_grids);
  status = g_test_run ();
  vlm_config_free (config);
  vlm_tokenizer_unref (tokenizer);
  return status;
}
