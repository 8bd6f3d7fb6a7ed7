/* gst-vlm: answers from a model on a device of this machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzer/answerer.h"

/* Loads @model (a directory, NULL for the one that ships) onto @device, or shares
 * what is there. (transfer full); errors as those of vlm_model_load(). */
VlmAnswerer *vlm_answerer_new_local (const char *device, const char *model,
    GCancellable *cancellable, VlmProgressFunc progress, gpointer user_data,
    GError **error);
