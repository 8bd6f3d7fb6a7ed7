/* gst-vlm: errors of publishing
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/error.h"

/* clang-format off */
G_DEFINE_QUARK (gst-vlm-publish-error-quark, gst_vlm_publish_error)
/* clang-format on */
