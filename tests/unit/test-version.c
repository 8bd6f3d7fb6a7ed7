/* gst-vlm: the version
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm.h>

#define AS_TEXT_(x) #x
#define AS_TEXT(x) AS_TEXT_ (x)

static void
test_headers (void)
{
  g_assert_cmpstr (VLM_VERSION, ==,
      AS_TEXT (VLM_MAJOR_VERSION) "." AS_TEXT (VLM_MINOR_VERSION) "." AS_TEXT (
          VLM_MICRO_VERSION));
#if !VLM_CHECK_VERSION(VLM_MAJOR_VERSION, VLM_MINOR_VERSION, VLM_MICRO_VERSION)
#error "not its own version"
#endif
#if VLM_CHECK_VERSION(VLM_MAJOR_VERSION, VLM_MINOR_VERSION, 1000)
#error "a later micro version"
#endif
#if VLM_CHECK_VERSION(VLM_MAJOR_VERSION, 1000, 0)
#error "a later minor version"
#endif
#if VLM_CHECK_VERSION(1000, 0, 0)
#error "a later major version"
#endif
}

static void
test_library (void)
{
  const guint major = VLM_MAJOR_VERSION;
  const guint minor = VLM_MINOR_VERSION;
  const guint micro = VLM_MICRO_VERSION;

  g_assert_cmpstr (vlm_version_string (), ==, VLM_VERSION);
  g_assert_true (vlm_check_version (major, minor, micro));
  g_assert_false (vlm_check_version (major, minor, micro + 1));
  g_assert_false (vlm_check_version (major, minor + 1, 0));
  g_assert_false (vlm_check_version (major + 1, 0, 0));
  if (minor > 0)
    g_assert_true (vlm_check_version (major, minor - 1, micro + 1));
  if (major > 0)
    g_assert_true (vlm_check_version (major - 1, minor + 1, micro + 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/version/headers", test_headers);
  g_test_add_func ("/version/library", test_library);
  return g_test_run ();
}
