/* gst-vlm: small pictures between cairo and GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cairo.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

/* A picture with transparency, ready for one use. Immutable. */
typedef struct _GstVlmSprite GstVlmSprite;

/* The picture of @surface (ARGB32), or NULL if cairo has failed. @info: the
 * frames that it is to be blended onto; %NULL for overlay rectangles. */
GstVlmSprite *
gst_vlm_sprite_new (cairo_surface_t *surface, const GstVideoInfo *info);
void gst_vlm_sprite_free (GstVlmSprite *sprite);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmSprite, gst_vlm_sprite_free)

int gst_vlm_sprite_get_width (const GstVlmSprite *sprite);
int gst_vlm_sprite_get_height (const GstVlmSprite *sprite);
/* Its pixels with straight alpha and a GstVideoMeta, if made for overlay
 * rectangles. */
GstBuffer *gst_vlm_sprite_get_pixels (const GstVlmSprite *sprite);

/* Blends it onto @frame, which is mapped for writing, has the format that it was
 * made for, and contains all of it. @opacity: 0 to 1 */
void gst_vlm_sprite_blend (const GstVlmSprite *sprite, GstVideoFrame *frame,
    int x, int y, double opacity);

G_END_DECLS
