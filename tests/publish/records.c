/* gst-vlm: made-up records
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/records.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

char *
make_event (const char *stream, const char *uid, guint seq, const char *state)
{
  return g_strdup_printf (
      "{\"type\": \"event\", \"schema_version\": 1, \"event_uid\": \"%s\", "
      "\"seq\": %u, \"id\": 1, \"state\": \"%s\", \"label\": \"person\", "
      "\"description\": \"a person falls\", "
      "\"start\": {\"stream_time\": 4.35, \"utc\": "
      "\"2026-11-30T05:20:00.123Z\"}, "
      "\"end\": {\"stream_time\": 8.45, \"utc\": "
      "\"2026-11-30T05:20:04.223Z\"}, "
      "\"ongoing\": %s, \"time_source\": \"ntp\", \"confidence\": 0.8312, "
      "\"bbox\": [10, 20, 110, 220], \"query\": \"a person falls\", "
      "\"stream\": \"%s\"}",
      uid, seq, state, strcmp (state, "end") == 0 ? "false" : "true", stream);
}

/* Between fork and exec. */
static void
end_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

GSubprocessLauncher *
make_launcher (GSubprocessFlags flags)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (flags);

  g_subprocess_launcher_set_child_setup (launcher, end_with_parent, NULL, NULL);
  return launcher;
}

char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("vlmpublish-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static void
remove_all (GFile *file)
{
  g_autoptr (GFileEnumerator) children =
      g_file_enumerate_children (file, G_FILE_ATTRIBUTE_STANDARD_NAME,
          G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
  GFile *child;

  while (children != NULL &&
      g_file_enumerator_iterate (children, NULL, &child, NULL, NULL) &&
      child != NULL)
    remove_all (child);
  g_file_delete (file, NULL, NULL);
}

void
remove_folder (char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  remove_all (file);
  g_free (path);
}
