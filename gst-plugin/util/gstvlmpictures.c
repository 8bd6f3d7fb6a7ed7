/* gst-vlm: small pictures of recent frames
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmpictures.h"

#include "util/gstvlmtime.h"

#define MAX_PICTURES 256
#define WIDTH 128
#define MIN_STEP (VLM_SECOND / 4)

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define FORMAT GST_VIDEO_FORMAT_BGRx
#else
#define FORMAT GST_VIDEO_FORMAT_xRGB
#endif

struct _GstVlmPictures
{
  GQueue pictures; /* the oldest first */
  GstVideoInfo info;
  GstVideoInfo small;
  GstVideoConverter *converter; /* NULL where there can be no pictures */
  gint64 step;
  guint64 n_pictures;
};

static void
clear_picture (gpointer data)
{
  g_free (((GstVlmPicture *) data)->pixels);
}

GstVlmPicture *
gst_vlm_picture_ref (GstVlmPicture *picture)
{
  return g_atomic_rc_box_acquire (picture);
}

void
gst_vlm_picture_unref (GstVlmPicture *picture)
{
  g_atomic_rc_box_release_full (picture, clear_picture);
}

GstVlmPictures *
gst_vlm_pictures_new (void)
{
  GstVlmPictures *self = g_new0 (GstVlmPictures, 1);

  g_queue_init (&self->pictures);
  return self;
}

void
gst_vlm_pictures_clear (GstVlmPictures *self)
{
  g_queue_clear_full (&self->pictures, (GDestroyNotify) gst_vlm_picture_unref);
}

void
gst_vlm_pictures_free (GstVlmPictures *self)
{
  gst_vlm_pictures_clear (self);
  g_clear_pointer (&self->converter, gst_video_converter_free);
  g_free (self);
}

void
gst_vlm_pictures_set_info (GstVlmPictures *self, const GstVideoInfo *info)
{
  double aspect = (double) info->width / MAX (1, info->height);
  int width = MIN (WIDTH, info->width);
  int height;

  if (info->par_n > 0 && info->par_d > 0)
    aspect = aspect * info->par_n / info->par_d;
  height = CLAMP ((int) (width / aspect), 1, WIDTH);
  g_clear_pointer (&self->converter, gst_video_converter_free);
  self->info = *info;
  if (GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_ENCODED ||
      GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_UNKNOWN || width < 1)
    return;
  gst_video_info_set_format (
      &self->small, FORMAT, (guint) width, (guint) height);
  self->small.fps_n = info->fps_n;
  self->small.fps_d = info->fps_d;
  self->small.interlace_mode = info->interlace_mode;
  /* Few lines of a large frame: speed matters more than quality. */
  self->converter = gst_video_converter_new (info, &self->small,
      gst_structure_new ("options", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD,
          GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_NEAREST,
          NULL));
}

static GstVlmPicture *
take (GstVlmPictures *self, GstBuffer *buffer)
{
  gsize size = GST_VIDEO_INFO_SIZE (&self->small);
  GstVlmPicture *picture;
  GstVideoFrame in;
  GstVideoFrame out;
  GstBuffer *wrapped;

  if (!gst_video_frame_map (&in, &self->info, buffer,
          GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
    return NULL;
  picture = g_atomic_rc_box_new0 (GstVlmPicture);
  picture->serial = self->n_pictures++;
  picture->width = self->small.width;
  picture->height = self->small.height;
  picture->pixels = g_malloc (size);
  wrapped = gst_buffer_new_wrapped_full (
      0, picture->pixels, size, 0, size, NULL, NULL);
  if (gst_video_frame_map (&out, &self->small, wrapped, GST_MAP_WRITE)) {
    gst_video_converter_frame (self->converter, &in, &out);
    gst_video_frame_unmap (&out);
  }
  gst_buffer_unref (wrapped);
  gst_video_frame_unmap (&in);
  return picture;
}

/* Compares distances, because streams also run backwards, and jump. */
void
gst_vlm_pictures_offer (
    GstVlmPictures *self, GstBuffer *buffer, gint64 now, gint64 history)
{
  GstVlmPicture *last = g_queue_peek_tail (&self->pictures);
  GstVlmPicture *picture;

  self->step = MAX (MIN_STEP, history / MAX_PICTURES);
  if (self->converter == NULL ||
      (last != NULL &&
          vlm_time_distance (now, last->time) < (guint64) self->step))
    return;
  picture = take (self, buffer);
  if (picture == NULL)
    return;
  picture->time = now;
  g_queue_push_tail (&self->pictures, picture);
  if (g_queue_get_length (&self->pictures) > MAX_PICTURES)
    gst_vlm_picture_unref (g_queue_pop_head (&self->pictures));
}

GstVlmPicture *
gst_vlm_pictures_find (GstVlmPictures *self, gint64 time)
{
  GstVlmPicture *best = NULL;
  guint64 best_distance = (guint64) self->step;

  for (GList *l = self->pictures.head; l != NULL; l = l->next) {
    GstVlmPicture *picture = l->data;
    guint64 distance = vlm_time_distance (time, picture->time);

    if (distance > best_distance)
      continue;
    best = picture;
    best_distance = distance;
  }
  return best != NULL ? gst_vlm_picture_ref (best) : NULL;
}
