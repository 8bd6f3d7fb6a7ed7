/* gst-vlm: the two GGUF files of a vision model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Paths: the language model (its first part) and the vision tower. */
typedef struct
{
  char *text;
  char *mmproj;
} VlmGgufPair;

void vlm_gguf_pair_clear (VlmGgufPair *pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmGgufPair, vlm_gguf_pair_clear)

/* The language model that @path names, or the only one in the directory @path;
 * and @mmproj, or, when that is NULL or empty, the only vision tower beside
 * the language model. The kind of a file is determined by its architecture,
 * not by its name. NOT_FOUND when there is none, MISMATCH when there are
 * several, with their names and how to name one. */
gboolean vlm_gguf_pair_find (
    const char *path, const char *mmproj, VlmGgufPair *pair, GError **error);
