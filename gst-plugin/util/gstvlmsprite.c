/* gst-vlm: small pictures between cairo and GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmsprite.h"

#include <string.h>

/* Two ways onto a frame. Formats of eight bits are blended line by line as
 * GStreamer unpacks them, four bytes a pixel, by two lines of the sprite: what
 * is added, already times its alpha, and how much stays of what was there, once
 * for each byte, so that the loop is the same for all bytes and vectorises.
 * gst_video_blend(), which divides for each pixel and takes four times as long,
 * does the formats of more bits. */
struct _GstVlmSprite
{
  int width;
  int height;
  guint8 *added;     /* 4 * width * height, or NULL */
  guint8 *kept;      /* likewise */
  GstBuffer *pixels; /* straight alpha, or NULL */
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

  /* Stays as it is where the stream does not say. */
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

/* The four bytes of a pixel with straight alpha. */
static void
put_straight (guint8 *out, guint32 pixel, const Matrix *matrix)
{
  guint32 straight = to_straight (pixel);

  if (matrix == NULL) {
    memcpy (out, &straight, 4);
    return;
  }
  put_added (out, straight | 0xff000000u, matrix);
  out[0] = (guint8) (pixel >> 24);
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
make_pixels (GstVlmSprite *self, cairo_surface_t *surface, const Matrix *matrix)
{
  GstMapInfo map;

  self->pixels = gst_buffer_new_allocate (
      NULL, (gsize) self->width * self->height * 4, NULL);
  gst_buffer_add_video_meta (self->pixels, GST_VIDEO_FRAME_FLAG_NONE,
      matrix != NULL ? GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_YUV
                     : GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
      (guint) self->width, (guint) self->height);
  gst_buffer_map (self->pixels, &map, GST_MAP_WRITE);
  convert (surface, map.data, put_straight, matrix);
  gst_buffer_unmap (self->pixels, &map);
}

static gboolean
has_planes (const GstVideoInfo *info)
{
  GstVideoFormat unpacked = info->finfo->unpack_format;

  return unpacked == GST_VIDEO_FORMAT_AYUV || unpacked == GST_VIDEO_FORMAT_ARGB;
}

GstVlmSprite *
gst_vlm_sprite_new (cairo_surface_t *surface, const GstVideoInfo *info)
{
  gboolean yuv = info != NULL && !GST_VIDEO_INFO_IS_RGB (info);
  GstVlmSprite *self;
  Matrix matrix;

  cairo_surface_flush (surface);
  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    return NULL;
  self = g_atomic_rc_box_new0 (GstVlmSprite);
  self->width = cairo_image_surface_get_width (surface);
  self->height = cairo_image_surface_get_height (surface);
  if (yuv)
    get_matrix (info, &matrix);
  if (info != NULL && has_planes (info))
    make_planes (self, surface, yuv ? &matrix : NULL);
  else
    make_pixels (self, surface, yuv ? &matrix : NULL);
  return self;
}

GstVlmSprite *
gst_vlm_sprite_ref (GstVlmSprite *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  GstVlmSprite *self = data;

  g_free (self->added);
  g_free (self->kept);
  gst_clear_buffer (&self->pixels);
}

void
gst_vlm_sprite_unref (GstVlmSprite *self)
{
  g_atomic_rc_box_release_full (self, clear);
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

/* The part of @frame from (x, y) on that is @width x @height, as a frame. The
 * blending of GStreamer reads and writes whole lines of what it is given.
 * Where planes cannot be cut, @view is all of @frame. */
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

static void
blend_bytes_faintly (guint8 *restrict line, const guint8 *restrict added,
    const guint8 *restrict kept, guint8 opacity, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    guint8 fainter = (guint8) div_255 ((guint16) (added[i] * opacity));
    guint8 taken = (guint8) div_255 ((guint16) ((255 - kept[i]) * opacity));

    line[i] = (guint8) MIN (
        255, fainter + div_255 ((guint16) (line[i] * (255 - taken))));
  }
}

/* Where the frame itself is transparent: colours weigh by how much of each is
 * there. */
static void
blend_onto_transparent (guint8 *line, const guint8 *added, const guint8 *kept,
    guint8 opacity, gsize n)
{
  for (gsize i = 0; i < n; i += 4) {
    guint a = (guint) (255 - kept[i]) * opacity;
    guint behind = (guint) line[i] * (255 * 255 - a) / 255;
    guint sum = a + behind;

    if (a == 0)
      continue;
    line[i] = (guint8) ((sum + 127) / 255);
    for (guint c = 1; c < 4; c++) {
      guint value =
          ((guint) added[i + c] * opacity * 255 + line[i + c] * behind) / sum;

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

static void
blend_planes (
    const GstVlmSprite *self, GstVideoFrame *view, int x, int y, double opacity)
{
  const GstVideoFormatInfo *format = view->info.finfo;
  gboolean transparent = GST_VIDEO_FORMAT_INFO_HAS_ALPHA (format);
  guint8 alpha = (guint8) (opacity * 255.0 + 0.5);
  int width = view->info.width;
  gsize n = (gsize) self->width * 4;
  g_autofree guint8 *line = g_malloc ((gsize) (width + 8) * 4);

  for (int i = 0; i < self->height; i++) {
    const guint8 *added = self->added + n * i;
    const guint8 *kept = self->kept + n * i;

    format->unpack_func (format, GST_VIDEO_PACK_FLAG_NONE, line, view->data,
        view->info.stride, 0, y + i, width);
    if (transparent && !is_opaque (line + 4 * x, n))
      blend_onto_transparent (line + 4 * x, added, kept, alpha, n);
    else if (alpha == 255)
      blend_bytes (line + 4 * x, added, kept, n);
    else
      blend_bytes_faintly (line + 4 * x, added, kept, alpha, n);
    format->pack_func (format, GST_VIDEO_PACK_FLAG_NONE, line, 0, view->data,
        view->info.stride, view->info.chroma_site, y + i, width);
  }
}

static void
blend_pixels (
    const GstVlmSprite *self, GstVideoFrame *view, int x, int y, double opacity)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (self->pixels);
  GstVideoFrame source;
  GstVideoInfo info;

  gst_video_info_set_format (&info, meta->format, meta->width, meta->height);
  if (!gst_video_frame_map (&source, &info, self->pixels, GST_MAP_READ))
    return;
  gst_video_blend (view, &source, x, y, (gfloat) opacity);
  gst_video_frame_unmap (&source);
}

void
gst_vlm_sprite_blend (const GstVlmSprite *self, GstVideoFrame *frame, int x,
    int y, double opacity)
{
  GstVideoFrame view;

  cut (&view, frame, &x, &y, self->width, self->height);
  if (self->added != NULL)
    blend_planes (self, &view, x, y, opacity);
  else
    blend_pixels (self, &view, x, y, opacity);
}
