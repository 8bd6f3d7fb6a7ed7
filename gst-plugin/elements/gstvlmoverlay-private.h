/* gst-vlm: vlmoverlay, what its files share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "elements/gstvlmoverlay.h"
#include "util/gstvlmpainter.h"
#include "util/gstvlmrecent.h"
#include "util/gstvlmshapes.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_overlay_debug);

/* What a display or an encoder takes. */
#define GST_VLM_OVERLAY_FORMATS                                                \
  "{ I420, NV12, YV12, NV21, YUY2, UYVY, YVYU, VYUY, Y42B, Y444, AYUV, VUYA, " \
  "A420, P010_10LE, I420_10LE, I422_10LE, Y444_10LE, v210, GRAY8, BGRx, "      \
  "RGBx, "                                                                     \
  "xRGB, xBGR, BGRA, RGBA, ARGB, ABGR, RGB, BGR }"

/* The properties. */
typedef struct
{
  GstVlmShown shown;
  char *font;
  double scale;
  double opacity;
} GstVlmOverlaySettings;

struct _GstVlmOverlay
{
  GstElement parent;
  GstPad *sinkpad;
  GstPad *srcpad;

  /* With the object lock. */
  GstVlmOverlaySettings settings;
  gboolean restyled; /* settings that the painter does not yet know */
  gboolean altered;  /* settings that the scene does not yet know */

  /* Of the streaming thread. */
  GstSegment segment;
  GstVideoInfo info;
  gboolean has_info;
  gboolean attach; /* downstream lays the patches over the video */
  GstVlmRecent *recent;
  GstVlmPictures *pictures;
  GstVlmPainter *painter;
  GstVlmScene *scene;
  GstVlmShapes *shapes;
  GArray *patches; /* GstVlmPatch, of shapes and painter: all that is drawn */
  GstVideoOverlayComposition *composition; /* the same; (nullable) */
  double composed_opacity;
  gint64 now;         /* stream time of the last buffer */
  gint64 tick;        /* as of when ages and strip are drawn */
  gint64 next_expiry; /* when something drawn is no longer shown */
  gboolean had_regions;
  gboolean dirty; /* the scene is not up to date */
};

void gst_vlm_overlay_install_properties (GObjectClass *klass);
void gst_vlm_overlay_init_settings (GstVlmOverlay *self);
void gst_vlm_overlay_clear_settings (GstVlmOverlay *self);

/* Sets the caps downstream, and finds out which element draws. */
gboolean gst_vlm_overlay_negotiate (GstVlmOverlay *self, GstCaps *caps);
GstCaps *
gst_vlm_overlay_query_caps (GstVlmOverlay *self, GstPad *pad, GstCaps *filter);

G_END_DECLS
