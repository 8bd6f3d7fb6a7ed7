/* gst-vlm: the elements of a list that a model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* Reads one element of a list; NULL with an error to leave it out. */
typedef gpointer (*VlmElementFunc) (
    JsonObject *object, gconstpointer user_data, GError **error);

/* Called for each element that was kept, with the bytes of its text. */
typedef void (*VlmPlaceFunc) (gpointer element, gsize start, gsize end);

/* Reads the elements from the first "[" of @text on, one by one: so the place of
 * each is known, and one that is broken or cut off does not spoil the others.
 * @n_rejected: how many were left out; @why: the reason of the first of them.
 * (transfer full) with @destroy, or VLM_EVENT_ERROR_SYNTAX where there is no
 * list, or no UTF-8. */
GPtrArray *vlm_answer_list_parse (const char *text, VlmElementFunc read,
    VlmPlaceFunc place, GDestroyNotify destroy, gconstpointer user_data,
    guint *n_rejected, char **why, GError **error);

/* Counts it, and keeps the message of the first one. Takes @problem. */
void vlm_answer_reject (GError *problem, guint *n_rejected, char **why);
