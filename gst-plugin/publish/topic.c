/* gst-vlm: names in topics
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/topic.h"

#include <string.h>

#define MAX_LEVEL 240 /* bytes */
#define MAX_ID 40
#define HASH_DIGITS 8
#define ID_LETTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_"

/* Characters that an MQTT topic must not have, or that would begin a level. */
static gboolean
must_be_escaped (gunichar c)
{
  return c == '/' || c == '+' || c == '#' || c == '%' ||
      g_unichar_iscntrl (c) || (c >= 0xd800 && c < 0xe000) || c == 0xfeff ||
      (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

static char *
escape (const char *text)
{
  GString *level = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (!must_be_escaped (c) && (p > text || c != '_'))
      g_string_append_unichar (level, c);
    else if (c < 0x100)
      g_string_append_printf (level, "%%%02X", (guint) c);
    else
      g_string_append_printf (level, "%%u%X", (guint) c);
  }
  return g_string_free (level, FALSE);
}

char *
gst_vlm_topic_make_level (const char *text, const char *otherwise)
{
  g_autofree char *level = NULL;
  g_autofree char *sum = NULL;
  const char *end;

  if (text == NULL || *text == '\0')
    return g_strdup (otherwise);
  level = escape (text);
  if (strlen (level) <= MAX_LEVEL)
    return g_steal_pointer (&level);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  end = g_utf8_find_prev_char (level, level + MAX_LEVEL - HASH_DIGITS);
  return g_strdup_printf (
      "%.*s%%%.*s", (int) (end - level), level, HASH_DIGITS, sum);
}

/* Whether it could be an id that was made from another text. */
static gboolean
ends_like_a_hash (const char *id)
{
  gsize size = strlen (id);

  return size > HASH_DIGITS && id[size - HASH_DIGITS - 1] == '_' &&
      strspn (id + size - HASH_DIGITS, "0123456789abcdef") == HASH_DIGITS;
}

char *
gst_vlm_topic_make_id (const char *text, const char *otherwise)
{
  g_autofree char *sum = NULL;
  g_autofree char *plain = NULL;

  if (text == NULL || *text == '\0')
    return g_strdup (otherwise);
  if (*text != '_' && strlen (text) <= MAX_ID &&
      strspn (text, ID_LETTERS) == strlen (text) && !ends_like_a_hash (text))
    return g_strdup (text);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  plain = g_strndup (text, MAX_ID);
  g_strcanon (plain, ID_LETTERS, '_');
  return g_strdup_printf ("%s_%.*s", plain, HASH_DIGITS, sum);
}
