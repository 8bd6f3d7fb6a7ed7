/* gst-vlm: vlmevents, the events pads
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "elements/gstvlmevents-private.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

/* An application that needs only one output need not count. */
static GstStaticPadTemplate first_template = GST_STATIC_PAD_TEMPLATE ("events",
    GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS (GST_VLM_EVENT_PAD_CAPS));
static GstStaticPadTemplate output_template =
    GST_STATIC_PAD_TEMPLATE ("events_%u", GST_PAD_SRC, GST_PAD_REQUEST,
        GST_STATIC_CAPS (GST_VLM_EVENT_PAD_CAPS));

/* A seek of the pipeline reaches both source pads; upstream must get it once. */
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
  gboolean taken = gst_vlm_events_take_trigger (self, event);

  if (is_repeated_seek (self, event)) {
    gst_event_unref (event);
    return TRUE;
  }
  /* Another element upstream may use the trigger, too. */
  return gst_pad_push_event (self->sinkpad, event) || taken;
}

/* Drops what only concerns the branch of events: a late record is no reason to
 * skip frames, nor is another format of text one to negotiate the video again. */
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

/* Video is linked with video. Queries on the events go upstream, but queries
 * from upstream do not concern the events. */
GstIterator *
gst_vlm_events_iterate_links (GstPad *pad, GstObject *parent)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);

  return iterate_one (pad == self->sinkpad ? self->srcpad : self->sinkpad);
}

static GPtrArray *
copy_outputs (GPtrArray *outputs)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (gst_object_unref);

  for (guint i = 0; i < outputs->len; i++)
    g_ptr_array_add (copy, gst_object_ref (outputs->pdata[i]));
  return copy;
}

GPtrArray *
gst_vlm_events_ref_outputs (GstVlmEvents *self)
{
  GPtrArray *outputs;

  g_mutex_lock (&self->lock);
  outputs = g_ptr_array_ref (self->outputs);
  g_mutex_unlock (&self->lock);
  return outputs;
}

/* With the lock, so that it is in order with the events of the stream. */
static void
repeat_stream (GstVlmEvents *self, GstVlmEventPad *pad)
{
  if (self->stream_start == NULL)
    return;
  gst_vlm_event_pad_set_video_size (pad, self->video_width, self->video_height);
  gst_vlm_event_pad_start_stream (pad, self->stream_start);
  gst_vlm_event_pad_set_subjects (pad, self->subjects);
  if (self->sent_segment.format != GST_FORMAT_UNDEFINED)
    gst_vlm_event_pad_set_segment (pad, &self->sent_segment);
  if (self->ended)
    gst_vlm_event_pad_end (pad);
}

/* With the lock. The lowest number that is free; the pad without a number is the
 * first. */
static char *
make_name (GstVlmEvents *self)
{
  guint n = g_hash_table_contains (self->output_names, "events");
  char *name = NULL;

  do {
    g_free (name);
    name = g_strdup_printf ("events_%u", n++);
  } while (g_hash_table_contains (self->output_names, name));
  return name;
}

/* NULL where the name is taken. */
static char *
reserve_name (GstVlmEvents *self, GstPadTemplate *template, const char *wanted)
{
  char *name;

  g_mutex_lock (&self->lock);
  if (wanted != NULL)
    name = g_strdup (wanted);
  else if (GST_PAD_TEMPLATE_NAME_TEMPLATE (template)[strlen ("events")] == '\0')
    name = g_strdup ("events");
  else
    name = make_name (self);
  if (!g_hash_table_add (self->output_names, g_strdup (name))) {
    GST_WARNING_OBJECT (self, "there is a pad \"%s\" already", name);
    g_clear_pointer (&name, g_free);
  }
  g_mutex_unlock (&self->lock);
  return name;
}

static GstPad *
gst_vlm_events_request_new_pad (GstElement *element, GstPadTemplate *template,
    const gchar *wanted, const GstCaps *caps)
{
  GstVlmEvents *self = GST_VLM_EVENTS (element);
  g_autofree char *name = reserve_name (self, template, wanted);
  GstVlmEventPad *pad;
  GPtrArray *outputs;

  if (name == NULL)
    return NULL;
  pad = g_object_new (GST_VLM_TYPE_EVENT_PAD, "name", name, "direction",
      GST_PAD_SRC, "template", template, NULL);
  gst_pad_set_event_function (GST_PAD (pad), gst_vlm_events_events_event);
  gst_pad_set_iterate_internal_links_function (
      GST_PAD (pad), gst_vlm_events_iterate_links);
  gst_element_add_pad (element, GST_PAD (pad));

  g_mutex_lock (&self->lock);
  outputs = copy_outputs (self->outputs);
  g_ptr_array_add (outputs, gst_object_ref (pad));
  g_ptr_array_unref (self->outputs);
  self->outputs = outputs;
  gst_flow_combiner_add_pad (self->flow, GST_PAD (pad));
  repeat_stream (self, pad);
  g_mutex_unlock (&self->lock);
  return GST_PAD (pad);
}

static void
gst_vlm_events_release_pad (GstElement *element, GstPad *pad)
{
  GstVlmEvents *self = GST_VLM_EVENTS (element);
  g_autofree char *name = gst_pad_get_name (pad);
  GPtrArray *outputs;

  g_mutex_lock (&self->lock);
  outputs = copy_outputs (self->outputs);
  g_ptr_array_remove (outputs, pad);
  g_ptr_array_unref (self->outputs);
  self->outputs = outputs;
  gst_flow_combiner_remove_pad (self->flow, pad);
  g_mutex_unlock (&self->lock);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->output_names, name);
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_events_init_outputs (GstVlmEvents *self)
{
  self->outputs = g_ptr_array_new_with_free_func (gst_object_unref);
  self->output_names =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
gst_vlm_events_clear_outputs (GstVlmEvents *self)
{
  g_ptr_array_unref (self->outputs);
  g_hash_table_unref (self->output_names);
}

void
gst_vlm_events_install_outputs (GstElementClass *klass)
{
  klass->request_new_pad = gst_vlm_events_request_new_pad;
  klass->release_pad = gst_vlm_events_release_pad;
  gst_element_class_add_static_pad_template_with_gtype (
      klass, &first_template, GST_VLM_TYPE_EVENT_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      klass, &output_template, GST_VLM_TYPE_EVENT_PAD);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_EVENT_PAD, 0);
}
