/* gst-vlm: vlmoverlay, whether it draws itself or downstream does
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmoverlay-private.h"

#define GST_CAT_DEFAULT gst_vlm_overlay_debug

#define COMPOSITION GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION

static GstStaticCaps blendable_caps =
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (GST_VLM_OVERLAY_FORMATS));

static GstStaticCaps composed_caps = GST_STATIC_CAPS (
    GST_VIDEO_CAPS_MAKE_WITH_FEATURES (COMPOSITION, GST_VIDEO_FORMATS_ALL));

/* Every structure of @caps with the feature of overlays as metadata, or
 * without it. */
static GstCaps *
change_feature (const GstCaps *caps, gboolean composed)
{
  GstCaps *changed = gst_caps_copy (caps);

  for (guint i = 0; i < gst_caps_get_size (changed); i++) {
    GstCapsFeatures *features = gst_caps_get_features (changed, i);

    if (gst_caps_features_is_any (features))
      continue;
    if (!composed)
      gst_caps_features_remove (features, COMPOSITION);
    else if (!gst_caps_features_contains (features, COMPOSITION))
      gst_caps_features_add (features, COMPOSITION);
  }
  return changed;
}

static gboolean
is_composed (const GstCaps *caps)
{
  GstCapsFeatures *features = gst_caps_get_features (caps, 0);

  return features != NULL && !gst_caps_features_is_any (features) &&
      gst_caps_features_contains (features, COMPOSITION);
}

/* What leaves the element where @caps come in: downstream draws, or we do. */
static GstCaps *
get_caps_behind (const GstCaps *caps)
{
  g_autoptr (GstCaps) blendable = gst_static_caps_get (&blendable_caps);

  return gst_caps_merge (change_feature (caps, TRUE),
      gst_caps_intersect_full (
          (GstCaps *) caps, blendable, GST_CAPS_INTERSECT_FIRST));
}

/* What may come in where @caps are taken: where downstream draws, video with
 * and without overlays. */
static GstCaps *
get_caps_before (const GstCaps *caps)
{
  g_autoptr (GstCaps) blendable = gst_static_caps_get (&blendable_caps);
  GstCaps *before = gst_caps_new_empty ();

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    g_autoptr (GstCaps) one = gst_caps_copy_nth (caps, i);

    if (is_composed (one)) {
      before = gst_caps_merge (before, change_feature (one, FALSE));
      before = gst_caps_merge (before, g_steal_pointer (&one));
    } else {
      before = gst_caps_merge (before,
          gst_caps_intersect_full (one, blendable, GST_CAPS_INTERSECT_FIRST));
    }
  }
  return before;
}

/* What @pad takes or gives, given the caps of the other side. */
GstCaps *
gst_vlm_overlay_query_caps (GstVlmOverlay *self, GstPad *pad, GstCaps *filter)
{
  gboolean is_sink = pad == self->sinkpad;
  GstPad *other = is_sink ? self->srcpad : self->sinkpad;
  g_autoptr (GstCaps) template = gst_pad_get_pad_template_caps (pad);
  g_autoptr (GstCaps) peer = gst_pad_peer_query_caps (other, NULL);
  g_autoptr (GstCaps) through = NULL;
  g_autoptr (GstCaps) caps = NULL;

  if (gst_caps_is_any (peer)) {
    /* A peer that takes anything will hardly draw: prefer what we can draw on. */
    caps = is_sink ? gst_caps_merge (gst_static_caps_get (&blendable_caps),
                         gst_static_caps_get (&composed_caps))
                   : g_steal_pointer (&template);
  } else {
    through = is_sink ? get_caps_before (peer) : get_caps_behind (peer);
    caps =
        gst_caps_intersect_full (through, template, GST_CAPS_INTERSECT_FIRST);
  }
  if (filter == NULL)
    return g_steal_pointer (&caps);
  return gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
}

/* Some elements accept any caps and would show nothing: only those that
 * request the metadata in the allocation query show it. */
static gboolean
is_shown_downstream (GstVlmOverlay *self, GstCaps *caps)
{
  g_autoptr (GstQuery) query = gst_query_new_allocation (caps, FALSE);

  return gst_pad_peer_query (self->srcpad, query) &&
      gst_query_find_allocation_meta (
          query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
}

static gboolean
set_attach (GstVlmOverlay *self, gboolean attach)
{
  GST_DEBUG_OBJECT (self, attach ? "downstream draws" : "drawing myself");
  self->attach = attach;
  g_array_set_size (self->patches, 0);
  self->dirty = TRUE;
  gst_vlm_painter_set_frame (self->painter, &self->info, !attach);
  gst_vlm_shapes_set_frame (self->shapes, &self->info, !attach);
  return TRUE;
}

gboolean
gst_vlm_overlay_negotiate (GstVlmOverlay *self, GstCaps *caps)
{
  g_autoptr (GstCaps) composed = change_feature (caps, TRUE);
  g_autoptr (GstCaps) blendable = gst_static_caps_get (&blendable_caps);

  gst_pad_check_reconfigure (self->srcpad);
  if (is_composed (caps)) {
    /* Overlays of other elements come along: ours are added to them. */
    return gst_pad_set_caps (self->srcpad, caps) && set_attach (self, TRUE);
  }
  if (gst_pad_peer_query_accept_caps (self->srcpad, composed) &&
      gst_pad_set_caps (self->srcpad, composed) &&
      is_shown_downstream (self, composed))
    return set_attach (self, TRUE);
  if (!gst_caps_is_subset (caps, blendable)) {
    GST_ERROR_OBJECT (self,
        "can be drawn neither here nor downstream: %" GST_PTR_FORMAT, caps);
    return FALSE;
  }
  return gst_pad_set_caps (self->srcpad, caps) && set_attach (self, FALSE);
}
