/* gst-vlm: formats of strings
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/schema-private.h"

/* RFC 3339, with the days that there are. Years divisible by 4, but not by 100,
 * unless by 400, have a 29th of February. Without year 0, which many calendars
 * lack. */
#define MONTH_DAY                                                              \
  "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|"                          \
  "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
#define YEAR "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
#define LEAP_YEAR                                                              \
  "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|"                              \
  "(?:0[48]|[2468][048]|[13579][26])00)"
#define DATE "(?:" YEAR "-" MONTH_DAY "|" LEAP_YEAR "-02-29)"
/* Without leap seconds: they need a table. */
#define TIME                                                                   \
  "(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?"            \
  "(?:[Zz]|[+\\-](?:[01][0-9]|2[0-3]):[0-5][0-9]))"

static const struct
{
  const char *name;
  const char *pattern;
} formats[] = {
  { "date", "^" DATE "$" },
  { "time", "^" TIME "$" },
  { "date-time", "^" DATE "[Tt]" TIME "$" },
  { "uuid",
      "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-"
      "[0-9A-Fa-f]{12}$" },
};

VlmChars *
vlm_schema_format (VlmSchema *self, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_equal (formats[i].name, name))
      return vlm_schema_pattern (self, 0, NULL, formats[i].pattern);
  return NULL;
}
