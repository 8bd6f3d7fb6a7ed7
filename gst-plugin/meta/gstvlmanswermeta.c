/* gst-vlm: answers on a buffer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmanswermeta.h"

static gboolean
answer_meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  ((GstVlmAnswerMeta *) meta)->answers = NULL;
  return TRUE;
}

static void
answer_meta_free (GstMeta *meta, GstBuffer *buffer)
{
  g_clear_pointer (&((GstVlmAnswerMeta *) meta)->answers, g_ptr_array_unref);
}

/* @answers: (transfer full) */
static GstVlmAnswerMeta *
add_answers (GstBuffer *buffer, GPtrArray *answers)
{
  GstVlmAnswerMeta *meta = (GstVlmAnswerMeta *) gst_buffer_add_meta (
      buffer, GST_VLM_ANSWER_META_INFO, NULL);

  if (meta != NULL)
    meta->answers = answers;
  else
    g_ptr_array_unref (answers);
  return meta;
}

/* Like the events on a buffer: copies keep them, other pictures do not. */
static gboolean
answer_meta_transform (GstBuffer *dest, GstMeta *meta, GstBuffer *source,
    GQuark type, gpointer data)
{
  if (!GST_META_TRANSFORM_IS_COPY (type))
    return FALSE;
  return add_answers (dest,
             g_ptr_array_ref (((GstVlmAnswerMeta *) meta)->answers)) != NULL;
}

/**
 * gst_vlm_answer_meta_api_get_type:
 *
 * The type under which buffers hold #GstVlmAnswerMeta.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
GType
gst_vlm_answer_meta_api_get_type (void)
{
  static GType type;
  static const gchar *tags[] = { NULL };

  if (g_once_init_enter (&type)) {
    GType registered = gst_meta_api_type_register ("GstVlmAnswerMetaAPI", tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}

/**
 * gst_vlm_answer_meta_get_info: (skip)
 *
 * The description of the metadata, for gst_buffer_add_meta().
 *
 * Returns: (transfer none): how the meta is made, copied and freed
 *
 * Since: 0.1
 */
const GstMetaInfo *
gst_vlm_answer_meta_get_info (void)
{
  static const GstMetaInfo *info;

  if (g_once_init_enter ((GstMetaInfo **) &info)) {
    const GstMetaInfo *registered =
        gst_meta_register (GST_VLM_ANSWER_META_API_TYPE, "GstVlmAnswerMeta",
            sizeof (GstVlmAnswerMeta), answer_meta_init, answer_meta_free,
            answer_meta_transform);

    g_once_init_leave ((GstMetaInfo **) &info, (GstMetaInfo *) registered);
  }
  return info;
}

/**
 * gst_vlm_buffer_add_answer_meta:
 * @buffer: a writable buffer
 * @answers: (element-type VlmAnswerRecord) (transfer none): at least one answer;
 *   the meta takes a reference to each, not to the array
 *
 * Attaches answers to a buffer, as the element does.
 *
 * Returns: (transfer none): the meta that was added
 *
 * Since: 0.1
 */
GstVlmAnswerMeta *
gst_vlm_buffer_add_answer_meta (GstBuffer *buffer, GPtrArray *answers)
{
  GPtrArray *own;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (gst_buffer_is_writable (buffer), NULL);
  g_return_val_if_fail (answers != NULL && answers->len > 0, NULL);

  own = g_ptr_array_new_full (
      answers->len, (GDestroyNotify) vlm_answer_record_unref);
  for (guint i = 0; i < answers->len; i++)
    g_ptr_array_add (
        own, vlm_answer_record_ref (g_ptr_array_index (answers, i)));
  return add_answers (buffer, own);
}

/**
 * gst_vlm_buffer_get_answer_meta:
 * @buffer: a buffer
 *
 * The answers that became known just before @buffer passed.
 *
 * Returns: (transfer none) (nullable): the answers on @buffer, or %NULL
 *
 * Since: 0.1
 */
GstVlmAnswerMeta *
gst_vlm_buffer_get_answer_meta (GstBuffer *buffer)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  return (GstVlmAnswerMeta *) gst_buffer_get_meta (
      buffer, GST_VLM_ANSWER_META_API_TYPE);
}

/**
 * gst_vlm_answer_meta_get_n_answers:
 * @meta: a meta
 *
 * How many answers there are, for loops and bindings.
 *
 * Returns: how many answers it holds
 *
 * Since: 0.1
 */
guint
gst_vlm_answer_meta_get_n_answers (const GstVlmAnswerMeta *meta)
{
  g_return_val_if_fail (meta != NULL, 0);
  return meta->answers->len;
}

/**
 * gst_vlm_answer_meta_get_answer:
 * @meta: a meta
 * @index: which of its answers
 *
 * One of the answers; each knows itself which window it is about.
 *
 * Returns: (transfer none): the answer
 *
 * Since: 0.1
 */
VlmAnswerRecord *
gst_vlm_answer_meta_get_answer (const GstVlmAnswerMeta *meta, guint index)
{
  g_return_val_if_fail (meta != NULL, NULL);
  g_return_val_if_fail (index < meta->answers->len, NULL);
  return g_ptr_array_index (meta->answers, index);
}
