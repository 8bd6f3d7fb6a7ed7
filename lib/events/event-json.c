/* gst-vlm: an event as JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-json.h"

#include "events/event-schema.h"
#include "events/record-json.h"

static void
put_box (GString *json, const char *name, const VlmRect *box)
{
  vlm_json_put_key (json, name);
  g_string_append_printf (json, "[%d, %d, %d, %d]", box->x, box->y,
      box->x + box->width, box->y + box->height);
}

static void
put_probabilities (GString *json, const char *name, const GArray *list)
{
  vlm_json_put_key (json, name);
  g_string_append_c (json, '[');
  for (guint i = 0; i < list->len; i++) {
    const VlmProbability *p = &g_array_index (list, VlmProbability, i);

    g_string_append (json, i > 0 ? ", {" : "{");
    vlm_json_put_seconds (json, "stream_time", p->stream_time);
    vlm_json_put_double (json, "probability", p->probability, 4);
    vlm_json_put_double (json, "mass", p->mass, 4);
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

/* A field without a value is left out. */
static gboolean
field_has_value (const VlmField *field, const void *value)
{
  switch (field->kind) {
  case VLM_FIELD_NUMBER:
    return *(const guint64 *) value != 0;
  case VLM_FIELD_STRING:
    return *(char *const *) value != NULL;
  case VLM_FIELD_PROBABILITIES:
    return *(GArray *const *) value != NULL;
  case VLM_FIELD_INSTANT:
    return vlm_instant_is_known (value);
  case VLM_FIELD_FRACTION:
  case VLM_FIELD_MILLISECONDS:
    return *(const double *) value >= 0.0;
  case VLM_FIELD_BOX:
    return ((const VlmRect *) value)->width > 0;
  case VLM_FIELD_WINDOW:
    return VLM_TIME_IS_VALID (((const VlmEventWindow *) value)->start);
  default:
    return TRUE;
  }
}

static void
put_field (GString *json, const VlmField *field, const void *value)
{
  const char *name = field->name;

  switch (field->kind) {
  case VLM_FIELD_TYPE:
    vlm_json_put_string (
        json, name, vlm_record_type_to_string (*(const VlmRecordType *) value));
    break;
  case VLM_FIELD_UINT:
    vlm_json_put_uint64 (json, name, *(const guint *) value);
    break;
  case VLM_FIELD_UINT64:
  case VLM_FIELD_NUMBER:
    vlm_json_put_uint64 (json, name, *(const guint64 *) value);
    break;
  case VLM_FIELD_STATE:
    vlm_json_put_string (
        json, name, vlm_event_state_to_string (*(const VlmEventState *) value));
    break;
  case VLM_FIELD_STRING:
    vlm_json_put_string (json, name, *(char *const *) value);
    break;
  case VLM_FIELD_INSTANT:
    vlm_json_put_instant (json, name, value);
    break;
  case VLM_FIELD_BOOLEAN:
    vlm_json_put_boolean (json, name, *(const gboolean *) value);
    break;
  case VLM_FIELD_TIME_SOURCE:
    vlm_json_put_string (
        json, name, vlm_time_source_to_string (*(const VlmTimeSource *) value));
    break;
  case VLM_FIELD_FRACTION:
    vlm_json_put_double (json, name, *(const double *) value, 4);
    break;
  case VLM_FIELD_MILLISECONDS:
    vlm_json_put_double (json, name, *(const double *) value, 1);
    break;
  case VLM_FIELD_BOX:
    put_box (json, name, value);
    break;
  case VLM_FIELD_WINDOW:
    vlm_json_put_window (json, name, value);
    break;
  case VLM_FIELD_PROBABILITIES:
    put_probabilities (json, name, *(GArray *const *) value);
    break;
  default:
    g_assert_not_reached ();
  }
}

char *
vlm_event_write_json (const VlmEvent *event)
{
  GString *json = g_string_new ("{");

  for (guint i = 0; i < vlm_n_event_fields; i++) {
    const VlmField *field = &vlm_event_fields[i];
    const void *value = G_STRUCT_MEMBER_P (event, field->offset);

    if (field_has_value (field, value))
      put_field (json, field, value);
  }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
