/* gst-vlm: how much video before a window the model sees
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/history.h"

#include "media/window.h"

/* If the video may grow to the length of n windows, overlapping windows are
 * prefilled n / (n - 1) times instead of window / hop times, but attention to it
 * costs more with every step. Four is near the best for hops of 1/5 to 1/12. */
#define DEFAULT_WINDOWS 4

struct _VlmHistory
{
  VlmGeometry geometry;
  VlmHistoryLimits limits;
  VlmWindow *held; /* what was looked at last */
  gint64 max_ns;   /* for it */
};

VlmHistory *
vlm_history_new (const VlmGeometry *geometry, const VlmHistoryLimits *limits)
{
  VlmHistory *history = g_new0 (VlmHistory, 1);

  history->geometry = *geometry;
  history->limits = *limits;
  return history;
}

void
vlm_history_free (VlmHistory *history)
{
  if (history == NULL)
    return;
  vlm_history_restart (history);
  g_free (history);
}

void
vlm_history_restart (VlmHistory *history)
{
  g_clear_pointer (&history->held, vlm_window_unref);
}

static gboolean
is_same (const VlmSample *a, const VlmSample *b)
{
  return a->slot_time == b->slot_time && a->frame == b->frame;
}

/* How many samples of @window are the last ones that are held; 0 when the two do
 * not fit together. */
static guint
count_common (const VlmWindow *held, const VlmWindow *window)
{
  guint n = 0;

  while (n < held->n_samples &&
      held->samples[held->n_samples - 1 - n].slot_time >=
          window->samples[0].slot_time)
    n++;
  if (n > window->n_samples)
    return 0;
  for (guint i = 0; i < n; i++)
    if (!is_same (&held->samples[held->n_samples - n + i], &window->samples[i]))
      return 0;
  return n;
}

static gboolean
is_one_size (const VlmWindow *held, const VlmWindow *window)
{
  const VlmFrame *a = held->samples[0].frame;

  for (guint i = 0; i < window->n_samples; i++) {
    const VlmFrame *b = window->samples[i].frame;

    if (a->width != b->width || a->height != b->height)
      return FALSE;
  }
  return TRUE;
}

static guint64
count_tokens (const VlmHistory *history, const VlmFrame *frame, guint n_samples)
{
  const VlmGeometry *g = &history->geometry;
  guint cell = g->patch_size * g->merge_size;

  return (guint64) (n_samples / g->temporal_patch_size) *
      (frame->width / cell) * (frame->height / cell);
}

/* Growing pays if at least half of the window is held already: what it saves
 * must outweigh attention to the samples that are not in the window. */
static gboolean
may_grow (const VlmHistory *history, const VlmWindow *window, guint n_common)
{
  const VlmWindow *held = history->held;
  guint n_samples = held->n_samples + window->n_samples - n_common;

  return held->epoch == window->epoch && n_common * 2 >= window->n_samples &&
      n_common % history->geometry.temporal_patch_size == 0 &&
      window->end - held->samples[0].slot_time <= history->max_ns &&
      is_one_size (held, window) &&
      count_tokens (history, window->samples[0].frame, n_samples) <=
      history->limits.max_tokens;
}

static VlmWindow *
join (const VlmWindow *held, const VlmWindow *window, guint n_common)
{
  guint n_more = window->n_samples - n_common;
  VlmWindow *joined = vlm_window_new (held->n_samples + n_more);

  joined->serial = window->serial;
  joined->epoch = window->epoch;
  joined->start = held->start;
  joined->end = window->end;
  joined->slot_duration = window->slot_duration;
  joined->partial = window->partial;
  for (guint i = 0; i < joined->n_samples; i++) {
    const VlmSample *from = i < held->n_samples
        ? &held->samples[i]
        : &window->samples[n_common + i - held->n_samples];

    joined->samples[i].frame = vlm_frame_ref (from->frame);
    joined->samples[i].slot_time = from->slot_time;
  }
  return joined;
}

static void
begin (VlmHistory *history, VlmWindow *window)
{
  const VlmHistoryLimits *limits = &history->limits;
  gint64 length = window->end - window->start;

  vlm_history_restart (history);
  history->held = vlm_window_ref (window);
  history->max_ns = limits->max_ns;
  if (limits->max_ns != 0)
    return;
  history->max_ns =
      (limits->n_windows != 0 ? limits->n_windows : DEFAULT_WINDOWS) * length;
  if (limits->trained_ns != 0)
    history->max_ns = MIN (history->max_ns, limits->trained_ns);
}

/* The video that is held, grown by @window; NULL if they do not fit together. */
static VlmWindow *
grow (const VlmHistory *history, const VlmWindow *window)
{
  guint n_common =
      history->held != NULL ? count_common (history->held, window) : 0;

  if (n_common == 0 || !may_grow (history, window, n_common))
    return NULL;
  return join (history->held, window, n_common);
}

VlmWindow *
vlm_history_push (VlmHistory *history, VlmWindow *window)
{
  VlmWindow *grown = grow (history, window);

  if (grown == NULL) {
    begin (history, window);
  } else {
    vlm_window_unref (history->held);
    history->held = grown;
  }
  return vlm_window_ref (history->held);
}

VlmWindow *
vlm_history_peek (const VlmHistory *history, VlmWindow *window)
{
  VlmWindow *grown = grow (history, window);

  return grown != NULL ? grown : vlm_window_ref (window);
}
