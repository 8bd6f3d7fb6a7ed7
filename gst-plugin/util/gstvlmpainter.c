/* gst-vlm: from a scene to pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmpainter.h"

#include <math.h>
#include <pango/pangocairo.h>

/* How much fits besides the picture itself. */
#define MAX_ROWS 4
#define MAX_STRIP_SHARE 0.34
#define MAX_TAG_SHARE 0.6
#define MAX_PICTURE_SHARE 0.34
/* A picture is so many rows of text high. */
#define PICTURE_ROWS 2
/* Smaller frames than this have no room for a scale. */
#define MIN_SIDE_WITH_SCALE 240

typedef struct
{
  double r, g, b;
} Colour;

/* They differ in hue also for eyes without red, green or blue, and in lightness
 * for eyes without any; the shapes of draw_mark() say the same again. */
static const Colour mark_colours[] = {
  [GST_VLM_MARK_BEGIN] = { 1.00, 0.86, 0.20 },
  [GST_VLM_MARK_UPDATE] = { 0.34, 0.71, 0.95 },
  [GST_VLM_MARK_END] = { 0.93, 0.45, 0.10 },
  [GST_VLM_MARK_OTHER] = { 0.92, 0.92, 0.92 },
};

/* All in the square pixels of a layout, except the edges of boxes. */
typedef struct
{
  int text; /* height of a line */
  int pad;
  int bar;  /* height of a bar in the strip */
  int edge; /* coloured part of the side of a box */
  int rim;  /* dark part on either side of it */
  int row;  /* height of a row of the strip */
  int axis; /* height of the scale, 0 for none */
} Measures;

struct _GstVlmPainter
{
  PangoFontMap *fonts;
  PangoContext *context;
  PangoFontDescription *font;
  double scale;
  GstVideoInfo info;
  gboolean native;
  double squeeze; /* pixels of the frame in the width of a square one */
  Measures m;
  gboolean measured;
  GHashTable *sprites;     /* what this paint uses: key -> GstVlmSprite */
  GHashTable *old_sprites; /* what the last one did */
  GArray *patches;
  GArray *tags; /* cairo_rectangle_int_t, where no tag should be put */
};

static GHashTable *
make_cache (void)
{
  return g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) gst_vlm_sprite_free);
}

GstVlmPainter *
gst_vlm_painter_new (void)
{
  GstVlmPainter *self = g_new0 (GstVlmPainter, 1);
  cairo_font_options_t *options = cairo_font_options_create ();

  /* A map of its own: the default one belongs to a thread. */
  self->fonts = pango_cairo_font_map_new ();
  self->context = pango_font_map_create_context (self->fonts);
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_SLIGHT);
  pango_cairo_context_set_font_options (self->context, options);
  cairo_font_options_destroy (options);

  self->font = pango_font_description_from_string ("Sans");
  self->scale = 1.0;
  gst_video_info_init (&self->info);
  self->sprites = make_cache ();
  self->old_sprites = make_cache ();
  self->patches = g_array_new (FALSE, TRUE, sizeof (GstVlmPatch));
  self->tags = g_array_new (FALSE, TRUE, sizeof (cairo_rectangle_int_t));
  return self;
}

void
gst_vlm_painter_free (GstVlmPainter *self)
{
  g_array_unref (self->tags);
  g_array_unref (self->patches);
  g_hash_table_unref (self->old_sprites);
  g_hash_table_unref (self->sprites);
  pango_font_description_free (self->font);
  g_object_unref (self->context);
  g_object_unref (self->fonts);
  g_free (self);
}

static void
forget_sprites (GstVlmPainter *self)
{
  g_array_set_size (self->patches, 0);
  g_hash_table_remove_all (self->sprites);
  self->measured = FALSE;
}

void
gst_vlm_painter_set_frame (
    GstVlmPainter *self, const GstVideoInfo *info, gboolean native)
{
  double squeeze = 1.0;

  if (info->par_n > 0 && info->par_d > 0)
    squeeze = CLAMP ((double) info->par_d / info->par_n, 0.25, 4.0);
  self->info = *info;
  self->native = native;
  self->squeeze = squeeze;
  forget_sprites (self);
}

void
gst_vlm_painter_set_style (GstVlmPainter *self, const char *font, double scale)
{
  pango_font_description_free (self->font);
  self->font = pango_font_description_from_string (font);
  self->scale = scale;
  forget_sprites (self);
}

/* In square pixels. */
static int
get_side (const GstVlmPainter *self)
{
  return MIN ((int) (self->info.width / self->squeeze), self->info.height);
}

/* Letters grow with the frame, but slower: small frames need relatively large
 * ones to be read at all. */
static void
measure (GstVlmPainter *self)
{
  int side = get_side (self);
  double size = MIN ((7.0 + 0.018 * side) * self->scale, MAX (side / 3.0, 4.0));
  PangoFontMetrics *metrics;
  Measures *m = &self->m;

  pango_font_description_set_absolute_size (
      self->font, round (size) * PANGO_SCALE);
  pango_context_set_font_description (self->context, self->font);
  metrics = pango_context_get_metrics (self->context, self->font, NULL);
  m->text = PANGO_PIXELS (pango_font_metrics_get_ascent (metrics)) +
      PANGO_PIXELS (pango_font_metrics_get_descent (metrics));
  pango_font_metrics_unref (metrics);
  m->pad = MAX (1, (int) round (size * 0.25));
  m->bar = MAX (2, (int) round (size * 0.3));
  m->edge = 2 * MAX (1, (int) round (size * 0.065));
  m->rim = MAX (1, (int) round (size * 0.06));
  m->row = m->text + m->bar + m->pad;
  m->axis = side >= MIN_SIDE_WITH_SCALE ? m->text : 0;
  self->measured = TRUE;
}

/* ---- sprites ---- */

/* The sprite under @key, from this frame or the last; NULL if it has to be
 * drawn. */
static GstVlmSprite *
find_sprite (GstVlmPainter *self, const char *key)
{
  GstVlmSprite *sprite = g_hash_table_lookup (self->sprites, key);
  gpointer old_key;
  gpointer old_sprite;

  if (sprite == NULL &&
      g_hash_table_steal_extended (
          self->old_sprites, key, &old_key, &old_sprite)) {
    g_hash_table_insert (self->sprites, old_key, old_sprite);
    sprite = old_sprite;
  }
  return sprite;
}

static cairo_t *
begin_sprite (int width, int height)
{
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  cairo_t *cr = cairo_create (surface);

  cairo_surface_destroy (surface);
  return cr;
}

/* Takes ownership of @cr. NULL if cairo failed. */
static GstVlmSprite *
end_sprite (GstVlmPainter *self, const char *key, cairo_t *cr)
{
  GstVlmSprite *sprite = NULL;

  if (cairo_status (cr) == CAIRO_STATUS_SUCCESS)
    sprite = gst_vlm_sprite_new (
        cairo_get_target (cr), self->native ? &self->info : NULL);
  cairo_destroy (cr);
  if (sprite != NULL)
    g_hash_table_insert (self->sprites, g_strdup (key), sprite);
  return sprite;
}

static void
place (GstVlmPainter *self, GstVlmSprite *sprite, int x, int y)
{
  GstVlmPatch patch = { sprite, x, y };

  if (sprite != NULL)
    g_array_append_val (self->patches, patch);
}

static void
set_colour (cairo_t *cr, GstVlmMark mark, double alpha)
{
  const Colour *c = &mark_colours[mark];

  cairo_set_source_rgba (cr, c->r, c->g, c->b, alpha);
}

static void
set_backing (cairo_t *cr)
{
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.7);
}

/* ---- text ---- */

/* @size: of the letters, relative to the usual one */
static PangoLayout *
make_layout (GstVlmPainter *self, const char *text, double size)
{
  PangoLayout *layout = pango_layout_new (self->context);

  if (size != 1.0) {
    PangoFontDescription *font = pango_font_description_copy (self->font);

    pango_font_description_set_absolute_size (
        font, round (size * pango_font_description_get_size (self->font)));
    pango_layout_set_font_description (layout, font);
    pango_font_description_free (font);
  }
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_text (layout, text != NULL ? text : "", -1);
  return layout;
}

static int
get_width (PangoLayout *layout)
{
  PangoRectangle logical;

  pango_layout_get_pixel_extents (layout, NULL, &logical);
  return logical.width;
}

/* Shortens the text of @layout to @width. Returns how wide it is then. */
static int
fit (PangoLayout *layout, int width)
{
  if (get_width (layout) <= width)
    return get_width (layout);
  if (width <= 0) {
    pango_layout_set_text (layout, "", 0);
    return 0;
  }
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, width * PANGO_SCALE);
  return MIN (get_width (layout), width);
}

/* Lines with higher fonts of other scripts are centred on the same height. */
static void
draw_text (GstVlmPainter *self, cairo_t *cr, PangoLayout *layout, double x,
    double y, double alpha)
{
  PangoRectangle logical;
  int height = self->m.text;

  pango_layout_get_pixel_extents (layout, NULL, &logical);
  cairo_set_source_rgba (cr, 1.0, 1.0, 1.0, alpha);
  cairo_move_to (cr, x - logical.x, y + (height - logical.height) / 2);
  pango_cairo_show_layout (cr, layout);
}

/* A triangle for a begin, a disc while it goes on, a square for an end. */
static void
draw_mark (cairo_t *cr, GstVlmMark mark, double x, double y, double size)
{
  switch (mark) {
  case GST_VLM_MARK_BEGIN:
    cairo_move_to (cr, x, y);
    cairo_line_to (cr, x + size, y + size / 2.0);
    cairo_line_to (cr, x, y + size);
    cairo_close_path (cr);
    break;
  case GST_VLM_MARK_UPDATE:
    cairo_new_sub_path (cr);
    cairo_arc (cr, x + size / 2.0, y + size / 2.0, size / 2.0, 0.0, 2.0 * G_PI);
    break;
  case GST_VLM_MARK_END:
    cairo_rectangle (
        cr, x + size * 0.06, y + size * 0.06, size * 0.88, size * 0.88);
    break;
  case GST_VLM_MARK_OTHER:
    cairo_move_to (cr, x + size / 2.0, y);
    cairo_line_to (cr, x + size, y + size / 2.0);
    cairo_line_to (cr, x + size / 2.0, y + size);
    cairo_line_to (cr, x, y + size / 2.0);
    cairo_close_path (cr);
    break;
  }
  set_colour (cr, mark, 1.0);
  cairo_fill (cr);
}

/* ---- boxes ---- */

/* The part of a box in the frame, moved inwards by up to a pixel so that its
 * coloured lines begin and end on even ones: half of the formats know colours
 * only of these. */
static gboolean
fit_to_frame (const GstVlmPainter *self, const VlmRect *in, VlmRect *out)
{
  int rim = self->m.rim;
  int width = self->info.width;
  int height = self->info.height;
  int x1 = CLAMP (in->x, 0, width);
  int y1 = CLAMP (in->y, 0, height);
  int x2 = (int) CLAMP ((gint64) in->x + in->width, 0, width);
  int y2 = (int) CLAMP ((gint64) in->y + in->height, 0, height);

  x1 += (x1 + rim) & 1;
  y1 += (y1 + rim) & 1;
  x2 -= (x2 + rim) & 1;
  y2 -= (y2 + rim) & 1;
  if (x2 <= x1 || y2 <= y1)
    return FALSE;
  *out = (VlmRect){ x1, y1, x2 - x1, y2 - y1 };
  return TRUE;
}

/* The outline of a box of @width x @height: a coloured line in a dark one,
 * which stands out from any picture; dashed if the object was there earlier. */
static void
draw_outline (GstVlmPainter *self, cairo_t *cr, const GstVlmSceneBox *box,
    int width, int height)
{
  double edge = self->m.edge;
  double rim = self->m.rim;
  double inset = rim + edge / 2.0;
  double dashes[2] = { edge * 5.0, edge * 3.0 };

  cairo_rectangle (cr, inset, inset, width - 2.0 * inset, height - 2.0 * inset);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_MITER);
  cairo_set_line_width (cr, edge + 2.0 * rim);
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.8);
  cairo_stroke_preserve (cr);
  if (box->remembered)
    cairo_set_dash (cr, dashes, 2, 0.0);
  cairo_set_line_width (cr, edge);
  set_colour (cr, box->mark, 1.0);
  cairo_stroke (cr);
}

/* Places @part of the outline of the box @at. */
static void
place_outline_part (GstVlmPainter *self, const GstVlmSceneBox *box,
    const VlmRect *at, const VlmRect *part)
{
  g_autofree char *key = g_strdup_printf ("box %d %d %dx%d %d,%d %dx%d",
      box->mark, box->remembered, at->width, at->height, part->x, part->y,
      part->width, part->height);
  GstVlmSprite *sprite = find_sprite (self, key);

  if (sprite == NULL) {
    cairo_t *cr = begin_sprite (part->width, part->height);

    cairo_translate (cr, -part->x, -part->y);
    draw_outline (self, cr, box, at->width, at->height);
    sprite = end_sprite (self, key, cr);
  }
  place (self, sprite, at->x + part->x, at->y + part->y);
}

/* Its four sides, each a picture: the inside is never touched. */
static void
place_outline (
    GstVlmPainter *self, const GstVlmSceneBox *box, const VlmRect *at)
{
  int side = self->m.edge + 2 * self->m.rim;
  int width = at->width;
  int height = at->height;

  if (width <= 2 * side || height <= 2 * side) {
    place_outline_part (self, box, at, &(VlmRect){ 0, 0, width, height });
    return;
  }
  place_outline_part (self, box, at, &(VlmRect){ 0, 0, width, side });
  place_outline_part (
      self, box, at, &(VlmRect){ 0, height - side, width, side });
  place_outline_part (
      self, box, at, &(VlmRect){ 0, side, side, height - 2 * side });
  place_outline_part (
      self, box, at, &(VlmRect){ width - side, side, side, height - 2 * side });
}

/* ---- tags ---- */

static int
get_mark_size (const GstVlmPainter *self)
{
  return (int) round (self->m.text * 0.6);
}

/* Shortens @text until both fit in @width; leaves @note out before @text becomes
 * unreadable. */
static void
share_width (PangoLayout *text, PangoLayout *note, int gap, int width)
{
  int text_width = get_width (text);
  int note_width = get_width (note);

  if (text_width > 0 && text_width + gap + note_width > width &&
      width - note_width - gap < MIN (text_width, width / 2))
    note_width = fit (note, 0);
  else
    note_width = fit (note, width);
  fit (text, width - note_width - (note_width > 0 ? gap : 0));
}

static GstVlmSprite *
draw_tag (GstVlmPainter *self, const GstVlmSceneBox *box, const char *key)
{
  const Measures *m = &self->m;
  int mark = get_mark_size (self);
  int max_width = (int) (self->info.width / self->squeeze * MAX_TAG_SHARE);
  g_autoptr (PangoLayout) text = make_layout (self, box->text, 1.0);
  g_autoptr (PangoLayout) note = make_layout (self, box->note, 1.0);
  int x = m->pad + mark + m->pad;
  int height = m->text + 2 * (m->pad / 2);
  int text_width;
  int gap;
  int width;
  cairo_t *cr;

  share_width (text, note, 2 * m->pad, max_width - x - m->pad);
  text_width = MIN (get_width (text), max_width);
  gap = text_width > 0 && get_width (note) > 0 ? 2 * m->pad : 0;
  width = x + text_width + gap + get_width (note) + m->pad;
  cr = begin_sprite (MIN ((int) ceil (width * self->squeeze), self->info.width),
      MIN (height, self->info.height));
  cairo_scale (cr, self->squeeze, 1.0);
  set_backing (cr);
  cairo_paint (cr);
  draw_mark (cr, box->mark, m->pad, (height - mark) / 2.0, mark);
  draw_text (self, cr, text, x, m->pad / 2, 1.0);
  draw_text (self, cr, note, x + text_width + gap, m->pad / 2, 0.85);
  return end_sprite (self, key, cr);
}

static gboolean
is_free (const GstVlmPainter *self, const cairo_rectangle_int_t *at)
{
  for (guint i = 0; i < self->tags->len; i++) {
    const cairo_rectangle_int_t *other =
        &g_array_index (self->tags, cairo_rectangle_int_t, i);

    if (at->x < other->x + other->width && other->x < at->x + at->width &&
        at->y < other->y + other->height && other->y < at->y + at->height)
      return FALSE;
  }
  return TRUE;
}

/* Above the box, else below it, else in it, from its left or its right side:
 * where it fits in the frame and covers no other. FALSE if it fits nowhere. */
static gboolean
find_place (
    const GstVlmPainter *self, const VlmRect *at, cairo_rectangle_int_t *tag)
{
  int lefts[] = { at->x, at->x + at->width - tag->width };
  int tops[] = { at->y - tag->height, at->y + at->height, at->y,
    at->y + at->height - tag->height };

  for (guint i = 0; i < G_N_ELEMENTS (tops) * G_N_ELEMENTS (lefts); i++) {
    int left = lefts[i % G_N_ELEMENTS (lefts)];

    tag->x = CLAMP (left, 0, self->info.width - tag->width);
    tag->y = tops[i / G_N_ELEMENTS (lefts)];
    if (tag->y >= 0 && tag->y + tag->height <= self->info.height &&
        is_free (self, tag))
      return TRUE;
  }
  return FALSE;
}

static void
place_tag (GstVlmPainter *self, const GstVlmSceneBox *box, const VlmRect *at)
{
  g_autofree char *key = g_strdup_printf ("tag %d %s\n%s", box->mark,
      box->text != NULL ? box->text : "", box->note != NULL ? box->note : "");
  GstVlmSprite *sprite = find_sprite (self, key);
  cairo_rectangle_int_t tag;

  if (sprite == NULL)
    sprite = draw_tag (self, box, key);
  if (sprite == NULL)
    return;
  tag.width = gst_vlm_sprite_get_width (sprite);
  tag.height = gst_vlm_sprite_get_height (sprite);
  if (!find_place (self, at, &tag))
    return;
  g_array_append_val (self->tags, tag);
  place (self, sprite, tag.x, tag.y);
}

/* ---- the strip ---- */

/* A distance between marks of the scale at which they do not touch. */
static double
get_scale_step (double history_s, double width, double min_distance)
{
  static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120,
    300, 600, 1200, 1800, 3600, 7200, 21600, 43200, 86400 };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (width * steps[i] / history_s >= min_distance)
      return steps[i];
  return history_s;
}

static char *
format_step (double s)
{
  if (s < 60.0)
    return g_strdup_printf ("-%g s", s);
  if (s < 3600.0)
    return g_strdup_printf ("-%g min", s / 60.0);
  return g_strdup_printf ("-%g h", s / 3600.0);
}

static void
draw_scale (GstVlmPainter *self, cairo_t *cr, double history_s, double width,
    double height)
{
  const Measures *m = &self->m;
  double step = get_scale_step (history_s, width, m->text * 8.0);

  for (guint i = 1; i * step < history_s * 0.999; i++) {
    double x = floor (width * (1.0 - i * step / history_s));

    cairo_set_source_rgba (cr, 1.0, 1.0, 1.0, 0.22);
    cairo_rectangle (cr, x, 0.0, m->rim, height);
    cairo_fill (cr);
    if (m->axis > 0) {
      g_autofree char *text = format_step (i * step);
      g_autoptr (PangoLayout) layout = make_layout (self, text, 0.75);

      draw_text (self, cr, layout, x + m->pad + m->rim, height - m->axis, 0.75);
    }
  }
}

/* The frame with its box, @height high; beside the time axis, because it has no
 * place on it. */
static void
draw_picture (GstVlmPainter *self, cairo_t *cr, const GstVlmSceneRow *row,
    double y, int height)
{
  const GstVlmPicture *picture = row->picture;
  double scale = (double) height / picture->height;
  double line = self->m.edge / scale;
  cairo_surface_t *surface =
      cairo_image_surface_create_for_data (picture->pixels, CAIRO_FORMAT_RGB24,
          picture->width, picture->height, 4 * picture->width);

  cairo_save (cr);
  cairo_translate (cr, self->m.pad, y);
  cairo_scale (cr, scale, scale);
  cairo_set_source_surface (cr, surface, 0.0, 0.0);
  cairo_rectangle (cr, 0.0, 0.0, picture->width, picture->height);
  cairo_clip_preserve (cr);
  cairo_fill (cr);
  cairo_rectangle (cr, row->box.x, row->box.y, row->box.width, row->box.height);
  cairo_set_line_width (cr, 2.0 * line);
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.8);
  cairo_stroke_preserve (cr);
  cairo_set_line_width (cr, line);
  set_colour (cr, row->mark, 1.0);
  cairo_stroke (cr);
  cairo_restore (cr);
  cairo_surface_destroy (surface);
}

static void
draw_row (GstVlmPainter *self, cairo_t *cr, const GstVlmSceneRow *row, double y,
    int width)
{
  const Measures *m = &self->m;
  int mark = get_mark_size (self);
  g_autoptr (PangoLayout) text = make_layout (self, row->text, 1.0);
  g_autoptr (PangoLayout) note = make_layout (self, row->note, 1.0);
  int x = 2 * m->pad + mark + m->pad;
  int note_width;
  double from = row->start * width;
  double to = MAX (row->end * width, from + m->bar);
  double bar = y + m->text;

  share_width (text, note, 2 * m->pad, width - x - 2 * m->pad);
  note_width = get_width (note);
  draw_mark (cr, row->mark, 2 * m->pad, y + (m->text - mark) / 2.0, mark);
  draw_text (self, cr, text, x, y, 1.0);
  draw_text (self, cr, note, width - 2 * m->pad - note_width, y, 0.85);

  to = MIN (to, width);
  set_colour (cr, row->mark, 1.0);
  cairo_rectangle (cr, MIN (from, width - m->bar), bar,
      to - MIN (from, width - m->bar), m->bar);
  cairo_fill (cr);
  if (row->ongoing && to < width) {
    /* Not analysed yet: a thin line up to now. */
    set_colour (cr, row->mark, 0.6);
    cairo_rectangle (cr, to, bar + m->bar / 3.0, width - to, m->bar / 3.0);
    cairo_fill (cr);
  }
}

static const GstVlmSceneRow *
get_row (const GstVlmScene *scene, guint i)
{
  return &g_array_index (scene->rows, GstVlmSceneRow, i);
}

typedef struct
{
  guint n_rows;
  int row;     /* height of a row */
  int column;  /* width of the column of pictures, 0 for none */
  int picture; /* height of a picture */
} Strip;

/* With pictures rows are higher, and there are fewer. */
static Strip
lay_out_strip (const GstVlmPainter *self, const GstVlmScene *scene)
{
  const Measures *m = &self->m;
  double room = self->info.height * MAX_STRIP_SHARE - m->axis - m->pad;
  int n_rows = CLAMP ((int) (room / m->row), 1, MAX_ROWS);
  Strip strip = { MIN ((guint) n_rows, scene->rows->len), m->row, 0, 0 };
  int height = PICTURE_ROWS * m->row;
  int width = 0;

  for (guint i = 0; i < strip.n_rows; i++) {
    const GstVlmPicture *picture = get_row (scene, i)->picture;

    if (picture != NULL)
      width = MAX (width, height * picture->width / picture->height);
  }
  if (width == 0 || room < height + m->pad ||
      width > self->info.width / self->squeeze * MAX_PICTURE_SHARE)
    return strip;
  strip.row = height + m->pad;
  strip.n_rows = MIN (strip.n_rows, (guint) (room / strip.row));
  strip.column = width + 2 * m->pad;
  strip.picture = height;
  return strip;
}

static char *
make_strip_key (const GstVlmScene *scene, const Strip *strip)
{
  GString *key = g_string_new ("strip");

  g_string_append_printf (key, " %g %d", scene->history_s, strip->column);
  for (guint i = 0; i < strip->n_rows; i++) {
    const GstVlmSceneRow *row = get_row (scene, i);

    g_string_append_printf (key, "\n%d %d %.6f %.6f %s\n%s", row->mark,
        row->ongoing, row->start, row->end, row->text != NULL ? row->text : "",
        row->note != NULL ? row->note : "");
    if (row->picture != NULL)
      g_string_append_printf (key, "\n%" G_GUINT64_FORMAT " %d,%d %dx%d",
          row->picture->serial, row->box.x, row->box.y, row->box.width,
          row->box.height);
  }
  return g_string_free (key, FALSE);
}

static GstVlmSprite *
draw_strip (GstVlmPainter *self, const GstVlmScene *scene, const Strip *strip,
    int height, const char *key)
{
  const Measures *m = &self->m;
  int width = (int) ceil (self->info.width / self->squeeze) - strip->column;
  cairo_t *cr = begin_sprite (self->info.width, height);

  cairo_scale (cr, self->squeeze, 1.0);
  set_backing (cr);
  cairo_paint (cr);
  for (guint i = 0; i < strip->n_rows && strip->column > 0; i++)
    if (get_row (scene, i)->picture != NULL)
      draw_picture (self, cr, get_row (scene, i), m->pad + (int) i * strip->row,
          strip->picture);
  cairo_translate (cr, strip->column, 0.0);
  draw_scale (self, cr, scene->history_s, width, height);
  for (guint i = 0; i < strip->n_rows; i++)
    draw_row (
        self, cr, get_row (scene, i), m->pad / 2 + (int) i * strip->row, width);
  return end_sprite (self, key, cr);
}

static void
place_strip (GstVlmPainter *self, const GstVlmScene *scene)
{
  const Measures *m = &self->m;
  Strip strip = lay_out_strip (self, scene);
  int height = MIN (
      m->pad + (int) strip.n_rows * strip.row + m->axis, self->info.height);
  g_autofree char *key = NULL;
  cairo_rectangle_int_t at;
  GstVlmSprite *sprite;

  if (strip.n_rows == 0)
    return;
  key = make_strip_key (scene, &strip);
  sprite = find_sprite (self, key);
  if (sprite == NULL)
    sprite = draw_strip (self, scene, &strip, height, key);
  place (self, sprite, 0, self->info.height - height);
  at = (cairo_rectangle_int_t){ 0, self->info.height - height, self->info.width,
    height };
  g_array_append_val (self->tags, at);
}

/* ---- all of it ---- */

static void
place_outlines (GstVlmPainter *self, const GstVlmScene *scene)
{
  VlmRect at;

  for (guint i = 0; i < scene->boxes->len; i++) {
    const GstVlmSceneBox *box =
        &g_array_index (scene->boxes, GstVlmSceneBox, i);

    if (box->outlined && fit_to_frame (self, &box->rect, &at))
      place_outline (self, box, &at);
  }
}

/* The newest first: they get the room if there is not enough for all. */
static void
place_tags (GstVlmPainter *self, const GstVlmScene *scene)
{
  VlmRect at;

  for (guint i = scene->boxes->len; i-- > 0;) {
    const GstVlmSceneBox *box =
        &g_array_index (scene->boxes, GstVlmSceneBox, i);

    if ((box->text != NULL || box->note != NULL) &&
        fit_to_frame (self, &box->rect, &at))
      place_tag (self, box, &at);
  }
}

const GArray *
gst_vlm_painter_paint (GstVlmPainter *self, const GstVlmScene *scene)
{
  GHashTable *old = self->old_sprites;

  g_array_set_size (self->patches, 0);
  g_array_set_size (self->tags, 0);
  if (!self->measured)
    measure (self);
  self->old_sprites = self->sprites;
  self->sprites = old;

  place_outlines (self, scene);
  place_strip (self, scene);
  place_tags (self, scene);
  g_hash_table_remove_all (self->old_sprites);
  return self->patches;
}
