/* gst-vlm: a vlmpublish in a harness
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/fixture.h"

#include <string.h>

#define PATIENCE (30 * G_USEC_PER_SEC)
#define N_ATTEMPTS 8

static void
make_element (PublishFixture *f)
{
  g_autofree char *spool = g_build_filename (f->folder, "spool", NULL);

  f->element = gst_element_factory_make ("vlmpublish", NULL);
  g_assert_nonnull (f->element);
  gst_object_ref_sink (f->element);
  g_object_set (f->element, "spool", spool, "max-backoff", 0.02,
      "eos-drain-timeout", 30.0, NULL);
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->element, f->bus);
}

void
publish_fixture_init (PublishFixture *f)
{
  *f = (PublishFixture){ .folder = make_folder () };
  make_element (f);
}

void
publish_fixture_init_in (PublishFixture *f, const char *folder)
{
  *f = (PublishFixture){ .folder = g_strdup (folder) };
  make_element (f);
}

void
publish_fixture_start (PublishFixture *f)
{
  f->harness = gst_harness_new_with_element (f->element, "sink", NULL);
  gst_harness_set_src_caps_str (f->harness, "application/x-json");
}

static void
stop (PublishFixture *f)
{
  gst_element_set_state (f->element, GST_STATE_NULL);
  if (f->harness != NULL)
    gst_harness_teardown (f->harness);
  f->harness = NULL;
  gst_element_set_bus (f->element, NULL);
  gst_clear_object (&f->bus);
  gst_clear_object (&f->element);
}

void
publish_fixture_restart (PublishFixture *f)
{
  stop (f);
  make_element (f);
}

void
publish_fixture_clear (PublishFixture *f)
{
  stop (f);
  remove_folder (f->folder);
}

void
publish_fixture_push (PublishFixture *f, const char *line)
{
  GstBuffer *buffer = gst_buffer_new_memdup (line, strlen (line));

  g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
}

void
publish_fixture_push_event (
    PublishFixture *f, const char *uid, guint seq, const char *state)
{
  g_autofree char *record = make_event ("gate", uid, seq, state);
  g_autofree char *line = g_strconcat (record, "\n", NULL);

  publish_fixture_push (f, line);
}

void
publish_fixture_finish (PublishFixture *f)
{
  g_assert_true (gst_harness_push_event (f->harness, gst_event_new_eos ()));
}

GstMessage *
publish_fixture_wait (PublishFixture *f, const char *name)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  while (g_get_monotonic_time () < until) {
    GstMessage *message =
        gst_bus_timed_pop_filtered (f->bus, GST_SECOND, GST_MESSAGE_ELEMENT);

    if (message != NULL && gst_message_has_name (message, name))
      return message;
    gst_clear_message (&message);
  }
  g_error ("no message %s", name);
}

guint64
publish_fixture_get_stat (PublishFixture *f, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

void
publish_fixture_check_outage (PublishFixture *f)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;
  guint64 n = publish_fixture_get_stat (f, "waiting");
  guint64 n_before = publish_fixture_get_stat (f, "retried");
  guint n_warnings = 0;
  GstMessage *message;

  g_assert_cmpuint (n, >, 0);
  while (publish_fixture_get_stat (f, "retried") < n_before + N_ATTEMPTS * n) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_usleep (5000);
  }
  while ((message = gst_bus_pop (f->bus)) != NULL) {
    g_assert_false (gst_message_has_name (message, "vlm-publish-disconnected"));
    n_warnings += GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING;
    gst_message_unref (message);
  }
  g_assert_cmpuint (n_warnings, <=, 1);
}

char *
publish_fixture_wait_error (PublishFixture *f)
{
  g_autoptr (GstStructure) stats = NULL;
  const char *error;

  gst_message_unref (publish_fixture_wait (f, "vlm-publish-disconnected"));
  g_object_get (f->element, "stats", &stats, NULL);
  error = gst_structure_get_string (stats, "last-error");
  g_test_message ("%s", error);
  return g_strdup (error);
}

void
publish_fixture_wait_sent (PublishFixture *f, guint64 n)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  while (publish_fixture_get_stat (f, "sent") < n) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_usleep (5000);
  }
}
