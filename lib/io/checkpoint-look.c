/* gst-vlm: the content of a directory, by its names
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/checkpoint-look.h"

#include <string.h>

#include "io/json.h"
#include "io/limits.h"

/* Entries that are looked at; a model's directory has some dozens. */
#define MAX_ENTRIES 65536u
/* Names that a message lists. */
#define MAX_LISTED 4u

#define INDEX "model.safetensors.index.json"

/* Files of a training run that look like weights. */
static const char *const not_weights[] = { "optimizer", "scheduler",
  "rng_state", "training_args", "scaler", "random_states", "trainer_state" };

static gboolean
has_any_prefix (const char *name, const char *const *prefixes, guint n)
{
  for (guint i = 0; i < n; i++)
    if (g_str_has_prefix (name, prefixes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
has_any_suffix (const char *name, const char *const *suffixes, guint n)
{
  for (guint i = 0; i < n; i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return TRUE;
  return FALSE;
}

/* peft: adapter_model.safetensors; MLX: adapters.safetensors. */
static gboolean
is_adapter (const char *name)
{
  return g_str_has_prefix (name, "adapter") &&
      (g_str_has_suffix (name, ".safetensors") ||
          g_str_has_suffix (name, ".bin") ||
          g_str_has_suffix (name, "_config.json"));
}

static gboolean
is_index (const char *name)
{
  return strstr (name, ".safetensors.index") != NULL &&
      g_str_has_suffix (name, ".json");
}

static void
keep_first (char **place, const char *name)
{
  if (*place == NULL)
    *place = g_strdup (name);
}

/* Names come in order. */
static void
look_at (VlmCheckpointLook *look, const char *name)
{
  static const char *const pickles[] = { ".bin", ".pt", ".pth", ".ckpt",
    ".pkl" };
  static const char *const partials[] = { ".incomplete", ".part", ".partial",
    ".aria2", ".crdownload", ".download", ".tmp" };

  if (is_adapter (name))
    keep_first (&look->adapter, name);
  else if (has_any_prefix (name, not_weights, G_N_ELEMENTS (not_weights)))
    return;
  else if (is_index (name))
    keep_first (&look->index, name);
  else if (g_str_has_suffix (name, ".safetensors"))
    g_ptr_array_add (look->safetensors, g_strdup (name));
  else if (g_str_has_suffix (name, ".gguf"))
    keep_first (&look->gguf, name);
  else if (has_any_suffix (name, pickles, G_N_ELEMENTS (pickles)))
    keep_first (&look->pickle, name);
  else if (has_any_suffix (name, partials, G_N_ELEMENTS (partials)))
    keep_first (&look->partial, name);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Where downloads keep unfinished files: "hf download --local-dir", and
 * ModelScope's, which moves all that is there. */
static void
look_for_partial (VlmCheckpointLook *look)
{
  static const char *const places[][2] = {
    { ".cache/huggingface/download", ".incomplete" },
    { "._____temp", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    g_autofree char *path =
        g_build_filename (look->directory, places[i][0], NULL);
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    const char *name;

    while (look->partial == NULL && dir != NULL &&
        (name = g_dir_read_name (dir)) != NULL)
      if (g_str_has_suffix (name, places[i][1]))
        look->partial = g_build_filename (places[i][0], name, NULL);
  }
}

VlmCheckpointLook *
vlm_checkpoint_look_new (const char *directory)
{
  VlmCheckpointLook *look = g_new0 (VlmCheckpointLook, 1);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);

  look->directory = g_strdup (directory);
  look->names = g_ptr_array_new_with_free_func (g_free);
  look->safetensors = g_ptr_array_new_with_free_func (g_free);
  for (const char *name; dir != NULL && look->names->len < MAX_ENTRIES &&
       (name = g_dir_read_name (dir)) != NULL;)
    if (name[0] != '.')
      g_ptr_array_add (look->names, g_strdup (name));
  g_ptr_array_sort (look->names, compare_names);
  if (vlm_checkpoint_look_has (look, INDEX))
    look->index = g_strdup (INDEX);
  for (guint i = 0; i < look->names->len; i++)
    look_at (look, look->names->pdata[i]);
  look_for_partial (look);
  return look;
}

void
vlm_checkpoint_look_free (VlmCheckpointLook *look)
{
  if (look == NULL)
    return;
  g_free (look->directory);
  g_ptr_array_unref (look->names);
  g_ptr_array_unref (look->safetensors);
  g_free (look->index);
  g_free (look->adapter);
  g_free (look->gguf);
  g_free (look->pickle);
  g_free (look->partial);
  g_free (look);
}

gboolean
vlm_checkpoint_look_has (const VlmCheckpointLook *look, const char *name)
{
  for (guint i = 0; i < look->names->len; i++)
    if (g_str_equal (look->names->pdata[i], name))
      return TRUE;
  return FALSE;
}

/* "a, b, c and 4 more" */
static char *
list_names (const GPtrArray *names)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MIN (names->len, MAX_LISTED); i++)
    g_string_append_printf (
        text, "%s%s", i > 0 ? ", " : "", (const char *) names->pdata[i]);
  if (names->len > MAX_LISTED)
    g_string_append_printf (text, " and %u more", names->len - MAX_LISTED);
  return g_string_free (text, FALSE);
}

/* The model that an adapter belongs to, if it names it. (transfer full) */
static char *
find_adapter_base (const VlmCheckpointLook *look)
{
  static const char *const keys[] = { "base_model_name_or_path", "model" };
  g_autofree char *path =
      g_build_filename (look->directory, "adapter_config.json", NULL);
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, NULL);
  VlmJson root;

  if (document == NULL || !vlm_json_root (document, &root, NULL))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *base;

    if (vlm_json_read_string (&root, keys[i], &base, NULL) && *base != '\0')
      return g_strdup (base);
  }
  return NULL;
}

static gboolean fail (const VlmCheckpointLook *look, GError **error,
    VlmLoadError code, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
fail (const VlmCheckpointLook *look, GError **error, VlmLoadError code,
    const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VLM_LOAD_ERROR, code, "%s: %s", look->directory, message);
  return FALSE;
}

static gboolean
fail_adapter (const VlmCheckpointLook *look, GError **error)
{
  g_autofree char *base = find_adapter_base (look);

  return fail (look, error, VLM_LOAD_ERROR_UNSUPPORTED,
      "a LoRA adapter (%s) of %s, not a whole model: merge it into its model "
      "(peft: model.merge_and_unload().save_pretrained(DIR)) and name the "
      "result",
      look->adapter, base != NULL ? base : "another model");
}

/* Directories inside that are probably meant: "checkpoint-500" of a training run,
 * or one that was unpacked one level too deep. */
static GPtrArray *
find_inner (const VlmCheckpointLook *look)
{
  GPtrArray *inner = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < look->names->len; i++) {
    g_autofree char *path = g_build_filename (
        look->directory, look->names->pdata[i], "config.json", NULL);

    if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
      g_ptr_array_add (inner, g_path_get_dirname (path));
  }
  return inner;
}

/* Models in a cache of Hugging Face, of which this is the root. */
static GPtrArray *
find_cached (const VlmCheckpointLook *look)
{
  GPtrArray *cached = g_ptr_array_new ();

  for (guint i = 0; i < look->names->len; i++)
    if (g_str_has_prefix (look->names->pdata[i], "models--"))
      g_ptr_array_add (cached, look->names->pdata[i]);
  return cached;
}

/* Weights that exist, but not as safetensors. */
static gboolean
fail_foreign (const VlmCheckpointLook *look, GError **error)
{
  if (look->gguf != NULL)
    return fail (look, error, VLM_LOAD_ERROR_UNSUPPORTED,
        "weights must be safetensors, %s is not", look->gguf);
  return fail (look, error, VLM_LOAD_ERROR_UNSUPPORTED,
      "weights must be safetensors, %s is not: load the model with "
      "transformers and save it with save_pretrained(DIR, "
      "safe_serialization=True)",
      look->pickle);
}

static gboolean
fail_partial (const VlmCheckpointLook *look, GError **error)
{
  return fail (look, error, VLM_LOAD_ERROR_NOT_FOUND,
      "the download is not finished (%s): start it again to resume it",
      look->partial);
}

gboolean
vlm_checkpoint_look_fail_config (const VlmCheckpointLook *look, GError **error)
{
  g_autoptr (GPtrArray) inner = find_inner (look);
  g_autoptr (GPtrArray) cached = find_cached (look);
  g_autofree char *listed = NULL;

  if (look->adapter != NULL)
    return fail_adapter (look, error);
  if (inner->len > 0) {
    listed = list_names (inner);
    return fail (look, error, VLM_LOAD_ERROR_NOT_FOUND,
        "no config.json here, but in %s: name one of these", listed);
  }
  if (cached->len > 0) {
    listed = list_names (cached);
    return fail (look, error, VLM_LOAD_ERROR_NOT_FOUND,
        "a cache of Hugging Face, not a model: name one of those in it (%s)",
        listed);
  }
  if (vlm_checkpoint_look_has (look, "model_index.json"))
    return fail (look, error, VLM_LOAD_ERROR_UNSUPPORTED,
        "a pipeline of diffusers (model_index.json), not a Qwen2.5-VL "
        "checkpoint");
  if (look->partial != NULL)
    return fail_partial (look, error);
  if (look->gguf != NULL)
    return fail_foreign (look, error);
  if (look->names->len == 0)
    return fail (look, error, VLM_LOAD_ERROR_NOT_FOUND,
        "no config.json: the directory is empty");
  listed = list_names (look->names);
  return fail (look, error, VLM_LOAD_ERROR_NOT_FOUND,
      "no config.json, only %s: name the directory of a Qwen2.5-VL checkpoint",
      listed);
}

gboolean
vlm_checkpoint_look_fail_weights (const VlmCheckpointLook *look, GError **error)
{
  g_autofree char *listed = NULL;

  if (look->safetensors->len > 1) {
    listed = list_names (look->safetensors);
    return fail (look, error, VLM_LOAD_ERROR_NOT_FOUND,
        "%u files of weights (%s), but no " INDEX
        " that assigns tensors to files: name one file, or download the index",
        look->safetensors->len, listed);
  }
  if (look->adapter != NULL)
    return fail_adapter (look, error);
  if (look->partial != NULL)
    return fail_partial (look, error);
  if (vlm_checkpoint_look_has (look, "zero_to_fp32.py"))
    return fail (look, error, VLM_LOAD_ERROR_UNSUPPORTED,
        "the state of a DeepSpeed training run: convert it to weights with "
        "\"python zero_to_fp32.py . DIR --safe_serialization\"");
  if (look->pickle != NULL || look->gguf != NULL)
    return fail_foreign (look, error);
  return fail (look, error, VLM_LOAD_ERROR_NOT_FOUND,
      "neither model.safetensors nor " INDEX
      ": download the weights too (with git, \"git lfs pull\")");
}

/* Decimal digits, at most 6, from *at on. */
static gboolean
parse_number (const char **at, guint *number)
{
  guint n = 0;

  for (*number = 0; g_ascii_isdigit (**at) && n < 6; (*at)++, n++)
    *number = *number * 10 + (guint) (**at - '0');
  return n > 0 && !g_ascii_isdigit (**at);
}

gboolean
vlm_checkpoint_parse_shard (
    const char *name, char **stem, guint *number, guint *n_shards)
{
  const char *of = g_strrstr (name, "-of-");
  const char *dash = of, *at;

  if (of == NULL)
    return FALSE;
  while (dash > name && g_ascii_isdigit (dash[-1]))
    dash--;
  at = dash;
  if (dash == name || dash[-1] != '-' || !parse_number (&at, number) ||
      at != of)
    return FALSE;
  at = of + strlen ("-of-");
  if (!parse_number (&at, n_shards) || !g_str_equal (at, ".safetensors") ||
      *number < 1 || *number > *n_shards || *n_shards > VLM_MAX_SHARDS)
    return FALSE;
  if (stem != NULL)
    *stem = g_strndup (name, (gsize) (dash - 1 - name));
  return TRUE;
}
