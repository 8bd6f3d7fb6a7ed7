/* gst-vlm: Unicode normalisation form C
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Appends the NFC of @text to @out. @text is valid UTF-8 and may hold U+0000.
 * n log n at worst, whatever the order of the combining marks. */
void vlm_nfc_append (GString *out, const char *text, gsize n_bytes);
