/* gst-vlm: what an evaluation says about a model's confidence
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* As of eval_reliability(). */
void eval_reliability_print (const GArray *judged, guint n_true);
/* The member "reliability" of the open object. */
void
eval_reliability_build (JsonBuilder *b, const GArray *judged, guint n_true);
