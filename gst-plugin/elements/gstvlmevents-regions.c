/* gst-vlm: vlmevents, which part of the picture is analysed
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Regions that cannot be read are an error at the start: video that should have
 * been masked is never analysed. A change while the element runs takes effect
 * with the next frame, or is refused with a warning. */
#include "elements/gstvlmevents-private.h"

#include "util/gstvlmshapes.h"

/* NULL without an error if there is no zone. */
static VlmRegions *
parse_zone (const char *text, GError **error)
{
  VlmRegions *zone = vlm_regions_parse (text, error);

  if (zone == NULL || vlm_regions_get_n_regions (zone) == 1)
    return zone;
  g_set_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
      "%u polygons, but an element analyses one zone: use one element for each "
      "zone",
      vlm_regions_get_n_regions (zone));
  vlm_regions_unref (zone);
  return NULL;
}

static gboolean
parse (const char *mask_text, const char *zone_text, VlmRegions **mask,
    VlmRegions **zone, GError **error)
{
  GError *failure = NULL;

  *mask = *zone = NULL;
  if (mask_text != NULL)
    *mask = vlm_regions_parse (mask_text, &failure);
  g_prefix_error (&failure, "mask: ");
  if (failure == NULL && zone_text != NULL) {
    *zone = parse_zone (zone_text, &failure);
    g_prefix_error (&failure, "zone: ");
  }
  if (failure == NULL)
    return TRUE;
  g_clear_pointer (mask, vlm_regions_unref);
  g_propagate_error (error, failure);
  return FALSE;
}

char *
gst_vlm_events_find_region_error (const GstVlmEventsSettings *settings)
{
  g_autoptr (VlmRegions) mask = NULL;
  g_autoptr (VlmRegions) zone = NULL;
  g_autoptr (GError) error = NULL;

  if (parse (settings->mask, settings->zone, &mask, &zone, &error))
    return NULL;
  return g_strdup (error->message);
}

/* --- the event for downstream -------------------------------------------- */

void
gst_vlm_events_repeat_regions (GstVlmEvents *self)
{
  self->must_send_regions = TRUE;
  self->sent_regions = FALSE;
}

gboolean
gst_vlm_events_take_regions (GstVlmEvents *self, GstEvent *event)
{
  if (!gst_event_has_name (event, GST_VLM_SHAPES_EVENT))
    return FALSE;
  gst_event_take (&self->front_regions, event);
  self->must_send_regions = TRUE;
  return TRUE;
}

static void
append_own (GstVlmEvents *self, GValue *list)
{
  const GstVideoInfo *info = gst_vlm_windower_get_info (self->windower);
  g_auto (GValue) value = G_VALUE_INIT;
  GstStructure *own;

  if (info == NULL || (self->mask_text == NULL && self->zone_text == NULL))
    return;
  own = gst_structure_new (GST_VLM_SHAPES_EVENT, GST_VLM_SHAPES_WIDTH,
      G_TYPE_UINT, (guint) GST_VIDEO_INFO_WIDTH (info), GST_VLM_SHAPES_HEIGHT,
      G_TYPE_UINT, (guint) GST_VIDEO_INFO_HEIGHT (info), NULL);
  if (self->mask_text != NULL)
    gst_structure_set (
        own, GST_VLM_SHAPES_MASK, G_TYPE_STRING, self->mask_text, NULL);
  if (self->zone_text != NULL)
    gst_structure_set (
        own, GST_VLM_SHAPES_ZONE, G_TYPE_STRING, self->zone_text, NULL);
  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, own);
  gst_value_array_append_value (list, &value);
}

/* With those of upstream elements, because the event replaces theirs. If there
 * never was a region, nothing is sent. */
static void
send_regions (GstVlmEvents *self)
{
  g_auto (GValue) list = G_VALUE_INIT;
  const GValue *front = NULL;
  GstStructure *structure;
  GstEvent *event;

  self->must_send_regions = FALSE;
  if (self->front_regions != NULL)
    front = gst_structure_get_value (
        gst_event_get_structure (self->front_regions), GST_VLM_SHAPES_FIELD);
  g_value_init (&list, GST_TYPE_ARRAY);
  if (front != NULL && GST_VALUE_HOLDS_ARRAY (front))
    g_value_copy (front, &list);
  append_own (self, &list);
  if (gst_value_array_get_size (&list) == 0 && !self->sent_regions)
    return;
  self->sent_regions = TRUE;
  structure = gst_structure_new_empty (GST_VLM_SHAPES_EVENT);
  gst_structure_set_value (structure, GST_VLM_SHAPES_FIELD, &list);
  event = gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
  if (self->delay != NULL)
    gst_vlm_delay_push_event (self->delay, event);
  else
    gst_vlm_events_send_event (self, event);
}

/* --- changes -------------------------------------------------------------- */

static void
take_up (GstVlmEvents *self)
{
  g_autofree char *mask_text = NULL;
  g_autofree char *zone_text = NULL;
  g_autoptr (VlmRegions) mask = NULL;
  g_autoptr (VlmRegions) zone = NULL;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  mask_text = g_strdup (self->settings.mask);
  zone_text = g_strdup (self->settings.zone);
  GST_OBJECT_UNLOCK (self);
  if (!parse (mask_text, zone_text, &mask, &zone, &error)) {
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("%s. The previous mask and zone remain in use.", error->message),
        (NULL));
    return;
  }
  gst_vlm_windower_set_mask (self->windower, mask);
  g_free (self->mask_text);
  self->mask_text = g_steal_pointer (&mask_text);
  self->must_send_regions = TRUE;
  if (g_strcmp0 (zone_text, self->zone_text) == 0)
    return;
  g_free (self->zone_text);
  self->zone_text = g_steal_pointer (&zone_text);
  gst_vlm_windower_set_zone (self->windower, zone);
}

static void
take_up_changes (GstVlmEvents *self)
{
  gint version = g_atomic_int_get (&self->regions_version);

  if (version != self->regions_followed)
    take_up (self);
  self->regions_followed = version;
}

void
gst_vlm_events_follow_regions (GstVlmEvents *self)
{
  take_up_changes (self);
  if (self->must_send_regions)
    send_regions (self);
}

void
gst_vlm_events_start_regions (GstVlmEvents *self)
{
  g_clear_pointer (&self->zone_text, g_free);
  self->regions_followed = g_atomic_int_get (&self->regions_version) - 1;
  take_up_changes (self);
}
