/* gst-vlm: what an evaluation says about labelled videos
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* @videos: of EvalVideo. */
void eval_videos_print (const GPtrArray *videos, gboolean has_reliability);
/* The members "videos", "total" and "reliability" of the open object. */
void eval_videos_build (JsonBuilder *b, const GPtrArray *videos);
