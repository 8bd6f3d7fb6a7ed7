/* gst-vlm: attention maps as files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-attention.h>

/* Makes the folder for the maps, unless it exists and is empty.
 * G_FILE_ERROR */
gboolean attention_make_folder (const char *folder, GError **error);

/* Writes attention.json, which names all others, and for each slice NNN: the
 * picture (sliceNNN.png), its maps as arrays of NumPy (-layers, -tokens,
 * -received) and as colours over the picture (-answer.png, -blockNN.png). @answer
 * is the text of the answer. */
gboolean attention_write (const VlmAttention *attention, const char *answer,
    const char *folder, GError **error);
