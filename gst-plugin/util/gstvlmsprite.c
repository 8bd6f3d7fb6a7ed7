/* gst-vlm: small pictures between cairo and GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmsprite.h"

#include <string.h>

/* Frames are blended line by line as GStreamer unpacks them, four values a
 * pixel, by two lines of the sprite: what is added, already times its alpha, and
 * how much is kept of the frame, once for each value, so that the loop is the
 * same for all values and vectorises. gst_video_blend() divides for each pixel,
 * and takes four to ten times as long. */
struct _GstVlmSprite
{
  int width;
  int height;
  guint8 *added;     /* 4 * width * height, for frames */
  guint8 *kept;      /* likewise */
  GstBuffer *pixels; /* straight alpha, for overlay rectangles */
};

/* From red, green and blue (0 to 255) to Y, U and V: 16.16 fixed point. */
typedef struct
{
  gint32 factors[3][3];
  gint32 offsets[3];
} Matrix;

static gint32
to_fixed (double value)
{
  return (gint32) (value * 65536.0 + (value < 0.0 ? -0.5 : 0.5));
}

static void
get_matrix (const GstVideoInfo *yuv, Matrix *matrix)
{
  const GstVideoFormatInfo *ayuv =
      gst_video_format_get_info (GST_VIDEO_FORMAT_AYUV);
  double kr = 0.299;
  double kb = 0.114;
  int offset[GST_VIDEO_MAX_COMPONENTS];
  int scale[GST_VIDEO_MAX_COMPONENTS];

  /* Stays unchanged if the stream does not specify it. */
  gst_video_color_matrix_get_Kr_Kb (yuv->colorimetry.matrix, &kr, &kb);
  gst_video_color_range_offsets (yuv->colorimetry.range, ayuv, offset, scale);
  for (int row = 0; row < 3; row++) {
    double luma[3] = { kr, 1.0 - kr - kb, kb };
    double span = scale[row] / 255.0;

    for (int column = 0; column < 3; column++) {
      double own = row == 1 && column == 2 ? 1.0 : 0.0;

      if (row == 2 && column == 0)
        own = 1.0;
      matrix->factors[row][column] = to_fixed (span *
          (row == 0          ? luma[column]
                  : row == 1 ? (own - luma[column]) / (2.0 * (1.0 - kb))
                             : (own - luma[column]) / (2.0 * (1.0 - kr))));
    }
    matrix->offsets[row] = offset[row] << 16;
  }
}

static guint32
to_straight (guint32 pixel)
{
  guint32 alpha = pixel >> 24;
  guint32 straight = pixel & 0xff000000u;

  if (alpha == 255 || alpha == 0)
    return alpha == 0 ? 0 : pixel;
  for (int shift = 0; shift < 24; shift += 8) {
    guint32 value = (((pixel >> shift) & 255) * 255 + alpha / 2) / alpha;

    straight |= MIN (value, 255) << shift;
  }
  return straight;
}

/* The four bytes of a premultiplied pixel as frames unpack: alpha first. */
static void
put_added (guint8 *out, guint32 pixel, const Matrix *matrix)
{
  gint32 a = (gint32) (pixel >> 24);
  gint32 rgb[3] = { (pixel >> 16) & 255, (pixel >> 8) & 255, pixel & 255 };

  out[0] = (guint8) a;
  for (int row = 0; row < 3; row++) {
    gint32 value = rgb[row];

    if (matrix != NULL) {
      const gint32 *f = matrix->factors[row];

      value = (f[0] * rgb[0] + f[1] * rgb[1] + f[2] * rgb[2] +
                  matrix->offsets[row] / 255 * a + 32768) >>
          16;
    }
    out[1 + row] = (guint8) CLAMP (value, 0, a);
  }
}

static void
put_straight (guint8 *out, guint32 pixel, const Matrix *matrix)
{
  guint32 straight = to_straight (pixel);

  memcpy (out, &straight, 4);
}

typedef void (*PutFunc) (guint8 *out, guint32 pixel, const Matrix *matrix);

/* Drawings have long runs of one colour. */
static void
convert (
    cairo_surface_t *surface, guint8 *out, PutFunc put, const Matrix *matrix)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  int width = cairo_image_surface_get_width (surface);
  int height = cairo_image_surface_get_height (surface);

  for (int y = 0; y < height; y++) {
    const guint32 *line = (const guint32 *) (data + (gsize) y * stride);

    put (out, line[0], matrix);
    for (int x = 1; x < width; x++) {
      out += 4;
      if (line[x] == line[x - 1])
        memcpy (out, out - 4, 4);
      else
        put (out, line[x], matrix);
    }
    out += 4;
  }
}

static void
make_planes (GstVlmSprite *self, cairo_surface_t *surface, const Matrix *matrix)
{
  gsize n_pixels = (gsize) self->width * self->height;

  self->added = g_malloc (n_pixels * 4);
  self->kept = g_malloc (n_pixels * 4);
  convert (surface, self->added, put_added, matrix);
  for (gsize i = 0; i < n_pixels; i++)
    memset (self->kept + 4 * i, 255 - self->added[4 * i], 4);
}

static void
make_pixels (GstVlmSprite *self, cairo_surface_t *surface)
{
  GstMapInfo map;

  self->pixels = gst_buffer_new_allocate (
      NULL, (gsize) self->width * self->height * 4, NULL);
  gst_buffer_add_video_meta (self->pixels, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, (guint) self->width,
      (guint) self->height);
  gst_buffer_map (self->pixels, &map, GST_MAP_WRITE);
  convert (surface, map.data, put_straight, NULL);
  gst_buffer_unmap (self->pixels, &map);
}

GstVlmSprite *
gst_vlm_sprite_new (cairo_surface_t *surface, const GstVideoInfo *info)
{
  GstVlmSprite *self;
  Matrix matrix;

  cairo_surface_flush (surface);
  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    return NULL;
  self = g_new0 (GstVlmSprite, 1);
  self->width = cairo_image_surface_get_width (surface);
  self->height = cairo_image_surface_get_height (surface);
  if (info == NULL) {
    make_pixels (self, surface);
  } else if (GST_VIDEO_INFO_IS_RGB (info)) {
    make_planes (self, surface, NULL);
  } else {
    get_matrix (info, &matrix);
    make_planes (self, surface, &matrix);
  }
  return self;
}

void
gst_vlm_sprite_free (GstVlmSprite *self)
{
  if (self == NULL)
    return;
  g_free (self->added);
  g_free (self->kept);
  gst_clear_buffer (&self->pixels);
  g_free (self);
}

int
gst_vlm_sprite_get_width (const GstVlmSprite *self)
{
  return self->width;
}

int
gst_vlm_sprite_get_height (const GstVlmSprite *self)
{
  return self->height;
}

GstBuffer *
gst_vlm_sprite_get_pixels (const GstVlmSprite *self)
{
  return self->pixels;
}

/* The part of @frame from (x, y) on that is @width x @height, as a frame, because
 * GStreamer's blending reads and writes whole lines. If planes cannot be cut,
 * @view is all of @frame. */
static void
cut (GstVideoFrame *view, const GstVideoFrame *frame, int *x, int *y, int width,
    int height)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  int align_x = 1;
  int align_y = 1;
  int left;
  int top;

  *view = *frame;
  for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (format); c++) {
    if (GST_VIDEO_FORMAT_INFO_PSTRIDE (format, c) == 0)
      return;
    align_x = MAX (align_x, 1 << GST_VIDEO_FORMAT_INFO_W_SUB (format, c));
    align_y = MAX (align_y, 1 << GST_VIDEO_FORMAT_INFO_H_SUB (format, c));
  }
  if (GST_VIDEO_FORMAT_INFO_IS_COMPLEX (format) ||
      GST_VIDEO_FORMAT_INFO_IS_TILED (format) ||
      GST_VIDEO_INFO_IS_INTERLACED (&frame->info))
    return;

  left = *x - *x % align_x;
  top = *y - *y % align_y;
  for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (format); c++) {
    int plane = GST_VIDEO_FORMAT_INFO_PLANE (format, c);

    view->data[plane] = (guint8 *) frame->data[plane] +
        (gsize) (left >> GST_VIDEO_FORMAT_INFO_W_SUB (format, c)) *
            GST_VIDEO_FORMAT_INFO_PSTRIDE (format, c) +
        (gssize) (top >> GST_VIDEO_FORMAT_INFO_H_SUB (format, c)) *
            GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane);
  }
  *x -= left;
  *y -= top;
  view->info.width = MIN (
      (*x + width + align_x - 1) / align_x * align_x, frame->info.width - left);
  view->info.height = MIN ((*y + height + align_y - 1) / align_y * align_y,
      frame->info.height - top);
}

/* x / 255, rounded, for x up to 255 * 255. */
static inline guint16
div_255 (guint16 x)
{
  guint16 biased = (guint16) (x + 128);

  return (guint16) (biased + (biased >> 8)) >> 8;
}

static void
blend_bytes (guint8 *restrict line, const guint8 *restrict added,
    const guint8 *restrict kept, gsize n)
{
  for (gsize i = 0; i < n; i++)
    line[i] = (guint8) (added[i] + div_255 ((guint16) (line[i] * kept[i])));
}

/* Formats of more than eight bits unpack to sixteen. Where all is kept, the
 * short division leaves the value unchanged. */
static void
blend_words (guint16 *restrict line, const guint8 *restrict added,
    const guint8 *restrict kept, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    guint32 x = (guint32) line[i] * kept[i];

    line[i] = (guint16) MIN (
        65535, added[i] * 257u + ((x + (x >> 8) + (x >> 16) + 128) >> 8));
  }
}

/* Where the frame itself is transparent: colours are weighted by how much of
 * each is visible. */
static void
blend_onto_transparent (
    guint8 *line, const guint8 *added, const guint8 *kept, gsize n)
{
  for (gsize i = 0; i < n; i += 4) {
    guint behind = (guint) line[i] * kept[i];
    guint sum = (255u - kept[i]) * 255u + behind;

    if (kept[i] == 255)
      continue;
    line[i] = (guint8) ((sum + 127) / 255);
    for (guint c = 1; c < 4; c++) {
      guint value = (added[i + c] * 255u * 255u + line[i + c] * behind) / sum;

      line[i + c] = (guint8) MIN (value, 255);
    }
  }
}

static gboolean
is_opaque (const guint8 *line, gsize n)
{
  guint8 all = 255;

  for (gsize i = 0; i < n; i += 4)
    all &= line[i];
  return all == 255;
}

/* A line of the sprite with less of it, in @faint: @n values to be added, then
 * @n of what is kept. */
static void
make_faint (guint8 *restrict faint, const guint8 *restrict added,
    const guint8 *restrict kept, guint8 opacity, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    faint[i] = (guint8) div_255 ((guint16) (added[i] * opacity));
    faint[n + i] =
        (guint8) (255 - div_255 ((guint16) ((255 - kept[i]) * opacity)));
  }
}

void
gst_vlm_sprite_blend (const GstVlmSprite *self, GstVideoFrame *frame, int x,
    int y, double opacity)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  const GstVideoFormatInfo *unpacked =
      gst_video_format_get_info (format->unpack_format);
  gboolean deep = GST_VIDEO_FORMAT_INFO_BITS (unpacked) > 8;
  gboolean transparent = GST_VIDEO_FORMAT_INFO_HAS_ALPHA (format);
  guint8 alpha = (guint8) (opacity * 255.0 + 0.5);
  gsize n = (gsize) self->width * 4;
  g_autofree guint8 *faint = g_malloc (2 * n);
  g_autofree guint16 *words = NULL;
  guint8 *line;
  GstVideoFrame view;

  g_return_if_fail (self->added != NULL);

  cut (&view, frame, &x, &y, self->width, self->height);
  words = g_new (guint16, 4 * ((gsize) view.info.width + 16));
  line = (guint8 *) words;
  for (int i = 0; i < self->height; i++) {
    const guint8 *added = self->added + n * i;
    const guint8 *kept = self->kept + n * i;

    if (alpha < 255) {
      make_faint (faint, added, kept, alpha, n);
      added = faint;
      kept = faint + n;
    }
    format->unpack_func (format, GST_VIDEO_PACK_FLAG_NONE, line, view.data,
        view.info.stride, 0, y + i, view.info.width);
    if (deep)
      blend_words (words + 4 * x, added, kept, n);
    else if (transparent && !is_opaque (line + 4 * x, n))
      blend_onto_transparent (line + 4 * x, added, kept, n);
    else
      blend_bytes (line + 4 * x, added, kept, n);
    format->pack_func (format, GST_VIDEO_PACK_FLAG_NONE, line, 0, view.data,
        view.info.stride, view.info.chroma_site, y + i, view.info.width);
  }
}
