/* gst-vlm: a whole run of a model in which one call fails
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * whole-run [--every] MODEL
 *
 * Loads a model, asks it about four frames and closes all, again and again, with
 * another call failing each time: Vulkan calls for lack of memory, once and from
 * then on, and by a lost device; calls of the system once and from then on. Each
 * run ends with the right answer or an error. After an error without a loss the
 * session answers the same question, and nothing is left open. Without --every,
 * only a sample of the calls fails. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <vlm/vlm-error.h>
#include <vulkan/vulkan.h>

#include "analyzer/kinds.h"
#include "engine/model.h"
#include "engine/session.h"
#include "faults/calls.h"
#include "vk/result.h"

#define N_FRAMES 4
#define SIDE 112
#define MAX_TOKENS 24
#define N_SAMPLES 12
/* A run that does not end is a failure too. */
#define PATIENCE_S 900

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_do_recoverable_leak_check() 0
#endif

typedef struct
{
  const char *name;
  CallFamily family;
  VkResult result;
  gboolean lasts;
} Fault;

static const Fault faults[] = {
  { "no memory, once", CALLS_VULKAN, VK_ERROR_OUT_OF_DEVICE_MEMORY, FALSE },
  { "no memory any more", CALLS_VULKAN, VK_ERROR_OUT_OF_HOST_MEMORY, TRUE },
  { "a lost device", CALLS_VULKAN, VK_ERROR_DEVICE_LOST, TRUE },
  { "the system, once", CALLS_SYSTEM, 0, FALSE },
  { "the system, from then on", CALLS_SYSTEM, 0, TRUE },
};

static const char *model_path;
static gint n_warnings; /* atomic */

static GLogWriterOutput
count_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  if ((level & G_LOG_LEVEL_WARNING) == 0)
    return g_log_writer_default (level, fields, n_fields, user_data);
  g_atomic_int_inc (&n_warnings);
  return G_LOG_WRITER_HANDLED;
}

/* A square that moves to the right. */
static VlmFrame *
make_frame (guint index, GError **error)
{
  guint8 pixels[SIDE * SIDE * 3] = { 0 };
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, SIDE, SIDE, { pixels }, { SIDE * 3 } };

  for (guint y = 40; y < 70; y++)
    memset (pixels + 3 * (y * SIDE + 20 * index), 255, 3 * 30);
  return vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, error);
}

static VlmPrompt *
make_prompt (GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();

  for (guint i = 0; i < N_FRAMES; i++) {
    g_autoptr (VlmFrame) frame = make_frame (i, error);
    const gint64 time = (gint64) i * VLM_SECOND / 2;

    if (frame == NULL)
      return NULL;
    vlm_prompt_add_video (prompt, &frame, &time, 1);
  }
  vlm_prompt_add_text (prompt, "What happens?");
  return g_steal_pointer (&prompt);
}

static char *
ask (VlmSession *session, GError **error)
{
  const VlmGenerateParams params = { .kind = &vlm_kind_events,
    .max_tokens = MAX_TOKENS,
    .temperature = 0.0,
    .repetition_penalty = 1.0 };
  g_autoptr (VlmPrompt) prompt = make_prompt (error);
  g_autoptr (VlmAnswer) answer = NULL;

  if (prompt == NULL)
    return NULL;
  answer = vlm_session_generate (session, prompt, &params, NULL, error);
  return answer != NULL ? g_steal_pointer (&answer->text) : NULL;
}

/* No part of a message is there twice in a row, as when two layers add it. */
static void
check_parts (const char *message)
{
  g_auto (GStrv) parts = g_strsplit (message, ": ", -1);

  for (guint i = 1; i < g_strv_length (parts); i++)
    g_assert_cmpstr (parts[i - 1], !=, parts[i]);
}

/* An error that says what failed, with the code for it. */
static void
check_error (const Fault *fault, const GError *error)
{
  const char *causes[] = { g_strerror (EIO), g_strerror (EMFILE),
    g_strerror (ENOMEM), "memory", "was lost", CALLS_REFUSED,
    vlm_vk_result_name (fault->result) };
  gboolean is_named = FALSE;

  g_assert_nonnull (error);
  check_parts (error->message);
  if (fault->result == VK_ERROR_DEVICE_LOST)
    g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST);
  else if (fault->family == CALLS_VULKAN)
    g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
  else
    g_assert_true (error->domain == VLM_LOAD_ERROR ||
        error->domain == VLM_DEVICE_ERROR || error->domain == VLM_INFER_ERROR);
  for (guint i = 0; i < G_N_ELEMENTS (causes); i++)
    is_named |= strstr (error->message, causes[i]) != NULL;
  g_assert_true (is_named);
}

static guint
count_entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* From nothing to nothing. NULL with an error where it failed. @expected is the
 * answer, NULL where it is not known yet. */
static char *
run (const Fault *fault, guint n, const char *expected, guint *n_calls,
    const char **failed, GError **error)
{
  g_autoptr (VlmModel) model = NULL;
  g_autoptr (VlmSession) session = NULL;
  g_autofree char *text = NULL;
  gboolean loaded;

  if (n == G_MAXUINT)
    calls_count (fault->family);
  else
    calls_fail (fault->family, n, fault->lasts, fault->result);
  model = vlm_model_acquire (
      &(const VlmModelParams){ .path = (char *) model_path }, NULL, error);
  loaded = model != NULL;
  if (loaded) {
    session = vlm_session_new (model);
    text = ask (session, error);
  }
  if (loaded && text == NULL && !fault->lasts) {
    g_autofree char *again = ask (session, NULL);

    g_assert_cmpstr (again, ==, expected);
  }
  g_clear_object (&session);
  g_clear_object (&model);
  *n_calls = calls_end (failed);
  return g_steal_pointer (&text);
}

typedef struct
{
  guint n_files, n_threads;
} Open;

static Open
look (void)
{
  return (Open){ count_entries ("/proc/self/fd"),
    count_entries ("/proc/self/task") };
}

/* TRUE when the run failed. */
static gboolean
run_with (const Fault *fault, guint n, const char *expected)
{
  const Open before = look ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  const char *failed;
  guint n_calls;
  Open after;

  g_atomic_int_set (&n_warnings, 0);
  g_test_message ("%s, call %u", fault->name, n);
  alarm (PATIENCE_S);
  text = run (fault, n, expected, &n_calls, &failed, &error);
  alarm (0);
  after = look ();
  g_test_message ("  %s: %s (%d warnings)", failed != NULL ? failed : "none",
      error != NULL ? error->message : "no harm",
      g_atomic_int_get (&n_warnings));
  g_assert_nonnull (failed);
  if (text != NULL) {
    g_assert_no_error (error);
    g_assert_cmpstr (text, ==, expected);
  } else {
    check_error (fault, error);
  }
  g_assert_cmpuint (after.n_files, ==, before.n_files);
  g_assert_cmpuint (after.n_threads, ==, before.n_threads);
  g_assert_cmpint (__lsan_do_recoverable_leak_check (), ==, 0);
  return text == NULL;
}

static gboolean every;

/* Evenly, and others for each fault. */
static guint
pick (const Fault *fault, guint index, guint n_runs, guint n_calls)
{
  const guint64 n_faults = G_N_ELEMENTS (faults);
  const guint64 n = index * n_faults + (guint64) (fault - faults);

  return (guint) (n * n_calls / (n_runs * n_faults));
}

static void
test_fault (gconstpointer data)
{
  const Fault *fault = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *after = NULL;
  const char *failed;
  guint n_calls, n_runs, n_failed = 0;

  if (fault->family == CALLS_VULKAN && !vlm_vk_fault_available ()) {
    g_test_skip ("built without fault injection");
    return;
  }
  /* The first run may have kernels to compile and to keep. */
  g_free (run (fault, G_MAXUINT, NULL, &n_calls, &failed, NULL));
  expected = run (fault, G_MAXUINT, NULL, &n_calls, &failed, &error);
  if (g_error_matches (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE)) {
    g_test_skip (error->message);
    return;
  }
  g_assert_no_error (error);
  g_assert_null (failed);
  g_assert_cmpuint (n_calls, >, 20);
  n_runs = every ? n_calls : MIN (n_calls, N_SAMPLES);
  for (guint i = 0; i < n_runs; i++)
    n_failed += run_with (
        fault, every ? i : pick (fault, i, n_runs, n_calls), expected);
  g_test_message ("%s: %u calls, %u runs, %u of them failed", fault->name,
      n_calls, n_runs, n_failed);
  g_assert_cmpuint (n_failed, >, 0);
  after = run (fault, G_MAXUINT, NULL, &n_calls, &failed, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (after, ==, expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  every = argc == 3 && g_str_equal (argv[1], "--every");
  if (argc != 2 + every) {
    g_printerr ("usage: %s [--every] MODEL\n", argv[0]);
    return 2;
  }
  model_path = argv[1 + every];
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (count_warnings, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *path = g_strdup_printf ("/faults/%s", faults[i].name);

    g_strdelimit (path, " ,", '-');
    g_test_add_data_func (path, &faults[i], test_fault);
  }
  return g_test_run ();
}
