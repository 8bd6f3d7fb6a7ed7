/* gst-vlm: vlmevents with several outputs at once
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/watch-fixture.h"

/* A sink pad that keeps what comes, one buffer a line. One task writes, others
 * read when it has ended. */
typedef struct
{
  GstPad *sink;
  GMutex lock;
  GCond changed;
  GString *text;
  gboolean blocked; /* hold the task in the chain function */
  gboolean entered;
  gboolean ended;
} Output;

static GstFlowReturn
keep_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Output *output = gst_pad_get_element_private (pad);
  GstMapInfo map;

  g_mutex_lock (&output->lock);
  output->entered = TRUE;
  g_cond_broadcast (&output->changed);
  while (output->blocked)
    g_cond_wait (&output->changed, &output->lock);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  g_string_append_len (
      output->text, (const char *) map.data, (gssize) map.size);
  if (output->text->str[output->text->len - 1] != '\n')
    g_string_append_c (output->text, '\n');
  gst_buffer_unmap (buffer, &map);
  g_mutex_unlock (&output->lock);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static gboolean
keep_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Output *output = gst_pad_get_element_private (pad);

  g_mutex_lock (&output->lock);
  output->ended |= GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  g_cond_broadcast (&output->changed);
  g_mutex_unlock (&output->lock);
  gst_event_unref (event);
  return TRUE;
}

static void
wait_for (Output *output, gboolean *flag)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&output->lock);
  while (!*flag)
    g_assert_true (
        g_cond_wait_until (&output->changed, &output->lock, deadline));
  g_mutex_unlock (&output->lock);
}

/* @caps: what it takes */
static void
output_init (Output *output, const char *caps)
{
  g_autoptr (GstCaps) taken = gst_caps_from_string (caps);
  g_autoptr (GstPadTemplate) template =
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, taken);

  *output = (Output){ .text = g_string_new (NULL) };
  g_mutex_init (&output->lock);
  g_cond_init (&output->changed);
  output->sink =
      gst_object_ref_sink (gst_pad_new_from_template (template, "sink"));
  gst_pad_set_element_private (output->sink, output);
  gst_pad_set_chain_function (output->sink, keep_buffer);
  gst_pad_set_event_function (output->sink, keep_event);
  gst_pad_set_active (output->sink, TRUE);
}

static void
output_clear (Output *output)
{
  gst_pad_set_active (output->sink, FALSE);
  gst_object_unref (output->sink);
  g_string_free (output->text, TRUE);
  g_mutex_clear (&output->lock);
  g_cond_clear (&output->changed);
}

static GstPad *
request (WatchFixture *f, const char *name, Output *output)
{
  GstPad *pad = gst_element_request_pad_simple (f->element, name);

  g_assert_nonnull (pad);
  if (output != NULL)
    g_assert_cmpint (gst_pad_link (pad, output->sink), ==, GST_PAD_LINK_OK);
  return pad;
}

static void
release (WatchFixture *f, GstPad *pad)
{
  gst_element_release_request_pad (f->element, pad);
  gst_object_unref (pad);
}

#define JSON "application/x-json"
#define TEXT "text/x-raw, format=utf8"

static void
start (WatchFixture *f)
{
  watch_fixture_init (f);
  fake_analyzer_add_event (f->fake, "a dog", 0, VLM_SECOND, NULL);
  fake_analyzer_add_event (
      f->fake, "a cat", 3 * VLM_SECOND, 6 * VLM_SECOND, NULL);
}

/* Each has its own caps, and all have all records. */
static void
test_formats (void)
{
  static const char *const names[] = { "events", "events_%u", "events_7" };
  static const char *const caps[] = { JSON, TEXT, JSON };
  WatchFixture f;
  Output outputs[3];
  GstPad *pads[3];

  start (&f);
  for (guint i = 0; i < 3; i++) {
    output_init (&outputs[i], caps[i]);
    pads[i] = request (&f, names[i], &outputs[i]);
  }
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 10 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  for (guint i = 0; i < 3; i++)
    wait_for (&outputs[i], &outputs[i].ended);

  g_assert_nonnull (strstr (outputs[0].text->str, "\"a cat\""));
  g_assert_cmpstr (outputs[0].text->str, ==, outputs[2].text->str);
  g_assert_nonnull (strstr (outputs[1].text->str, "a dog\n"));
  g_assert_nonnull (strstr (outputs[1].text->str, "a cat\n"));
  g_assert_null (strchr (outputs[1].text->str, '{'));
  for (guint i = 0; i < 3; i++) {
    release (&f, pads[i]);
    output_clear (&outputs[i]);
  }
  watch_fixture_clear (&f);
}

static void
check_name (GstPad *pad, const char *name)
{
  g_autofree char *own = gst_pad_get_name (pad);

  g_assert_cmpstr (own, ==, name);
}

/* The pad without a number counts as the first; names that were released can be
 * had again. */
static void
test_names (void)
{
  WatchFixture f;
  GstPad *pads[4];
  GstPad *again;

  watch_fixture_init (&f);
  pads[0] = request (&f, "events_%u", NULL);
  check_name (pads[0], "events_0");
  pads[1] = request (&f, "events", NULL);
  pads[2] = request (&f, "events_%u", NULL);
  check_name (pads[2], "events_1");
  pads[3] = request (&f, "events_3", NULL);
  check_name (pads[3], "events_3");
  g_assert_null (gst_element_request_pad (f.element,
      gst_element_get_pad_template (f.element, "events"), NULL, NULL));
  release (&f, pads[2]);
  again = request (&f, "events_%u", NULL);
  check_name (again, "events_1");
  release (&f, again);
  release (&f, pads[0]);
  release (&f, pads[1]);
  release (&f, pads[3]);
  watch_fixture_start (&f, FALSE);
  watch_fixture_finish (&f);
  watch_fixture_clear (&f);
}

/* A branch that stands still holds up neither the video nor another branch. */
static void
test_blocked (void)
{
  WatchFixture f;
  Output stuck;
  Output free_one;
  GstPad *pads[2];

  start (&f);
  output_init (&stuck, JSON);
  output_init (&free_one, JSON);
  stuck.blocked = TRUE;
  pads[0] = request (&f, "events_%u", &stuck);
  pads[1] = request (&f, "events_%u", &free_one);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 10 * GST_SECOND, 4);
  wait_for (&stuck, &stuck.entered);
  watch_fixture_finish (&f);
  wait_for (&free_one, &free_one.ended);
  g_assert_nonnull (strstr (free_one.text->str, "\"a cat\""));
  g_assert_cmpuint (stuck.text->len, ==, 0);

  g_mutex_lock (&stuck.lock);
  stuck.blocked = FALSE;
  g_cond_broadcast (&stuck.changed);
  g_mutex_unlock (&stuck.lock);
  wait_for (&stuck, &stuck.ended);
  g_assert_cmpstr (stuck.text->str, ==, free_one.text->str);
  release (&f, pads[0]);
  release (&f, pads[1]);
  output_clear (&stuck);
  output_clear (&free_one);
  watch_fixture_clear (&f);
}

static gpointer
push_video (gpointer data)
{
  watch_fixture_push_span (data, 0, 60 * GST_SECOND, 4);
  return NULL;
}

/* Outputs come and go while others have what is found. */
static void
test_come_and_go (void)
{
  WatchFixture f;
  Output steady;
  GstPad *pad;
  GThread *thread;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "always", 0, 100 * VLM_SECOND, NULL);
  output_init (&steady, JSON);
  pad = request (&f, "events", &steady);
  watch_fixture_start (&f, FALSE);
  thread = g_thread_new ("push", push_video, &f);
  for (guint i = 0; i < 50; i++) {
    Output guest;
    GstPad *guest_pad;

    output_init (&guest, i % 2 == 0 ? JSON : TEXT);
    guest_pad = request (&f, "events_%u", &guest);
    g_thread_yield ();
    release (&f, guest_pad);
    output_clear (&guest);
  }
  g_thread_join (thread);
  watch_fixture_finish (&f);
  wait_for (&steady, &steady.ended);
  g_assert_nonnull (strstr (steady.text->str, "\"seq\": 1,"));
  g_assert_nonnull (strstr (steady.text->str, "\"state\": \"end\""));
  release (&f, pad);
  output_clear (&steady);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/outputs/formats", test_formats);
  g_test_add_func ("/vlmevents/outputs/names", test_names);
  g_test_add_func ("/vlmevents/outputs/blocked", test_blocked);
  g_test_add_func ("/vlmevents/outputs/come-and-go", test_come_and_go);
  return g_test_run ();
}
