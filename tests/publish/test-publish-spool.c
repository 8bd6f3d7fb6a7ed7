/* gst-vlm: nothing is lost in the spool
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>

#include "publish/error.h"
#include "publish/records.h"
#include "publish/spool.h"

#define LARGE (64 * 1024 * 1024)
#define SMALL (16 * 1024)

static const char *program;

static GstVlmSpool *
open_spool (const char *folder, guint64 size)
{
  g_autoptr (GError) error = NULL;
  GstVlmSpool *spool = gst_vlm_spool_open (folder, size, &error);

  g_assert_no_error (error);
  return spool;
}

static void
close_spool (GstVlmSpool *spool)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (gst_vlm_spool_close (spool, &error), ==, 0);
  g_assert_no_error (error);
}

static guint
add (GstVlmSpool *spool, const char *stream, const char *uid, guint seq,
    const char *state)
{
  g_autofree char *line = make_event (stream, uid, seq, state);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstVlmRecord) record =
      gst_vlm_record_parse (line, strlen (line), &error);
  guint n_dropped;

  g_assert_no_error (error);
  g_assert_true (gst_vlm_spool_add (spool, record, &n_dropped, &error));
  g_assert_no_error (error);
  return n_dropped;
}

static GPtrArray *
take (GstVlmSpool *spool, guint max)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = gst_vlm_spool_take (spool, max, &error);

  g_assert_no_error (error);
  return entries;
}

static const GstVlmEntry *
entry_at (GPtrArray *entries, guint i)
{
  g_assert_cmpuint (i, <, entries->len);
  return g_ptr_array_index (entries, i);
}

static void
acknowledge (GstVlmSpool *spool, const GstVlmEntry *entry)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (gst_vlm_spool_acknowledge (spool, entry->id, &error));
  g_assert_no_error (error);
}

/* What was not acknowledged is there the next time, in order. */
static void
test_order (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);
  g_autoptr (GPtrArray) entries = NULL;

  for (guint i = 0; i < 10; i++)
    add (spool, "gate", "a", i, i == 9 ? "end" : "update");
  entries = take (spool, 4);
  g_assert_cmpuint (entries->len, ==, 4);
  acknowledge (spool, entry_at (entries, 1));
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_waiting, ==, 8);
  /* Two are under way: the next ones come. */
  gst_vlm_spool_hand_back (spool);
  g_clear_pointer (&entries, g_ptr_array_unref);
  close_spool (spool);

  spool = open_spool (folder, LARGE);
  entries = take (spool, 100);
  g_assert_cmpuint (entries->len, ==, 8);
  for (guint i = 0; i < 8; i++)
    g_assert_cmpint (entry_at (entries, i)->record->seq, ==, i + 2);
  acknowledge (spool, entry_at (entries, 7));
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_waiting, ==, 0);
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_bytes, ==, 0);
  close_spool (spool);
  remove_folder (folder);
}

static void
add_subject (GstVlmSpool *spool, const char *stream, const char *subject)
{
  g_autoptr (GstVlmRecord) record =
      gst_vlm_record_new_subject (stream, subject, NULL);
  g_autoptr (GError) error = NULL;
  guint n_dropped;

  g_assert_true (gst_vlm_spool_add (spool, record, &n_dropped, &error));
  g_assert_no_error (error);
}

/* A subject is not an event, but knows whether one of its events is open. */
static void
test_subjects (void)
{
  static const gboolean active[] = { FALSE, TRUE, TRUE, FALSE, FALSE, FALSE };
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);
  g_autoptr (GPtrArray) entries = NULL;

  add_subject (spool, "gate", "a person falls");
  add (spool, "gate", "a", 0, "begin");
  add_subject (spool, "gate", "a person falls");
  add_subject (spool, "gate", "a dog");
  add_subject (spool, "yard", "a person falls");
  add (spool, "gate", "a", 1, "end");
  entries = take (spool, 100);
  g_assert_cmpuint (entries->len, ==, G_N_ELEMENTS (active));
  for (guint i = 0; i < G_N_ELEMENTS (active); i++)
    g_assert_cmpint (entry_at (entries, i)->active, ==, active[i]);
  close_spool (spool);
  remove_folder (folder);
}

/* The subjects that the waiting records announce (+) and remove (-), and the
 * states of events between them. */
static char *
take_story (GstVlmSpool *spool)
{
  g_autoptr (GPtrArray) entries = take (spool, 100);
  GString *story = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++) {
    const GstVlmRecord *record = entry_at (entries, i)->record;

    if (strcmp (record->type, GST_VLM_RECORD_SUBJECT) != 0)
      g_string_append_printf (
          story, "%s; ", gst_vlm_json_get_string (record->json, "state"));
    else
      g_string_append_printf (story, "%s %s; ",
          gst_vlm_record_is_removed_subject (record) ? "-" : "+",
          record->subject != NULL ? record->subject : "");
  }
  if (entries->len > 0)
    acknowledge (spool, entry_at (entries, entries->len - 1));
  return g_string_free (story, FALSE);
}

static void
set_subjects (GstVlmSpool *spool, const char *stream, const char *subjects)
{
  g_auto (GStrv) list = g_strsplit (subjects, ";", -1);
  g_autoptr (GError) error = NULL;
  guint n_dropped;

  g_assert_true (gst_vlm_spool_set_subjects (
      spool, stream, (const char *const *) list, &n_dropped, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_dropped, ==, 0);
}

static void
expect_story (GstVlmSpool *spool, const char *expected)
{
  g_autofree char *story = take_story (spool);

  g_assert_cmpstr (story, ==, expected);
}

/* A subject that is no longer queried is removed: at once, with the end of its
 * last event, or at the next start. */
static void
test_removed_subjects (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);

  set_subjects (spool, "gate", "a person falls;a dog");
  set_subjects (spool, "yard", "a cat");
  expect_story (spool, "+ a person falls; + a dog; + a cat; ");
  set_subjects (spool, "gate", "a person falls;a car");
  expect_story (spool, "- a dog; + a person falls; + a car; ");

  /* Of "a person falls". */
  add (spool, "gate", "a", 0, "begin");
  set_subjects (spool, "gate", "a car");
  add (spool, "gate", "a", 1, "update");
  add (spool, "gate", "a", 2, "end");
  expect_story (spool, "begin; + a car; update; end; - a person falls; ");
  add (spool, "gate", "b", 3, "begin");
  close_spool (spool);

  spool = open_spool (folder, LARGE);
  set_subjects (spool, "gate", "a car");
  expect_story (spool, "begin; end; - a person falls; + a car; ");
  close_spool (spool);

  spool = open_spool (folder, LARGE);
  set_subjects (spool, "gate", "a truck");
  set_subjects (spool, "gate", "a truck");
  expect_story (spool, "- a car; + a truck; + a truck; ");
  close_spool (spool);
  remove_folder (folder);
}

static void
make_older (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "spool.sqlite", NULL);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db,
                       "ALTER TABLE records DROP COLUMN begun;"
                       "ALTER TABLE open DROP COLUMN begun;"
                       "DROP TABLE subjects;"
                       "PRAGMA user_version = 1;",
                       NULL, NULL, NULL),
      ==, SQLITE_OK);
  sqlite3_close (db);
}

/* The time at which an event began is known as long as it is open, also at the
 * next start; in a spool of an older version it is when the records came. */
static void
test_begun (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) third = NULL;
  gint64 begun;

  add (spool, "gate", "a", 0, "begin");
  first = take (spool, 100);
  begun = entry_at (first, 0)->begun;
  g_assert_cmpint (begun, ==, entry_at (first, 0)->received);
  g_usleep (1000);
  add (spool, "gate", "a", 1, "update");
  close_spool (spool);

  spool = open_spool (folder, LARGE);
  second = take (spool, 100);
  g_assert_cmpuint (second->len, ==, 3);
  for (guint i = 0; i < second->len; i++)
    g_assert_cmpint (entry_at (second, i)->begun, ==, begun);
  g_assert_cmpint (entry_at (second, 1)->received, >, begun);
  close_spool (spool);

  make_older (folder);
  spool = open_spool (folder, LARGE);
  third = take (spool, 100);
  g_assert_cmpuint (third->len, ==, 3);
  g_assert_cmpint (
      entry_at (third, 1)->begun, ==, entry_at (third, 1)->received);
  close_spool (spool);
  remove_folder (folder);
}

/* What a format needs to know is kept with the record. */
static void
test_context (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);
  g_autoptr (GPtrArray) entries = NULL;
  static const gboolean active[] = { TRUE, TRUE, TRUE, TRUE, FALSE };

  add (spool, "gate", "a", 0, "begin");
  add (spool, "gate", "b", 1, "begin");
  add (spool, "gate", "a", 2, "update");
  add (spool, "gate", "a", 3, "end");
  add (spool, "gate", "b", 4, "end");
  entries = take (spool, 100);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint (entry_at (entries, i)->active, ==, active[i]);
  g_assert_null (entry_at (entries, 1)->previous);
  g_assert_cmpint (entry_at (entries, 2)->previous->seq, ==, 0);
  g_assert_cmpint (entry_at (entries, 3)->previous->seq, ==, 2);
  g_assert_cmpint (entry_at (entries, 4)->previous->seq, ==, 1);
  close_spool (spool);
  remove_folder (folder);
}

static void
test_interrupted (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);
  g_autoptr (GPtrArray) entries = NULL;
  const GstVlmRecord *record;

  add (spool, "gate", "a", 0, "begin");
  add (spool, "gate", "b", 1, "begin");
  add (spool, "gate", "a", 2, "update");
  add (spool, "gate", "b", 3, "end");
  entries = take (spool, 100);
  acknowledge (spool, entry_at (entries, 3));
  g_clear_pointer (&entries, g_ptr_array_unref);
  close_spool (spool);

  for (guint i = 0; i < 2; i++) {
    spool = open_spool (folder, LARGE);
    entries = take (spool, 100);
    g_assert_cmpuint (entries->len, ==, 1);
    record = entry_at (entries, 0)->record;
    g_assert_cmpstr (record->uid, ==, "a");
    g_assert_cmpint (record->seq, ==, 3);
    g_assert_cmpint (record->state, ==, GST_VLM_RECORD_END);
    g_assert_cmpstr (record->reason, ==, "interrupted");
    g_assert_false (json_object_get_boolean_member (record->json, "ongoing"));
    /* Its times are as they were, to the digit. */
    g_assert_nonnull (strstr (record->body, "\"stream_time\": 8.45,"));
    g_assert_cmpint (entry_at (entries, 0)->previous->seq, ==, 2);
    g_assert_false (entry_at (entries, 0)->active);
    g_clear_pointer (&entries, g_ptr_array_unref);
    close_spool (spool);
  }
  remove_folder (folder);
}

/* The oldest records are dropped, and each stream has a gap in their place. */
static void
test_full (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, SMALL);
  g_autoptr (GPtrArray) entries = NULL;
  guint n_dropped = 0;
  gint64 n_told = 0;
  guint n_gaps = 0;
  gint64 expected;

  for (guint i = 0; i < 100; i++)
    n_dropped += add (spool, i % 10 == 0 ? "yard" : "gate", "a", i, "note");
  g_assert_cmpuint (n_dropped, >, 20);
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_bytes, <=, SMALL);
  entries = take (spool, 1000);
  for (guint i = 0; i < entries->len; i++) {
    const GstVlmRecord *record = entry_at (entries, i)->record;

    if (strcmp (record->type, "gap") != 0)
      break;
    g_assert_cmpstr (record->reason, ==, "spool-full");
    g_assert_true (json_object_has_member (record->json, "start"));
    n_told += gst_vlm_record_count (record);
    n_gaps++;
  }
  g_assert_cmpuint (n_gaps, ==, 2);
  g_assert_cmpint (n_told, ==, n_dropped);
  expected = n_dropped;
  for (guint i = n_gaps; i < entries->len; i++)
    g_assert_cmpint (entry_at (entries, i)->record->seq, ==, expected++);
  g_assert_cmpint (expected, ==, 100);
  close_spool (spool);
  remove_folder (folder);
}

/* Records under way are not dropped, for they may have arrived. The end of an
 * event that the other side knows is dropped last: nothing else would end it. */
static void
test_full_keeps (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, SMALL);
  g_autoptr (GPtrArray) entries = NULL;
  gboolean has_end = FALSE;

  add (spool, "gate", "known", 0, "begin");
  add (spool, "gate", "known", 1, "update");
  entries = take (spool, 2);
  for (guint i = 0; i < 100; i++)
    add (spool, "gate", "other", 2 + i, "note");
  gst_vlm_spool_hand_back (spool);
  g_clear_pointer (&entries, g_ptr_array_unref);
  entries = take (spool, 2);
  g_assert_cmpint (entry_at (entries, 0)->record->seq, ==, 0);
  g_assert_cmpint (entry_at (entries, 1)->record->seq, ==, 1);
  acknowledge (spool, entry_at (entries, 1));
  g_clear_pointer (&entries, g_ptr_array_unref);

  add (spool, "gate", "known", 102, "end");
  for (guint i = 0; i < 100; i++)
    add (spool, "gate", "other", 103 + i, "note");
  entries = take (spool, 1000);
  for (guint i = 0; i < entries->len; i++)
    has_end |= entry_at (entries, i)->record->seq == 102 &&
        entry_at (entries, i)->record->state == GST_VLM_RECORD_END;
  g_assert_true (has_end);
  close_spool (spool);
  remove_folder (folder);
}

static void
test_larger_than_spool (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, SMALL);
  g_autofree char *filler = g_strnfill (2 * SMALL, 'x');
  g_autofree char *line =
      g_strdup_printf ("{\"type\": \"event\", \"seq\": 7, \"description\": "
                       "\"%s\"}",
          filler);
  g_autoptr (GstVlmRecord) record =
      gst_vlm_record_parse (line, strlen (line), NULL);
  g_autoptr (GPtrArray) entries = NULL;
  guint n_dropped;

  g_assert_nonnull (record);
  add (spool, "gate", "a", 0, "note");
  g_assert_true (gst_vlm_spool_add (spool, record, &n_dropped, NULL));
  g_assert_cmpuint (n_dropped, ==, 1);
  entries = take (spool, 10);
  g_assert_cmpuint (entries->len, ==, 2);
  g_assert_cmpstr (entry_at (entries, 1)->record->reason, ==, "spool-full");
  g_assert_cmpint (entry_at (entries, 1)->record->seq, ==, 7);
  close_spool (spool);
  remove_folder (folder);
}

static void
test_refused (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    add (spool, "gate", "a", i, "note");
  entries = take (spool, 3);
  acknowledge (spool, entry_at (entries, 0));
  g_assert_true (gst_vlm_spool_refuse (spool, entry_at (entries, 1), &error));
  g_assert_no_error (error);
  g_clear_pointer (&entries, g_ptr_array_unref);
  entries = take (spool, 3);
  g_assert_cmpuint (entries->len, ==, 2);
  g_assert_cmpstr (entry_at (entries, 0)->record->reason, ==, "refused");
  g_assert_cmpint (entry_at (entries, 0)->record->seq, ==, 1);
  g_assert_cmpint (entry_at (entries, 1)->record->seq, ==, 2);
  close_spool (spool);
  remove_folder (folder);
}

static int
call (const char *what, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child = g_subprocess_new (
      G_SUBPROCESS_FLAGS_NONE, &error, program, what, folder, NULL);

  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait (child, NULL, &error));
  g_assert_true (g_subprocess_get_if_exited (child));
  return g_subprocess_get_exit_status (child);
}

static int
child_open (const char *folder)
{
  g_autoptr (GError) error = NULL;

  gst_vlm_spool_open (folder, LARGE, &error);
  return g_error_matches (
      error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_BUSY);
}

static void
test_one_at_a_time (void)
{
  char *folder = make_folder ();
  GstVlmSpool *spool = open_spool (folder, LARGE);

  g_assert_true (child_open (folder));
  g_assert_cmpint (call ("open", folder), ==, TRUE);
  /* The refused ones left the lock alone. */
  g_assert_cmpint (call ("open", folder), ==, TRUE);
  add (spool, "gate", "a", 0, "begin");
  close_spool (spool);
  g_assert_cmpint (call ("open", folder), ==, FALSE);
  remove_folder (folder);
}

static void
limit_file_size (guint64 bytes)
{
  struct rlimit limit = { bytes, RLIM_INFINITY };

  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static gboolean
add_anyhow (GstVlmSpool *spool, guint seq)
{
  g_autofree char *line = make_event ("gate", "a", seq, "update");
  g_autoptr (GstVlmRecord) record =
      gst_vlm_record_parse (line, strlen (line), NULL);
  guint n_dropped;

  return gst_vlm_spool_add (spool, record, &n_dropped, NULL);
}

/* The disk is full: records stay in memory, and move to disk when they can. */
static int
child_disk_full (const char *folder)
{
  GstVlmSpool *spool = open_spool (folder, LARGE);
  g_autoptr (GPtrArray) entries = NULL;
  guint n = 0;

  signal (SIGXFSZ, SIG_IGN);
  limit_file_size (128 * 1024);
  while (add_anyhow (spool, n++))
    g_assert_cmpuint (n, <, 1000);
  for (guint i = 0; i < 50; i++)
    g_assert_false (add_anyhow (spool, n++));
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_waiting, ==, n);
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_in_memory, ==, 51);

  entries = take (spool, 1000);
  g_assert_cmpuint (entries->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (entry_at (entries, i)->record->seq, ==, i);
  /* Whether or not they can be deleted on disk, they are not sent again. */
  gst_vlm_spool_acknowledge (spool, entry_at (entries, n - 11)->id, NULL);
  gst_vlm_spool_hand_back (spool);
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_waiting, ==, 10);
  g_clear_pointer (&entries, g_ptr_array_unref);
  entries = take (spool, 1000);
  g_assert_cmpuint (entries->len, ==, 10);
  gst_vlm_spool_hand_back (spool);

  limit_file_size (RLIM_INFINITY);
  g_assert_true (add_anyhow (spool, n++));
  g_assert_cmpuint (gst_vlm_spool_get_level (spool).n_in_memory, ==, 0);
  close_spool (spool);
  spool = open_spool (folder, LARGE);
  g_clear_pointer (&entries, g_ptr_array_unref);
  entries = take (spool, 1000);
  g_assert_cmpint (
      entry_at (entries, entries->len - 2)->record->seq, ==, n - 1);
  /* The event was left open. */
  g_assert_cmpint (entry_at (entries, entries->len - 1)->record->state, ==,
      GST_VLM_RECORD_END);
  close_spool (spool);
  return 0;
}

static void
test_disk_full (void)
{
  char *folder = make_folder ();

  g_assert_cmpint (call ("disk-full", folder), ==, 0);
  remove_folder (folder);
}

/* Prints each number once it is in the spool, until it is killed. */
static int
child_write (const char *folder)
{
  GstVlmSpool *spool = open_spool (folder, LARGE);

  for (guint i = 0; i < 100000; i++) {
    add (spool, "gate", "a", i, "update");
    g_print ("%u\n", i);
  }
  return 1;
}

static void
test_killed (void)
{
  char *folder = make_folder ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "write", folder, NULL);
  g_autoptr (GDataInputStream) lines =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
  g_autoptr (GPtrArray) entries = NULL;
  GstVlmSpool *spool;
  guint n_told = 0;
  char *line;

  while ((line = g_data_input_stream_read_line (lines, NULL, NULL, NULL)) !=
      NULL) {
    g_free (line);
    if (++n_told == 50)
      g_subprocess_force_exit (child);
  }
  g_assert_true (g_subprocess_wait (child, NULL, NULL));
  g_assert_cmpint (g_subprocess_get_term_sig (child), ==, SIGKILL);
  g_assert_cmpuint (n_told, >=, 50);

  spool = open_spool (folder, LARGE);
  entries = take (spool, 100000);
  g_assert_cmpuint (entries->len, >, n_told);
  for (guint i = 0; i + 1 < entries->len; i++)
    g_assert_cmpint (entry_at (entries, i)->record->seq, ==, i);
  g_assert_cmpstr (
      entry_at (entries, entries->len - 1)->record->reason, ==, "interrupted");
  close_spool (spool);
  remove_folder (folder);
}

static void
test_damaged (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "spool.sqlite", NULL);
  g_autofree char *noise = g_strnfill (10000, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, noise, -1, NULL));
  g_assert_null (gst_vlm_spool_open (folder, LARGE, &error));
  g_assert_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SPOOL);
  remove_folder (folder);
}

static void
test_no_folder (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (gst_vlm_spool_open ("/dev/null/spool", LARGE, &error));
  g_assert_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SPOOL);
}

static void
test_default_directory (void)
{
  g_autofree char *one =
      gst_vlm_spool_default_directory ("mqtt://me@broker/../../etc/\n x", "x");
  g_autofree char *other =
      gst_vlm_spool_default_directory ("mqtt://me@broker/../../etc/\n x", "y");
  g_autofree char *base = g_path_get_basename (one);

  g_assert_cmpstr (one, !=, other);
  g_assert_true (g_str_has_prefix (one, g_get_user_state_dir ()));
  g_assert_true (g_str_has_prefix (base, "mqtt___me_broker_.._.._etc___x-"));
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  program = argv[0];
  if (argc == 3 && strcmp (argv[1], "open") == 0)
    return child_open (argv[2]);
  if (argc == 3 && strcmp (argv[1], "disk-full") == 0)
    return child_disk_full (argv[2]);
  if (argc == 3 && strcmp (argv[1], "write") == 0)
    return child_write (argv[2]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/spool/order", test_order);
  g_test_add_func ("/publish/spool/begun", test_begun);
  g_test_add_func ("/publish/spool/subjects", test_subjects);
  g_test_add_func ("/publish/spool/removed-subjects", test_removed_subjects);
  g_test_add_func ("/publish/spool/context", test_context);
  g_test_add_func ("/publish/spool/interrupted", test_interrupted);
  g_test_add_func ("/publish/spool/full", test_full);
  g_test_add_func ("/publish/spool/full-keeps", test_full_keeps);
  g_test_add_func ("/publish/spool/larger", test_larger_than_spool);
  g_test_add_func ("/publish/spool/refused", test_refused);
  g_test_add_func ("/publish/spool/one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/publish/spool/disk-full", test_disk_full);
  g_test_add_func ("/publish/spool/killed", test_killed);
  g_test_add_func ("/publish/spool/damaged", test_damaged);
  g_test_add_func ("/publish/spool/no-folder", test_no_folder);
  g_test_add_func ("/publish/spool/default", test_default_directory);
  return g_test_run ();
}
