/* gst-vlm: from a name to the files of a checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The name of a checkpoint as users write it, as a path that exists:
 * - a directory, or a file in it: config.json, an index or a shard stand for the
 *   directory, another *.safetensors or a *.gguf file for itself
 * - a "file:" URI of either; "~/…"
 * - the directory of a model in the cache of Hugging Face
 *   (models--ORG--NAME, with its snapshots)
 * - ORG/NAME, when that cache has it.
 * Nothing is downloaded. NOT_FOUND and UNSUPPORTED say what to do.
 * (transfer full) */
char *vlm_checkpoint_resolve (const char *named, GError **error);

/* Whether @named is the address of a model's page on Hugging Face, or of a file
 * there. */
gboolean vlm_checkpoint_is_hub_page (const char *named);

/* The directory that a path of vlm_checkpoint_resolve () is, or is in.
 * (transfer full) */
char *vlm_checkpoint_directory (const char *path);
