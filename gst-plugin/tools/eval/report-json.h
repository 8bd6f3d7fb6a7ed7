/* gst-vlm: members of the JSON that an evaluation writes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* Each adds one member to the open object. */
void eval_json_double (JsonBuilder *b, const char *name, double value);
void eval_json_int (JsonBuilder *b, const char *name, gint64 value);
/* @value: null for NULL. */
void eval_json_string (JsonBuilder *b, const char *name, const char *value);
