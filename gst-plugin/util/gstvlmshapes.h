/* gst-vlm: masks and zones, drawn
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/gstvlmpainter.h"

G_BEGIN_DECLS

/* The sticky event with the masks and the zone of vlmevents. It has the field
 * of this name, an array of structures with `mask` and `zone`, as
 * vlm_regions_parse() reads them, and `width` and `height` of the picture they
 * are in. Those of upstream elements come first. */
#define GST_VLM_SHAPES_EVENT "vlm-regions"
#define GST_VLM_SHAPES_FIELD "regions"
#define GST_VLM_SHAPES_MASK "mask"
#define GST_VLM_SHAPES_ZONE "zone"
#define GST_VLM_SHAPES_WIDTH "width"
#define GST_VLM_SHAPES_HEIGHT "height"

/* The content of such an event as pictures: masks are hatched, zones outlined.
 * The pictures are tiles, and there are none where nothing is drawn, so that a
 * large polygon costs its outline. One thread at a time. */
typedef struct _GstVlmShapes GstVlmShapes;

GstVlmShapes *gst_vlm_shapes_new (void);
void gst_vlm_shapes_free (GstVlmShapes *shapes);

/* As gst_vlm_painter_set_frame(). */
void gst_vlm_shapes_set_frame (
    GstVlmShapes *shapes, const GstVideoInfo *info, gboolean native);
void gst_vlm_shapes_set_scale (GstVlmShapes *shapes, double scale);
/* @regions: (nullable): the structure of the event; it replaces the last one. */
void gst_vlm_shapes_set (GstVlmShapes *shapes, const GstStructure *regions);

/* Owned by @shapes, until one of the functions above is called. */
const GArray *gst_vlm_shapes_get_patches (GstVlmShapes *shapes);
/* Adds a tag for the name of each zone that has one. */
void gst_vlm_shapes_show_names (GstVlmShapes *shapes, GstVlmScene *scene);

G_END_DECLS
