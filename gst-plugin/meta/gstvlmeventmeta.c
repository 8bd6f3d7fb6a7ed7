/* gst-vlm: events on a buffer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmeventmeta.h"

static gboolean
event_meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  ((GstVlmEventMeta *) meta)->events = NULL;
  return TRUE;
}

static void
event_meta_free (GstMeta *meta, GstBuffer *buffer)
{
  g_clear_pointer (&((GstVlmEventMeta *) meta)->events, g_ptr_array_unref);
}

/* @events: (transfer full) */
static GstVlmEventMeta *
add_events (GstBuffer *buffer, GPtrArray *events)
{
  GstVlmEventMeta *meta = (GstVlmEventMeta *) gst_buffer_add_meta (
      buffer, GST_VLM_EVENT_META_INFO, NULL);

  if (meta != NULL)
    meta->events = events;
  else
    g_ptr_array_unref (events);
  return meta;
}

/* The events are about the stream, not the bytes of this buffer: every copy, also
 * that of a part, keeps them. Other transformations change pixels, which the
 * boxes, given in pixels of the source, do not follow. */
static gboolean
event_meta_transform (GstBuffer *dest, GstMeta *meta, GstBuffer *source,
    GQuark type, gpointer data)
{
  if (!GST_META_TRANSFORM_IS_COPY (type))
    return FALSE;
  return add_events (dest,
             g_ptr_array_ref (((GstVlmEventMeta *) meta)->events)) != NULL;
}

/**
 * gst_vlm_event_meta_api_get_type:
 *
 * Registers the API with the first call; thread-safe.
 * GST_VLM_EVENT_META_API_TYPE is the short form.
 *
 * Returns: the type to filter the metas of a buffer by
 *
 * Since: 0.1
 */
GType
gst_vlm_event_meta_api_get_type (void)
{
  static GType type;
  /* No tags: nothing a filter does to the picture makes the events untrue. */
  static const gchar *tags[] = { NULL };

  if (g_once_init_enter (&type)) {
    GType registered = gst_meta_api_type_register ("GstVlmEventMetaAPI", tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}

/**
 * gst_vlm_event_meta_get_info: (skip)
 *
 * Registers the meta with the first call; thread-safe. GST_VLM_EVENT_META_INFO
 * is the short form.
 *
 * Returns: (transfer none): how the meta is made, copied and freed
 *
 * Since: 0.1
 */
const GstMetaInfo *
gst_vlm_event_meta_get_info (void)
{
  static const GstMetaInfo *info;

  if (g_once_init_enter ((GstMetaInfo **) &info)) {
    const GstMetaInfo *registered =
        gst_meta_register (GST_VLM_EVENT_META_API_TYPE, "GstVlmEventMeta",
            sizeof (GstVlmEventMeta), event_meta_init, event_meta_free,
            event_meta_transform);

    g_once_init_leave ((GstMetaInfo **) &info, (GstMetaInfo *) registered);
  }
  return info;
}

/**
 * gst_vlm_buffer_add_event_meta:
 * @buffer: a writable buffer
 * @events: (element-type VlmEvent) (transfer none): at least one event; the
 *   meta takes a reference to each, not to the array
 *
 * Attaches events to a buffer. They go with every copy of it, also with a copy
 * of a part.
 *
 * Returns: (transfer none): the meta that was added
 *
 * Since: 0.1
 */
GstVlmEventMeta *
gst_vlm_buffer_add_event_meta (GstBuffer *buffer, GPtrArray *events)
{
  GPtrArray *own;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (gst_buffer_is_writable (buffer), NULL);
  g_return_val_if_fail (events != NULL && events->len > 0, NULL);

  own = g_ptr_array_new_full (events->len, (GDestroyNotify) vlm_event_unref);
  for (guint i = 0; i < events->len; i++)
    g_ptr_array_add (own, vlm_event_ref (g_ptr_array_index (events, i)));
  return add_events (buffer, own);
}

static gboolean
is_truth (const GstVlmEventMeta *meta)
{
  const VlmEvent *event = g_ptr_array_index (meta->events, 0);

  return event->type == VLM_RECORD_TYPE_TRUTH;
}

/**
 * gst_vlm_buffer_get_event_meta:
 * @buffer: a buffer
 *
 * A buffer of a made-up scene may carry the truth as well as what was found in
 * it. What was found goes first; the truth, whose events have the type
 * %VLM_RECORD_TYPE_TRUTH, is returned where nothing else is there.
 *
 * Returns: (transfer none) (nullable): the events on @buffer, or %NULL
 *
 * Since: 0.1
 */
GstVlmEventMeta *
gst_vlm_buffer_get_event_meta (GstBuffer *buffer)
{
  GstVlmEventMeta *truth = NULL;
  gpointer state = NULL;
  GstMeta *meta;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_VLM_EVENT_META_API_TYPE)) != NULL) {
    if (!is_truth ((GstVlmEventMeta *) meta))
      return (GstVlmEventMeta *) meta;
    if (truth == NULL)
      truth = (GstVlmEventMeta *) meta;
  }
  return truth;
}

/**
 * gst_vlm_event_meta_get_n_events:
 * @meta: a meta
 *
 * Counts the events of a meta.
 *
 * Returns: how many events it holds
 *
 * Since: 0.1
 */
guint
gst_vlm_event_meta_get_n_events (const GstVlmEventMeta *meta)
{
  g_return_val_if_fail (meta != NULL, 0);
  return meta->events->len;
}

/**
 * gst_vlm_event_meta_get_event:
 * @meta: a meta
 * @index: which of its events
 *
 * Gets one event of a meta. It lives as long as the meta does; take a
 * reference to keep it longer.
 *
 * Returns: (transfer none): the event
 *
 * Since: 0.1
 */
VlmEvent *
gst_vlm_event_meta_get_event (const GstVlmEventMeta *meta, guint index)
{
  g_return_val_if_fail (meta != NULL, NULL);
  g_return_val_if_fail (index < meta->events->len, NULL);
  return g_ptr_array_index (meta->events, index);
}
