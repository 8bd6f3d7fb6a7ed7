/* gst-vlm: masked regions
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A copy is a scaled picture: each of its pixels is a mean of some of the
 * source. Black is every pixel to which the inside of a region may have added
 * anything, so the black reaches a little beyond the region. */
#include <math.h>
#include <string.h>

#include <vlm/vlm-blackout.h>

/* Reach of the bicubic filter, in pixels of the copy or, where it is larger, of
 * the source. */
#define FILTER_REACH 2.0

/* Pixels [first, end) of a row of the copy. */
typedef struct
{
  guint row;
  guint first;
  guint end;
} Span;

struct _VlmBlackout
{
  VlmRegions *regions;
  /* What the spans are for. */
  guint width;
  guint height;
  VlmRect source;
  guint picture_width;
  guint picture_height;
  GArray *spans; /* Span */
};

/* One region in pixels of the copy. */
typedef struct
{
  guint n;
  double *x;
  double *y;
  double reach_x;
  double reach_y;
} Outline;

/**
 * vlm_blackout_new: (skip)
 * @regions: what is blackened
 *
 * Makes what blackens @regions, to which it takes a reference.
 *
 * Returns: (transfer full): a blackout
 *
 * Since: 0.1
 */
VlmBlackout *
vlm_blackout_new (VlmRegions *regions)
{
  VlmBlackout *blackout;

  g_return_val_if_fail (regions != NULL, NULL);

  blackout = g_new0 (VlmBlackout, 1);
  blackout->regions = vlm_regions_ref (regions);
  blackout->spans = g_array_new (FALSE, FALSE, sizeof (Span));
  return blackout;
}

/**
 * vlm_blackout_free:
 * @blackout: (nullable) (transfer full): a blackout
 *
 * Frees a blackout, and drops its reference to the regions.
 *
 * Since: 0.1
 */
void
vlm_blackout_free (VlmBlackout *blackout)
{
  if (blackout == NULL)
    return;
  vlm_regions_unref (blackout->regions);
  g_array_unref (blackout->spans);
  g_free (blackout);
}

/* --- planning ----------------------------------------------------------- */

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
add_span (VlmBlackout *b, guint row, double from, double to)
{
  Span span = { row };

  if (to <= 0.0 || from >= b->width)
    return;
  span.first = (guint) MAX (floor (from), 0.0);
  span.end = (guint) MIN (ceil (to), (double) b->width);
  g_array_append_val (b->spans, span);
}

/* Where the line at height @y is inside, by the even-odd rule, widened. */
static void
add_inside (VlmBlackout *b, const Outline *o, guint row, double y)
{
  g_autofree double *crossings = g_new (double, o->n);
  guint n = 0;

  for (guint i = 0; i < o->n; i++) {
    guint k = (i + 1) % o->n;

    if ((o->y[i] <= y) == (o->y[k] <= y))
      continue;
    crossings[n++] =
        o->x[i] + (o->x[k] - o->x[i]) * (y - o->y[i]) / (o->y[k] - o->y[i]);
  }
  qsort (crossings, n, sizeof (double), compare_doubles);
  for (guint i = 0; i + 1 < n; i += 2)
    add_span (b, row, crossings[i] - o->reach_x, crossings[i + 1] + o->reach_x);
}

/* The part of each side that is near the row: no inside is farther than this
 * from a side or from the middle of its own row. */
static void
add_sides (VlmBlackout *b, const Outline *o, guint row)
{
  double top = row - o->reach_y, bottom = row + 1.0 + o->reach_y;

  for (guint i = 0; i < o->n; i++) {
    guint k = (i + 1) % o->n;
    double x0 = o->x[i], y0 = o->y[i], x1 = o->x[k], y1 = o->y[k];
    double from = 0.0, to = 1.0;

    if (MAX (y0, y1) < top || MIN (y0, y1) > bottom)
      continue;
    if (y0 != y1) {
      double a = (top - y0) / (y1 - y0), c = (bottom - y0) / (y1 - y0);

      from = MAX (MIN (a, c), 0.0);
      to = MIN (MAX (a, c), 1.0);
    }
    x1 = x0 + (x1 - x0) * to;
    x0 = x0 + (o->x[k] - x0) * from;
    add_span (b, row, MIN (x0, x1) - o->reach_x, MAX (x0, x1) + o->reach_x);
  }
}

static void
plan_region (VlmBlackout *b, guint index)
{
  guint n = vlm_regions_get_n_points (b->regions, index);
  double scale_x = (double) b->width / b->source.width;
  double scale_y = (double) b->height / b->source.height;
  g_autofree double *memory = g_new (double, 2 * n);
  Outline o = { n, memory, memory + n, FILTER_REACH * MAX (scale_x, 1.0),
    FILTER_REACH * MAX (scale_y, 1.0) };

  for (guint i = 0; i < n; i++) {
    double x, y;

    vlm_regions_get_point (
        b->regions, index, i, b->picture_width, b->picture_height, &x, &y);
    o.x[i] = (x - b->source.x) * scale_x;
    o.y[i] = (y - b->source.y) * scale_y;
  }
  for (guint row = 0; row < b->height; row++) {
    add_inside (b, &o, row, row + 0.5);
    add_sides (b, &o, row);
  }
}

static void
plan (VlmBlackout *b, const VlmFrame *frame, guint picture_width,
    guint picture_height)
{
  const VlmRect source = { (gint) frame->source_x, (gint) frame->source_y,
    (gint) frame->source_width, (gint) frame->source_height };

  if (b->width == frame->width && b->height == frame->height &&
      memcmp (&b->source, &source, sizeof source) == 0 &&
      b->picture_width == picture_width && b->picture_height == picture_height)
    return;
  b->width = frame->width;
  b->height = frame->height;
  b->source = source;
  b->picture_width = picture_width;
  b->picture_height = picture_height;
  g_array_set_size (b->spans, 0);
  for (guint i = 0; i < vlm_regions_get_n_regions (b->regions); i++)
    plan_region (b, i);
}

/**
 * vlm_blackout_apply:
 * @blackout: a blackout
 * @frame: a copy that is not shared yet
 * @picture_width: of the whole picture that it was made from, pixels
 * @picture_height: likewise
 *
 * Makes black what the regions cover in the copy, and a border around it of the
 * pixels in which the filter mixed something of it.
 *
 * Since: 0.1
 */
void
vlm_blackout_apply (VlmBlackout *blackout, VlmFrame *frame, guint picture_width,
    guint picture_height)
{
  g_return_if_fail (blackout != NULL && frame != NULL);
  g_return_if_fail (picture_width > 0 && picture_height > 0);

  plan (blackout, frame, picture_width, picture_height);
  for (guint i = 0; i < blackout->spans->len; i++) {
    const Span *span = &g_array_index (blackout->spans, Span, i);

    memset (
        frame->pixels + 3 * ((gsize) span->row * frame->width + span->first), 0,
        3 * (gsize) (span->end - span->first));
  }
}

static void
mark_row (const VlmBlackout *blackout, const Span *span, guint columns,
    guint8 *hidden)
{
  for (guint column = 0; column < columns; column++) {
    gsize x = (2 * (gsize) column + 1) * blackout->width / (2 * columns);

    if (x >= span->first && x < span->end)
      hidden[column] = 1;
  }
}

/**
 * vlm_blackout_mark: (skip)
 * @blackout: a blackout that was applied
 * @columns: points of a grid from left to right
 * @rows: and from top to bottom
 * @hidden: (array): @columns times @rows bytes, row by row
 *
 * Sets those of @hidden to 1 whose points are black in the copy that it was
 * applied to last; the others stay. The points are in the middle of cells that
 * divide the copy.
 *
 * Since: 0.1
 */
void
vlm_blackout_mark (
    const VlmBlackout *blackout, guint columns, guint rows, guint8 *hidden)
{
  g_return_if_fail (blackout != NULL && hidden != NULL);
  g_return_if_fail (columns > 0 && rows > 0);

  for (guint row = 0; row < rows; row++) {
    guint y = (guint) ((2 * (gsize) row + 1) * blackout->height / (2 * rows));

    for (guint i = 0; i < blackout->spans->len; i++) {
      const Span *span = &g_array_index (blackout->spans, Span, i);

      if (span->row == y)
        mark_row (blackout, span, columns, hidden + (gsize) row * columns);
    }
  }
}
