/* gst-vlm: the names of the error domains
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

/* Programs in other languages match errors by these strings. */
static void
test_domains (void)
{
  g_assert_cmpstr (g_quark_to_string (VLM_LOAD_ERROR), ==, "vlm-load-error");
  g_assert_cmpstr (
      g_quark_to_string (VLM_DEVICE_ERROR), ==, "vlm-device-error");
  g_assert_cmpstr (g_quark_to_string (VLM_INFER_ERROR), ==, "vlm-infer-error");
  g_assert_cmpstr (g_quark_to_string (VLM_EVENT_ERROR), ==, "vlm-event-error");
  g_assert_cmpstr (
      g_quark_to_string (VLM_REMOTE_ERROR), ==, "vlm-remote-error");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/domains", test_domains);
  return g_test_run ();
}
