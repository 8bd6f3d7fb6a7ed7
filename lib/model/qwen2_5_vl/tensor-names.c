/* gst-vlm: tensors under the names of other tools
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/tensor-names.h"
#include "base/log.h"

#include <string.h>

#include <vlm/vlm-error.h>

/* A component from which on a name is as in the released files, and what comes
 * before it there. */
static const struct
{
  const char *anchor; /* with the dot after it */
  const char *canonical;
  gboolean needs_number; /* of a layer */
} anchors[] = {
  { "visual.", "visual.", FALSE },
  { "vision_tower.", "visual.", FALSE }, /* MLX */
  { "vision_model.", "visual.", FALSE }, { "layers.", "model.layers.", TRUE },
  { "embed_tokens.", "model.embed_tokens.", FALSE },
  { "lm_head.", "lm_head.", FALSE },
  { "norm.", "model.norm.", FALSE }, /* nothing else begins a name so */
};

/* Without the components that wrappers insert, all of which begin so:
 * _fsdp_wrapped_module, _checkpoint_wrapped_module, _orig_mod. (transfer full) */
static char *
unwrap (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, ".", -1);
  guint n = 0;

  for (guint i = 0; parts[i] != NULL; i++)
    if (parts[i][0] == '_')
      g_free (parts[i]);
    else
      parts[n++] = parts[i];
  parts[n] = NULL;
  return g_strjoinv (".", parts);
}

char *
vlm_tensor_names_canonical (const char *name)
{
  g_autofree char *plain = unwrap (name);

  for (const char *at = plain; at != NULL;) {
    for (guint i = 0; i < G_N_ELEMENTS (anchors); i++) {
      gsize n = strlen (anchors[i].anchor);

      if (strncmp (at, anchors[i].anchor, n) == 0 &&
          (!anchors[i].needs_number || g_ascii_isdigit (at[n])))
        return g_strconcat (anchors[i].canonical, at + n, NULL);
    }
    at = strchr (at, '.');
    if (at != NULL)
      at++;
  }
  return NULL;
}

/* Refuses tensors that only training, or another program, can use. */
static gboolean
check_whole (const VlmTensorSource *source, const char *name, GError **error)
{
  static const char *const parts[] = { ".lora_A.", ".lora_B.",
    ".lora_embedding_", ".base_layer.", ".modules_to_save.",
    ".lora_magnitude_vector" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (strstr (name, parts[i]) != NULL) {
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
          "%s: a LoRA adapter that is not merged (tensor %s): merge it (peft: "
          "model.merge_and_unload().save_pretrained(DIR)) and name the result",
          vlm_tensor_source_get_path (source), name);
      return FALSE;
    }
  if (g_str_has_suffix (name, ".biases")) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s: weights quantised by MLX (tensor %s), which are not supported: "
        "name the checkpoint that they were derived from",
        vlm_tensor_source_get_path (source), name);
    return FALSE;
  }
  return TRUE;
}

/* Names that are looked up as they are need no alias. */
static gboolean
is_known (const char *name, const char *canonical)
{
  if (g_str_equal (name, canonical))
    return TRUE;
  if (strstr (name, "._") != NULL)
    return FALSE;
  return g_str_has_prefix (name, "model.visual.") ||
      (g_str_has_prefix (name, "model.language_model.") &&
          !g_str_has_prefix (name, "model.language_model.model.") &&
          !g_str_has_prefix (name, "model.language_model.lm_head."));
}

/* @by_canonical: canonical name -> name, of those with a known name. */
static gboolean
add_unknown (VlmTensorSource *source, GHashTable *by_canonical,
    const char *name, char *canonical, guint *n_added, GError **error)
{
  const char *other = g_hash_table_lookup (by_canonical, canonical);

  if (other == NULL) {
    vlm_tensor_source_add_alias (source, canonical, name);
    g_hash_table_insert (by_canonical, canonical, (gpointer) name);
    (*n_added)++;
    return TRUE;
  }
  if (is_known (other, canonical)) { /* a copy, as of an average */
    g_free (canonical);
    return TRUE;
  }
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: tensors %s and %s could both be %s: remove one of them",
      vlm_tensor_source_get_path (source), other, name, canonical);
  g_free (canonical);
  return FALSE;
}

gboolean
vlm_tensor_names_normalise (VlmTensorSource *source, GError **error)
{
  g_autoptr (GPtrArray) names = vlm_tensor_source_list (source);
  g_autoptr (GHashTable) by_canonical =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n_added = 0;

  for (guint i = 0; i < names->len; i++) {
    g_autofree char *canonical = vlm_tensor_names_canonical (names->pdata[i]);

    if (!check_whole (source, names->pdata[i], error))
      return FALSE;
    if (canonical != NULL && is_known (names->pdata[i], canonical))
      g_hash_table_insert (
          by_canonical, g_steal_pointer (&canonical), names->pdata[i]);
  }
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *canonical = vlm_tensor_names_canonical (names->pdata[i]);

    if (canonical != NULL && !is_known (names->pdata[i], canonical) &&
        !add_unknown (source, by_canonical, names->pdata[i],
            g_steal_pointer (&canonical), &n_added, error))
      return FALSE;
  }
  if (n_added > 0)
    vlm_info ("%s: %u tensors have names of another tool, such as %s",
        vlm_tensor_source_get_path (source), n_added,
        (const char *) names->pdata[0]);
  return TRUE;
}
