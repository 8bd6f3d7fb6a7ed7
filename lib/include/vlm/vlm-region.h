/* gst-vlm: parts of the picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

#define VLM_TYPE_REGIONS (vlm_regions_get_type ())

/**
 * VlmRegions:
 *
 * Polygons in a picture, each with or without a name. Reference counted
 * (atomically) and immutable.
 *
 * As text, points are `x,y` and separated by spaces, polygons by `;`, and a name
 * comes before a `:`, as in `gate: 0.1,0.5 0.4,0.5 0.4,0.9; 0,0 0.2,0
 * 0,0.2`. A polygon whose coordinates are all at most 1 is in fractions of the
 * picture's sides, any other one in pixels of the source. Lines may cross; what
 * is within them an odd number of times is inside.
 *
 * Since: 0.1
 */
typedef struct _VlmRegions VlmRegions;

VLM_API GType vlm_regions_get_type (void) G_GNUC_CONST;
VLM_API VlmRegions *vlm_regions_parse (const char *text, GError **error);
VLM_API VlmRegions *vlm_regions_ref (VlmRegions *regions);
VLM_API void vlm_regions_unref (VlmRegions *regions);
VLM_API guint vlm_regions_get_n_regions (const VlmRegions *regions);
VLM_API const char *
vlm_regions_get_name (const VlmRegions *regions, guint index);
VLM_API guint vlm_regions_get_n_points (const VlmRegions *regions, guint index);
VLM_API void vlm_regions_get_point (const VlmRegions *regions, guint index,
    guint point, guint width, guint height, double *x, double *y);
VLM_API gboolean vlm_regions_get_bounds (const VlmRegions *regions, guint index,
    guint width, guint height, VlmRect *bounds, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmRegions, vlm_regions_unref)

G_END_DECLS
