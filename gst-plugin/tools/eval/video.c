/* gst-vlm: a model evaluated on videos that somebody labelled
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/video.h"

#include <string.h>

#include <gst/gst.h>
#include <vlm/vlm-event.h>

#include "tools/eval/labels.h"
#include "tools/eval/observer.h"
#include "tools/reader.h"

EvalVideo *
eval_video_new (
    const char *path, const char *labels, const char *query, GError **error)
{
  GPtrArray *readings = eval_labels_read (labels, query, error);
  EvalVideo *self;

  if (readings == NULL)
    return NULL;
  self = g_new0 (EvalVideo, 1);
  self->path = g_strdup (path);
  self->readings = readings;
  self->sightings = eval_sightings_new ();
  self->moves = eval_sightings_new ();
  return self;
}

void
eval_video_free (EvalVideo *self)
{
  g_free (self->path);
  g_ptr_array_unref (self->readings);
  g_array_unref (self->sightings);
  g_array_unref (self->moves);
  g_free (self);
}

/* --- the element ---------------------------------------------------------- */

static gboolean
set_property (
    GstElement *element, const char *name, const char *text, GError **error)
{
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (element), name);
  g_auto (GValue) value = G_VALUE_INIT;
  gboolean good;

  if (spec == NULL || !(spec->flags & G_PARAM_WRITABLE)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "vlmevents has no property \"%s\" that can be set", name);
    return FALSE;
  }
  g_value_init (&value, spec->value_type);
  if (spec->value_type == G_TYPE_STRING) {
    g_value_set_string (&value, text);
    good = TRUE;
  } else {
    good = gst_value_deserialize_with_pspec (&value, text, spec) &&
        !g_param_value_validate (spec, &value);
  }
  if (good)
    g_object_set_property (G_OBJECT (element), name, &value);
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "\"%s\" is no value of the property %s of vlmevents", text, name);
  return good;
}

static gboolean
set_up (GstElement *element, char *const *settings, GError **error)
{
  for (guint i = 0; settings[i] != NULL; i++) {
    g_auto (GStrv) parts = g_strsplit (settings[i], "=", 2);

    if (g_strv_length (parts) != 2) {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "--set takes PROPERTY=VALUE, not \"%s\"", settings[i]);
      return FALSE;
    }
    if (!set_property (element, parts[0], parts[1], error))
      return FALSE;
  }
  return TRUE;
}

/* The last record of each event is complete. On the thread of the worker. */
static void
on_event (GstElement *element, VlmEvent *event, GHashTable *events)
{
  g_hash_table_replace (events, &event->id, vlm_event_ref (event));
}

static gint
compare_sightings (gconstpointer a, gconstpointer b)
{
  double x = ((const EvalSighting *) a)->span.start;
  double y = ((const EvalSighting *) b)->span.start;

  return (x > y) - (x < y);
}

static double
in_seconds (gint64 time)
{
  return (double) time / VLM_SECOND;
}

static void
collect (GHashTable *events, GArray *sightings)
{
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, events);
  while (g_hash_table_iter_next (&iter, NULL, &data)) {
    const VlmEvent *event = data;
    EvalSighting sighting = {
      { in_seconds (event->start.stream_time),
          in_seconds (event->end.stream_time) },
      g_strdup (event->description),
      event->confidence,
      event->bbox,
      in_seconds (event->bbox_time.stream_time),
    };

    g_array_append_val (sightings, sighting);
  }
  g_array_sort (sightings, compare_sightings);
}

static void
collect_moves (const GArray *spans, GArray *sightings)
{
  for (guint i = 0; i < spans->len; i++) {
    EvalSighting sighting = { .span = g_array_index (spans, EvalSpan, i),
      .description = g_strdup ("something moves"),
      .confidence = -1.0 };

    g_array_append_val (sightings, sighting);
  }
}

static void
count_windows (EvalVideo *self, GstElement *element)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 n_failed = 0, n_skipped = 0, n_glances = 0;

  g_object_get (element, "stats", &stats, NULL);
  gst_structure_get (stats, "windows-failed", G_TYPE_UINT64, &n_failed,
      "windows-skipped", G_TYPE_UINT64, &n_skipped, "glances", G_TYPE_UINT64,
      &n_glances, NULL);
  self->n_failed = (guint) n_failed;
  self->n_skipped = (guint) n_skipped;
  self->n_glances = (guint) n_glances;
}

gboolean
eval_video_run (EvalVideo *self, char *const *settings,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (EvalObserver) observer = eval_observer_new ();
  g_autoptr (GHashTable) events = g_hash_table_new_full (
      g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) vlm_event_unref);
  g_autoptr (GstElement) element = gst_element_factory_make ("vlmevents", NULL);

  if (element == NULL) {
    g_set_error_literal (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "GStreamer does not find the element vlmevents: source env.sh, or set "
        "GST_PLUGIN_PATH to the folder of libgstvlm.so");
    return FALSE;
  }
  gst_object_ref_sink (element);
  g_object_set (element, "analyzer", observer, "ground", TRUE, NULL);
  if (!set_up (element, settings, error))
    return FALSE;
  g_signal_connect (element, "event", G_CALLBACK (on_event), events);
  if (!reader_pass_video (self->path, element, cancellable, error))
    return FALSE;
  collect (events, self->sightings);
  collect_moves (eval_observer_get_moves (observer), self->moves);
  self->duration = eval_observer_get_end (observer);
  self->n_windows = eval_observer_get_n_windows (observer);
  self->n_frames = eval_observer_get_n_frames (observer);
  count_windows (self, element);
  return TRUE;
}
