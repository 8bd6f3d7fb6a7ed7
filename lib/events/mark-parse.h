/* gst-vlm: from the model's lists to marks
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-mark.h>

/* What the entries of a list look like. */
typedef enum
{
  VLM_MARK_FORM_BOX,   /* a box and its label */
  VLM_MARK_FORM_POINT, /* a point and its label */
  VLM_MARK_FORM_TEXT,  /* a box or four corners, and the text in it */
} VlmMarkForm;

/* As vlm_box_parse(), which calls this. Points may also be written as XML:
 * <points x1="…" y1="…" alt="…">label</points>. (transfer full) */
GPtrArray *vlm_mark_parse (VlmMarkForm form, const char *text, guint width,
    guint height, guint *n_rejected, char **why, GError **error);

/* Corners as whole numbers: any two opposite ones of a box, or four of a
 * quadrilateral. FALSE with VLM_EVENT_ERROR_SCHEMA if that is empty, or not
 * inside of @width x @height. */
gboolean vlm_mark_set_corners (VlmMark *mark, const gint64 *numbers, guint n,
    guint width, guint height, GError **error);
