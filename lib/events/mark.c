/* gst-vlm: a position in a picture, from an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-mark.h>

G_DEFINE_BOXED_TYPE (VlmMark, vlm_mark, vlm_mark_copy, vlm_mark_free)

/**
 * vlm_mark_copy:
 * @mark: a mark
 *
 * Copies a mark with its texts.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
VlmMark *
vlm_mark_copy (const VlmMark *mark)
{
  VlmMark *copy;

  g_return_val_if_fail (mark != NULL, NULL);

  copy = g_memdup2 (mark, sizeof *mark);
  copy->label = g_strdup (mark->label);
  copy->text = g_strdup (mark->text);
  copy->html = g_strdup (mark->html);
  return copy;
}

/**
 * vlm_mark_free:
 * @mark: (nullable) (transfer full): a mark
 *
 * Frees a mark and its texts.
 *
 * Since: 0.1
 */
void
vlm_mark_free (VlmMark *mark)
{
  if (mark == NULL)
    return;
  g_free (mark->label);
  g_free (mark->text);
  g_free (mark->html);
  g_free (mark);
}

static gint
scale (gint value, guint from, guint to)
{
  return (gint) (((guint64) value * to + from / 2) / from);
}

/**
 * vlm_mark_map_rect: (skip)
 * @rect: in pixels of @frame
 * @frame: the copy that the model saw
 *
 * Converts a box from pixels of the copy that the model saw to the source.
 *
 * Returns: the same in pixels of the source; at least one pixel
 *
 * Since: 0.1
 */
VlmRect
vlm_mark_map_rect (const VlmRect *rect, const VlmFrame *frame)
{
  gint width = (gint) frame->source_width;
  gint height = (gint) frame->source_height;
  gint x1 = scale (rect->x, frame->width, frame->source_width);
  gint y1 = scale (rect->y, frame->height, frame->source_height);
  gint x2 = scale (rect->x + rect->width, frame->width, frame->source_width);
  gint y2 = scale (rect->y + rect->height, frame->height, frame->source_height);

  x1 = CLAMP (x1, 0, width - 1);
  y1 = CLAMP (y1, 0, height - 1);
  x2 = CLAMP (x2, x1 + 1, width);
  y2 = CLAMP (y2, y1 + 1, height);
  return (VlmRect){ (gint) frame->source_x + x1, (gint) frame->source_y + y1,
    x2 - x1, y2 - y1 };
}

/**
 * vlm_mark_map: (skip)
 * @mark: in pixels of @frame
 * @frame: the copy that the model saw
 *
 * Converts a mark from pixels of the copy that the model saw to the source.
 *
 * Returns: (transfer full): the same in pixels of the source; a point is inside
 *   of it
 *
 * Since: 0.1
 */
VlmMark *
vlm_mark_map (const VlmMark *mark, const VlmFrame *frame)
{
  VlmMark *own = vlm_mark_copy (mark);
  gint edge = mark->n_points == 1 ? 1 : 0;

  own->rect = vlm_mark_map_rect (&mark->rect, frame);
  for (guint i = 0; i < mark->n_points; i++) {
    gint x = scale (mark->points[2 * i], frame->width, frame->source_width);
    gint y =
        scale (mark->points[2 * i + 1], frame->height, frame->source_height);

    own->points[2 * i] = (gint) frame->source_x +
        CLAMP (x, 0, (gint) frame->source_width - edge);
    own->points[2 * i + 1] = (gint) frame->source_y +
        CLAMP (y, 0, (gint) frame->source_height - edge);
  }
  if (mark->n_points == 1)
    own->rect = (VlmRect){ own->points[0], own->points[1], 1, 1 };
  return own;
}

/* --- HTML ------------------------------------------------------------------ */

/* Labels that are names of elements; all others are a class. */
static gboolean
is_element (const char *label)
{
  static const char *const names[] = { "h1", "h2", "h3", "h4", "h5", "h6", "p",
    "pre", "table", "ul", "ol", "div", NULL };

  return g_strv_contains (names, label);
}

static void
append_escaped (GString *html, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *escaped = g_markup_escape_text (valid, -1);

  g_string_append (html, escaped);
}

static void
append_place (GString *html, const VlmMark *mark)
{
  const VlmRect *rect = &mark->rect;

  if (mark->n_points == 1)
    g_string_append_printf (
        html, " data-point=\"%d %d\"", mark->points[0], mark->points[1]);
  else if (rect->width > 0)
    g_string_append_printf (html, " data-bbox=\"%d %d %d %d\"", rect->x,
        rect->y, rect->x + rect->width, rect->y + rect->height);
  for (guint i = 0; mark->n_points > 1 && i < 2 * mark->n_points; i++)
    g_string_append_printf (
        html, "%s%d", i == 0 ? " data-polygon=\"" : " ", mark->points[i]);
  if (mark->n_points > 1)
    g_string_append_c (html, '"');
}

/**
 * vlm_mark_to_html: (skip)
 * @mark: a mark
 *
 * An element as those of a document that Qwen2.5-VL writes: with data-bbox,
 * data-polygon or data-point. The label is its name, if it is one, else its
 * class. Whatever the model wrote is data in it, never markup, except the
 * structure of tables and lists.
 *
 * Returns: (transfer full): the element, without a line's end
 *
 * Since: 0.1
 */
char *
vlm_mark_to_html (const VlmMark *mark)
{
  const char *label = mark->label != NULL ? mark->label : "p";
  const char *name = is_element (label) ? label : "div";
  GString *html = g_string_new (NULL);

  g_string_append_printf (html, "<%s", name);
  if (name != label) {
    g_string_append (html, " class=\"");
    append_escaped (html, label);
    g_string_append_c (html, '"');
  }
  append_place (html, mark);
  g_string_append_c (html, '>');
  if (mark->html != NULL)
    g_string_append (html, mark->html);
  else if (mark->text != NULL)
    append_escaped (html, mark->text);
  g_string_append_printf (html, "</%s>", name);
  return g_string_free (html, FALSE);
}
