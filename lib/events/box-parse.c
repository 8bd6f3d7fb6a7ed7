/* gst-vlm: from the model's text to boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-box-parse.h>

#include "events/mark-parse.h"

/**
 * vlm_box_parse: (skip)
 * @text: an answer
 * @width: of the picture that the model saw
 * @height: of the picture that the model saw
 * @n_rejected: (out): how many elements were left out
 * @why: (out) (nullable) (transfer full): what was wrong with the first of them
 * @error: return location
 *
 * Reads the list of boxes that Qwen2.5-VL was trained to write, in or out of a
 * code fence, whole or cut off in the middle (what is complete counts). Either
 * pair of opposite corners tells a box, in either order. A box that breaks the
 * schema, is empty or not inside the picture is left out, never bent into
 * shape.
 *
 * Returns: (transfer full) (element-type VlmMark): what it says, or %NULL
 *   with %VLM_EVENT_ERROR_SYNTAX when it holds no list
 *
 * Since: 0.1
 */
GPtrArray *
vlm_box_parse (const char *text, guint width, guint height, guint *n_rejected,
    char **why, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (n_rejected != NULL && why != NULL, NULL);

  return vlm_mark_parse (
      VLM_MARK_FORM_BOX, text, width, height, n_rejected, why, error);
}
