/* gst-vlm: limits of memory, and their errors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/resource.h>

#include <vlm/vlm-error.h>

#include "base/host-memory.h"

static void
test_left (void)
{
  const char *limit = NULL;
  guint64 left = vlm_host_memory_left (VLM_HOST_BYTES, &limit);
  g_autoptr (GError) error = NULL;

  /* A machine that runs this has over a megabyte and less than an exabyte. */
  g_assert_cmpuint (left, >, 1 << 20);
  g_assert_cmpuint (left, <, (guint64) 1 << 60);
  g_assert_nonnull (limit);
  g_assert_true (
      vlm_host_memory_check (VLM_HOST_BYTES, 1 << 20, "a test", &error));
  g_assert_no_error (error);
  g_assert_false (vlm_host_memory_check (
      VLM_HOST_BYTES, (guint64) 1 << 60, "a test", &error));
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
  g_assert_true (
      g_str_has_prefix (error->message, "not enough memory: a test needs "));
  g_assert_nonnull (strstr (error->message, limit));
}

/* As "ulimit -v" in the shell that started the program. */
static void
test_addresses (void)
{
  const guint64 room = (guint64) 64 << 20;
  g_autofree char *statm = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit bounds;
  const char *limit;
  guint64 taken;

  if (!g_test_subprocess ()) {
    g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed ();
    return;
  }
  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  taken = g_ascii_strtoull (statm, NULL, 10) * 4096;
  if (taken > (guint64) 1 << 40) /* the shadow of a sanitizer */
    return;
  g_assert_cmpint (getrlimit (RLIMIT_AS, &bounds), ==, 0);
  bounds.rlim_cur = taken + room;
  g_assert_cmpint (setrlimit (RLIMIT_AS, &bounds), ==, 0);
  g_assert_cmpuint (
      vlm_host_memory_left (VLM_HOST_ADDRESSES, &limit), <, 2 * room);
  g_assert_cmpstr (limit, ==, "ulimit -v");
  g_assert_true (
      vlm_host_memory_check (VLM_HOST_ADDRESSES, room / 4, "a test", &error));
  g_assert_no_error (error);
  g_assert_false (
      vlm_host_memory_check (VLM_HOST_ADDRESSES, 4 * room, "a test", &error));
  g_assert_nonnull (strstr (error->message, "and ulimit -v leaves "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host-memory/left", test_left);
  g_test_add_func ("/host-memory/addresses", test_addresses);
  return g_test_run ();
}
