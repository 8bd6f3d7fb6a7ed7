/* gst-vlm: small pictures of recent frames
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/* One of them; reference counted, immutable. */
typedef struct
{
  guint64 serial; /* no other has it */
  gint64 time;    /* stream time of its frame */
  int width;
  int height;
  guint8 *pixels; /* 4 bytes each, in the order of cairo's RGB24 */
} GstVlmPicture;

GstVlmPicture *gst_vlm_picture_ref (GstVlmPicture *picture);
void gst_vlm_picture_unref (GstVlmPicture *picture);

/* The frames at the time of events that become known later. Up to 256 pictures
 * of 128 pixels in width, 9 MB. One thread. */
typedef struct _GstVlmPictures GstVlmPictures;

GstVlmPictures *gst_vlm_pictures_new (void);
void gst_vlm_pictures_free (GstVlmPictures *self);
void gst_vlm_pictures_clear (GstVlmPictures *self);
/* The format of the frames to come, in any kind of memory. */
void gst_vlm_pictures_set_info (GstVlmPictures *self, const GstVideoInfo *info);
/* @buffer is shown at stream time @now. A picture is taken four times a second,
 * or less often, so that they reach back to @history ns. Frames that cannot be
 * read are skipped. */
void gst_vlm_pictures_offer (
    GstVlmPictures *self, GstBuffer *buffer, gint64 now, gint64 history);
/* (nullable) (transfer full): the one nearest to @time, if it is near */
GstVlmPicture *gst_vlm_pictures_find (GstVlmPictures *self, gint64 time);

G_END_DECLS
