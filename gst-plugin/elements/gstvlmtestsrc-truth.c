/* gst-vlm: vlmtestsrc, the truth about its frames
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmtestsrc-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <vlm/vlm-scene-box.h>

#include "gstvlm.h"
#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_test_src_debug

/* Unlike those of vlmevents, which may be on the same buffer. */
#define ROI_TYPE "vlm-truth"
#define MODEL "vlmtestsrc"

typedef struct
{
  VlmInstant time; /* of the frame */
  VlmTimeSource time_source;
  double rate;
} Moment;

static gint64
later (gint64 time, gint64 distance)
{
  return VLM_TIME_IS_VALID (time) ? time + distance : VLM_TIME_NONE;
}

/* On all clocks, @distance of stream time after @moment. */
static VlmInstant
instant_after (const Moment *moment, gint64 distance)
{
  gint64 played = (gint64) ((double) distance / moment->rate);

  return (VlmInstant){
    .pts = later (moment->time.pts, distance),
    .running_time = later (moment->time.running_time, played),
    .stream_time = later (moment->time.stream_time, distance),
    .utc = later (moment->time.utc, played),
  };
}

static gboolean
in_view (const VlmSceneEvent *event, gint64 time)
{
  return time >= event->start && (time < event->end || event->in_view_at_end);
}

/* The same number however often the scene is played, and from where. */
static guint64
id_of (const GstVlmTestSrcFrame *frame, guint index)
{
  return frame->scene_index * VLM_SCENE_MAX_OBJECTS + index + 1;
}

static VlmEvent *
make_event (GstVlmTestSrc *self, const GstVlmTestSrcFrame *frame,
    const Moment *moment, guint index, VlmEventState state, const VlmRect *box)
{
  const VlmSceneEvent *truth = vlm_scene_get_event (self->scene, index);
  VlmEvent *event = vlm_event_new ();
  gint64 scene_start = (gint64) (frame->scene_index * self->scene_duration);
  /* A still scene lasts as long as its one frame. */
  gint64 end =
      truth->in_view_at_end ? (gint64) self->scene_duration : truth->end;
  gint64 now = (gint64) frame->pts - scene_start;

  event->type = VLM_RECORD_TYPE_TRUTH;
  event->id = id_of (frame, index);
  event->event_uid =
      g_strdup_printf ("%s-%" G_GUINT64_FORMAT, self->run, event->id);
  event->seq = ++self->n_records;
  event->state = state;
  event->label = g_strdup (truth->label);
  event->description = g_strdup (truth->description);
  event->start = instant_after (moment, truth->start - now);
  event->ongoing = state != VLM_EVENT_STATE_END;
  event->end = instant_after (moment, event->ongoing ? 0 : end - now);
  event->time_source = moment->time_source;
  event->confidence = 1.0;
  event->bbox = *box;
  event->bbox_time = moment->time;
  event->model = g_strdup (MODEL);
  return event;
}

static gboolean
write_event (GstVlmTestSrc *self, const VlmEvent *event)
{
  g_autofree char *json = NULL;

  if (self->truth == NULL || event->state != VLM_EVENT_STATE_END)
    return TRUE;
  json = vlm_event_to_json (event);
  if (fprintf (self->truth, "%s\n", json) >= 0 && fflush (self->truth) == 0)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
      ("The true events cannot be written to %s: %s", self->used.truth_location,
          g_strerror (errno)),
      (NULL));
  return FALSE;
}

static void
attach_box (GstBuffer *buffer, const VlmSceneEvent *truth, guint64 id,
    const VlmRect *box)
{
  GstVideoRegionOfInterestMeta *meta =
      gst_buffer_add_video_region_of_interest_meta (buffer, ROI_TYPE,
          (guint) box->x, (guint) box->y, (guint) box->width,
          (guint) box->height);

  meta->id = (gint) id;
  gst_video_region_of_interest_meta_add_param (meta,
      gst_structure_new (ROI_TYPE, "id", G_TYPE_UINT64, id, "label",
          G_TYPE_STRING, truth->label, "description", G_TYPE_STRING,
          truth->description, NULL));
}

static gboolean
report_event (GstVlmTestSrc *self, const GstVlmTestSrcFrame *frame,
    const Moment *moment, guint index, VlmEventState state, const VlmRect *box,
    GPtrArray *events)
{
  VlmEvent *event = make_event (self, frame, moment, index, state, box);

  g_ptr_array_add (events, event);
  gst_element_post_message (
      GST_ELEMENT (self), gst_vlm_message_new_event (GST_OBJECT (self), event));
  return write_event (self, event);
}

gboolean
gst_vlm_test_src_report (
    GstVlmTestSrc *self, const GstVlmTestSrcFrame *frame, GstBuffer *buffer)
{
  GstBaseSrc *base = GST_BASE_SRC (self);
  Moment moment = { .rate = base->segment.rate };
  g_autoptr (GPtrArray) events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  gboolean ok = TRUE;

  moment.time_source = gst_vlm_time_of_buffer (buffer, &base->segment,
      gst_base_src_is_live (base) ? GST_ELEMENT (self) : NULL, &moment.time);
  for (guint i = 0; ok && i < vlm_scene_get_n_events (self->scene); i++) {
    const VlmSceneEvent *truth = vlm_scene_get_event (self->scene, i);
    VlmRect box;

    if (!vlm_scene_get_box (self->scene, i, frame->now,
            (guint) GST_VIDEO_INFO_WIDTH (&self->info),
            (guint) GST_VIDEO_INFO_HEIGHT (&self->info), &box))
      continue;
    if (self->used.add_meta)
      attach_box (buffer, truth, id_of (frame, i), &box);
    if (frame->begins || !in_view (truth, frame->previous))
      ok = report_event (
          self, frame, &moment, i, VLM_EVENT_STATE_BEGIN, &box, events);
    if (ok && (frame->ends || !in_view (truth, frame->next)))
      ok = report_event (
          self, frame, &moment, i, VLM_EVENT_STATE_END, &box, events);
  }
  if (self->used.add_meta && events->len > 0)
    gst_vlm_buffer_add_event_meta (buffer, events);
  return ok;
}

gboolean
gst_vlm_test_src_open_truth (GstVlmTestSrc *self)
{
  const char *location = self->used.truth_location;

  if (location == NULL)
    return TRUE;
  self->truth = g_fopen (location, "w");
  if (self->truth != NULL)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
      ("`truth-location` cannot be written: %s: %s", location,
          g_strerror (errno)),
      (NULL));
  return FALSE;
}

gboolean
gst_vlm_test_src_close_truth (GstVlmTestSrc *self)
{
  FILE *truth = g_steal_pointer (&self->truth);

  if (truth == NULL || fclose (truth) == 0)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, CLOSE,
      ("`truth-location` cannot be closed: %s: %s", self->used.truth_location,
          g_strerror (errno)),
      (NULL));
  return FALSE;
}
