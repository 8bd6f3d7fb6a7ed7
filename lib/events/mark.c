/* gst-vlm: what an answer says about a place in a picture
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
 * A box in pixels of the picture, of which the model saw a smaller copy.
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
 * A mark in pixels of the picture, of which the model saw a smaller copy.
 *
 * Returns: (transfer full): the same in pixels of the source; a point lies
 *   inside of it
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
