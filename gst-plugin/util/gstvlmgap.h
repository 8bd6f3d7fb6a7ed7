/* gst-vlm: why a span was not analysed
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GST_VLM_GAP_QUEUE_FULL,
  GST_VLM_GAP_FAILED,
  GST_VLM_GAP_EOS_TIMEOUT,
  GST_VLM_GAP_LOADING,
  GST_VLM_GAP_BACKWARDS,
  GST_VLM_GAP_STILL,
  GST_VLM_GAP_BETWEEN,
  GST_VLM_GAP_NO_VIDEO,
} GstVlmGapReason;

/* As it is in records. */
const char *gst_vlm_gap_reason_to_string (GstVlmGapReason reason);
/* It was not to be analysed, or there was nothing: nothing is lost. */
gboolean gst_vlm_gap_is_wanted (GstVlmGapReason reason);

G_END_DECLS
