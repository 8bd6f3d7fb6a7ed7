/* gst-vlm: runs a fuzz target without a fuzzer
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   fuzz-<target> N FILE-OR-FOLDER…
 *
 * Each file as it is, then N damaged copies of it. The damage follows from a
 * fixed seed. tests/fuzz/run builds the same targets for libFuzzer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/target.h"

/* Only the beginning is worth damaging: after a header there is data. */
#define MAX_DAMAGE_BYTES 8192

static const char *const words[] = { "-1", "0", "null", "NaN", "[", "]", "{",
  "}", "\"", ",", ":", "1e999", "9223372036854775807", "18446744073709551616",
  "4294967296", "\\u0000", "\xff", "[[[[[[[[[[", "true", "\"F64\"" };

static void
damage_once (GByteArray *bytes, GRand *random)
{
  guint n = MIN (bytes->len, MAX_DAMAGE_BYTES);
  guint at = n > 0 ? (guint) g_rand_int_range (random, 0, (gint32) n) : 0;
  const char *word = words[g_rand_int_range (random, 0, G_N_ELEMENTS (words))];
  guint n_word = (guint) strlen (word);

  switch (g_rand_int_range (random, 0, 5)) {
  case 0: /* one bit */
    if (n > 0)
      bytes->data[at] ^= 1u << g_rand_int_range (random, 0, 8);
    break;
  case 1: /* one byte */
    if (n > 0)
      bytes->data[at] = (guint8) g_rand_int_range (random, 0, 256);
    break;
  case 2: /* a word over what is there */
    if (bytes->len - at >= n_word)
      memcpy (bytes->data + at, word, n_word);
    break;
  case 3: { /* a part left out */
    guint n_part = (guint) g_rand_int_range (random, 1, 64);

    g_byte_array_remove_range (bytes, at, MIN (n_part, bytes->len - at));
    break;
  }
  default: /* the rest left out */
    if (g_rand_int_range (random, 0, 8) == 0)
      g_byte_array_set_size (bytes, at);
  }
}

static void
run_damaged (const char *data, gsize n_bytes, guint n_copies)
{
  GRand *random = g_rand_new_with_seed (20250123);

  for (guint i = 0; i < n_copies; i++) {
    GByteArray *bytes = g_byte_array_new ();
    guint n_defects = (guint) g_rand_int_range (random, 1, 5);

    g_byte_array_append (bytes, (const guint8 *) data, (guint) n_bytes);
    for (guint k = 0; k < n_defects && bytes->len > 0; k++)
      damage_once (bytes, random);
    LLVMFuzzerTestOneInput (bytes->data, bytes->len);
    g_byte_array_unref (bytes);
  }
  g_rand_free (random);
}

static gboolean
run_file (const char *path, guint n_copies)
{
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_bytes;

  if (!g_file_get_contents (path, &data, &n_bytes, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return FALSE;
  }
  LLVMFuzzerTestOneInput ((const guint8 *) data, n_bytes);
  run_damaged (data, n_bytes, n_copies);
  return TRUE;
}

static gboolean
run_folder (const char *path, guint n_copies)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;) {
    g_autofree char *file = g_build_filename (path, name, NULL);

    if (!run_file (file, n_copies))
      return FALSE;
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  guint n_copies;

  if (argc < 3) {
    fprintf (stderr, "usage: %s N FILE-OR-FOLDER…\n", argv[0]);
    return 2;
  }
  n_copies = (guint) atoi (argv[1]);
  LLVMFuzzerTestOneInput (NULL, 0);
  for (int i = 2; i < argc; i++)
    if (!(g_file_test (argv[i], G_FILE_TEST_IS_DIR)
                ? run_folder (argv[i], n_copies)
                : run_file (argv[i], n_copies)))
      return 1;
  return 0;
}
