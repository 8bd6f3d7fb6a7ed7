/* gst-vlm: parts of the picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-region.h>

#define MAX_REGIONS 64
#define MAX_POINTS 256
/* Zones smaller than this leave nothing to analyse. */
#define MIN_SIDE 16

typedef struct
{
  double x;
  double y;
} Point;

typedef struct
{
  char *name; /* NULL for none */
  gboolean in_pixels;
  GArray *points; /* Point */
} Region;

struct _VlmRegions
{
  GPtrArray *list; /* Region */
};

G_DEFINE_BOXED_TYPE (
    VlmRegions, vlm_regions, vlm_regions_ref, vlm_regions_unref)

static void
region_free (gpointer data)
{
  Region *region = data;

  g_free (region->name);
  g_array_unref (region->points);
  g_free (region);
}

/* --- text --------------------------------------------------------------- */

static gboolean
parse_number (const char **at, double *value)
{
  char *end;

  *value = g_ascii_strtod (*at, &end);
  if (end == *at || !isfinite (*value) || *value < 0.0 || *value > 1e6)
    return FALSE;
  *at = end;
  return TRUE;
}

static gboolean
parse_point (const char *text, Point *point)
{
  const char *at = text;

  if (!parse_number (&at, &point->x) || *at++ != ',')
    return FALSE;
  return parse_number (&at, &point->y) && *at == '\0';
}

static gboolean
add_points (Region *region, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t\n", -1);

  for (char **word = words; *word != NULL; word++) {
    Point point;

    if (**word == '\0')
      continue;
    if (!parse_point (*word, &point)) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "\"%s\" is not a point: points are x,y with numbers of at least 0, "
          "such as 0.25,0.5",
          *word);
      return FALSE;
    }
    g_array_append_val (region->points, point);
    region->in_pixels = region->in_pixels || point.x > 1.0 || point.y > 1.0;
  }
  if (region->points->len >= 3 && region->points->len <= MAX_POINTS)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "a polygon of %u points in \"%s\"; 3 to %d are allowed",
      region->points->len, text, MAX_POINTS);
  return FALSE;
}

static gboolean
add_region (VlmRegions *regions, char *text, GError **error)
{
  char *colon = strchr (text, ':');
  Region *region;

  if (regions->list->len == MAX_REGIONS) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "more than %d polygons", MAX_REGIONS);
    return FALSE;
  }
  region = g_new0 (Region, 1);
  region->points = g_array_new (FALSE, FALSE, sizeof (Point));
  g_ptr_array_add (regions->list, region);
  if (colon != NULL) {
    *colon = '\0';
    region->name = g_strdup (g_strstrip (text));
    text = colon + 1;
  }
  if (region->name != NULL && region->name[0] == '\0') {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a polygon with an empty name, in front of \"%s\"", text);
    return FALSE;
  }
  return add_points (region, text, error);
}

static void
clear_regions (gpointer data)
{
  VlmRegions *regions = data;

  g_ptr_array_unref (regions->list);
}

/**
 * vlm_regions_parse:
 * @text: polygons; blank for none
 * @error: return location
 *
 * Reads polygons from text; see #VlmRegions.
 *
 * Returns: (transfer full) (nullable): the regions; %NULL without an error where
 *   there are none, else with %VLM_INFER_ERROR_BAD_INPUT
 *
 * Since: 0.1
 */
VlmRegions *
vlm_regions_parse (const char *text, GError **error)
{
  g_autoptr (VlmRegions) regions = NULL;
  g_auto (GStrv) parts = NULL;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  regions = g_atomic_rc_box_new0 (VlmRegions);
  regions->list = g_ptr_array_new_with_free_func (region_free);
  parts = g_strsplit (text, ";", -1);
  for (char **part = parts; *part != NULL; part++)
    if (g_strstrip (*part)[0] != '\0' && !add_region (regions, *part, error))
      return NULL;
  return regions->list->len > 0 ? g_steal_pointer (&regions) : NULL;
}

/**
 * vlm_regions_ref:
 * @regions: regions
 *
 * Takes a reference; thread-safe.
 *
 * Returns: (transfer full): the same regions
 *
 * Since: 0.1
 */
VlmRegions *
vlm_regions_ref (VlmRegions *regions)
{
  g_return_val_if_fail (regions != NULL, NULL);
  return g_atomic_rc_box_acquire (regions);
}

/**
 * vlm_regions_unref:
 * @regions: (nullable) (transfer full): regions
 *
 * Drops a reference, and frees the regions with the last one; thread-safe.
 *
 * Since: 0.1
 */
void
vlm_regions_unref (VlmRegions *regions)
{
  if (regions != NULL)
    g_atomic_rc_box_release_full (regions, clear_regions);
}

/* --- what is in them ---------------------------------------------------- */

/**
 * vlm_regions_get_n_regions:
 * @regions: regions
 *
 * Counts the polygons.
 *
 * Returns: how many there are, at least one
 *
 * Since: 0.1
 */
guint
vlm_regions_get_n_regions (const VlmRegions *regions)
{
  g_return_val_if_fail (regions != NULL, 0);
  return regions->list->len;
}

static const Region *
get_region (const VlmRegions *regions, guint index)
{
  return g_ptr_array_index (regions->list, index);
}

/**
 * vlm_regions_get_name:
 * @regions: regions
 * @index: which
 *
 * Gets what is before the `:` of a polygon.
 *
 * Returns: (nullable) (transfer none): its name
 *
 * Since: 0.1
 */
const char *
vlm_regions_get_name (const VlmRegions *regions, guint index)
{
  g_return_val_if_fail (regions != NULL && index < regions->list->len, NULL);
  return get_region (regions, index)->name;
}

/**
 * vlm_regions_get_n_points:
 * @regions: regions
 * @index: which
 *
 * Counts the corners of a polygon.
 *
 * Returns: how many corners it has
 *
 * Since: 0.1
 */
guint
vlm_regions_get_n_points (const VlmRegions *regions, guint index)
{
  g_return_val_if_fail (regions != NULL && index < regions->list->len, 0);
  return get_region (regions, index)->points->len;
}

/**
 * vlm_regions_get_point:
 * @regions: regions
 * @index: which
 * @point: which of its corners
 * @width: of the picture, pixels
 * @height: of the picture, pixels
 * @x: (out): pixels from the left edge of the picture, up to @width
 * @y: (out): pixels from the top edge, up to @height
 *
 * Computes where a corner is in a picture of a size. A corner outside of the
 * picture is moved to its edge.
 *
 * Since: 0.1
 */
void
vlm_regions_get_point (const VlmRegions *regions, guint index, guint point,
    guint width, guint height, double *x, double *y)
{
  const Region *region;
  const Point *p;

  g_return_if_fail (regions != NULL && index < regions->list->len);
  g_return_if_fail (x != NULL && y != NULL);
  region = get_region (regions, index);
  g_return_if_fail (point < region->points->len);

  p = &g_array_index (region->points, Point, point);
  *x = MIN (region->in_pixels ? p->x : p->x * width, width);
  *y = MIN (region->in_pixels ? p->y : p->y * height, height);
}

/* [low, high) grown to even pixels, as chroma needs them, and to MIN_SIDE. */
static void
widen (double low, double high, guint side, gint *start, gint *length)
{
  guint first = (guint) low & ~1u;
  guint end = MIN ((guint) ceil (high / 2.0) * 2, side);

  if (end < first + MIN_SIDE) {
    end = MIN (first + MIN_SIDE, side);
    first = (end - MIN (end, MIN_SIDE)) & ~1u;
  }
  *start = (gint) first;
  *length = (gint) (end - first);
}

/**
 * vlm_regions_get_bounds:
 * @regions: regions
 * @index: which
 * @width: of the picture, pixels
 * @height: of the picture, pixels
 * @bounds: (out caller-allocates): the smallest box around the region that
 *   starts at even pixels, and no side of which is below 16 pixels where the
 *   picture has as many
 * @error: return location
 *
 * Computes the box that encloses a polygon in a picture of a size.
 *
 * Returns: %FALSE with %VLM_INFER_ERROR_BAD_INPUT when the region is outside of
 *   the picture
 *
 * Since: 0.1
 */
gboolean
vlm_regions_get_bounds (const VlmRegions *regions, guint index, guint width,
    guint height, VlmRect *bounds, GError **error)
{
  double x0 = width, y0 = height, x1 = 0.0, y1 = 0.0;

  g_return_val_if_fail (regions != NULL, FALSE);
  g_return_val_if_fail (index < regions->list->len, FALSE);
  g_return_val_if_fail (width > 0 && height > 0 && bounds != NULL, FALSE);

  for (guint i = 0; i < vlm_regions_get_n_points (regions, index); i++) {
    double x, y;

    vlm_regions_get_point (regions, index, i, width, height, &x, &y);
    x0 = MIN (x0, x);
    y0 = MIN (y0, y);
    x1 = MAX (x1, x);
    y1 = MAX (y1, y);
  }
  if (x1 <= x0 || y1 <= y0) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "polygon %u has no area within a picture of %ux%u", index, width,
        height);
    return FALSE;
  }
  widen (x0, x1, width, &bounds->x, &bounds->width);
  widen (y0, y1, height, &bounds->y, &bounds->height);
  return TRUE;
}
