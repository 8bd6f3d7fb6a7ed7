/* gst-vlm: vlmevents, which part of the picture is analysed
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Regions that cannot be read are an error at the start: video that should have
 * been masked is never analysed. A change while the element runs counts from the
 * next frame, or is refused with a warning. */
#include "elements/gstvlmevents-private.h"

/* NULL without an error where there is none. */
static VlmRegions *
parse_zone (const char *text, GError **error)
{
  VlmRegions *zone = vlm_regions_parse (text, error);

  if (zone == NULL || vlm_regions_get_n_regions (zone) == 1)
    return zone;
  g_set_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
      "%u polygons; an element analyses one zone, several zones take several "
      "elements",
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

void
gst_vlm_events_follow_regions (GstVlmEvents *self)
{
  gint version = g_atomic_int_get (&self->regions_version);
  g_autofree char *mask_text = NULL;
  g_autofree char *zone_text = NULL;
  g_autoptr (VlmRegions) mask = NULL;
  g_autoptr (VlmRegions) zone = NULL;
  g_autoptr (GError) error = NULL;

  if (version == self->regions_followed)
    return;
  self->regions_followed = version;
  GST_OBJECT_LOCK (self);
  mask_text = g_strdup (self->settings.mask);
  zone_text = g_strdup (self->settings.zone);
  GST_OBJECT_UNLOCK (self);
  if (!parse (mask_text, zone_text, &mask, &zone, &error)) {
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("%s. The mask and the zone before stay in force.", error->message),
        (NULL));
    return;
  }
  gst_vlm_windower_set_mask (self->windower, mask);
  if (g_strcmp0 (zone_text, self->zone_text) == 0)
    return;
  g_free (self->zone_text);
  self->zone_text = g_steal_pointer (&zone_text);
  gst_vlm_windower_set_zone (self->windower, zone);
}

void
gst_vlm_events_start_regions (GstVlmEvents *self)
{
  g_clear_pointer (&self->zone_text, g_free);
  self->regions_followed = g_atomic_int_get (&self->regions_version) - 1;
  gst_vlm_events_follow_regions (self);
}
