/* gst-vlm: how muxers treat cues
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmmuxer.h"

/* Over queues, parsers and ghost pads; more in a row are a loop. */
#define MAX_STEPS 32

static gboolean
is_mp4 (GstElement *element)
{
  static const char *const names[] = { "mp4mux", "qtmux", "3gppmux", "ismlmux",
    "mj2mux", "isofmp4mux", "fmp4mux", NULL };
  GstElementFactory *factory = gst_element_get_factory (element);

  return factory != NULL && g_strv_contains (names, GST_OBJECT_NAME (factory));
}

/* The pad on the other side of the element, or of the bin's edge; (nullable). */
static GstPad *
step (GstPad *pad)
{
  GstIterator *links = gst_pad_iterate_internal_links (pad);
  GValue value = G_VALUE_INIT;
  GstPad *next = NULL;

  if (links == NULL)
    return NULL;
  if (gst_iterator_next (links, &value) == GST_ITERATOR_OK) {
    next = g_value_dup_object (&value);
    g_value_unset (&value);
  }
  gst_iterator_free (links);
  return next;
}

GstElement *
gst_vlm_muxer_find_mp4 (GstPad *pad)
{
  GstPad *source = gst_object_ref (pad);

  for (guint i = 0; source != NULL && i < MAX_STEPS; i++) {
    g_autoptr (GstPad) sink = gst_pad_get_peer (source);
    g_autoptr (GstElement) element = NULL;

    gst_clear_object (&source);
    if (sink == NULL)
      return NULL;
    element = gst_pad_get_parent_element (sink);
    if (element != NULL && is_mp4 (element))
      return g_steal_pointer (&element);
    source = step (sink);
  }
  gst_clear_object (&source);
  return NULL;
}
