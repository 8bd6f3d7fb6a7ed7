/* gst-vlm: the members of a record as JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * json-glib can only write numbers as integers or as 17 digits of a double.
 * Times here are exact decimals of nanoseconds, so the numbers are written by
 * hand; strings are escaped by json-glib.
 *
 * Each function adds one member to the object that @json ends in. */
#pragma once

#include <vlm/vlm-event.h>

void vlm_json_put_key (GString *json, const char *name);
void vlm_json_put_string (GString *json, const char *name, const char *text);
void vlm_json_put_uint64 (GString *json, const char *name, guint64 value);
void vlm_json_put_boolean (GString *json, const char *name, gboolean value);
void vlm_json_put_double (
    GString *json, const char *name, double value, guint n_decimals);
/* Nanoseconds as seconds; nothing where the time is not known. */
void vlm_json_put_seconds (GString *json, const char *name, gint64 ns);
void vlm_json_put_instant (
    GString *json, const char *name, const VlmInstant *instant);
/* The string alone, in its quotes, at the end of @json. */
void vlm_json_put_text (GString *json, const char *text);
/* The object alone, (transfer full). */
char *vlm_json_from_instant (const VlmInstant *instant);

/* One of its clocks is. */
gboolean vlm_instant_is_known (const VlmInstant *instant);
void vlm_json_put_window (
    GString *json, const char *name, const VlmEventWindow *window);
/* @value is JSON, and UTF-8; it is put on one line. */
void vlm_json_put_value (GString *json, const char *name, const char *value);

/* What each record begins with. @event_uid: nullable. (transfer full) */
GString *
vlm_json_begin_record (VlmRecordType type, const char *event_uid, guint64 seq);
