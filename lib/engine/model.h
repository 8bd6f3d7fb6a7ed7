/* gst-vlm: what the engine sees of a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-model.h>

#include "engine/scheduler.h"
#include "grammar/token-trie.h"
#include "model/net.h"
#include "text/tokenizer.h"

/* For benchmarks: any weights with the words of any tokenizer; takes ownership of
 * both. A tokenizer of fewer tokens than the net embeds is fine. */
VlmModel *vlm_model_new_from_parts (
    VlmDevice *device, VlmNet *net, VlmTokenizer *tokenizer);

/* All (transfer none) and immutable. */
VlmNet *vlm_model_get_net (VlmModel *model);
/* Of the parameters it was loaded with: what new sessions begin with. */
VlmKvCache vlm_model_get_kv_cache (VlmModel *model);
VlmPrecision vlm_model_get_precision (VlmModel *model);
VlmTokenizer *vlm_model_get_tokenizer (VlmModel *model);
const VlmConfig *vlm_model_get_config (VlmModel *model);
/* What its sessions have in common. (transfer none), thread-safe */
VlmScheduler *vlm_model_get_scheduler (VlmModel *model);
/* Made on first use. (transfer none) */
VlmTokenTrie *vlm_model_get_trie (VlmModel *model);

/* Whether @named is the address of a model on another machine: http:// or
 * https://, but no page of a hub, from which files must be downloaded. */
gboolean vlm_model_is_elsewhere (const char *named);

/* @directory, or that of the model to take when none is named (NULL or ""):
 * the value of the environment variable VLM_MODEL_PATH, else the one that
 * ships, where it was installed. (transfer full), NULL with
 * VLM_LOAD_ERROR_NOT_FOUND. */
char *vlm_model_find (const char *directory, GError **error);

/* The path of a vision tower, NULL if none is named. (transfer full) */
gboolean
vlm_model_find_mmproj (const char *mmproj, char **path, GError **error);

/* The model that vlm_model_load() would load, shared by all users in the
 * process with the same parameters, however it is named, while it is in use. A
 * second user waits for the load, until their own work is cancelled; when the
 * load fails or is cancelled they load it themselves. Any thread. */
VlmModel *vlm_model_acquire (
    const VlmModelParams *params, const VlmWork *work, GError **error);
