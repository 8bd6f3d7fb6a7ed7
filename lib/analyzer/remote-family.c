/* gst-vlm: families of models on other machines, by their names
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-family.h"

#include <string.h>

#define MERGE_SIZE 2
#define TEMPORAL_PATCH_SIZE 2
/* Between these no server that keeps its model's defaults resizes a picture:
 * llama-server goes from 8 to 4096 cells, the processor of Qwen2.5-VL from 4 to
 * 16384. */
#define MIN_CELLS 16
#define MAX_CELLS 4096

static const struct
{
  const char
      *words; /* of the name, in small letters, without - _ . and space */
  VlmRemoteFamily family;
} families[] = {
  { "qwen25vl", { 14, VLM_BOX_SPACE_PIXELS, VLM_REMOTE_TIMES_RATE } },
  { "qwen2vl", { 14, VLM_BOX_SPACE_THOUSANDTHS, VLM_REMOTE_TIMES_UNKNOWN } },
  { "qwen3vl", { 16, VLM_BOX_SPACE_THOUSANDTHS, VLM_REMOTE_TIMES_FRAME } },
  { "qwen35", { 16, VLM_BOX_SPACE_THOUSANDTHS, VLM_REMOTE_TIMES_FRAME, TRUE } },
};

static const VlmRemoteFamily unknown = { 14, VLM_BOX_SPACE_NONE,
  VLM_REMOTE_TIMES_UNKNOWN };

/* (transfer full) */
static char *
simplify (const char *name)
{
  GString *simple = g_string_new (NULL);

  for (; *name != '\0'; name++)
    if (strchr ("-_. ", *name) == NULL)
      g_string_append_c (simple, g_ascii_tolower (*name));
  return g_string_free (simple, FALSE);
}

const VlmRemoteFamily *
vlm_remote_family_find (const char *name, const char *path)
{
  const char *const texts[] = { name, path };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *simple = texts[i] != NULL ? simplify (texts[i]) : NULL;

    for (guint k = 0; simple != NULL && k < G_N_ELEMENTS (families); k++)
      if (strstr (simple, families[k].words) != NULL)
        return &families[k].family;
  }
  return &unknown;
}

void
vlm_remote_family_get_geometry (
    const VlmRemoteFamily *family, VlmGeometry *geometry)
{
  guint64 cell = (guint64) family->patch_size * MERGE_SIZE;

  *geometry = (VlmGeometry){
    .patch_size = family->patch_size,
    .merge_size = MERGE_SIZE,
    .temporal_patch_size = TEMPORAL_PATCH_SIZE,
    .image_min_pixels = MIN_CELLS * cell * cell,
    .image_max_pixels = MAX_CELLS * cell * cell,
  };
}
