/* gst-vlm: the elements of a list that a model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* Reads one element of a list; NULL with an error to leave it out. */
typedef gpointer (*VlmElementFunc) (
    JsonObject *object, gconstpointer user_data, GError **error);

/* Told of each that was kept, and of the bytes of the text it stood in. */
typedef void (*VlmPlaceFunc) (gpointer element, gsize start, gsize end);

/* The elements from the first "[" of @text on, one by one: so each knows where
 * it stood, and one that is broken or cut off does not take the others with it.
 * How many were left out goes to @n_rejected, the reason of the first to @why.
 * (transfer full) with @destroy, or VLM_EVENT_ERROR_SYNTAX where there is no
 * list, or no UTF-8. */
GPtrArray *vlm_answer_list_parse (const char *text, VlmElementFunc read,
    VlmPlaceFunc place, GDestroyNotify destroy, gconstpointer user_data,
    guint *n_rejected, char **why, GError **error);

/* Counts and keeps the first. Takes @problem. */
void vlm_answer_reject (GError *problem, guint *n_rejected, char **why);
