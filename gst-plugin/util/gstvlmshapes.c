/* gst-vlm: masks and zones, drawn
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmshapes.h"

#include <math.h>
#include <string.h>
#include <vlm/vlm-region.h>

/* Pixels; even, because some formats have a colour for every second one only. */
#define TILE 128
/* The look follows the frame like that of boxes. */
#define LINE_SHARE 0.004
#define HATCH_SHARE 0.03

typedef struct
{
  VlmRegions *regions;
  gboolean is_mask;
  guint width; /* of the picture that they are in */
  guint height;
} Shape;

struct _GstVlmShapes
{
  GArray *shapes; /* Shape */
  GstVideoInfo info;
  gboolean native;
  double scale;
  gboolean is_drawn;
  GPtrArray *sprites;
  GArray *patches; /* GstVlmPatch */
};

static void
shape_clear (gpointer data)
{
  vlm_regions_unref (((Shape *) data)->regions);
}

GstVlmShapes *
gst_vlm_shapes_new (void)
{
  GstVlmShapes *self = g_new0 (GstVlmShapes, 1);

  self->shapes = g_array_new (FALSE, FALSE, sizeof (Shape));
  g_array_set_clear_func (self->shapes, shape_clear);
  self->scale = 1.0;
  gst_video_info_init (&self->info);
  self->sprites =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_sprite_free);
  self->patches = g_array_new (FALSE, FALSE, sizeof (GstVlmPatch));
  return self;
}

void
gst_vlm_shapes_free (GstVlmShapes *self)
{
  g_array_unref (self->shapes);
  g_ptr_array_unref (self->sprites);
  g_array_unref (self->patches);
  g_free (self);
}

static void
forget_drawn (GstVlmShapes *self)
{
  g_array_set_size (self->patches, 0);
  g_ptr_array_set_size (self->sprites, 0);
  self->is_drawn = FALSE;
}

void
gst_vlm_shapes_set_frame (
    GstVlmShapes *self, const GstVideoInfo *info, gboolean native)
{
  self->info = *info;
  self->native = native;
  forget_drawn (self);
}

void
gst_vlm_shapes_set_scale (GstVlmShapes *self, double scale)
{
  self->scale = scale;
  forget_drawn (self);
}

/* --- what there is ------------------------------------------------------- */

/* vlmevents sends only what it can read; other elements may send anything. */
static void
add_shape (GstVlmShapes *self, const GstStructure *part, const char *field)
{
  Shape shape = { .is_mask = g_str_equal (field, GST_VLM_SHAPES_MASK) };
  const char *text = gst_structure_get_string (part, field);

  if (text == NULL ||
      !gst_structure_get_uint (part, GST_VLM_SHAPES_WIDTH, &shape.width) ||
      !gst_structure_get_uint (part, GST_VLM_SHAPES_HEIGHT, &shape.height) ||
      shape.width == 0 || shape.height == 0)
    return;
  shape.regions = vlm_regions_parse (text, NULL);
  if (shape.regions != NULL)
    g_array_append_val (self->shapes, shape);
}

void
gst_vlm_shapes_set (GstVlmShapes *self, const GstStructure *regions)
{
  const GValue *list = regions != NULL
      ? gst_structure_get_value (regions, GST_VLM_SHAPES_FIELD)
      : NULL;

  g_array_set_size (self->shapes, 0);
  forget_drawn (self);
  if (list == NULL || !GST_VALUE_HOLDS_ARRAY (list))
    return;
  for (guint i = 0; i < gst_value_array_get_size (list); i++) {
    const GValue *value = gst_value_array_get_value (list, i);

    if (!GST_VALUE_HOLDS_STRUCTURE (value))
      continue;
    add_shape (self, gst_value_get_structure (value), GST_VLM_SHAPES_MASK);
    add_shape (self, gst_value_get_structure (value), GST_VLM_SHAPES_ZONE);
  }
}

/* --- drawing ------------------------------------------------------------- */

static double
get_side (const GstVlmShapes *self)
{
  return MIN (self->info.width, self->info.height);
}

/* In pixels of the frame, which may have changed its size. */
static void
get_point (GstVlmShapes *self, const Shape *shape, guint index, guint point,
    double *x, double *y)
{
  vlm_regions_get_point (
      shape->regions, index, point, shape->width, shape->height, x, y);
  *x *= (double) self->info.width / shape->width;
  *y *= (double) self->info.height / shape->height;
}

static VlmRect
get_bounds (GstVlmShapes *self, const Shape *shape, guint index)
{
  double x1 = G_MAXDOUBLE, y1 = G_MAXDOUBLE, x2 = 0.0, y2 = 0.0;

  for (guint i = 0; i < vlm_regions_get_n_points (shape->regions, index); i++) {
    double x, y;

    get_point (self, shape, index, i, &x, &y);
    x1 = MIN (x1, x);
    y1 = MIN (y1, y);
    x2 = MAX (x2, x);
    y2 = MAX (y2, y);
  }
  return (VlmRect){ (gint) x1, (gint) y1, (gint) ceil (x2) - (gint) x1,
    (gint) ceil (y2) - (gint) y1 };
}

static double
get_line (const GstVlmShapes *self)
{
  return MAX (1.0, get_side (self) * LINE_SHARE * self->scale);
}

/* Whether any part of it is drawn in the tile at (@x, @y). */
static gboolean
touches (GstVlmShapes *self, const Shape *shape, guint index, int x, int y)
{
  VlmRect at = get_bounds (self, shape, index);
  int margin = (int) ceil (2.0 * get_line (self));

  return at.x - margin < x + TILE && at.x + at.width + margin > x &&
      at.y - margin < y + TILE && at.y + at.height + margin > y;
}

static void
trace_path (GstVlmShapes *self, cairo_t *cr, const Shape *shape, guint index)
{
  cairo_new_path (cr);
  for (guint i = 0; i < vlm_regions_get_n_points (shape->regions, index); i++) {
    double x, y;

    get_point (self, shape, index, i, &x, &y);
    cairo_line_to (cr, x, y);
  }
  cairo_close_path (cr);
}

/* Dark stripes; between them one sees what the model does not. */
static void
hatch (GstVlmShapes *self, cairo_t *cr)
{
  double step = MAX (4.0, get_side (self) * HATCH_SHARE * self->scale);
  double height = self->info.height;
  double x1, y1, x2, y2;

  cairo_save (cr);
  cairo_clip_preserve (cr);
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.35);
  cairo_paint (cr);
  cairo_clip_extents (cr, &x1, &y1, &x2, &y2);
  cairo_new_path (cr);
  for (double x = floor ((x1 - height) / step) * step; x < x2; x += step) {
    cairo_move_to (cr, x, height);
    cairo_line_to (cr, x + height, 0.0);
  }
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.75);
  cairo_set_line_width (cr, step / 3.0);
  cairo_stroke (cr);
  cairo_restore (cr);
}

static void
outline (GstVlmShapes *self, cairo_t *cr, gboolean is_mask)
{
  double line = get_line (self);
  double dashes[4] = { 8.0 * line, 3.0 * line, line, 3.0 * line };

  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_width (cr, 3.0 * line);
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.7);
  cairo_stroke_preserve (cr);
  if (!is_mask)
    cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0.0);
  cairo_set_line_width (cr, line);
  cairo_set_source_rgba (cr, 0.92, 0.92, 0.92, 1.0);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0.0);
}

static void
draw_region (GstVlmShapes *self, cairo_t *cr, const Shape *shape, guint index)
{
  cairo_set_fill_rule (cr, CAIRO_FILL_RULE_EVEN_ODD);
  trace_path (self, cr, shape, index);
  if (shape->is_mask) {
    hatch (self, cr);
    trace_path (self, cr, shape, index);
  }
  outline (self, cr, shape->is_mask);
}

/* What is in the tile at (@x, @y). */
static void
draw_regions (GstVlmShapes *self, cairo_t *cr, int x, int y)
{
  for (guint i = 0; i < self->shapes->len; i++) {
    const Shape *shape = &g_array_index (self->shapes, Shape, i);

    for (guint k = 0; k < vlm_regions_get_n_regions (shape->regions); k++)
      if (touches (self, shape, k, x, y))
        draw_region (self, cr, shape, k);
  }
}

static gboolean
is_blank (cairo_surface_t *surface)
{
  const guint8 *row = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  int width = cairo_image_surface_get_width (surface);
  static const guint8 none[4 * TILE];

  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    if (memcmp (row + (gssize) y * stride, none, 4 * (gsize) width) != 0)
      return FALSE;
  return TRUE;
}

static void
draw_tile (GstVlmShapes *self, int x, int y)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32,
      MIN (TILE, self->info.width - x), MIN (TILE, self->info.height - y));
  cairo_t *cr = cairo_create (surface);
  GstVlmPatch patch = { .x = x, .y = y };

  cairo_translate (cr, -x, -y);
  draw_regions (self, cr, x, y);
  cairo_surface_flush (surface);
  if (cairo_status (cr) == CAIRO_STATUS_SUCCESS && !is_blank (surface))
    patch.sprite =
        gst_vlm_sprite_new (surface, self->native ? &self->info : NULL);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  if (patch.sprite == NULL)
    return;
  g_ptr_array_add (self->sprites, patch.sprite);
  g_array_append_val (self->patches, patch);
}

const GArray *
gst_vlm_shapes_get_patches (GstVlmShapes *self)
{
  if (self->is_drawn)
    return self->patches;
  forget_drawn (self);
  self->is_drawn = TRUE;
  if (self->shapes->len == 0)
    return self->patches;
  for (int y = 0; y < self->info.height; y += TILE)
    for (int x = 0; x < self->info.width; x += TILE)
      draw_tile (self, x, y);
  return self->patches;
}

void
gst_vlm_shapes_show_names (GstVlmShapes *self, GstVlmScene *scene)
{
  for (guint i = 0; i < self->shapes->len; i++) {
    const Shape *shape = &g_array_index (self->shapes, Shape, i);
    guint n = vlm_regions_get_n_regions (shape->regions);

    for (guint k = 0; k < n && !shape->is_mask; k++) {
      const char *name = vlm_regions_get_name (shape->regions, k);
      GstVlmSceneBox box = { .mark = GST_VLM_MARK_OTHER };

      if (name == NULL)
        continue;
      box.rect = get_bounds (self, shape, k);
      box.text = gst_vlm_scene_clean_text (name);
      g_array_append_val (scene->boxes, box);
    }
  }
}
