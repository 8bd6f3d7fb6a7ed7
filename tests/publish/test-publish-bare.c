/* gst-vlm: vlmpublish without the libraries of its transports
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "publish/error.h"
#include "publish/transport.h"

/* A scheme that is known, but not built, says so, and what would build it. */
static void
test_missing (void)
{
  static const struct
  {
    const char *location;
    const char *option;
  } cases[] = {
    { "mqtt://a/b", "-Dmqtt=enabled" },
    { "mqtts://a/b", "-Dmqtt=enabled" },
    { "kafka://a/b", "-Dkafka=enabled" },
    { "http://a/b", "-Dhttp=enabled" },
    { "https://a/b", "-Dhttp=enabled" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstVlmLocation) location =
        gst_vlm_location_parse (cases[i].location, NULL);
    GstVlmTransportParams params = { .location = location };
    g_autoptr (GError) error = NULL;

    g_assert_null (gst_vlm_transport_new (&params, &error));
    g_assert_error (
        error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_MISSING);
    g_assert_nonnull (strstr (error->message, cases[i].option));
  }
}

static void
test_there (void)
{
  g_autofree char *schemes = gst_vlm_transport_list_schemes ();
  g_autoptr (GstVlmLocation) location =
      gst_vlm_location_parse ("gopher://a/b", NULL);
  GstVlmTransportParams params = { .location = location };
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (schemes, ==, "file");
  g_assert_null (gst_vlm_transport_new (&params, &error));
  g_assert_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/bare/missing", test_missing);
  g_test_add_func ("/publish/bare/there", test_there);
  return g_test_run ();
}
