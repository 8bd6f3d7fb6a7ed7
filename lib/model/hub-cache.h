/* gst-vlm: models in the cache of Hugging Face
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CACHE/models--ORG--NAME/ has snapshots/REVISION/, whose files are links into
 * blobs/, and refs/main, which holds the revision that was downloaded last. */
#pragma once

#include <glib.h>

/* Whether @name has the form of "Qwen/Qwen2.5-VL-3B-Instruct". */
gboolean vlm_hub_is_id (const char *name);
/* The directory of a downloaded model: in HF_HUB_CACHE, HF_HOME/hub or
 * ~/.cache/huggingface/hub. NULL when it is not there. (transfer full) */
char *vlm_hub_cache_find (const char *id);
/* @path itself; or, when it is the directory of a model in such a cache, that of
 * its snapshot. NOT_FOUND when it is not known which one. (transfer full) */
char *vlm_hub_cache_enter (const char *path, GError **error);
