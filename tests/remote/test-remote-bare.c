/* gst-vlm: a build without libcurl
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "analyzer/remote-http.h"

/* It says so, and what to do. */
static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_http_new (NULL, "key", &error));
  g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "-Dremote=enabled"));
  vlm_http_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-bare/refused", test_refused);
  return g_test_run ();
}
