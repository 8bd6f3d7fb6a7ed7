/* gst-vlm: options and error messages of programs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tool.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/threads.h"
#include "util/gstvlmtext.h"

/* A file that is opened must not become one of the standard streams. Without an
 * output there is nothing to do. */
static gboolean
check_streams (GError **error)
{
  gboolean has_output = fcntl (STDOUT_FILENO, F_GETFD) >= 0;
  int fd;

  do
    fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0)
    close (fd);
  if (!has_output)
    g_set_error_literal (
        error, G_FILE_ERROR, G_FILE_ERROR_BADF, "standard output is closed");
  return has_output;
}

/* The name of a file, or the text of a model, may steer a terminal. */
static int
complain (const char *name, const char *message)
{
  g_autofree char *text = gst_vlm_text_for_terminal (message);

  g_printerr ("%s: %s\n", name, text);
  return 1;
}

/* Debug messages contain text of the model, too; and standard output is for
 * answers. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  g_autofree GLogField *safe =
      g_memdup2 (fields, n_fields * sizeof (GLogField));
  g_autofree char *text = NULL;

  for (gsize i = 0; i < n_fields && text == NULL; i++) {
    g_autofree char *message = NULL;

    if (!g_str_equal (fields[i].key, "MESSAGE"))
      continue;
    message = fields[i].length < 0
        ? g_strdup (fields[i].value)
        : g_strndup (fields[i].value, (gsize) fields[i].length);
    text = gst_vlm_text_for_terminal (message);
    safe[i].value = text;
    safe[i].length = -1;
  }
  return g_log_writer_default (level, safe, n_fields, user_data);
}

/* Results name files, and quote models. */
static void
print_safely (const char *text)
{
  g_autofree char *safe = gst_vlm_text_for_terminal (text);

  fputs (safe, stdout);
}

/* --- the end -------------------------------------------------------------- */

/* How long libraries of plugins may take to end; some never do (OpenBLAS, after a
 * lack of memory). */
#define LONGEST_END_S 60

static int exit_status;

static void
on_alarm (int number)
{
  _exit (exit_status);
}

/* FALSE, with a message, if standard output did not take all of it. */
static gboolean
flush_output (const char *name)
{
  int why = fflush (stdout) != 0 ? errno : 0;
  g_autofree char *text = NULL;

  if (why == 0 && ferror (stdout) == 0)
    return TRUE;
  text = g_strdup_printf ("standard output: %s",
      why != 0 ? g_strerror (why)
               : "the output could not be written completely");
  complain (name, text);
  return FALSE;
}

/* After --help as well, which GLib writes. */
static void
on_exit_of_program (void)
{
  if (exit_status == 0 && !flush_output (g_get_prgname ()))
    _exit (1);
  signal (SIGALRM, on_alarm);
  alarm (LONGEST_END_S);
}

/* --- the command line ----------------------------------------------------- */

static gboolean
on_version (
    const char *option, const char *value, gpointer user_data, GError **error)
{
  printf ("%s (gst-vlm) %s\n", g_get_prgname (), PACKAGE_VERSION);
  exit (0);
}

static const GOptionEntry version_entries[] = {
  { "version", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, on_version,
      "print the version", NULL },
  { NULL },
};

gboolean
tool_parse (const Tool *tool, int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (tool->usage);

  if (tool->group != NULL)
    g_option_context_add_group (context, tool->group);
  if (!check_streams (error))
    return FALSE;
  atexit (on_exit_of_program);
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (write_log, NULL, NULL);
  g_set_print_handler (print_safely);
  setlocale (LC_CTYPE, "");
  g_option_context_set_description (context, tool->description);
  g_option_context_add_main_entries (context, tool->entries, NULL);
  g_option_context_add_main_entries (context, version_entries, NULL);
  /* GStreamer is initialised while options are parsed. */
  if (tool->group != NULL && !threads_check (error))
    return FALSE;
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
        "unknown option \"%s\"; see --help", (*argv)[1]);
  return *argc <= 1;
}

gboolean
tool_check (const char *why, GError **error)
{
  if (why != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
  return why == NULL;
}

/* @name: NULL for "auto"; @names: of the type, for the message. */
static gboolean
parse_enum (const char *option, GType type, const char *names, const char *name,
    int *number, GError **error)
{
  g_autoptr (GEnumClass) values = g_type_class_ref (type);
  const GEnumValue *value =
      g_enum_get_value_by_nick (values, name != NULL ? name : "auto");

  if (value == NULL) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s must be %s, not \"%s\"", option, names, name);
    return FALSE;
  }
  *number = value->value;
  return TRUE;
}

gboolean
tool_parse_weights (const char *name, VlmModelWeights *weights, GError **error)
{
  int number;

  if (!parse_enum ("--weights", VLM_TYPE_MODEL_WEIGHTS,
          "auto, native, int8 or int4", name, &number, error))
    return FALSE;
  *weights = (VlmModelWeights) number;
  return TRUE;
}

gboolean
tool_parse_kv_cache (const char *name, VlmKvCache *type, GError **error)
{
  int number;

  if (!parse_enum ("--kv-cache", VLM_TYPE_KV_CACHE, "auto, f32 or f16", name,
          &number, error))
    return FALSE;
  *type = (VlmKvCache) number;
  return TRUE;
}

gboolean
tool_parse_precision (const char *name, VlmPrecision *precision, GError **error)
{
  int number;

  if (!parse_enum ("--precision", VLM_TYPE_PRECISION, "auto, exact or fast",
          name, &number, error))
    return FALSE;
  *precision = (VlmPrecision) number;
  return TRUE;
}

gboolean
tool_parse_server (const char *name, VlmRemoteServer *server, GError **error)
{
  gint number;

  if (!parse_enum ("--server", VLM_TYPE_REMOTE_SERVER,
          "auto, vllm, sglang, llama, ollama, lmstudio or openai", name,
          &number, error))
    return FALSE;
  *server = (VlmRemoteServer) number;
  return TRUE;
}

gboolean
tool_parse_box_space (const char *name, VlmBoxSpace *space, GError **error)
{
  gint number;

  if (!parse_enum ("--box-space", VLM_TYPE_BOX_SPACE,
          "auto, pixels or thousandths", name, &number, error))
    return FALSE;
  *space = (VlmBoxSpace) number;
  return TRUE;
}

/* The whole of @text, or NaN. */
static double
read_decimal (const char *text)
{
  char *end;
  double value = g_ascii_strtod (text, &end);

  return end != text && *end == '\0' ? value : NAN;
}

gboolean
tool_parse_number (const char *option, const char *text, double min, double max,
    double *value, GError **error)
{
  g_auto (GStrv) parts = NULL;
  double number;

  if (text == NULL)
    return TRUE;
  parts = g_strsplit (text, "/", 2);
  number = read_decimal (text);
  if (parts[0] != NULL && parts[1] != NULL)
    number = read_decimal (parts[0]) / read_decimal (parts[1]);
  if (number >= min && number <= max && isfinite (number)) {
    *value = number;
    return TRUE;
  }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s must be from %g to %g, not \"%s\"", option, min, max, text);
  return FALSE;
}

gboolean
tool_parse_time (
    const char *option, const char *text, gint64 *ns, GError **error)
{
  g_auto (GStrv) parts = NULL;
  double seconds = 0.0;

  if (text == NULL)
    return TRUE;
  parts = g_strsplit (text, ":", 3);
  for (guint i = 0; parts[i] != NULL; i++) {
    double part = read_decimal (parts[i]);

    /* A part after another one is below 60. */
    seconds =
        part >= 0.0 && (i == 0 || part < 60.0) ? 60.0 * seconds + part : NAN;
  }
  if (parts[0] != NULL && seconds <= 1e9) {
    *ns = (gint64) (seconds * 1e9 + 0.5);
    return TRUE;
  }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s must be a time in the video, such as 90, 1:30 or 1:02:03.5, not "
      "\"%s\"",
      option, text);
  return FALSE;
}

static int
find_status (const GError *error)
{
  if (error == NULL)
    return 0;
  if (error->domain == G_OPTION_ERROR)
    return 2;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? 130 : 1;
}

int
tool_end (const char *name, const GError *error)
{
  exit_status = find_status (error);
  if (error != NULL)
    complain (name, error->message);
  else if (!flush_output (name))
    exit_status = 1;
  return exit_status;
}
