/* gst-vlm: members of the JSON that an evaluation writes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/report-json.h"

#include "util/gstvlmjson.h"

void
eval_json_double (JsonBuilder *b, const char *name, double value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_double_value (b, gst_vlm_json_round (value));
}

void
eval_json_int (JsonBuilder *b, const char *name, gint64 value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_int_value (b, value);
}

void
eval_json_string (JsonBuilder *b, const char *name, const char *value)
{
  json_builder_set_member_name (b, name);
  if (value != NULL)
    json_builder_add_string_value (b, value);
  else
    json_builder_add_null_value (b);
}
