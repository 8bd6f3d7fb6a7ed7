/* gst-vlm: from GError to messages on the bus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Posts @error on the bus, with what a user can do about it. @type is
 * GST_MESSAGE_ERROR or GST_MESSAGE_WARNING; @what failed: "The model could not
 * be loaded". Holds no lock and must be called without one. */
void gst_vlm_error_post (GstElement *element, GstMessageType type,
    const char *what, const GError *error);

/* Posts an error about data that came before its format, as from a file that
 * nothing decodes. */
void gst_vlm_error_post_no_caps (GstElement *element);

G_END_DECLS
