/* gst-vlm: vlmevents, a branch of ONVIF metadata
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <vlm/vlm-error.h>

#include "support/watch-fixture.h"

#define BASE_UTC (1796016000 * GST_SECOND) /* 2026-11-30T05:20:00Z */
#define HOSTILE "a <tt:Event/> & \"b\" ]]>\n\x01\xc2\x85 end"

/* --- the structure of the schemas ----------------------------------------- */

/* An element, its parent, its place in the order of its siblings, and the
 * attributes that it must have. */
static const struct
{
  const char *name;
  const char *parent;
  guint order;
  const char *attributes[5];
} schema[] = {
  { "tt:MetadataStream", "", 0, { NULL } },
  { "tt:VideoAnalytics", "tt:MetadataStream", 0, { NULL } },
  { "tt:Frame", "tt:VideoAnalytics", 0, { "UtcTime", NULL } },
  { "tt:Object", "tt:Frame", 0, { "ObjectId", NULL } },
  { "tt:Appearance", "tt:Object", 0, { NULL } },
  { "tt:Shape", "tt:Appearance", 0, { NULL } },
  { "tt:BoundingBox", "tt:Shape", 0,
      { "bottom", "top", "right", "left", NULL } },
  { "tt:CenterOfGravity", "tt:Shape", 1, { "x", "y", NULL } },
  { "tt:Class", "tt:Appearance", 1, { NULL } },
  { "tt:Type", "tt:Class", 0, { NULL } },
  { "tt:Event", "tt:MetadataStream", 0, { NULL } },
  { "wsnt:NotificationMessage", "tt:Event", 0, { NULL } },
  { "wsnt:Topic", "wsnt:NotificationMessage", 0, { "Dialect", NULL } },
  { "wsnt:Message", "wsnt:NotificationMessage", 1, { NULL } },
  { "tt:Message", "wsnt:Message", 0, { "UtcTime", NULL } },
  { "tt:Source", "tt:Message", 0, { NULL } },
  { "tt:Key", "tt:Message", 1, { NULL } },
  { "tt:Data", "tt:Message", 2, { NULL } },
  { "tt:SimpleItem", "tt:Source", 0, { "Name", "Value", NULL } },
  { "tt:SimpleItem", "tt:Key", 0, { "Name", "Value", NULL } },
  { "tt:SimpleItem", "tt:Data", 0, { "Name", "Value", NULL } },
};

typedef struct
{
  GPtrArray *parents; /* names */
  GArray *orders;     /* guint, of the last child of each */
  GString *told;      /* what the messages say, a line each */
} Reading;

static const char *
attribute (const char **names, const char **values, const char *name)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (strcmp (names[i], name) == 0)
      return values[i];
  return NULL;
}

static guint
find_rule (const char *name, const char *parent)
{
  for (guint i = 0; i < G_N_ELEMENTS (schema); i++)
    if (strcmp (schema[i].name, name) == 0 &&
        strcmp (schema[i].parent, parent) == 0)
      return i;
  g_error ("%s may not stand in %s", name, parent);
}

static void
on_start (GMarkupParseContext *context, const char *name,
    const char **attribute_names, const char **attribute_values,
    gpointer user_data, GError **error)
{
  Reading *r = user_data;
  guint depth = r->parents->len;
  guint rule = find_rule (name, depth > 0 ? r->parents->pdata[depth - 1] : "");
  guint none = 0;

  for (guint i = 0; schema[rule].attributes[i] != NULL; i++)
    g_assert_nonnull (attribute (
        attribute_names, attribute_values, schema[rule].attributes[i]));
  if (depth > 0) {
    guint *last = &g_array_index (r->orders, guint, depth - 1);

    g_assert_cmpuint (schema[rule].order, >=, *last);
    *last = schema[rule].order;
  }
  for (guint i = 0; attribute_names[i] != NULL; i++)
    if (strcmp (name, "tt:MetadataStream") != 0)
      g_string_append_printf (
          r->told, "%s=%s ", attribute_names[i], attribute_values[i]);
  g_ptr_array_add (r->parents, g_strdup (name));
  g_array_append_val (r->orders, none);
}

static void
on_end (GMarkupParseContext *context, const char *name, gpointer user_data,
    GError **error)
{
  Reading *r = user_data;

  g_ptr_array_set_size (r->parents, (int) r->parents->len - 1);
  g_array_set_size (r->orders, r->orders->len - 1);
  if (strcmp (name, "wsnt:NotificationMessage") == 0)
    g_string_append_c (r->told, '\n');
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize size,
    gpointer user_data, GError **error)
{
  Reading *r = user_data;

  if (size > 1)
    g_string_append_printf (r->told, "%.*s ", (int) size, text);
}

/* There is no character, plain or as a reference, that XML 1.0 forbids. */
static void
check_characters (const char *xml)
{
  g_assert_true (g_utf8_validate (xml, -1, NULL));
  g_assert_null (strstr (xml, "&#"));
  for (const char *p = xml; *p != '\0'; p++)
    g_assert_true (!g_ascii_iscntrl (*p) || *p == '\n');
}

/* The content of a document, after a check that it is valid. (transfer full) */
static char *
read_document (const char *xml)
{
  static const GMarkupParser parser = { on_start, on_end, on_text, NULL, NULL };
  Reading r = { .parents = g_ptr_array_new_with_free_func (g_free),
    .orders = g_array_new (FALSE, FALSE, sizeof (guint)),
    .told = g_string_new (NULL) };
  g_autoptr (GMarkupParseContext) context =
      g_markup_parse_context_new (&parser, 0, &r, NULL);
  g_autoptr (GError) error = NULL;

  check_characters (xml);
  g_markup_parse_context_parse (context, xml, -1, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (r.parents);
  g_array_unref (r.orders);
  return g_string_free (r.told, FALSE);
}

/* --- a pipeline ----------------------------------------------------------- */

static GstPadProbeReturn
add_utc (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  static GstStaticCaps unix_time = GST_STATIC_CAPS ("timestamp/x-unix");
  g_autoptr (GstCaps) caps = gst_static_caps_get (&unix_time);
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));

  gst_buffer_add_reference_timestamp_meta (
      buffer, caps, BASE_UTC + GST_BUFFER_PTS (buffer), GST_CLOCK_TIME_NONE);
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  return GST_PAD_PROBE_OK;
}

static void
on_buffer (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  GPtrArray *documents = user_data;
  GstMapInfo map;

  g_assert_true (GST_BUFFER_PTS_IS_VALID (buffer));
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_ptr_array_add (documents, g_strndup ((const char *) map.data, map.size));
  gst_buffer_unmap (buffer, &map);
}

/* The documents of 12 seconds of video, of 64x48 pixels. */
static GPtrArray *
run (FakeAnalyzer *fake)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "videotestsrc num-buffers=48 name=v ! video/x-raw, format=I420, "
      "width=64, height=48, framerate=4/1 ! vlmevents name=w window=2 "
      "stream-label=gate min-pixels=784 max-pixels=3136 ! fakesink "
      "async=false  w.events_0 ! application/x-onvif-metadata, parsed=true ! "
      "fakesink name=s signal-handoffs=true async=false",
      &error);
  g_autoptr (GstElement) watch = NULL;
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) pad = NULL;
  GPtrArray *documents = g_ptr_array_new_with_free_func (g_free);

  g_assert_no_error (error);
  watch = gst_bin_get_by_name (GST_BIN (pipeline), "w");
  source = gst_bin_get_by_name (GST_BIN (pipeline), "v");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, add_utc, NULL, NULL);
  g_object_set (watch, "analyzer", fake, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_buffer), documents);
  watch_play_to_end (pipeline);
  return documents;
}

/* A property begins, changes and is deleted; its box is in a frame, once. */
static void
test_life (void)
{
  static const VlmRect box = { 16, 12, 32, 24 };
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GPtrArray) documents = NULL;

  fake_analyzer_add_event (
      fake, "a person falls", 3 * VLM_SECOND, 9 * VLM_SECOND, &box);
  documents = run (fake);
  g_assert_cmpuint (documents->len, >=, 3);
  for (guint i = 0; i < documents->len; i++) {
    g_autofree char *told = read_document (documents->pdata[i]);
    gboolean is_last = i + 1 == documents->len;

    g_assert_cmpint (strstr (told, "bottom=") != NULL, ==, i == 0);
    g_assert_nonnull (strstr (told, "tns1:RuleEngine/gstvlm:Event"));
    g_assert_nonnull (strstr (told, "Name=VideoSource Value=gate"));
    g_assert_nonnull (strstr (told, "Name=Description Value=a person falls"));
    g_assert_nonnull (strstr (told,
        i == 0        ? "PropertyOperation=Initialized"
            : is_last ? "PropertyOperation=Deleted"
                      : "PropertyOperation=Changed"));
    g_assert_nonnull (strstr (
        told, is_last ? "Name=State Value=false" : "Name=State Value=true"));
    if (i == 0) {
      g_assert_nonnull (
          strstr (told, "bottom=-0.5 top=0.5 right=0.5 left=-0.5"));
      g_assert_nonnull (strstr (told, "UtcTime=2026-11-30T05:20:03.000Z"));
    }
    if (is_last)
      g_assert_nonnull (strstr (told, "UtcTime=2026-11-30T05:20:09.000Z"));
  }
}

/* One that has ended when it is first seen is in one document, begin and end. */
static void
test_short (void)
{
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GPtrArray) documents = NULL;
  guint n_begun = 0;
  guint n_gone = 0;

  fake_analyzer_add_event (
      fake, "something", 2500 * GST_MSECOND, 3 * VLM_SECOND, NULL);
  documents = run (fake);
  for (guint i = 0; i < documents->len; i++) {
    g_autofree char *told = read_document (documents->pdata[i]);

    n_begun += strstr (told, "PropertyOperation=Initialized") != NULL;
    n_gone += strstr (told, "PropertyOperation=Deleted") != NULL;
    g_assert_null (strstr (told, "bottom="));
  }
  g_assert_cmpuint (n_begun, ==, 1);
  g_assert_cmpuint (n_gone, ==, 1);
}

/* Whatever a model says is text, not markup. */
static void
test_hostile (void)
{
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GPtrArray) documents = NULL;

  fake_analyzer_add_event (fake, HOSTILE, 3 * VLM_SECOND, 9 * VLM_SECOND, NULL);
  documents = run (fake);
  g_assert_cmpuint (documents->len, >, 0);
  for (guint i = 0; i < documents->len; i++) {
    g_autofree char *told = read_document (documents->pdata[i]);

    g_assert_nonnull (strstr (
        told, "Value=a <tt:Event/> & \"b\" ]]> \xef\xbf\xbd\xef\xbf\xbd end"));
  }
}

/* A span that was not analysed is a message, but not a property. */
static void
test_gap (void)
{
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GPtrArray) documents = NULL;
  guint n_gaps = 0;

  fake_analyzer_set_errors (fake,
      g_error_new_literal (
          VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, "as the test wants"),
      1);
  documents = run (fake);
  for (guint i = 0; i < documents->len; i++) {
    g_autofree char *told = read_document (documents->pdata[i]);

    if (strstr (told, "tns1:VideoAnalytics/gstvlm:Gap") == NULL)
      continue;
    n_gaps++;
    g_assert_nonnull (strstr (told, "Name=Reason Value=failed"));
    g_assert_null (strstr (told, "PropertyOperation"));
  }
  g_assert_cmpuint (n_gaps, ==, 1);
}

/* A question and its answer are a message, with the times of the window. */
static void
test_answer (void)
{
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GPtrArray) documents = NULL;
  VlmAnswerRecord *like = vlm_answer_record_new ();
  guint n_answers = 0;

  like->is_result = TRUE;
  like->task = g_strdup ("json");
  like->question = g_strdup ("How many <cars>?");
  like->answer = g_strdup (HOSTILE);
  like->value = g_strdup ("{\"cars\":2}");
  fake_analyzer_add_answer (fake, like);
  documents = run (fake);
  for (guint i = 0; i < documents->len; i++) {
    g_autofree char *told = read_document (documents->pdata[i]);

    g_assert_nonnull (strstr (told, "tns1:VideoAnalytics/gstvlm:Answer"));
    g_assert_null (strstr (told, "PropertyOperation"));
    g_assert_nonnull (strstr (told, "Name=VideoSource Value=gate"));
    g_assert_nonnull (strstr (told, "Name=Task Value=json"));
    g_assert_nonnull (strstr (told, "Name=Question Value=How many <cars>?"));
    g_assert_nonnull (strstr (told,
        "Name=Answer Value=a <tt:Event/> & \"b\" ]]> "
        "\xef\xbf\xbd\xef\xbf\xbd end"));
    g_assert_nonnull (strstr (told, "Name=Value Value={\"cars\":2}"));
    g_assert_null (strstr (told, "Name=Error"));
    if (n_answers++ > 0)
      continue;
    g_assert_nonnull (strstr (told, "UtcTime=2026-11-30T05:20:02.000Z"));
    g_assert_nonnull (
        strstr (told, "Name=Start Value=2026-11-30T05:20:00.000Z"));
    g_assert_nonnull (strstr (told, "Name=End Value=2026-11-30T05:20:02.000Z"));
  }
  /* twelve seconds */
  g_assert_cmpuint (n_answers, ==, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/onvif/life", test_life);
  g_test_add_func ("/vlmevents/onvif/short", test_short);
  g_test_add_func ("/vlmevents/onvif/hostile", test_hostile);
  g_test_add_func ("/vlmevents/onvif/gap", test_gap);
  g_test_add_func ("/vlmevents/onvif/answer", test_answer);
  return g_test_run ();
}
