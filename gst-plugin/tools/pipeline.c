/* gst-vlm: pipelines of GStreamer that end in an appsink
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/pipeline.h"

#include <time.h>

#include <gst/pbutils/missing-plugins.h>

#include "tools/threads.h"

/* How late an error or a cancellation may be noticed. */
#define POLL_NS (20 * GST_MSECOND)

/* After so long without a sample, and with hardly any work, nothing will come.
 * Not every failure posts an error message: a thread that cannot be started does
 * not. */
#define IDLE_NS (60 * GST_SECOND)

/* The same, however much work there is. */
#define SILENCE_NS (600 * GST_SECOND)

void
pipeline_init (Pipeline *self, GstElement *element, const char *uri,
    GCancellable *cancellable)
{
  *self = (Pipeline){
    .element = element,
    .sink = GST_APP_SINK (gst_bin_get_by_name (GST_BIN (element), "sink")),
    .cancellable = cancellable,
  };
  if (uri != NULL) {
    self->is_patient = g_str_has_prefix (uri, "fd:");
    self->is_address = !self->is_patient && !g_str_has_prefix (uri, "file:");
  }
}

void
pipeline_clear (Pipeline *self)
{
  if (self->element != NULL)
    gst_element_set_state (self->element, GST_STATE_NULL);
  gst_clear_object (&self->sink);
  gst_clear_object (&self->element);
  g_clear_pointer (&self->missing, g_free);
}

void
pipeline_condemn (Pipeline *self, const char *why)
{
  g_atomic_pointer_set (&self->verdict, why);
}

/* @failure: (transfer full): GStreamer's message says how it failed, but not for
 * which input. */
static void
explain (Pipeline *self, GError *failure, GError **error)
{
  g_autoptr (GError) own = failure;

  if (self->missing != NULL &&
      g_error_matches (own, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN))
    g_set_error (error, own->domain, own->code,
        "no installed GStreamer plugin reads it (or memory is exhausted): %s "
        "is missing",
        self->missing);
  else if (g_error_matches (own, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED))
    g_set_error (error, own->domain, own->code, "it cannot be read%s (%s)",
        self->is_address ? "; does the server answer?" : "", own->message);
  else if (own->domain == GST_STREAM_ERROR)
    g_set_error (error, own->domain, own->code,
        "it contains no picture that can be read here (%s)", own->message);
  else
    g_propagate_error (error, g_steal_pointer (&own));
}

/* The first error on the bus. */
static gboolean
check_bus (Pipeline *self, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->element);
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (
              bus, GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT)) != NULL) {
    GError *failure = NULL;

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &failure, NULL);
    else if (gst_is_missing_plugin_message (message) && self->missing == NULL)
      self->missing = gst_missing_plugin_message_get_description (message);
    gst_message_unref (message);
    if (failure != NULL) {
      explain (self, failure, error);
      return FALSE;
    }
  }
  return TRUE;
}

/* FALSE with the error that has stopped it, or G_IO_ERROR_CANCELLED. */
static gboolean
check (Pipeline *self, GError **error)
{
  const char *verdict = g_atomic_pointer_get (&self->verdict);

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (verdict == NULL)
    return check_bus (self, error);
  g_set_error_literal (
      error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND, verdict);
  return FALSE;
}

gboolean
pipeline_set_state (Pipeline *self, GstState state, GError **error)
{
  if (!threads_check (error)) {
    g_prefix_error (error, "it cannot be read: ");
    return FALSE;
  }
  if (gst_element_set_state (self->element, state) != GST_STATE_CHANGE_FAILURE)
    return TRUE;
  if (check (self, error))
    g_set_error_literal (error, GST_CORE_ERROR, GST_CORE_ERROR_STATE_CHANGE,
        "it cannot be read: a GStreamer element could not be started");
  return FALSE;
}

/* How long nothing has come so far. */
typedef struct
{
  GstClockTime silence;
  GstClockTime idle;
  clock_t worked; /* by all threads */
} Silence;

/* After another POLL_NS of it. FALSE if the wait must end. */
static gboolean
keep_waiting (Pipeline *self, Silence *silence, GError **error)
{
  clock_t now = clock ();
  double work_ns =
      (double) (now - silence->worked) * GST_SECOND / CLOCKS_PER_SEC;

  if (!check (self, error))
    return FALSE;
  silence->silence += POLL_NS;
  silence->idle = work_ns > POLL_NS / 10.0 ? 0 : silence->idle + POLL_NS;
  silence->worked = now;
  if (self->is_patient ||
      (silence->idle < IDLE_NS && silence->silence < SILENCE_NS))
    return TRUE;
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "no data for %u s", (guint) (silence->silence / GST_SECOND));
  return FALSE;
}

gboolean
pipeline_wait (Pipeline *self, GError **error)
{
  Silence silence = { .worked = clock () };

  while (gst_element_get_state (self->element, NULL, NULL, POLL_NS) ==
      GST_STATE_CHANGE_ASYNC)
    if (!keep_waiting (self, &silence, error))
      return FALSE;
  return check (self, error);
}

gboolean
pipeline_pull (Pipeline *self, GstSample **sample, GError **error)
{
  Silence silence = { .worked = clock () };

  while (
      (*sample = gst_app_sink_try_pull_sample (self->sink, POLL_NS)) == NULL) {
    gboolean is_over = gst_app_sink_is_eos (self->sink);

    if (!keep_waiting (self, &silence, error))
      return FALSE;
    if (is_over)
      return TRUE;
  }
  if (check (self, error))
    return TRUE;
  g_clear_pointer (sample, gst_sample_unref);
  return FALSE;
}
