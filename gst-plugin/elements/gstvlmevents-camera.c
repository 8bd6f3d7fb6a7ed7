/* gst-vlm: vlmevents, problems of the camera
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The streaming thread shows each sampled frame to a VlmCamera. On live streams,
 * while the element plays, a timer of the pipeline's clock notices when no frame
 * comes. */
#include "elements/gstvlmevents-private.h"

#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

#define PERIOD GST_SECOND

struct _GstVlmEventsCamera
{
  GMutex lock;
  VlmCamera *camera;
  char *uids[8]; /* of the states that have begun, by bit */
  /* The position of the stream, and the clock, when the last frame came. */
  VlmInstant position;
  VlmTimeSource source;
  GstClockTime arrival; /* GST_CLOCK_TIME_NONE while the timer does not run */
  GstClockID timer;
};

GType
gst_vlm_camera_states_get_type (void)
{
  static GType type;
  static const GFlagsValue values[] = {
    { VLM_CAMERA_BLACK, "Nearly all of the picture is black", "black" },
    { VLM_CAMERA_OVEREXPOSED, "Most of the picture is white", "overexposed" },
    { VLM_CAMERA_COVERED, "The picture has lost nearly all its detail",
        "covered" },
    { VLM_CAMERA_FROZEN, "The picture does not change at all", "frozen" },
    { VLM_CAMERA_NO_SIGNAL, "No picture comes (live streams)", "no-signal" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_flags_register_static ("GstVlmCameraStates", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

static guint
bit_of (VlmCameraStates state)
{
  return (guint) g_bit_nth_lsf (state, -1);
}

/* (transfer full): to be posted */
static GstMessage *
report_change (GstVlmEvents *self, const VlmCameraChange *change)
{
  char **uid = &self->camera->uids[bit_of (change->state)];
  GstMessage *message;
  VlmCameraReport report = {
    .condition = vlm_camera_state_to_string (change->state),
    .begins = change->begins,
    .start = change->start,
    .end = change->end,
    .time_source = change->time_source,
  };

  message = gst_vlm_events_report_camera (self, &report, uid);
  if (!change->begins)
    g_clear_pointer (uid, g_free);
  return message;
}

/* Records are queued under the lock, in the order of the changes. Messages are
 * posted after it is released: a handler may stop the element. */
static void
report_and_unlock (GstVlmEvents *self, const GArray *changes)
{
  g_autofree GstMessage **messages = g_new (GstMessage *, changes->len + 1);

  for (guint i = 0; i < changes->len; i++)
    messages[i] =
        report_change (self, &g_array_index (changes, VlmCameraChange, i));
  g_mutex_unlock (&self->camera->lock);
  for (guint i = 0; i < changes->len; i++)
    gst_element_post_message (GST_ELEMENT (self), messages[i]);
}

/* --- no signal ------------------------------------------------------------ */

static VlmInstant
later (const VlmInstant *instant, gint64 elapsed)
{
  return (VlmInstant){
    .pts = vlm_time_add (instant->pts, elapsed),
    .running_time = vlm_time_add (instant->running_time, elapsed),
    .stream_time = vlm_time_add (instant->stream_time, elapsed),
    .utc = vlm_time_add (instant->utc, elapsed),
  };
}

/* Not used before the first frame. */
static gboolean
is_live (GstVlmEvents *self)
{
  g_autoptr (GstQuery) query = NULL;
  gboolean live = g_atomic_int_get (&self->is_live);

  if (live)
    return TRUE;
  query = gst_query_new_latency ();
  if (gst_pad_peer_query (self->sinkpad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  return live;
}

static gboolean
on_timer (GstClock *clock, GstClockTime time, GstClockID id, gpointer user_data)
{
  GstVlmEvents *self = user_data;
  GstVlmEventsCamera *camera = self->camera;
  g_autoptr (GArray) changes = NULL;

  if (!is_live (self))
    return TRUE;
  changes = g_array_new (FALSE, FALSE, sizeof (VlmCameraChange));
  g_mutex_lock (&camera->lock);
  if (camera->timer == id && GST_CLOCK_TIME_IS_VALID (camera->arrival) &&
      time > camera->arrival) {
    VlmInstant now =
        later (&camera->position, (gint64) (time - camera->arrival));

    vlm_camera_wait (camera->camera, &now, camera->source, changes);
  }
  report_and_unlock (self, changes);
  return TRUE;
}

void
gst_vlm_events_start_camera_timer (GstVlmEvents *self)
{
  GstVlmEventsCamera *camera = self->camera;
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime now;

  if (camera == NULL || clock == NULL) {
    gst_clear_object (&clock);
    return;
  }
  now = gst_clock_get_time (clock);
  g_mutex_lock (&camera->lock);
  camera->arrival = now;
  if (!VLM_TIME_IS_VALID (camera->position.stream_time)) {
    camera->position.stream_time = 0;
    camera->position.running_time = 0;
  }
  camera->timer = gst_clock_new_periodic_id (clock, now + PERIOD, PERIOD);
  gst_clock_id_wait_async (
      camera->timer, on_timer, gst_object_ref (self), gst_object_unref);
  g_mutex_unlock (&camera->lock);
  gst_object_unref (clock);
}

void
gst_vlm_events_stop_camera_timer (GstVlmEvents *self)
{
  GstVlmEventsCamera *camera = self->camera;
  GstClockID timer;

  if (camera == NULL)
    return;
  g_mutex_lock (&camera->lock);
  timer = g_steal_pointer (&camera->timer);
  camera->arrival = GST_CLOCK_TIME_NONE;
  g_mutex_unlock (&camera->lock);
  if (timer == NULL)
    return;
  gst_clock_id_unschedule (timer);
  gst_clock_id_unref (timer);
}

/* --- frames --------------------------------------------------------------- */

void
gst_vlm_events_init_camera (GstVlmEvents *self)
{
  guint states;

  gst_vlm_events_clear_camera (self);
  GST_OBJECT_LOCK (self);
  states = self->settings.camera_events;
  GST_OBJECT_UNLOCK (self);
  if (states == 0)
    return;
  self->camera = g_new0 (GstVlmEventsCamera, 1);
  g_mutex_init (&self->camera->lock);
  self->camera->camera = vlm_camera_new ((VlmCameraStates) states);
  self->camera->position = (VlmInstant) VLM_INSTANT_NONE;
  self->camera->arrival = GST_CLOCK_TIME_NONE;
}

void
gst_vlm_events_clear_camera (GstVlmEvents *self)
{
  GstVlmEventsCamera *camera;

  gst_vlm_events_stop_camera_timer (self);
  camera = g_steal_pointer (&self->camera);
  if (camera == NULL)
    return;
  vlm_camera_free (camera->camera);
  for (guint i = 0; i < G_N_ELEMENTS (camera->uids); i++)
    g_free (camera->uids[i]);
  g_mutex_clear (&camera->lock);
  g_free (camera);
}

void
gst_vlm_events_note_arrival (GstVlmEvents *self)
{
  GstVlmEventsCamera *camera = self->camera;
  GstClock *clock;

  if (camera == NULL)
    return;
  clock = gst_element_get_clock (GST_ELEMENT (self));
  g_mutex_lock (&camera->lock);
  camera->source =
      gst_vlm_windower_get_time (self->windower, &camera->position);
  if (clock != NULL && GST_CLOCK_TIME_IS_VALID (camera->arrival))
    camera->arrival = gst_clock_get_time (clock);
  g_mutex_unlock (&camera->lock);
  gst_clear_object (&clock);
}

void
gst_vlm_events_show_camera (GstVlmEvents *self, const VlmFrame *frame)
{
  GstVlmEventsCamera *camera = self->camera;
  g_autoptr (GArray) changes = NULL;

  if (camera == NULL)
    return;
  changes = g_array_new (FALSE, FALSE, sizeof (VlmCameraChange));
  g_mutex_lock (&camera->lock);
  vlm_camera_look (camera->camera, frame,
      gst_vlm_windower_get_blackout (self->windower), changes);
  report_and_unlock (self, changes);
}

void
gst_vlm_events_finish_camera (GstVlmEvents *self)
{
  GstVlmEventsCamera *camera = self->camera;
  g_autoptr (GArray) changes = NULL;

  if (camera == NULL)
    return;
  changes = g_array_new (FALSE, FALSE, sizeof (VlmCameraChange));
  g_mutex_lock (&camera->lock);
  vlm_camera_finish (camera->camera, changes);
  report_and_unlock (self, changes);
}
