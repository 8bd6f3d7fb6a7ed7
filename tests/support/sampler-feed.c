/* gst-vlm: feeds a sampler and checks every window that comes out
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/sampler-feed.h"

void
feed_init (Feed *feed, const VlmSamplerParams *params)
{
  feed->sampler = vlm_sampler_new (params);
  g_assert_nonnull (feed->sampler);
  feed->grid.numerator = (params->fps_d ? params->fps_d : 1) * VLM_SECOND;
  feed->grid.denominator = params->fps_n ? params->fps_n : 2;
  feed->depth = params->frames_per_slice ? params->frames_per_slice : 2;
  feed->varies = params->min_fps_n != 0;
  feed->motion = 0.0f;
  feed->n_wanted = 0;
  feed->n_before = 0;
  feed->last_epoch = 0;
  feed->windows =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_window_unref);
}

void
feed_clear (Feed *feed)
{
  vlm_sampler_free (feed->sampler);
  g_ptr_array_unref (feed->windows);
}

const VlmWindow *
window_at (const Feed *feed, guint index)
{
  g_assert_cmpuint (index, <, feed->windows->len);
  return g_ptr_array_index (feed->windows, index);
}

/* Slots without holes, in order, on a slice: the k-th slice has every 2^n-th slot
 * of the grid, and the next one begins where it ends. */
static void
check_slots (const Feed *feed, const VlmWindow *window)
{
  gint64 slot = vlm_time_grid_after (&feed->grid, window->start, feed->depth);
  gint64 shortest = G_MAXINT64;

  g_assert_cmpuint (window->n_samples, >, 0);
  g_assert_cmpuint (window->n_samples % feed->depth, ==, 0);
  for (guint i = 0; i < window->n_samples; i += feed->depth) {
    gint64 next = i + feed->depth < window->n_samples
        ? window->samples[i + feed->depth].slot_time
        : window->end;
    gint64 n_slots = feed->depth;
    gint64 step;

    while (
        vlm_time_grid_at (&feed->grid, slot + n_slots) < next && feed->varies)
      n_slots *= 2;
    g_assert_cmpint (vlm_time_grid_at (&feed->grid, slot + n_slots), ==, next);
    step = n_slots / feed->depth;
    for (guint k = 0; k < feed->depth; k++) {
      g_assert_nonnull (window->samples[i + k].frame);
      g_assert_cmpint (window->samples[i + k].slot_time, ==,
          vlm_time_grid_at (&feed->grid, slot + k * step));
    }
    shortest = MIN (shortest,
        vlm_time_grid_at (&feed->grid, slot + step) -
            vlm_time_grid_at (&feed->grid, slot));
    slot += n_slots;
  }
  if (feed->varies)
    g_assert_cmpint (ABS (window->slot_duration - shortest), <=, 1);
  else
    g_assert_cmpint (window->slot_duration, ==,
        (window->n_samples > 1 ? window->samples[1].slot_time : window->end) -
            window->start);
}

/* What is in both windows is the same frame. */
static void
check_shared (const VlmWindow *before, const VlmWindow *window)
{
  guint i = 0;

  g_assert_cmpint (window->start, >, before->start);
  g_assert_false (before->partial);
  while (i < before->n_samples && before->samples[i].slot_time < window->start)
    i++;
  for (guint k = 0; i + k < before->n_samples && k < window->n_samples; k++) {
    g_assert_cmpint (
        before->samples[i + k].slot_time, ==, window->samples[k].slot_time);
    g_assert_true (before->samples[i + k].frame == window->samples[k].frame);
  }
}

void
feed_take (Feed *feed, VlmWindow *window)
{
  if (window == NULL)
    return;
  check_slots (feed, window);
  g_assert_cmpuint (window->serial, ==, feed->n_before + feed->windows->len);
  g_assert_cmpuint (window->epoch, >=, feed->last_epoch);
  if (feed->windows->len > 0 && window->epoch == feed->last_epoch)
    check_shared (window_at (feed, feed->windows->len - 1), window);
  feed->last_epoch = window->epoch;
  g_ptr_array_add (feed->windows, window);
}

guint
feed_pop (Feed *feed)
{
  VlmWindow *window;
  guint n = 0;

  for (; (window = vlm_sampler_pop (feed->sampler)) != NULL; n++)
    feed_take (feed, window);
  return n;
}

VlmFrame *
make_frame (gint64 time, guint width)
{
  static const guint8 pixels[12];
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = width,
    .height = 1,
    .planes = { pixels },
    .strides = { 12 } };
  g_autoptr (GError) error = NULL;
  VlmFrame *frame = vlm_frame_new (&view, width, 1, VLM_RESAMPLE_VIDEO, &error);

  g_assert_no_error (error);
  frame->time.stream_time = time;
  return frame;
}

gboolean
feed_frame (Feed *feed, gint64 time, gint64 duration)
{
  gboolean wanted;

  if (vlm_sampler_looks (feed->sampler, time, duration))
    vlm_sampler_see (feed->sampler, feed->motion);
  wanted = vlm_sampler_wants (feed->sampler, time, duration);
  if (wanted) {
    g_autoptr (VlmFrame) frame = make_frame (time, 1);

    feed->n_wanted++;
    vlm_sampler_add (feed->sampler, frame, duration);
    g_assert_false (vlm_sampler_wants (feed->sampler, time, duration));
  }
  feed_pop (feed);
  return wanted;
}

void
feed_span (Feed *feed, gint64 from, gint64 to, gint64 step)
{
  for (gint64 time = from; time < to; time += step)
    feed_frame (feed, time, step);
}

void
feed_finish (Feed *feed)
{
  VlmWindow *window;

  while ((window = vlm_sampler_finish (feed->sampler)) != NULL)
    feed_take (feed, window);
}

void
assert_window (const Feed *feed, guint index, gint64 start, gint64 end,
    guint n_samples, gboolean partial)
{
  const VlmWindow *window = window_at (feed, index);

  g_assert_cmpint (window->start, ==, start);
  g_assert_cmpint (window->end, ==, end);
  g_assert_cmpuint (window->n_samples, ==, n_samples);
  g_assert_cmpint (window->partial, ==, partial);
}

gint64
frame_time (const Feed *feed, guint window, guint sample)
{
  return window_at (feed, window)->samples[sample].frame->time.stream_time;
}
