/* gst-vlm: sharing loaded models
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>
#include <unistd.h>

#include <vlm/vlm-device.h>
#include <vlm/vlm-error.h>
#include <vlm/vlm-session.h>

#include "engine/device.h"
#include "engine/model.h"
#include "tests/support/files.h"
#include "tests/support/gguf-model.h"
#include "tests/support/warnings.h"
#include "vk/result.h"

static char *
tiny_path (void)
{
  return g_test_build_filename (
      G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
}

static VlmModel *
acquire (const char *device, const char *directory)
{
  g_autoptr (GError) error = NULL;
  VlmModel *model =
      vlm_model_acquire (&(const VlmModelParams){ .path = (char *) directory,
                             .device = (char *) device },
          NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (model);
  return model;
}

/* By number, by name, by default; by way of links and dots. */
static void
test_names (void)
{
  g_autofree char *path = tiny_path ();
  g_autofree char *folder = g_dir_make_tmp ("registry-XXXXXX", NULL);
  g_autofree char *link = g_build_filename (folder, "link", NULL);
  g_autofree char *trailing = g_strconcat (path, "/.//", NULL);
  g_autoptr (VlmModel) first = acquire (NULL, path);
  g_autofree char *name =
      g_ascii_strup (vlm_device_get_name (vlm_model_get_device (first)), -1);
  g_autoptr (VlmModel) by_name = acquire (name, path);
  g_autoptr (VlmModel) by_empty = acquire ("", trailing);
  g_autoptr (VlmModel) by_link = NULL;

  g_assert_true (by_name == first);
  g_assert_true (by_empty == first);
  g_assert_cmpint (symlink (path, link), ==, 0);
  by_link = acquire (NULL, link);
  g_assert_true (by_link == first);
  g_unlink (link);
  g_rmdir (folder);
}

static VlmModel *
acquire_pair (char *path, char *mmproj, GError **error)
{
  return vlm_model_acquire (
      &(const VlmModelParams){ .path = path, .mmproj = mmproj }, NULL, error);
}

/* A pair of GGUF files is one model by its folder, by its file and by both
 * files; another tower makes another model. */
static void
test_pair (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autoptr (GgufWriter) text = gguf_model_new_text ();
  g_autoptr (GgufWriter) tower = gguf_model_new_tower ();
  g_autofree char *text_path = gguf_model_write (text, folder, "text.gguf");
  g_autofree char *tower_path = gguf_model_write (tower, folder, "a.gguf");
  g_autofree char *other_path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModel) by_folder = acquire_pair (folder, NULL, &error);
  g_autoptr (VlmModel) by_file = acquire_pair (text_path, NULL, &error);
  g_autoptr (VlmModel) by_both = acquire_pair (text_path, tower_path, &error);
  g_autoptr (VlmModel) other = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (vlm_model_get_name (by_folder), ==, "text");
  g_assert_true (by_file == by_folder);
  g_assert_true (by_both == by_folder);
  other_path = gguf_model_write (tower, folder, "b.gguf");
  g_assert_null (acquire_pair (text_path, NULL, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "set mmproj="));
  g_clear_error (&error);
  other = acquire_pair (text_path, other_path, &error);
  g_assert_no_error (error);
  g_assert_true (other != by_folder);
  files_remove (folder);
}

/* If no model is named, it is the one that the environment names, whichever
 * function loads it, under its own name. */
static void
test_unnamed (void)
{
  g_autofree char *path = tiny_path ();
  g_autofree char *found = NULL;
  g_autofree char *saved = g_strdup (g_getenv ("VLM_MODEL_PATH"));
  g_autoptr (VlmModel) named = acquire (NULL, path);
  g_autoptr (VlmModel) unnamed = NULL;
  g_autoptr (VlmModel) empty = NULL;
  g_autoptr (VlmModel) own = NULL;
  g_autoptr (GError) error = NULL;

  g_setenv ("VLM_MODEL_PATH", path, TRUE);
  unnamed = acquire (NULL, NULL);
  empty = acquire (NULL, "");
  g_assert_true (unnamed == named);
  g_assert_true (empty == named);
  own = vlm_model_load (NULL, vlm_model_get_device (named), NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (vlm_model_get_name (own), ==, "checkpoint");

  g_setenv ("VLM_MODEL_PATH", "/nonexistent/model", TRUE);
  g_assert_null (
      vlm_model_acquire (&(const VlmModelParams){ NULL }, NULL, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent/model"));
  g_clear_error (&error);

  /* There may be no model in a place relative to this program. */
  g_unsetenv ("VLM_MODEL_PATH");
  found = vlm_model_find (NULL, &error);
  if (found == NULL) {
    g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
    g_assert_nonnull (strstr (error->message, "models/demo"));
  } else {
    g_assert_true (g_str_has_suffix (found, "models/demo"));
  }
  if (saved != NULL)
    g_setenv ("VLM_MODEL_PATH", saved, TRUE);
}

/* The registry does not keep a model alive. */
static void
test_released (void)
{
  g_autofree char *path = tiny_path ();
  VlmModel *model = acquire (NULL, path);
  gpointer weak = model;

  g_object_add_weak_pointer (G_OBJECT (model), &weak);
  g_object_unref (model);
  g_assert_null (weak);
  model = acquire (NULL, path);
  g_object_unref (model);
}

static void
test_failure (void)
{
  g_autofree char *folder = g_dir_make_tmp ("registry-XXXXXX", NULL);
  g_autofree char *path = tiny_path ();
  g_autofree char *link = g_build_filename (folder, "model", NULL);
  g_autoptr (VlmModel) model = NULL;

  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (vlm_model_acquire (
        &(const VlmModelParams){ .path = link }, NULL, &error));
    g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
  }
  g_assert_cmpint (symlink (path, link), ==, 0);
  model = acquire (NULL, link);
  g_unlink (link);
  g_rmdir (folder);
}

/* A tokenizer of a relative: all loads, and the words mean something else. */
static void
test_foreign_tokenizer (void)
{
  static const struct
  {
    const char *file;
    const char *from;
    const char *to;
    const char *said;
  } cases[] = {
    { "tokenizer.json", "\"<|im_start|>\"", "\"<|turn|>\"", "no <|im_start|>" },
    { "tokenizer.json", "\"<|video_pad|>\"", "\"<|film_pad|>\"",
        "no <|video_pad|>" },
    { "config.json", "\"image_token_id\": 396", "\"image_token_id\": 5",
        "<|image_pad|> is 396 in the tokenizer, but image_token_id in "
        "config.json is 5" },
    { "config.json", "\"vision_end_token_id\": 394",
        "\"vision_end_token_id\": 393", "<|vision_end|> is 394" },
  };
  g_autofree char *path = tiny_path ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *folder = files_new_folder (path);
    g_autoptr (GError) error = NULL;

    files_edit (folder, cases[i].file, cases[i].from, cases[i].to);
    g_assert_null (vlm_model_acquire (
        &(const VlmModelParams){ .path = folder }, NULL, &error));
    g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH);
    g_assert_nonnull (strstr (error->message, cases[i].said));
    g_assert_nonnull (strstr (error->message, folder));
    files_remove (folder);
  }
}

/* Tokens that were added without a row of the embedding are left out. */
static void
test_added_beyond (void)
{
  g_autofree char *path = tiny_path ();
  g_autofree char *folder = files_new_folder (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModel) model = NULL;

  files_edit (folder, "tokenizer.json", "\"added_tokens\": [",
      "\"added_tokens\": [{\"id\": 5000, \"content\": \"<x>\"}, ");
  model = vlm_model_acquire (
      &(const VlmModelParams){ .path = folder }, NULL, &error);
  g_assert_no_error (error);
  warnings_expect ("1 added tokens have no effect: the model embeds only 408");
  g_assert_cmpint (
      vlm_tokenizer_find_special (vlm_model_get_tokenizer (model), "<x>"), ==,
      -1);
  files_remove (folder);
}

/* A load that stops until the test lets it continue. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean has_begun;
  gboolean may_go_on;
  GCancellable *cancellable;
} Slow;

static void
stop_here (const char *stage, double fraction, gpointer user_data)
{
  Slow *slow = user_data;

  g_mutex_lock (&slow->lock);
  slow->has_begun = TRUE;
  g_cond_broadcast (&slow->changed);
  while (!slow->may_go_on)
    g_cond_wait (&slow->changed, &slow->lock);
  g_mutex_unlock (&slow->lock);
}

static gpointer
load_slowly (gpointer user_data)
{
  Slow *slow = user_data;
  g_autofree char *path = tiny_path ();

  return vlm_model_acquire (&(const VlmModelParams){ .path = path },
      &(const VlmWork){ .cancellable = slow->cancellable,
          .progress = stop_here,
          .user_data = slow },
      NULL);
}

static void
go_on (Slow *slow)
{
  g_mutex_lock (&slow->lock);
  slow->may_go_on = TRUE;
  g_cond_broadcast (&slow->changed);
  g_mutex_unlock (&slow->lock);
}

static GThread *
start_slowly (Slow *slow)
{
  GThread *thread;

  g_mutex_init (&slow->lock);
  g_cond_init (&slow->changed);
  thread = g_thread_new ("slow", load_slowly, slow);
  g_mutex_lock (&slow->lock);
  while (!slow->has_begun)
    g_cond_wait (&slow->changed, &slow->lock);
  g_mutex_unlock (&slow->lock);
  return thread;
}

typedef struct
{
  GThread *caller;
  double last;
  guint n_calls;
} Watch;

static void
watch (const char *stage, double fraction, gpointer user_data)
{
  Watch *watch = user_data;

  g_assert_true (g_thread_self () == watch->caller);
  g_assert_cmpstr (stage, ==, "weights");
  g_assert_cmpfloat (fraction, >=, watch->last);
  g_assert_cmpfloat (fraction, <=, 1.0);
  watch->last = fraction;
  watch->n_calls++;
}

/* However many threads load, progress is reported on the calling thread, never
 * goes back, and ends at the end. */
static void
test_progress (void)
{
  g_autofree char *path = tiny_path ();
  g_autofree char *folder = files_new_folder (path);
  Watch watched = { .caller = g_thread_self () };
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModel) model =
      vlm_model_acquire (&(const VlmModelParams){ .path = folder },
          &(const VlmWork){ .progress = watch, .user_data = &watched }, &error);

  g_assert_no_error (error);
  g_assert_cmpfloat (watched.last, ==, 1.0);
  g_assert_cmpuint (watched.n_calls, >, 1);
  files_remove (folder);
}

static void
cut_off (const char *stage, double fraction, gpointer user_data)
{
  g_assert_cmpint (truncate (user_data, 4096), ==, 0);
}

/* Weights that are truncated while they load are an error that names the file,
 * not the end of the process. */
static void
test_shortened (void)
{
  g_autofree char *path = tiny_path ();
  g_autofree char *folder = files_new_folder (path);
  g_autofree char *weights =
      g_build_filename (folder, "model.safetensors", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_model_acquire (&(const VlmModelParams){ .path = folder },
      &(const VlmWork){ .progress = cut_off, .user_data = weights }, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TRUNCATED);
  g_assert_nonnull (strstr (error->message, weights));
  g_assert_nonnull (strstr (error->message, "was truncated"));
  files_remove (folder);
}

static gpointer
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* A wait for another load is cancelled; the load itself is not disturbed. */
static void
test_cancelled_wait (void)
{
  g_autofree char *path = tiny_path ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModel) model = NULL;
  Slow slow = { 0 };
  GThread *thread = start_slowly (&slow);
  GThread *canceller = g_thread_new ("cancel", cancel, cancellable);

  g_assert_null (vlm_model_acquire (&(const VlmModelParams){ .path = path },
      &(const VlmWork){ .cancellable = cancellable }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (canceller);
  go_on (&slow);
  model = g_thread_join (thread);
  g_assert_nonnull (model);
}

static gpointer
acquire_too (gpointer user_data)
{
  g_autofree char *path = tiny_path ();

  return acquire (NULL, path);
}

/* A thread that waited for a load that was cancelled loads the model itself. */
static void
test_abandoned (void)
{
  Slow slow = { .cancellable = g_cancellable_new () };
  GThread *thread = start_slowly (&slow);
  GThread *waiting = g_thread_new ("waiting", acquire_too, NULL);
  g_autoptr (VlmModel) model = NULL;

  g_cancellable_cancel (slow.cancellable);
  go_on (&slow);
  g_assert_null (g_thread_join (thread));
  model = g_thread_join (waiting);
  g_assert_nonnull (model);
  g_object_unref (slow.cancellable);
}

/* A device that was lost is not handed out again, though its model is held. */
static void
test_lost_device (void)
{
  g_autofree char *path = tiny_path ();
  g_autoptr (VlmModel) model = acquire (NULL, path);
  g_autoptr (VlmSession) session = vlm_session_new (model);
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autoptr (VlmAnswer) none = NULL;
  g_autoptr (VlmAnswer) answer = NULL;
  g_autoptr (VlmSession) again = NULL;
  g_autoptr (VlmModel) other = NULL;
  g_autoptr (GError) error = NULL;

  if (!vlm_vk_fault_available ()) {
    g_test_skip ("this build injects no faults");
    return;
  }
  vlm_prompt_add_text (prompt, "What?");
  /* one of the many calls that may fail with this is a submission */
  for (guint n = 0; !vlm_device_is_lost (vlm_model_get_device (model)); n++) {
    g_assert_cmpuint (n, <, 1000);
    g_clear_error (&error);
    vlm_vk_fault_inject_after (n, VK_ERROR_DEVICE_LOST);
    g_clear_pointer (&none, vlm_answer_free);
    none = vlm_session_generate (session, prompt, NULL, NULL, &error);
    vlm_vk_fault_clear ();
  }
  g_assert_null (none);
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST);
  g_clear_error (&error);

  other = acquire (NULL, path);
  g_assert_true (other != model);
  again = vlm_session_new (other);
  answer = vlm_session_generate (again, prompt, NULL, NULL, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_func ("/registry/names", test_names);
  g_test_add_func ("/registry/pair", test_pair);
  g_test_add_func ("/registry/unnamed", test_unnamed);
  g_test_add_func ("/registry/released", test_released);
  g_test_add_func ("/registry/failure", test_failure);
  g_test_add_func ("/registry/foreign-tokenizer", test_foreign_tokenizer);
  g_test_add_func ("/registry/added-beyond", test_added_beyond);
  g_test_add_func ("/registry/progress", test_progress);
  g_test_add_func ("/registry/shortened", test_shortened);
  g_test_add_func ("/registry/cancelled-wait", test_cancelled_wait);
  g_test_add_func ("/registry/abandoned", test_abandoned);
  g_test_add_func ("/registry/lost-device", test_lost_device);
  return g_test_run ();
}
