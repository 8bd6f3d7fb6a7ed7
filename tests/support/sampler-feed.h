/* gst-vlm: feeds a sampler and checks every window that comes out
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-sampler.h>

#include "media/grid.h"

#define MS (VLM_SECOND / 1000)

/* Feeds a sampler and checks every window that comes out. */
typedef struct
{
  VlmSampler *sampler;
  VlmTimeGrid grid;
  gboolean varies; /* the rate */
  float motion;    /* in the frames that come */
  guint depth;
  guint n_wanted;
  guint n_before;
  guint64 last_epoch;
  GPtrArray *windows;
} Feed;

void feed_init (Feed *feed, const VlmSamplerParams *params);
void feed_clear (Feed *feed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Feed, feed_clear)

const VlmWindow *window_at (const Feed *feed, guint index);
void feed_take (Feed *feed, VlmWindow *window);
/* Checks and keeps the windows that are ready; how many. */
guint feed_pop (Feed *feed);
/* A picture of @width pixels. */
VlmFrame *make_frame (gint64 time, guint width);
gboolean feed_frame (Feed *feed, gint64 time, gint64 duration);
void feed_span (Feed *feed, gint64 from, gint64 to, gint64 step);
void feed_finish (Feed *feed);
void assert_window (const Feed *feed, guint index, gint64 start, gint64 end,
    guint n_samples, gboolean partial);
gint64 frame_time (const Feed *feed, guint window, guint sample);
