/* gst-vlm: answers drawn onto their picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/draw.h"

#include <math.h>

#include <pango/pangocairo.h>

#include "util/gstvlmtext.h"

#define MAX_LETTERS 60
/* Of the longer side, so that drawings can be seen in pictures of any size. */
#define LINE_SHARE 0.003
#define LETTER_SHARE 0.018

typedef struct
{
  cairo_t *cairo;
  double line;   /* width, in pixels of the source */
  double letter; /* height, likewise */
} Drawing;

/* (transfer full) */
static cairo_surface_t *
make_surface (const VlmFrame *frame)
{
  cairo_surface_t *surface = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, (int) frame->width, (int) frame->height);
  guint8 *data = cairo_image_surface_get_data (surface);
  gsize stride = (gsize) cairo_image_surface_get_stride (surface);

  if (data == NULL)
    return surface;
  for (guint y = 0; y < frame->height; y++)
    for (guint x = 0; x < frame->width; x++) {
      const guint8 *rgb = frame->pixels + 3 * ((gsize) y * frame->width + x);
      guint32 *to = (guint32 *) (gpointer) (data + y * stride) + x;

      *to = (guint32) rgb[0] << 16 | (guint32) rgb[1] << 8 | rgb[2];
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

/* Colours that differ from their neighbours: steps of the golden angle. */
static void
set_colour (cairo_t *cairo, guint i)
{
  double hue = fmod (i * 0.381966, 1.0) * 6.0;
  double rest = hue - floor (hue);
  const double parts[6][3] = { { 1, rest, 0 }, { 1 - rest, 1, 0 },
    { 0, 1, rest }, { 0, 1 - rest, 1 }, { rest, 0, 1 }, { 1, 0, 1 - rest } };
  const double *c = parts[(guint) hue % 6];

  cairo_set_source_rgb (cairo, 0.85 * c[0], 0.85 * c[1], 0.85 * c[2]);
}

static void
draw_outline (const Drawing *self, const VlmMark *mark)
{
  cairo_t *cairo = self->cairo;
  const VlmRect *rect = &mark->rect;

  /* The text of the tag before left a point, from which a line would begin. */
  cairo_new_path (cairo);
  if (mark->n_points == 1) {
    cairo_arc (cairo, mark->points[0] + 0.5, mark->points[1] + 0.5,
        2.5 * self->line, 0.0, 2.0 * G_PI);
    cairo_fill (cairo);
    return;
  }
  if (mark->n_points == 0)
    cairo_rectangle (cairo, rect->x, rect->y, rect->width, rect->height);
  for (guint i = 0; i < mark->n_points; i++)
    cairo_line_to (cairo, mark->points[2 * i], mark->points[2 * i + 1]);
  cairo_close_path (cairo);
  cairo_set_line_width (cairo, self->line);
  cairo_stroke (cairo);
}

/* (transfer full): one line of plain text */
static char *
make_tag (const VlmMark *mark)
{
  g_autofree char *line =
      gst_vlm_text_for_cue (mark->label != NULL ? mark->label
              : mark->text != NULL              ? mark->text
                                                : "");
  glong n = g_utf8_strlen (line, -1);
  g_autofree char *start = NULL;

  if (n <= MAX_LETTERS)
    return g_steal_pointer (&line);
  start = g_utf8_substring (line, 0, MAX_LETTERS);
  return g_strconcat (start, "…", NULL);
}

/* Above the place, or inside if there is no room; on its colour. */
static void
draw_tag (const Drawing *self, const VlmMark *mark)
{
  cairo_t *cairo = self->cairo;
  PangoLayout *layout = pango_cairo_create_layout (cairo);
  PangoFontDescription *font = pango_font_description_from_string ("Sans Bold");
  g_autofree char *tag = make_tag (mark);
  double x = mark->rect.x;
  double y = mark->rect.y;
  int width;
  int height;

  pango_font_description_set_absolute_size (font, self->letter * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_layout_set_text (layout, tag, -1);
  pango_layout_get_pixel_size (layout, &width, &height);
  if (mark->n_points == 1)
    x += 4.0 * self->line;
  y = y >= height ? y - height : y;
  if (tag[0] != '\0') {
    cairo_rectangle (cairo, x, y, width + self->letter / 2.0, height);
    cairo_fill (cairo);
    cairo_set_source_rgb (cairo, 1.0, 1.0, 1.0);
    cairo_move_to (cairo, x + self->letter / 4.0, y);
    pango_cairo_show_layout (cairo, layout);
  }
  pango_font_description_free (font);
  g_object_unref (layout);
}

static cairo_status_t
append_bytes (void *closure, const guchar *data, guint length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static gboolean
write_png (cairo_surface_t *surface, ResultFile *file, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  cairo_status_t status =
      cairo_surface_write_to_png_stream (surface, append_bytes, bytes);

  if (status != CAIRO_STATUS_SUCCESS) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", file->path,
        cairo_status_to_string (status));
    return FALSE;
  }
  return result_file_finish (file, bytes->data, bytes->len, error);
}

gboolean
draw_marks (const VlmFrame *picture, const GPtrArray *marks, ResultFile *file,
    GError **error)
{
  cairo_surface_t *surface = make_surface (picture);
  guint side = MAX (picture->source_width, picture->source_height);
  const Drawing self = { cairo_create (surface), MAX (1.0, LINE_SHARE * side),
    MAX (9.0, LETTER_SHARE * side) };
  gboolean good;

  cairo_scale (self.cairo, (double) picture->width / picture->source_width,
      (double) picture->height / picture->source_height);
  for (guint i = 0; i < marks->len; i++) {
    const VlmMark *mark = marks->pdata[i];

    if (mark->rect.width == 0)
      continue;
    set_colour (self.cairo, i);
    draw_outline (&self, mark);
    draw_tag (&self, mark);
  }
  cairo_destroy (self.cairo);
  cairo_surface_flush (surface);
  good = write_png (surface, file, error);
  cairo_surface_destroy (surface);
  return good;
}
