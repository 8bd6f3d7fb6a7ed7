/* gst-vlm: from the model's text to boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-box-parse.h>
#include <vlm/vlm-error.h>

#include "events/answer-list.h"
#include "events/event-schema.h"

/* Four whole numbers. */
static gboolean
read_corners (JsonObject *object, gint64 corners[4])
{
  JsonNode *node = json_object_get_member (object, VLM_ANSWER_BOX);
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  if (json_array_get_length (array) != 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    JsonNode *number = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (number) ||
        json_node_get_value_type (number) != G_TYPE_INT64)
      return FALSE;
    corners[i] = json_node_get_int (number);
  }
  return TRUE;
}

static const char *
read_label (JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, VLM_ANSWER_LABEL);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

/* Any two opposite corners span the box: the model now and then begins with
 * the right or the lower one. */
static void
sort_corners (gint64 corners[4])
{
  for (guint i = 0; i < 2; i++) {
    const gint64 first = corners[i];
    const gint64 second = corners[i + 2];

    corners[i] = MIN (first, second);
    corners[i + 2] = MAX (first, second);
  }
}

static gpointer
read_box (JsonObject *object, gconstpointer user_data, GError **error)
{
  const guint *size = user_data;
  const char *label = read_label (object);
  gint64 c[4];
  VlmMark *box;

  if (label == NULL || !read_corners (object, c)) {
    g_set_error_literal (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
        "a box lacks a valid \"" VLM_ANSWER_BOX "\" or \"" VLM_ANSWER_LABEL
        "\"");
    return NULL;
  }
  sort_corners (c);
  if (c[0] < 0 || c[1] < 0 || c[0] >= c[2] || c[1] >= c[3] || c[2] > size[0] ||
      c[3] > size[1]) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
        "a box from %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT
        " to %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT
        " is empty or not inside the picture of %ux%u",
        c[0], c[1], c[2], c[3], size[0], size[1]);
    return NULL;
  }
  box = g_new0 (VlmMark, 1);
  box->rect = (VlmRect){ (gint) c[0], (gint) c[1], (gint) (c[2] - c[0]),
    (gint) (c[3] - c[1]) };
  box->label = g_strdup (label);
  return box;
}

static void
place_box (gpointer element, gsize start, gsize end)
{
  VlmMark *box = element;

  box->text_start = start;
  box->text_end = end;
}

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
  const guint size[2] = { width, height };

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (n_rejected != NULL && why != NULL, NULL);

  return vlm_answer_list_parse (text, read_box, place_box,
      (GDestroyNotify) vlm_mark_free, size, n_rejected, why, error);
}
