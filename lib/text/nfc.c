/* gst-vlm: Unicode normalisation form C
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/nfc.h"

/* g_utf8_normalize () stops at U+0000 and orders marks in quadratic time, which
 * a text of nothing but marks turns into hours. So the three steps are done
 * here, with GLib's character tables. */

/* A character with its combining class in the high byte. */
#define CLASS_SHIFT 24
#define CHARACTER(c) ((c) &0xffffffu)
#define CLASS(c) ((c) >> CLASS_SHIFT)

/* Below this nothing composes with anything. */
#define FIRST_COMBINING_LEAD_BYTE 0xcc /* of U+0300 */

static void
append_decomposed (GArray *characters, gunichar character)
{
  gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  gsize n =
      g_unichar_fully_decompose (character, FALSE, parts, G_N_ELEMENTS (parts));

  for (gsize i = 0; i < n; i++) {
    guint32 entry = parts[i] |
        (guint32) g_unichar_combining_class (parts[i]) << CLASS_SHIFT;

    g_array_append_val (characters, entry);
  }
}

static int
compare_class (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return (int) CLASS (*(const guint32 *) a) -
      (int) CLASS (*(const guint32 *) b);
}

static void
order_marks (guint32 *characters, guint n)
{
  guint start = 0;

  while (start < n) {
    guint end = start;
    gboolean ordered = TRUE;

    while (end < n && CLASS (characters[end]) != 0) {
      ordered = ordered &&
          (end == start ||
              CLASS (characters[end - 1]) <= CLASS (characters[end]));
      end++;
    }
    if (!ordered) /* stable */
      g_qsort_with_data (characters + start, (int) (end - start),
          sizeof *characters, compare_class, NULL);
    start = end + 1;
  }
}

/* Composes in place; returns the new length. */
static guint
compose (guint32 *characters, guint n)
{
  guint n_out = 0, starter = G_MAXUINT;

  for (guint i = 0; i < n; i++) {
    guint32 entry = characters[i];
    gunichar composed;

    /* The last one kept is between the starter and this one, and blocks it
     * unless its class is smaller. */
    if (starter != G_MAXUINT &&
        (n_out == starter + 1 ||
            CLASS (characters[n_out - 1]) < CLASS (entry)) &&
        g_unichar_compose (characters[starter], CHARACTER (entry), &composed)) {
      characters[starter] = composed;
      continue;
    }
    if (CLASS (entry) == 0)
      starter = n_out;
    characters[n_out++] = entry;
  }
  return n_out;
}

void
vlm_nfc_append (GString *out, const char *text, gsize n_bytes)
{
  const char *end = text + n_bytes;
  const char *at = text;
  g_autoptr (GArray) characters = NULL;
  guint n;

  while (at < end && (guint8) *at < FIRST_COMBINING_LEAD_BYTE)
    at++;
  if (at == end) {
    g_string_append_len (out, text, (gssize) n_bytes);
    return;
  }
  characters = g_array_sized_new (FALSE, FALSE, sizeof (guint32), 64);
  for (at = text; at < end; at = g_utf8_next_char (at))
    append_decomposed (characters, g_utf8_get_char (at));
  order_marks ((guint32 *) (gpointer) characters->data, characters->len);
  n = compose ((guint32 *) (gpointer) characters->data, characters->len);
  for (guint i = 0; i < n; i++)
    g_string_append_unichar (
        out, CHARACTER (g_array_index (characters, guint32, i)));
}
