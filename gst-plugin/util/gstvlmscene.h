/* gst-vlm: what is to be drawn on a frame
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>

#include "util/gstvlmpictures.h"

G_BEGIN_DECLS

/* How far an event has come, which colour and shape show. */
typedef enum
{
  GST_VLM_MARK_BEGIN,
  GST_VLM_MARK_UPDATE,
  GST_VLM_MARK_END,
  GST_VLM_MARK_OTHER, /* a region that is no event of ours */
} GstVlmMark;

/* Texts are as they came: any bytes. */
typedef struct
{
  GstVlmMark mark;
  VlmRect rect;        /* in pixels of the frame, may be outside */
  gboolean remembered; /* found in another frame than this */
  gboolean outlined;   /* FALSE: only the tag */
  char *text;          /* (nullable) shortened where it is too long */
  char *note;          /* (nullable) never shortened */
} GstVlmSceneBox;

typedef struct
{
  GstVlmMark mark;
  double start; /* on the time axis: 0 at its left end, 1 now */
  double end;
  gboolean ongoing;
  char *text;
  char *note;
  GstVlmPicture *picture; /* (nullable) of its frame */
  VlmRect box;            /* in pixels of @picture */
} GstVlmSceneRow;

typedef struct
{
  GArray *boxes;    /* GstVlmSceneBox, lowest first */
  GArray *rows;     /* GstVlmSceneRow, newest first */
  double history_s; /* length of the time axis */
} GstVlmScene;

GstVlmScene *gst_vlm_scene_new (void);
void gst_vlm_scene_free (GstVlmScene *scene);
void gst_vlm_scene_clear (GstVlmScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmScene, gst_vlm_scene_free)

/* One line of valid text without anything that could leave its line, its
 * direction or its length: for @bytes of any origin. */
char *gst_vlm_scene_clean_text (const char *bytes);

G_END_DECLS
