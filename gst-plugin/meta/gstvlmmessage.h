/* gst-vlm: events on the bus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-answer-record.h>

G_BEGIN_DECLS

VLM_API GstMessage *
gst_vlm_message_new_event (GstObject *source, VlmEvent *event);
VLM_API VlmEvent *gst_vlm_message_get_event (GstMessage *message);
VLM_API VlmEvent *gst_vlm_message_get_truth (GstMessage *message);
VLM_API GstMessage *
gst_vlm_message_new_answer (GstObject *source, VlmAnswerRecord *record);
VLM_API VlmAnswerRecord *gst_vlm_message_get_answer (GstMessage *message);

G_END_DECLS
