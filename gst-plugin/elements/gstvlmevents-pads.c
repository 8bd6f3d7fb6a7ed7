/* gst-vlm: vlmevents, the branch of events beside that of video
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmevents-private.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

static GstStaticPadTemplate events_template =
    GST_STATIC_PAD_TEMPLATE ("events", GST_PAD_SRC, GST_PAD_REQUEST,
        GST_STATIC_CAPS (
            GST_VLM_EVENT_PAD_JSON_CAPS "; " GST_VLM_EVENT_PAD_TEXT_CAPS));

/* A seek of the pipeline reaches both source pads; upstream wants it once. */
static gboolean
is_repeated_seek (GstVlmEvents *self, GstEvent *event)
{
  guint32 seqnum = gst_event_get_seqnum (event);
  gboolean repeated;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return FALSE;
  g_mutex_lock (&self->lock);
  repeated = self->seek_seqnum == seqnum;
  self->seek_seqnum = seqnum;
  g_mutex_unlock (&self->lock);
  return repeated;
}

gboolean
gst_vlm_events_src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);

  if (is_repeated_seek (self, event)) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_push_event (self->sinkpad, event);
}

/* What only concerns the branch of events stays here: a late event is no reason
 * to skip frames, another format of text none to negotiate video. */
static gboolean
gst_vlm_events_events_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_QOS:
  case GST_EVENT_RECONFIGURE:
    gst_event_unref (event);
    return TRUE;
  default:
    return gst_vlm_events_src_event (pad, parent, event);
  }
}

static GstIterator *
iterate_one (GstPad *pad)
{
  GValue value = G_VALUE_INIT;
  GstIterator *iterator;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, pad);
  iterator = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return iterator;
}

/* Video is linked with video. Queries on the events go upstream, but what
 * upstream asks is not a matter of the events. */
GstIterator *
gst_vlm_events_iterate_links (GstPad *pad, GstObject *parent)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);

  return iterate_one (pad == self->sinkpad ? self->srcpad : self->sinkpad);
}

/* With the lock, so that it is in order with what the stream tells. */
static void
tell_what_was (GstVlmEvents *self)
{
  if (self->stream_start == NULL)
    return;
  gst_vlm_event_pad_start_stream (self->events_pad, self->stream_start);
  if (self->told_segment.format != GST_FORMAT_UNDEFINED)
    gst_vlm_event_pad_set_segment (self->events_pad, &self->told_segment);
  if (self->ended)
    gst_vlm_event_pad_end (self->events_pad);
}

static GstPad *
gst_vlm_events_request_new_pad (GstElement *element, GstPadTemplate *template,
    const gchar *name, const GstCaps *caps)
{
  GstVlmEvents *self = GST_VLM_EVENTS (element);
  GstVlmEventPad *pad = g_object_new (GST_VLM_TYPE_EVENT_PAD, "name", "events",
      "direction", GST_PAD_SRC, "template", template, NULL);
  gboolean taken;

  gst_pad_set_event_function (GST_PAD (pad), gst_vlm_events_events_event);
  gst_pad_set_iterate_internal_links_function (
      GST_PAD (pad), gst_vlm_events_iterate_links);
  g_mutex_lock (&self->lock);
  taken = self->has_events_pad;
  self->has_events_pad = TRUE;
  g_mutex_unlock (&self->lock);
  if (taken) {
    GST_WARNING_OBJECT (self, "there is one pad \"events\" only");
    gst_object_unref (gst_object_ref_sink (pad));
    return NULL;
  }
  gst_element_add_pad (element, GST_PAD (pad));

  g_mutex_lock (&self->lock);
  self->events_pad = gst_object_ref (pad);
  gst_flow_combiner_add_pad (self->flow, GST_PAD (pad));
  tell_what_was (self);
  g_mutex_unlock (&self->lock);
  return GST_PAD (pad);
}

static void
gst_vlm_events_release_pad (GstElement *element, GstPad *pad)
{
  GstVlmEvents *self = GST_VLM_EVENTS (element);
  GstVlmEventPad *released;

  g_mutex_lock (&self->lock);
  released = g_steal_pointer (&self->events_pad);
  self->has_events_pad = FALSE;
  gst_flow_combiner_remove_pad (self->flow, pad);
  g_mutex_unlock (&self->lock);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
  g_clear_object (&released);
}

void
gst_vlm_events_install_events_pad (GstElementClass *klass)
{
  klass->request_new_pad = gst_vlm_events_request_new_pad;
  klass->release_pad = gst_vlm_events_release_pad;
  gst_element_class_add_static_pad_template_with_gtype (
      klass, &events_template, GST_VLM_TYPE_EVENT_PAD);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_EVENT_PAD, 0);
}
