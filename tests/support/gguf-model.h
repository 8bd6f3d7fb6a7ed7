/* gst-vlm: a checkpoint of tests as a pair of GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/support/gguf-writer.h"

/* The keys that the conversion of tests/data/tiny/checkpoint would write, and
 * its tensors under the names of GGUF: matrices as they are, vectors in F32. */
GgufWriter *gguf_model_new_text (void);
GgufWriter *gguf_model_new_tower (void);
/* The same without tensors. */
GgufWriter *gguf_model_new_text_keys (void);
GgufWriter *gguf_model_new_tower_keys (void);

/* Writes @writer into @folder; the path (transfer full). */
char *gguf_model_write (
    const GgufWriter *writer, const char *folder, const char *name);
