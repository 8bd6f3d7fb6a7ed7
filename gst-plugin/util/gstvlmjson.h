/* gst-vlm: JSON on its way out
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * json-glib writes 4.35 as 4.3499999999999996, and does not escape U+001F and
 * characters that end lines elsewhere (U+0085, U+2028). Here a number has as few
 * digits as are needed to read back the same one, numbers that are not finite are
 * null, and all controls are escaped. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* On one line. (transfer full) */
char *gst_vlm_json_write (JsonNode *node);
/* A line for each member and element. (transfer full) */
char *gst_vlm_json_write_pretty (JsonNode *node);

/* To a millionth: measurements and probabilities have no more digits that mean
 * anything. */
double gst_vlm_json_round (double value);

G_END_DECLS
