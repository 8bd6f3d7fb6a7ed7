/* gst-vlm: which queue of a pipeline is full
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmfull.h"

static gboolean
is_made_by (GstElement *element, const char *name)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  return factory != NULL && g_str_equal (GST_OBJECT_NAME (factory), name);
}

/* @level: an element or a pad with levels; @limits: with maxima, 0 for none */
static gboolean
is_full (gpointer level, gpointer limits)
{
  guint n_buffers = 0;
  guint n_bytes = 0;
  guint64 time = 0;
  guint max_buffers = 0;
  guint max_bytes = 0;
  guint64 max_time = 0;

  g_object_get (level, "current-level-buffers", &n_buffers,
      "current-level-bytes", &n_bytes, "current-level-time", &time, NULL);
  g_object_get (limits, "max-size-buffers", &max_buffers, "max-size-bytes",
      &max_bytes, "max-size-time", &max_time, NULL);
  return (max_buffers > 0 && n_buffers >= max_buffers) ||
      (max_bytes > 0 && n_bytes >= max_bytes) ||
      (max_time > 0 && time >= max_time);
}

static gboolean
has_full_pad (GstElement *queue)
{
  GList *pads;
  gboolean full = FALSE;

  GST_OBJECT_LOCK (queue);
  pads = g_list_copy_deep (
      queue->sinkpads, (GCopyFunc) (void (*) (void)) gst_object_ref, NULL);
  GST_OBJECT_UNLOCK (queue);
  for (GList *l = pads; l != NULL; l = l->next)
    full = full ||
        (g_object_class_find_property (
             G_OBJECT_GET_CLASS (l->data), "current-level-time") != NULL &&
            is_full (l->data, queue));
  g_list_free_full (pads, gst_object_unref);
  return full;
}

static GstElement *
find_root (GstElement *element)
{
  GstObject *root = gst_object_ref (GST_OBJECT (element));
  GstObject *parent;

  while ((parent = gst_object_get_parent (root)) != NULL) {
    gst_object_unref (root);
    root = parent;
  }
  return GST_ELEMENT (root);
}

char *
gst_vlm_full_find_queue (GstElement *element)
{
  g_autoptr (GstElement) root = find_root (element);
  GValue value = G_VALUE_INIT;
  GstIterator *elements;
  char *name = NULL;

  if (!GST_IS_BIN (root))
    return NULL;
  elements = gst_bin_iterate_recurse (GST_BIN (root));
  while (
      name == NULL && gst_iterator_next (elements, &value) == GST_ITERATOR_OK) {
    GstElement *queue = g_value_get_object (&value);

    if ((is_made_by (queue, "queue") && is_full (queue, queue)) ||
        (is_made_by (queue, "multiqueue") && has_full_pad (queue)))
      name = gst_object_get_name (GST_OBJECT (queue));
    g_value_reset (&value);
  }
  g_value_unset (&value);
  gst_iterator_free (elements);
  return name;
}
