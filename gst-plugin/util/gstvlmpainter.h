/* gst-vlm: from a scene to pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "util/gstvlmscene.h"
#include "util/gstvlmsprite.h"

G_BEGIN_DECLS

/* Draws with cairo and pango, and only what changed: a tag, the side of a box
 * and the strip are pictures of their own, kept from one frame to the next as
 * long as they are in use. One thread at a time. */
typedef struct _GstVlmPainter GstVlmPainter;

/* A picture at its place on the frame, wholly inside. */
typedef struct
{
  GstVlmSprite *sprite;
  int x;
  int y;
} GstVlmPatch;

GstVlmPainter *gst_vlm_painter_new (void);
void gst_vlm_painter_free (GstVlmPainter *painter);

/* The frames that are drawn on. @native: sprites to be blended onto these, else
 * for overlay rectangles. */
void gst_vlm_painter_set_frame (
    GstVlmPainter *painter, const GstVideoInfo *info, gboolean native);
/* @font: as pango writes it, "Sans Bold"; a size in it is not used.
 * @scale: of everything; 1 suits the frame */
void gst_vlm_painter_set_style (
    GstVlmPainter *painter, const char *font, double scale);

/* The patches that show @scene, from the lowest to the topmost. Owned by the
 * painter, until the next call. */
const GArray *
gst_vlm_painter_paint (GstVlmPainter *painter, const GstVlmScene *scene);

G_END_DECLS
