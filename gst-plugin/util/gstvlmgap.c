/* gst-vlm: why a span was not analysed
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmgap.h"

const char *
gst_vlm_gap_reason_to_string (GstVlmGapReason reason)
{
  static const char *const names[] = { "queue-full", "failed", "eos-timeout",
    "loading", "backwards", "still", "between", "no-video" };

  return names[reason];
}

gboolean
gst_vlm_gap_is_wanted (GstVlmGapReason reason)
{
  return reason == GST_VLM_GAP_STILL || reason == GST_VLM_GAP_BETWEEN ||
      reason == GST_VLM_GAP_NO_VIDEO;
}
