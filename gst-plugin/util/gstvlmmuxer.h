/* gst-vlm: how muxers treat cues
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* (transfer full) (nullable): the muxer of the MP4 family that @pad leads to, if
 * it does. In those files one text track shows one cue at a time. */
GstElement *gst_vlm_muxer_find_mp4 (GstPad *pad);

G_END_DECLS
