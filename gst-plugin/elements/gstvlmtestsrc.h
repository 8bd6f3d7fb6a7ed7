/* gst-vlm: vlmtestsrc, scenes with known events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_VLM_TEST_SRC (gst_vlm_test_src_get_type ())

G_DECLARE_FINAL_TYPE (
    GstVlmTestSrc, gst_vlm_test_src, GST, VLM_TEST_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (vlmtestsrc)

G_END_DECLS
