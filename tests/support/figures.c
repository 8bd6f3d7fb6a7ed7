/* gst-vlm: what programs that measure do with figures
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/figures.h"

#include <stdlib.h>

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

double
figures_median (double *values, guint n)
{
  qsort (values, n, sizeof *values, compare);
  return (values[(n - 1) / 2] + values[n / 2]) / 2.0;
}

void
figures_put (JsonBuilder *json, const char *name, double value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_double_value (json, value);
}

void
figures_print (JsonBuilder *json, gboolean pretty)
{
  g_autoptr (JsonNode) root = json_builder_get_root (json);
  g_autofree char *text = json_to_string (root, pretty);

  g_print ("%s\n", text);
}
