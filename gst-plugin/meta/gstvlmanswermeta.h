/* gst-vlm: answers on a buffer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-answer-record.h>

G_BEGIN_DECLS

#define GST_VLM_ANSWER_META_API_TYPE (gst_vlm_answer_meta_api_get_type ())
#define GST_VLM_ANSWER_META_INFO (gst_vlm_answer_meta_get_info ())

/**
 * GstVlmAnswerMeta:
 * @meta: parent
 * @answers: (element-type VlmAnswerRecord): the answers, never empty
 *
 * Answers that became known just before this buffer passed, each about a window
 * before it: the window's times are in them. They are immutable and shared
 * between copies of the buffer.
 *
 * Since: 0.1
 */
typedef struct
{
  GstMeta meta;
  GPtrArray *answers;
} GstVlmAnswerMeta;

VLM_API GType gst_vlm_answer_meta_api_get_type (void);
VLM_API const GstMetaInfo *gst_vlm_answer_meta_get_info (void);

VLM_API GstVlmAnswerMeta *
gst_vlm_buffer_add_answer_meta (GstBuffer *buffer, GPtrArray *answers);
VLM_API GstVlmAnswerMeta *gst_vlm_buffer_get_answer_meta (GstBuffer *buffer);

VLM_API guint gst_vlm_answer_meta_get_n_answers (const GstVlmAnswerMeta *meta);
VLM_API VlmAnswerRecord *
gst_vlm_answer_meta_get_answer (const GstVlmAnswerMeta *meta, guint index);

G_END_DECLS
