/* gst-vlm: the inside of vlmtestsrc
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elements/gstvlmtestsrc.h"

#include <gst/video/video.h>
#include <stdio.h>
#include <vlm/vlm-event.h>
#include <vlm/vlm-scene.h>

G_BEGIN_DECLS

#define GST_VLM_TYPE_TEST_SRC_KIND (gst_vlm_test_src_kind_get_type ())
#define GST_VLM_TYPE_TEST_SRC_BACKGROUND                                       \
  (gst_vlm_test_src_background_get_type ())
#define GST_VLM_TYPE_TEST_SRC_EFFECTS (gst_vlm_test_src_effects_get_type ())
#define GST_VLM_TYPE_TEST_SRC_TROUBLES (gst_vlm_test_src_troubles_get_type ())

typedef struct
{
  guint64 seed;
  double duration; /* of a scene, seconds */
  gint num_scenes; /* -1 for no end */
  guint min_objects;
  guint max_objects;
  guint max_bystanders;
  gdouble perspective;
  VlmSceneKind kind;
  guint background;
  guint effects;
  guint troubles;
  gboolean add_meta;
  char *truth_location;
} GstVlmTestSrcSettings;

struct _GstVlmTestSrc
{
  GstPushSrc parent;

  GstVlmTestSrcSettings settings; /* object lock */

  /* Of the streaming thread; copies from start() on. */
  GstVlmTestSrcSettings used;
  GstClockTime scene_duration;
  GstVideoInfo info;
  gboolean has_info;
  guint64 next_frame;
  gboolean restart; /* the next frame does not follow the last one */
  VlmScene *scene;
  guint64 scene_index;
  guint8 *rgb;
  FILE *truth;
  char *run;         /* UUID, from start() to start() */
  guint64 n_records; /* since the element was made */
};

/* A frame: when it is shown, and in which scene. */
typedef struct
{
  guint64 index;
  GstClockTime pts;
  GstClockTime end; /* of the frame */
  guint64 scene_index;
  gboolean begins; /* no frame before it in its scene, or after a seek */
  gboolean ends;   /* no frame after it in its scene */
  gint64 previous; /* times within the scene */
  gint64 now;
  gint64 next;
} GstVlmTestSrcFrame;

void gst_vlm_test_src_install_properties (GObjectClass *klass);
void gst_vlm_test_src_init_settings (GstVlmTestSrc *self);
void gst_vlm_test_src_clear_settings (GstVlmTestSrcSettings *settings);

/* Puts the truth about @buffer on it, on the bus and in the file; FALSE after an
 * error, which was posted. */
gboolean gst_vlm_test_src_report (
    GstVlmTestSrc *self, const GstVlmTestSrcFrame *frame, GstBuffer *buffer);
gboolean gst_vlm_test_src_open_truth (GstVlmTestSrc *self);
gboolean gst_vlm_test_src_close_truth (GstVlmTestSrc *self);

GType gst_vlm_test_src_kind_get_type (void);
GType gst_vlm_test_src_background_get_type (void);
GType gst_vlm_test_src_effects_get_type (void);
GType gst_vlm_test_src_troubles_get_type (void);

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_test_src_debug);

G_END_DECLS
