/* gst-vlm: what programs that measure do with figures
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* Sorts them. */
double figures_median (double *values, guint n);

/* A member of the object at hand. */
void figures_put (JsonBuilder *json, const char *name, double value);

/* Prints what was built, over several lines if it is @pretty. */
void figures_print (JsonBuilder *json, gboolean pretty);
