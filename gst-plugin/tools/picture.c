/* gst-vlm: still pictures of any format, upright and opaque
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gdk-pixbuf reads a file as a whole, with its 16 bits, CMYK, Exif and first
 * picture of several, where GStreamer's decoders expect a stream: TIFF, GIF and
 * CMYK fail there, and PNG of 16 bits has wrong colours (1.22). GStreamer reads
 * what gdk-pixbuf does not know: WebP on Debian 12, JPEG 2000. */
#include "tools/picture.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "tools/picture-file.h"
#include "tools/pipeline.h"
#include "tools/source.h"

/* More are refused before memory is taken for them. */
#define MAX_PIXELS (G_GINT64_CONSTANT (1) << 28)

typedef GdkPixbuf Picture;

/* --- gdk-pixbuf ----------------------------------------------------------- */

static void
on_size (GdkPixbufLoader *loader, gint width, gint height, gpointer user_data)
{
  gint64 *n_pixels = user_data;

  *n_pixels = (gint64) width * height;
  if (*n_pixels > MAX_PIXELS)
    gdk_pixbuf_loader_set_size (loader, 1, 1);
}

static Picture *
read_with_loader (GBytes *bytes, gboolean *is_animated, GError **error)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  GdkPixbufAnimation *animation;
  gint64 n_pixels = 0;
  gboolean good;

  g_signal_connect (loader, "size-prepared", G_CALLBACK (on_size), &n_pixels);
  good = gdk_pixbuf_loader_write_bytes (loader, bytes, error);
  /* It must be closed either way. */
  good = gdk_pixbuf_loader_close (loader, good ? error : NULL) && good;
  if (!good)
    return NULL;
  if (n_pixels > MAX_PIXELS) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
        "%" G_GINT64_FORMAT " pixels exceed the limit of a picture", n_pixels);
    return NULL;
  }
  animation = gdk_pixbuf_loader_get_animation (loader);
  if (animation == NULL) {
    g_set_error_literal (
        error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "it contains no picture");
    return NULL;
  }
  *is_animated |= !gdk_pixbuf_animation_is_static_image (animation);
  return g_object_ref (gdk_pixbuf_animation_get_static_image (animation));
}

/* --- GStreamer ------------------------------------------------------------ */

static Picture *
sample_to_picture (GstSample *sample, GError **error)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  Picture *picture;
  gboolean has_alpha;
  gsize row;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample)) ||
      !gst_video_frame_map (
          &frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ)) {
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "a decoded picture cannot be read");
    return NULL;
  }
  has_alpha = GST_VIDEO_INFO_HAS_ALPHA (&info);
  picture = gdk_pixbuf_new (
      GDK_COLORSPACE_RGB, has_alpha, 8, info.width, info.height);
  row = (gsize) info.width * (has_alpha ? 4 : 3);
  for (gint y = 0; picture != NULL && y < info.height; y++)
    memcpy (gdk_pixbuf_get_pixels (picture) +
            (gsize) y * (gsize) gdk_pixbuf_get_rowstride (picture),
        (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0) +
            (gsize) y * (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0),
        row);
  gst_video_frame_unmap (&frame);
  if (picture == NULL)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
        "no memory for %dx%d pixels", info.width, info.height);
  return picture;
}

/* The decoder may not report a file without a picture itself. */
static void
on_all_streams (GstElement *decoder, gpointer user_data)
{
  Pipeline *pipeline = user_data;
  g_autoptr (GstElement) convert =
      gst_bin_get_by_name (GST_BIN (pipeline->element), "convert");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (convert, "sink");

  if (!gst_pad_is_linked (pad))
    pipeline_condemn (pipeline, "it contains no picture");
}

/* All bytes are one buffer: decoders of pictures need that. */
static Picture *
read_with_gstreamer (GBytes *bytes, GCancellable *cancellable, GError **error)
{
  GstElement *element = gst_parse_launch (
      "appsrc name=source ! decodebin name=decoder ! videoconvert name=convert "
      "! video/x-raw,format={RGBA,RGB} ! appsink name=sink sync=false",
      error);
  g_auto (Pipeline) pipeline = { 0 };
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstElement) decoder = NULL;
  g_autoptr (GstSample) sample = NULL;

  if (element == NULL)
    return NULL;
  pipeline_init (&pipeline, element, NULL, cancellable);
  source = gst_bin_get_by_name (GST_BIN (element), "source");
  decoder = gst_bin_get_by_name (GST_BIN (element), "decoder");
  g_signal_connect (
      decoder, "no-more-pads", G_CALLBACK (on_all_streams), &pipeline);
  if (!pipeline_set_state (&pipeline, GST_STATE_PLAYING, error))
    return NULL;
  gst_app_src_push_buffer (
      GST_APP_SRC (source), gst_buffer_new_wrapped_bytes (bytes));
  gst_app_src_end_of_stream (GST_APP_SRC (source));
  if (!pipeline_pull (&pipeline, &sample, error))
    return NULL;
  if (sample != NULL)
    return sample_to_picture (sample, error);
  g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND,
      "it contains no picture");
  return NULL;
}

/* --- as it is meant to be seen -------------------------------------------- */

/* A loader may refuse the whole file if it cannot read the animation in it.
 * GStreamer reads the first picture of a PNG, and nothing of an animated WebP. */
static Picture *
decode (GBytes *bytes, GCancellable *cancellable, gboolean *is_animated,
    GError **error)
{
  g_autoptr (GError) failure = NULL;
  Picture *picture = read_with_loader (bytes, is_animated, &failure);

  if (picture != NULL)
    return picture;
  if (!g_error_matches (
          failure, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_UNKNOWN_TYPE)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  picture = read_with_gstreamer (bytes, cancellable, error);
  if (picture == NULL && *is_animated &&
      !g_cancellable_is_cancelled (cancellable)) {
    g_clear_error (error);
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "no installed decoder reads this animation: convert it, or use one of "
        "its pictures");
  }
  return picture;
}

/* Takes ownership of @picture. The loader reports the orientation if it can. */
static Picture *
turn_upright (Picture *picture, GBytes *bytes)
{
  g_autoptr (GdkPixbuf) before = picture;
  guint orientation;
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  if (gdk_pixbuf_get_option (picture, "orientation") == NULL) {
    orientation = picture_file_find_orientation (data, n);
    if (orientation > 0) {
      char text[] = { (char) ('0' + orientation), '\0' };

      gdk_pixbuf_set_option (picture, "orientation", text);
    }
  }
  return gdk_pixbuf_apply_embedded_orientation (before);
}

/* Takes ownership of @picture. On white, as qwen-vl-utils does. */
static Picture *
put_on_white (Picture *picture)
{
  g_autoptr (GdkPixbuf) before = picture;

  if (!gdk_pixbuf_get_has_alpha (picture))
    return g_steal_pointer (&before);
  return gdk_pixbuf_composite_color_simple (before,
      gdk_pixbuf_get_width (before), gdk_pixbuf_get_height (before),
      GDK_INTERP_NEAREST, 255, 2, 0xffffff, 0xffffff);
}

static VlmImageView
view_of (Picture *picture)
{
  return (VlmImageView){
    .format = gdk_pixbuf_get_has_alpha (picture) ? VLM_PIXEL_FORMAT_RGBA
                                                 : VLM_PIXEL_FORMAT_RGB,
    .full_range = TRUE,
    .width = (guint) gdk_pixbuf_get_width (picture),
    .height = (guint) gdk_pixbuf_get_height (picture),
    .planes = { gdk_pixbuf_read_pixels (picture) },
    .strides = { gdk_pixbuf_get_rowstride (picture) },
  };
}

static VlmFrame *
resize (Picture *picture, const VlmGeometry *geometry, GError **error)
{
  const VlmImageView view = view_of (picture);
  guint width;
  guint height;

  if (!vlm_image_plan_size (geometry, view.width, view.height,
          geometry->image_min_pixels, geometry->image_max_pixels, &width,
          &height, error))
    return NULL;
  return vlm_frame_new (&view, width, height, VLM_RESAMPLE_IMAGE, error);
}

static gboolean
check_bytes (GBytes *bytes, GError **error)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);
  const char *why = NULL;

  if (n == 0)
    why = "it is empty";
  else if (!picture_file_is_whole (data, n))
    why = "it is truncated: the end of the picture is missing";
  if (why != NULL)
    g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, why);
  return why == NULL;
}

VlmFrame *
picture_load (const char *word, const VlmGeometry *geometry,
    GCancellable *cancellable, gboolean *is_animated, VlmFrame **original,
    GError **error)
{
  g_autoptr (GBytes) bytes = source_read (word, cancellable, error);
  g_autoptr (GdkPixbuf) picture = NULL;
  gboolean animated;
  VlmFrame *frame = NULL;

  if (bytes == NULL)
    return NULL;
  animated = picture_file_is_animated (
      g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (check_bytes (bytes, error))
    picture = decode (bytes, cancellable, &animated, error);
  if (picture != NULL) {
    picture = put_on_white (turn_upright (g_steal_pointer (&picture), bytes));
    frame = resize (picture, geometry, error);
  }
  if (frame != NULL && original != NULL) {
    const VlmImageView view = view_of (picture);

    *original = vlm_frame_new (
        &view, view.width, view.height, VLM_RESAMPLE_IMAGE, error);
    if (*original == NULL)
      g_clear_pointer (&frame, vlm_frame_unref);
  }
  if (frame == NULL)
    g_prefix_error (error, "%s: ", source_get_name (word));
  if (is_animated != NULL)
    *is_animated = animated;
  return frame;
}
